"""Who hears whom where several simulated telephones are joined."""

from __future__ import annotations

import asyncio
import audioop
from typing import Final

from vantum.simulator.twilio_playout import QUIET
from vantum.wire.twilio import FRAME_BYTES

WAITING: Final = QUIET  # what is heard alone


class Room:
    """Everybody hears all others. It is open once somebody has entered who may start it."""

    def __init__(self, sid: str) -> None:
        self.sid = sid
        self.open = False
        self.closed = asyncio.Event()  # somebody left with whom it ends
        self.told = 0  # callbacks about it
        self._said: dict[str, bytes] = {}  # in the newest 20 ms, by the telephone's call

    def __len__(self) -> int:
        return len(self._said)

    def enter(self, call_sid: str, *, starts: bool = True) -> Seat:
        """Take a seat."""
        self._said[call_sid] = QUIET
        self.open = self.open or starts
        return Seat(self, call_sid)

    def leave(self, call_sid: str, *, ends: bool = False) -> None:
        """Give it up."""
        self._said.pop(call_sid, None)
        if ends:
            self.closed.set()

    def exchange(self, call_sid: str, said: bytes) -> bytes:
        """Somebody said this; what they hear of the others."""
        if call_sid not in self._said:
            return WAITING
        self._said[call_sid] = said
        others = [frame for sid, frame in self._said.items() if sid != call_sid]
        loud = [frame for frame in others if frame is not QUIET] if self.open else []
        if len(loud) < 2:
            return loud[0] if loud else WAITING
        mixed = bytes(2 * FRAME_BYTES)
        for frame in loud:
            mixed = audioop.add(mixed, audioop.ulaw2lin(frame, 2), 2)
        return audioop.lin2ulaw(mixed, 2)


class Seat:
    """One telephone's place in a room."""

    def __init__(self, room: Room, call_sid: str) -> None:
        self._room = room
        self._call_sid = call_sid

    def exchange(self, said: bytes) -> bytes | None:
        """Hear the others."""
        return self._room.exchange(self._call_sid, said)

    def press(self, key: str) -> None:
        """The others would hear a tone; nobody here minds."""
