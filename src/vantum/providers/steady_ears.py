"""How a recogniser that breaks off is reconnected so that no word of the caller is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

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
from vantum.providers.base import Finalise, ListenOptions, Prewarmed, SpeechToText
from vantum.providers.resilience import hearing_waits, next_wait_s, setback
from vantum.providers.tape import Tape


class SteadySpeechToText:
    """Wraps any recogniser: reconnects, plays again what had no final words, keeps audio time."""

    def __init__(self, inner: SpeechToText, budgets: Budgets) -> None:
        self._inner = inner
        self._budgets = budgets

    async def prewarm(self) -> None:
        """Have the wrapped one get ready, if it can. Raises ProviderError."""
        if isinstance(self._inner, Prewarmed):
            await self._inner.prewarm()

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing | Setback, None]:
        """As the wrapped one. Raises ProviderError when all tries fail."""
        tape = Tape(options)
        # Sound comes while nobody is connected; the task lives no longer than this generator.
        recording = asyncio.create_task(tape.record(audio), name="record")
        try:
            async with aclosing(self._listen(tape, options)) as findings:
                async for finding in findings:
                    yield finding
            await recording
        finally:
            recording.cancel()

    async def _listen(
        self, tape: Tape, options: ListenOptions
    ) -> AsyncGenerator[Hearing | Setback, None]:
        worked, tries = False, 0
        while True:
            begin_s = tape.rewind()
            try:
                async with (
                    aclosing(tape.play()) as played,
                    aclosing(self._inner.listen(played, options)) as findings,
                ):
                    async for finding in findings:
                        worked, tries = True, 0
                        yield _noted(tape, finding, begin_s)
                return
            except ProviderError as error:
                waits_s = hearing_waits(self._budgets, error.trouble, first=not worked)
                wait_s = next_wait_s(error, waits_s, tries)
                if wait_s is None:
                    raise
                tries += 1
                yield setback(error, unheard=tape.holds_speech)
            await asyncio.sleep(wait_s)
            options = msgspec.structs.replace(options, again=worked)


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
