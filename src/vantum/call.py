"""One live call: a task group around a conversation that turns its effects into deeds.

Tasks: `listen` and `write` (the transport's), `prewarm` (the providers), `hear` and `close-input`
(one recording), `turn-N` and `voice-N` (model and voice of reply N). None of them is woken for an
event: it is decided where it occurs, and never waits for anything slow.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from vantum.audio.pcm import Encoding
from vantum.books import Books
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.machine import Conversation
from vantum.conversation.policy import Policy
from vantum.conversation.states import State
from vantum.costs import Party
from vantum.crew import Crew, Work
from vantum.ears import Ears
from vantum.errors import ProviderError, Service
from vantum.in_turn import InTurn
from vantum.playback import Player, PlayoutClock
from vantum.providers.base import (
    ALWAYS,
    ActionName,
    LanguageModel,
    ListenOptions,
    Message,
    Prompt,
    SpeechToText,
    TextToSpeech,
    Usage,
    VoiceOptions,
    get_ready,
    rehearse,
)
from vantum.session import Session
from vantum.speaking import Saying
from vantum.telemetry import Log, Metrics
from vantum.timers import Timers
from vantum.transports.base import Outlet

if TYPE_CHECKING:  # loaded only where traces are on
    from vantum.tracing import Tracing

_LANGUAGE: Final = "en-US"


class Cast(Struct, frozen=True):
    """Who takes part in a call: recogniser, model and voice, and the agent's rules."""

    ears: SpeechToText
    mind: LanguageModel
    voice: TextToSpeech
    policy: Policy
    agent: str = ""  # the name of its file
    system_prompt: str = ""
    key_terms: tuple[str, ...] = ()
    parties: Mapping[Service, Party] = {}
    language: str = "en-US"  # where the client names none
    voice_id: str = ""  # the same
    recorded: bool = False  # the caller is told so
    actions: frozenset[ActionName] = ALWAYS  # what the model may do besides talking
    known: Mapping[str, str] = {}  # of whom is called, as the contact list has it

    def prompt(self, messages: tuple[Message, ...], session_id: str) -> Prompt:
        """What the model is asked."""
        return Prompt(self.system_prompt, messages, session_id, self.actions, known=self.known)

    def rehearse(self, encoding: Encoding) -> None:
        """Have the voice learn what every call says, in the coding of the line."""
        options = VoiceOptions(self.voice_id, self.language or _LANGUAGE, encoding=encoding)
        rehearse(self.voice, options)

    async def prewarm(self) -> None:
        """Have those connect who can, while the call is being set up."""
        for part in (self.voice, self.mind):
            with suppress(ProviderError):  # what is wrong shows when it matters
                await get_ready(part)


class House(Struct, frozen=True):
    """What all calls of a process share."""

    clock: PlayoutClock
    metrics: Metrics
    tracing: Tracing | None = None


def voice_options(by: Session, encoding: Encoding) -> VoiceOptions:
    """How the session's caller is spoken to."""
    return VoiceOptions(by.voice_id, by.language or _LANGUAGE, by.session_id, encoding=encoding)


class Call:
    """One call from its first to its last event. `run` is its whole life."""

    def __init__(
        self, cast: Cast, session: Session, outlet: Outlet, house: House, log: Log
    ) -> None:
        self.session = session
        self._timers = Timers(self._fired)
        trace = house.tracing.begin(session) if house.tracing is not None else None
        line = (outlet.rate_hz, outlet.encoding)
        self.books = Books(cast.parties, house.metrics, log, *line, trace=trace)
        self.cast = cast
        self._outlet = outlet
        self._log = log
        self.conversation = Conversation(cast.policy, session.session_id, self._timers.now())
        self._player = Player(outlet, house.clock, self._played_out, self.books.sent)
        self._events: InTurn[ev.Event] = InTurn(self._take)
        self._crew = Crew(log, self._task_failed)
        self._ears: Ears | None = None  # of the recording that runs
        self._saying: Saying | None = None

    @property
    def state(self) -> State:
        """What the call is doing."""
        return self.conversation.state

    # -- what the transport says ---------------------------------------------------------------

    def recast(self, cast: Cast) -> bool:
        """Give the call another agent; refused (False) once anything was said."""
        if cast is not self.cast and not self.conversation.recast(cast.policy):
            return False
        self.cast = cast
        return True

    def open_input(self, options: ListenOptions, *, automatic: bool, greets: bool) -> None:
        """A recording begins; an earlier one is over."""
        self._drop_ears()
        options = replace(options, key_terms=self.cast.key_terms, played=self._player.played)
        self._ears = Ears(self.cast.ears, options)
        self._crew.start("hear", self._ears.listen(self.post))
        self.post(ev.InputStarted(automatic, greets))

    @property
    def can_hear(self) -> bool:
        """The caller's sound can be taken without waiting."""
        return self._ears is not None and self._ears.has_room

    def hear_now(self, pcm: bytes, now: float) -> None:
        """Take it so, at clock time `now`; where it cannot be, it is lost."""
        ears = self._ears
        if ears is not None and ears.hear_now(pcm):
            self.books.listened(ears.heard_s, now)

    async def hear(self, pcm: bytes) -> None:
        """Take the caller's sound; waits while the recogniser is far behind."""
        ears = self._ears
        if ears is None:
            return
        try:
            await ears.hear(pcm)
        except ProviderError as error:
            self.post(ev.HearingFailed(str(error), error.trouble))
        self.books.listened(ears.heard_s, self._timers.now())

    def close_input(self) -> None:
        """The recording is complete."""
        self.post(ev.InputEnded())

    def confirm_heard(self, turn: int, heard_s: float) -> None:
        """The client reports how much of the answer it has played."""
        self._player.confirm(turn, heard_s, self._timers.now())

    def post(self, event: ev.Event) -> None:
        """Hand an event to the conversation, which decides it now or when it comes to it."""
        self._events.put(event)

    # -- the life of a call --------------------------------------------------------------------

    async def run(self, listen: Work, write: Work) -> None:
        """Live until the conversation has ended.

        `listen` reads the transport until it closes, `write` sends what the outlet holds; the end
        of either means that the peer is gone.
        """
        try:
            async with self._crew.group:
                self._crew.start("listen", self._until_gone(listen))
                self._crew.start("write", self._until_gone(write))
                self._crew.start("prewarm", self.cast.prewarm())
                await self._events.run(ev.Ready())
                self._end()
        finally:
            listen.close()
            write.close()
            self._end()
            self._drop_saying()
            self._drop_ears()
            self._player.close()
            self.books.close(self.cast.agent, self.session.end_reason, self._timers.now())

    async def _until_gone(self, work: Work) -> None:
        try:
            await work
        finally:
            self.post(ev.Disconnected())

    def _end(self) -> None:
        self._timers.close()
        self._crew.dismiss()

    def _task_failed(self, name: str) -> None:
        saying = self._saying
        if name == "hear":
            self.post(ev.HearingFailed("speech recognition failed"))
        elif saying is not None and name == f"turn-{saying.reply}":
            self.post(ev.ReplyFailed(saying.turn, saying.reply, "the model failed"))
        elif saying is not None and name == f"voice-{saying.reply}":
            self.post(ev.VoiceFailed(saying.turn, saying.reply, "the voice failed"))

    def _take(self, event: ev.Event) -> bool:
        # What a deed finds out at once is taken before all else: the caller's next word must meet a
        # settled call.
        waiting = deque([event])
        while waiting:
            event, now = waiting.popleft(), self._timers.now()
            self.books.took(event, now)
            for effect in self.conversation.handle(event, now):
                self.books.gave(effect, now)
                found = _DEEDS[type(effect)](self, effect)
                if found is not None:
                    waiting.append(found)
        return self.state is not State.ENDED

    # -- deeds ---------------------------------------------------------------------------------

    def _ask(self, effect: do.Ask) -> None:
        saying = self._open_saying(effect.turn, effect.reply, released=not effect.guess)
        messages = tuple(
            Message("user" if line.role == "user" else "assistant", line.text, line.interrupted)
            for line in effect.lines
        )
        prompt = self.cast.prompt(messages, self.session.session_id)
        work = saying.ask(self.cast.mind, prompt, self.post, self._asked)
        saying.tasks.append(self._crew.start(f"turn-{effect.reply}", work))

    def _release(self, effect: do.Release) -> None:
        self._open_saying(effect.turn, effect.reply).released.set()

    def _asked(self, usage: Usage) -> None:
        self.books.asked(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)

    def _open_saying(self, turn: int, reply: int, *, released: bool = True) -> Saying:
        if self._saying is None or (self._saying.turn, self._saying.reply) != (turn, reply):
            self._drop_saying()
            self._saying = saying = Saying(turn, reply, released=released)
            options = voice_options(self.session, self._outlet.encoding)
            work = saying.voice(self.cast.voice, options, self.post, self._player.room)
            saying.tasks.append(self._crew.start(f"voice-{reply}", work))
        return self._saying

    def _drop_saying(self, turn: int | None = None) -> None:
        if self._saying is not None and turn in {None, self._saying.turn}:
            self._saying.cancel()
            self._saying = None

    def _give(self, turn: int, reply: int, text: str | None) -> None:
        try:
            self._open_saying(turn, reply).give(text)
            self.books.said(text or "")
        except asyncio.QueueFull:
            self.post(ev.VoiceFailed(turn, reply, "the answer is too long to be spoken"))

    def _play(self, effect: do.Play) -> None:
        self._player.play(effect, self._timers.now())

    def _finish_playing(self, effect: do.FinishPlaying) -> None:
        self._player.finish(effect.turn, self._timers.now())

    def _played_out(self, turn: int) -> None:
        self.post(ev.PlayedOut(turn))

    def _hold(self, effect: do.Hold) -> None:
        self._player.hold(effect.turn, self._timers.now())

    def _resume(self, effect: do.Resume) -> None:
        self._player.resume(effect.turn, self._timers.now())

    def _stop_turn(self, effect: do.StopTurn) -> ev.TurnStopped:
        self._drop_saying(effect.turn)
        interrupted = self.state not in {State.ENDING, State.ENDED}
        heard_s = self._player.stop(effect.turn, self._timers.now(), interrupted=interrupted)
        return ev.TurnStopped(effect.turn, heard_s)

    def _finalise(self, effect: do.Finalise) -> None:
        if self._ears is None or self._ears.over:
            self.post(ev.Finalised())
        elif effect.closes:
            self._crew.start("close-input", self._ears.close())
        else:
            self._ears.flush()

    def _drop_ears(self) -> None:
        if self._ears is not None:
            self.books.heard(self._ears.heard_s)
            self._ears.leave()
            self._ears = None
        self._crew.cancel("hear")
        self._crew.cancel("close-input")

    def _fired(self, name: ev.Timer) -> None:
        self.post(ev.TimerFired(name))

    def _notify(self, effect: do.Notify) -> None:
        notice = effect.notice
        if isinstance(notice, do.InputClosed) and self._ears is not None and self._ears.closing:
            self._drop_ears()
        self.books.note(notice)
        self._outlet.tell(notice)

    def _end_call(self, effect: do.EndCall) -> None:
        self.session.end_reason = effect.reason
        self._drop_ears()
        self._outlet.close(effect.reason)

    def _refused(self, effect: do.Refused) -> None:
        self._log.debug("event_refused", state=effect.state.value, event_name=effect.event)


# Each deed takes the effect that is its key, which no annotation of a dictionary can say.
_DEEDS: Final[dict[type, Callable[[Call, Any], ev.Event | None]]] = {
    do.Ask: Call._ask,
    do.Release: Call._release,
    do.Guessed: lambda call, effect: call.books.guessed(effect),
    do.Speak: lambda call, effect: call._give(effect.turn, effect.reply, effect.text),
    do.FinishSpeaking: lambda call, effect: call._give(effect.turn, effect.reply, None),
    do.Play: Call._play,
    do.FinishPlaying: Call._finish_playing,
    do.Hold: Call._hold,
    do.Resume: Call._resume,
    do.StopTurn: Call._stop_turn,
    do.Finalise: Call._finalise,
    do.SetTimer: lambda call, effect: call._timers.set(effect.name, effect.at),
    do.CancelTimer: lambda call, effect: call._timers.cancel(effect.name),
    do.PressKeys: lambda call, effect: call._outlet.press(effect.digits),
    do.Transfer: lambda call, effect: call._outlet.transfer(effect),
    do.Notify: Call._notify,
    do.EndCall: Call._end_call,
    do.Refused: Call._refused,
}
