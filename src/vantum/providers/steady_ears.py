"""How a recogniser that breaks off is reconnected so that no word of the caller is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import msgspec

from vantum.conversation.events import (
    Finalised,
    Hearing,
    Setback,
    SpeechStarted,
    SpeechStopped,
    SpeechSustained,
    Transcript,
)
from vantum.errors import ProviderError
from vantum.limits import Budgets
from vantum.mailbox import Mailbox
from vantum.providers.base import Finalise, ListenOptions, Sound, SpeechToText, get_ready
from vantum.providers.resilience import hearing_waits, next_wait_s, setback
from vantum.providers.tape import Tape
from vantum.pulse import Pulse

_LIVED_S: Final = 5.0  # a connection that lasted so long was a good one
_BROUGHT: Final = 32  # pieces; more wait where they come from


class SteadySpeechToText:
    """Wraps any recogniser: reconnects, plays again what had no final words, keeps audio time."""

    def __init__(self, inner: SpeechToText, budgets: Budgets, pulse: Pulse | None = None) -> None:
        self._inner = inner
        self._pulse = pulse or Pulse()
        self._budgets = budgets

    async def prewarm(self) -> None:
        """Have the wrapped one get ready, if it can. Raises ProviderError."""
        await get_ready(self._inner)

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing | Setback, None]:
        """As the wrapped one. Raises ProviderError when all tries fail."""
        async with (
            _lasting(audio) as sound,
            aclosing(self._listen(Tape(sound, options), options)) as findings,
        ):
            async for finding in findings:
                yield finding

    async def _listen(
        self, tape: Tape, options: ListenOptions
    ) -> AsyncGenerator[Hearing | Setback, None]:
        worked, tries = False, 0
        voice = _Voice()
        clock = asyncio.get_running_loop().time
        while True:
            begin_s, since = tape.rewind(), clock()
            try:
                async with aclosing(self._inner.listen(tape, options)) as findings:
                    async for finding in findings:
                        noted = _noted(tape, finding, begin_s)
                        voice.note(noted)
                        worked = True
                        self._pulse.came()
                        if _is_progress(noted):
                            tries = 0
                        yield noted
                return
            except ProviderError as error:
                self._pulse.failed(error.trouble)
                if clock() - since > _LIVED_S:
                    tries = 0
                waits_s = hearing_waits(self._budgets, error.trouble, first=not worked)
                wait_s = next_wait_s(error, waits_s, tries)
                if wait_s is None:
                    raise
                tries += 1
                if stopped := voice.lost():
                    yield stopped
                await tape.record(0.0)
                yield setback(error, unheard=tape.holds_speech)
            await tape.record(wait_s)
            options = msgspec.structs.replace(options, again=worked)


@asynccontextmanager
async def _lasting(audio: AsyncIterator[bytes | Finalise]) -> AsyncIterator[Sound]:
    """The sound as it is, or what brings it where only a task of its own may wait for it."""
    if isinstance(audio, Sound):
        yield audio
        return
    brought: Mailbox[bytes | Finalise | None] = Mailbox(_BROUGHT)
    # It lives no longer than the listening.
    bringing = asyncio.create_task(_bring(audio, brought), name="record")
    try:
        yield brought
        await bringing
    finally:
        bringing.cancel()


async def _bring(
    audio: AsyncIterator[bytes | Finalise], brought: Mailbox[bytes | Finalise | None]
) -> None:
    whole = False
    try:
        async for chunk in audio:
            await brought.put(chunk)
        whole = True
    finally:
        if not whole:  # why, is told by this task; who waits must learn that no more will come
            brought.clear()
            brought.put_nowait(None)
    await brought.put(None)


class _Voice:
    """Whether speech was reported whose end is still to come."""

    def __init__(self) -> None:
        self._began_s: float | None = None

    def note(self, finding: Hearing | Setback) -> None:
        """Look at what is passed on."""
        if isinstance(finding, SpeechStarted):
            self._began_s = finding.at_s
        elif isinstance(finding, SpeechStopped):
            self._began_s = None

    def lost(self) -> SpeechStopped | None:
        """Its end, which nobody will report; played again, the same speech begins anew."""
        began_s, self._began_s = self._began_s, None
        return None if began_s is None else SpeechStopped(began_s, speech_s=0.0, silence_s=0.0)


def _is_progress(finding: Hearing | Setback) -> bool:
    """It need not be heard again; all else a broken recogniser repeats at every connection."""
    final = isinstance(finding, Transcript) and finding.final and finding.end_s > 0
    return final or isinstance(finding, Finalised)


def _noted(tape: Tape, finding: Hearing | Setback, begin_s: float) -> Hearing | Setback:
    """The finding in the time of the whole recording; final words are not heard twice."""
    match finding:
        case Transcript(end_s=end_s) if end_s > 0:
            finding = msgspec.structs.replace(
                finding, start_s=finding.start_s + begin_s, end_s=end_s + begin_s
            )
            if finding.final:
                tape.heard(finding.end_s)
        case SpeechStarted() | SpeechSustained() | SpeechStopped():
            finding = msgspec.structs.replace(finding, at_s=finding.at_s + begin_s)
        case Finalised():
            tape.finalised()
    return finding
