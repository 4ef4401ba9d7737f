"""One simulated telephone from the answer to the end: who is at it, and what they are joined to."""

from __future__ import annotations

import asyncio
import audioop
from collections.abc import Callable
from typing import Final, Protocol

from vantum.providers.scripted import LOUD
from vantum.simulator.callee import Callee
from vantum.simulator.callee_ear import Ear
from vantum.simulator.key_tones import KeyEar
from vantum.simulator.tape import Tape
from vantum.simulator.twilio_playout import QUIET


class Party(Protocol):
    """What the carrier has put at the other end of the line."""

    def exchange(self, said: bytes) -> bytes | None:
        """20 ms were said; 20 ms to hear, empty for none, None where some should be there."""
        ...

    def press(self, key: str) -> None:
        """A key was pressed at the telephone."""
        ...


class Nobody:
    """Silence."""

    def exchange(self, said: bytes) -> bytes | None:  # noqa: ARG002 - nobody is there
        """Nothing to hear."""
        return b""

    def press(self, key: str) -> None:
        """Nobody notices."""


NOBODY: Final = Nobody()


class Phone:
    """Ticks with the carrier's clock while the call lasts."""

    def __init__(self, callee: Callee, tape: Tape, on_hang_up: Callable[[], None]) -> None:
        self.callee = callee
        self.ear = Ear()
        self.tape = tape
        self.greeted = asyncio.Event()  # as `Callee.greeted`
        self.party: Party = NOBODY
        self._on_hang_up = on_hang_up
        self._loud = False
        self._keys = KeyEar()

    def tick(self) -> None:
        """20 ms of both directions."""
        said = self.callee.tick(loud=self._loud)
        if said is None:
            self._on_hang_up()
            return
        heard = self.party.exchange(said)
        frame = heard or QUIET
        self._loud = is_loud(frame)
        if key := self._keys.hear(frame if self._loud else b""):
            self.callee.hear_keys(key)
        self.ear.tick(saying=self.callee.saying, heard=heard, loud=self._loud)
        self.tape.add(said, frame)
        if self.callee.greeted:
            self.greeted.set()
        while self.callee.keys:
            self.party.press(self.callee.keys.popleft())


def is_loud(frame: bytes) -> bool:
    """Whether there is a voice in 20 ms of mu-law."""
    return frame is not QUIET and audioop.rms(audioop.ulaw2lin(frame, 2), 2) > LOUD
