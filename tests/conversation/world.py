"""A telephone world around one conversation, in virtual time: caller, providers and ear.

It plays the shell's part by the shell's rules: effects are carried out in order, what a deed finds
out at once (TurnStopped) is taken right after them, and everything else happens at its time.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from vantum.audio.playout import Playout
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.machine import Conversation
from vantum.conversation.policy import Policy
from vantum.conversation.states import State

RATE_HZ = 1_000  # sound is only counted here; a low rate keeps thousands of calls quick
CHUNK_S = 0.25
TICK_S = 0.05  # how often sound is sent on
T0 = 1_000.0
LISTENING, THINKING, RESPONDING = State.LISTENING, State.THINKING, State.RESPONDING
INTERRUPTED, ENDING, ENDED = State.INTERRUPTED, State.ENDING, State.ENDED


@dataclass
class Script:
    """What the world's providers do; the next answer is the first of `answers`, then the last."""

    answers: list[str] = field(default_factory=lambda: ["Sure, I can help you with that today."])
    first_token_s: float = 0.3
    token_s: float = 0.02
    first_sound_s: float = 0.1
    chars_per_s: float = 15.0
    finals_after_s: float = 0.25  # after the speech end
    deaf: bool = False  # the recogniser reports no words
    voice_fails_at_piece: int | None = None
    model_fails: list[int] = field(default_factory=list)  # replies that break off ...
    fails_after_tokens: int = 0  # ... after so many tokens
    ends_call: bool = False  # the model asks for the end with its answer
    # What the model asks for with its next answers, by name and argument; "" is nothing.
    actions: list[tuple[str, str]] = field(default_factory=list)
    # What it begins early, each answer with an action, where that is not what it would answer then.
    early: list[tuple[str, str]] = field(default_factory=list)
    sits_on_words: bool = False  # the recogniser gives finals only where it is told to
    times_words: bool = False  # the voice tells when each word sounds
    hangs: bool = False  # the model never answers


class World:
    """One call. Everything the caller, client and agent did is kept for the tests to ask."""

    def __init__(self, policy: Policy | None = None, script: Script | None = None) -> None:
        self.now = T0
        self.script = script or Script()
        self.conversation = Conversation(policy or Policy(), "session-7", T0)
        self.effects: list[do.Effect] = []
        self.notices: list[do.Notice] = []
        self.asked: list[do.Ask] = []
        self.taken: list[do.Ask] = []  # of these, for words that were whole: what counts
        self.taken_at: list[float] = []
        self._guess: do.Ask | None = None
        self.timers: dict[str, float] = {}
        self.ear = Ear()
        self.ended: ev.EndReason | None = None
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._recording_began = T0
        self._voicing: Voicing | None = None
        self._sat_on: list[ev.Transcript] = []

    # -- what tests ask ------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self.conversation.state

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(line.role, line.text) for line in self.conversation.talk.history.lines]

    def told(self, kind: type[do.Notice]) -> list[do.Notice]:
        return [notice for notice in self.notices if type(notice) is kind]

    def gave(self, kind: type[do.Effect]) -> list[do.Effect]:
        return [effect for effect in self.effects if type(effect) is kind]

    @property
    def states(self) -> list[State]:
        return [n.after for n in self.notices if isinstance(n, do.StateChanged)]

    @property
    def speaks(self) -> bool:
        """Sound reaches the caller at this moment."""
        return self.ear.audible

    # -- what happens --------------------------------------------------------------------------

    def handle(self, event: ev.Event) -> list[do.Effect]:
        """Give the conversation an event, and carry out what it asks for."""
        waiting, given = [event], []
        while waiting:
            effects = self.conversation.handle(waiting.pop(0), self.now)
            given += effects
            for effect in effects:
                found = self._do(effect)
                if found is not None:
                    waiting.append(found)
        self.effects += given
        return given

    def begin(self, *, automatic: bool = True, greets: bool = False) -> World:
        """Connect, and open the microphone."""
        self.handle(ev.Ready())
        self.record(automatic=automatic, greets=greets)
        return self

    def record(self, *, automatic: bool = True, greets: bool = False) -> None:
        self._recording_began = self.now
        self.handle(ev.InputStarted(automatic=automatic, greets=greets))

    def stop_recording(self) -> None:
        self.handle(ev.InputEnded())

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self.goes_on(until):
            pass

    def goes_on(self, until: float) -> bool:
        """Let what comes next happen, all of that moment; False when nothing is left by `until`."""
        soon = min(until, self.now + TICK_S) if self.ear.plays else until
        self._to(min(soon, self._due[0][0]) if self._due else soon)
        while self._due and self._due[0][0] <= self.now:
            heapq.heappop(self._due)[2]()
        return self.now < until

    def _happen(self, event: ev.Event) -> None:
        self.handle(event)

    @property
    def held(self) -> bool:
        """The sound is silenced while somebody may be speaking."""
        reply = self.conversation.talk.reply
        return reply is not None and reply.held

    def until(self, state: State, within_s: float = 30.0) -> None:
        """Let time pass until the call is in `state`."""
        end = self.now + within_s
        while self.state is not state:
            assert self.now < end, f"still {self.state} after {within_s} s"
            self.goes_on(end)

    def at(self, seconds: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), deed))

    def event_in(self, seconds: float, event: ev.Event) -> None:
        self.at(seconds, lambda: self._happen(event))

    def _to(self, now: float) -> None:
        self.now = max(self.now, now)
        self.ear.listen(self.now)
        if self.ear.finished(self.now):
            self.handle(ev.PlayedOut(self.ear.played_out()))

    # -- the caller ----------------------------------------------------------------------------

    def audio_s(self, clock: float) -> float:
        return clock - self._recording_began

    def makes_noise(self, length_s: float, words: str = "", interim: str = "") -> None:
        """Voice activity as the detector reports it, and what the recogniser makes of it."""
        start = self.now
        end = start + length_s
        if length_s >= 0.064:
            self.event_in(0.064, ev.SpeechStarted(self.audio_s(start)))
            self.event_in(
                length_s + 0.2, ev.SpeechStopped(self.audio_s(end), length_s, silence_s=0.2)
            )
        if length_s >= 0.2:
            self.event_in(0.2, ev.SpeechSustained(self.audio_s(start + 0.2), 0.2))
        start_s, end_s = self.audio_s(start), self.audio_s(end)
        if interim:
            half = ev.Transcript(
                interim, final=False, start_s=start_s, end_s=start_s + length_s / 2
            )
            self.event_in(length_s / 2, half)
        heard = ev.Transcript(words, final=True, start_s=start_s, end_s=end_s)
        if self.script.sits_on_words:
            self.at(length_s, lambda: self._sat_on.append(heard))
        elif not self.script.deaf:
            self.event_in(length_s + self.script.finals_after_s, heard)

    def says(self, words: str, *, length_s: float | None = None) -> None:
        """Begin to speak now; time does not pass by itself."""
        self.makes_noise(length_s or max(0.3, len(words) / 15), words)

    def coughs(self) -> None:
        self.makes_noise(0.12)

    def asks(self, words: str) -> None:
        """Speak, and wait until the agent begins to think."""
        self.says(words)
        self.until(THINKING)

    def is_answered(self, words: str) -> None:
        """Speak, and wait until the agent's answer is heard to its end."""
        self.asks(words)
        self.until(RESPONDING)
        self.until(LISTENING)

    # -- deeds ---------------------------------------------------------------------------------

    def _do(self, effect: do.Effect) -> ev.Event | None:
        match effect:
            case do.Notify(notice):
                self.notices.append(notice)
            case do.SetTimer(name, at):
                self.timers[name] = at
                self.at(at - self.now, lambda: self._fire(name, at))
            case do.CancelTimer(name):
                assert self.timers.pop(name, None) is not None, f"no timer {name}"
            case do.Ask() | do.Guessed():
                self._think(effect)
            case do.Speak():
                self._voice(effect.turn, effect.reply).say(effect.piece, effect.text)
            case do.Finalise():
                for heard in self._sat_on:
                    self.event_in(self.script.finals_after_s, heard)
                self._sat_on.clear()
                self.event_in(self.script.finals_after_s + 0.05, ev.Finalised())
            case do.EndCall(reason):
                self.ended = reason
                if self.state is not ENDED:
                    self.event_in(0.1, ev.Disconnected())
            case do.StopTurn(turn):
                self._voicing = None
                return ev.TurnStopped(turn, self.ear.stop(turn, self.now))
            case do.Play() | do.FinishPlaying() | do.Hold() | do.Resume():
                self._sound(effect)
            case _:
                pass
        return None

    def _sound(self, effect: do.Play | do.FinishPlaying | do.Hold | do.Resume) -> None:
        match effect:
            case do.Play(turn, pcm):
                self.ear.play(turn, pcm, self.now)
            case do.FinishPlaying(turn):
                self.ear.finish(turn)
            case do.Hold(turn):
                self.ear.hold(turn, self.now)
            case do.Resume(turn):
                self.ear.resume(turn, self.now)

    def _fire(self, name: str, at: float) -> None:
        if self.timers.get(name) == at:
            del self.timers[name]
            self.handle(ev.TimerFired(name))

    def _think(self, effect: do.Ask | do.Guessed) -> None:
        if isinstance(effect, do.Guessed):
            if effect.right and self._guess is not None:
                self._take(self._guess)
            self._guess = None
            return
        self.asked.append(effect)
        self._write_answer(effect)
        if effect.guess:
            self._guess = effect
        else:
            self._take(effect)

    def _take(self, ask: do.Ask) -> None:
        """What is answered counts, and its answer is used up."""
        self.taken.append(ask)
        self.taken_at.append(self.now)
        if len(self.script.answers) > 1:
            del self.script.answers[0]
        del self.script.actions[:1]

    def _write_answer(self, ask: do.Ask) -> None:
        script = self.script
        if script.hangs:
            return
        answer, action = script.answers[0], (script.actions or [("", "")])[0]
        if ask.guess and script.early:
            answer, name = script.early.pop(0)
            action = (name, "")
        tokens = answer.replace(" ", " \0").split("\0")
        fails = len(self.asked) in script.model_fails
        if fails:
            tokens = tokens[: script.fails_after_tokens]
        ids = {"turn": ask.turn, "reply": ask.reply}
        at_s = script.first_token_s
        for token in tokens:
            self.event_in(at_s, ev.Token(**ids, text=token))
            at_s += script.token_s
        if fails:
            self.event_in(at_s, ev.ReplyFailed(**ids, message="broken off"))
            return
        if script.ends_call:
            self.event_in(at_s, ev.ActionAsked(**ids, name="end_call"))
        wanted, argument = action
        if wanted:
            self.event_in(at_s, ev.ActionAsked(**ids, name=wanted, argument=argument))
        self.event_in(at_s, ev.ReplyWritten(**ids))

    def _voice(self, turn: int, reply: int) -> Voicing:
        current = self._voicing
        if current is None or (current.turn, current.reply) != (turn, reply):
            current = self._voicing = Voicing(self, turn, reply)
        return current


class Voicing:
    """The voice at work on one reply, piece after piece, twice as fast as it is heard."""

    def __init__(self, world: World, turn: int, reply: int) -> None:
        self.turn, self.reply = turn, reply
        self._world = world
        self._free_at = world.now

    def say(self, piece: int, text: str) -> None:
        world, script = self._world, self._world.script
        at = max(self._free_at, world.now) + script.first_sound_s
        name = {"turn": self.turn, "reply": self.reply}
        fails = script.voice_fails_at_piece
        if fails is not None and piece >= fails:
            if piece == fails:
                world.event_in(at - world.now, ev.VoiceFailed(**name, message="no voice"))
            return
        left = round(len(text) / script.chars_per_s * RATE_HZ)
        words = self._times(text) if script.times_words else ()
        while left > 0:
            samples = min(left, round(CHUNK_S * RATE_HZ))
            sound = ev.Speech(**name, piece=piece, pcm=bytes(2 * samples), rate_hz=RATE_HZ)
            if words:
                sound, words = replace(sound, words=words), ()
            world.event_in(at - world.now, sound)
            at += samples / RATE_HZ / 2
            left -= samples
        world.event_in(at - world.now, ev.PieceVoiced(**name, piece=piece))
        self._free_at = at

    def _times(self, text: str) -> tuple[ev.SpokenWord, ...]:
        rate = self._world.script.chars_per_s
        found = re.finditer(r"\S+", text)
        return tuple(ev.SpokenWord(w.group(), w.start() / rate, w.end() / rate) for w in found)


class Ear:
    """What reached the caller: seconds of each turn, and whether there is sound right now."""

    def __init__(self) -> None:
        self.turn = -1
        self.heard: dict[int, float] = {}  # seconds of each turn's sound
        self.audible = False
        self.stopped: set[int] = set()
        self._playout = Playout(RATE_HZ, TICK_S, 0.2, "clears")
        self._held: int | None = None
        self._finished = False
        self._over = True

    @property
    def plays(self) -> bool:
        return not self._over and self._held is None

    def play(self, turn: int, pcm: bytes, now: float) -> None:
        assert turn not in self.stopped, f"sound of turn {turn} after it was stopped"
        assert turn >= self.turn, f"sound of turn {turn} in turn {self.turn}"
        self._begin(turn, now)
        self._playout.queue(pcm)
        self.listen(now)

    def _begin(self, turn: int, now: float) -> None:
        if turn == self.turn:
            return
        self.turn, self._finished, self._over = turn, False, False
        self._playout.begin(turn)
        if self._held == turn:
            self._playout.hold(now)
        elif self._held is not None:
            raise AssertionError(f"turn {self._held} was left held")

    def finish(self, turn: int) -> None:
        if turn != self.turn:
            self.turn, self._over = turn, False
            self._playout.begin(turn)
        self._finished = True
        self._playout.finish()

    def hold(self, turn: int, now: float) -> None:
        assert turn >= self.turn
        assert self._held is None, "held twice"
        self._held = turn
        if turn == self.turn:
            self._playout.hold(now)
            self.audible = False

    def resume(self, turn: int, now: float) -> None:
        assert self._held == turn, "resumed without being held"
        self._held = None
        if turn == self.turn:
            self._playout.resume(now)

    def stop(self, turn: int, now: float) -> float:
        self.stopped.add(turn)
        self._held = None
        self.audible = False
        if turn != self.turn or self._over:
            return 0.0
        self._over = True
        self.heard[turn] = self._playout.stop(now)
        return self.heard[turn]

    def confirm(self, position_s: float, now: float) -> None:
        """The carrier says that so much of the turn was played: its mark has come back."""
        self._playout.confirm(position_s, now)

    @property
    def sent_s(self) -> float:
        """How much of the turn the carrier was sent."""
        return self._playout.sent_s

    def listen(self, now: float) -> None:
        if self._over or self.turn < 0:
            return
        self._playout.due(now)
        heard_s = self._playout.heard_s(now)
        self.audible = self._held is None and self._playout.queued_ahead_s(now) > 0
        self.heard[self.turn] = heard_s

    def finished(self, now: float) -> bool:
        return not self._over and self._finished and self._playout.done(now)

    def played_out(self) -> int:
        self._over = True
        self.audible = False
        return self.turn
