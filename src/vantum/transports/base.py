"""What an edge must offer the call: a way out for sound and for notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from vantum.audio.pcm import Encoding
from vantum.audio.playout import OnHold
from vantum.conversation.effects import Notice, Transfer
from vantum.conversation.events import EndReason

Confirm = Callable[[int, float], None]
"""Takes a turn and how many seconds of it the caller has heard."""


class Outlet(Protocol):
    """The way to one caller. Nothing here waits; what cannot be sent is queued, bounded.

    Sound is mono in `encoding` at `rate_hz`, in frames of `frame_s`; utterances are named by turn.
    """

    encoding: Encoding
    rate_hz: int
    frame_s: float
    on_hold: OnHold

    def begin(self, turn: int) -> None:
        """Sound of a new utterance follows."""
        ...

    def send(self, turn: int, pcm: bytes) -> None:
        """Send one frame."""
        ...

    def complete(self, turn: int, sound_s: float) -> None:
        """All sound of the utterance was sent."""
        ...

    def hold(self, turn: int) -> None:
        """Fall silent now."""
        ...

    def resume(self, turn: int, sent_s: float) -> None:
        """Go on; what comes next is the sound from `sent_s` of the utterance on."""
        ...

    def cancel(self, turn: int, *, interrupted: bool) -> None:
        """Drop all sound of the utterance."""
        ...

    def press(self, digits: str) -> None:
        """Send keys down the line; only phones have them."""
        ...

    def transfer(self, order: Transfer) -> None:
        """Put the caller through to somebody else; only phones can."""
        ...

    def tell(self, notice: Notice) -> None:
        """Tell the client."""
        ...

    def stopping(self, within_s: float) -> None:
        """Say that the server is about to stop, and for how long it will be away."""
        ...

    def close(self, reason: EndReason) -> None:
        """Say why and close, once everything before it was sent."""
        ...
