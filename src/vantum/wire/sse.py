"""Where one server-sent event ends and the next begins, however the bytes were cut on their way.

https://html.spec.whatwg.org/multipage/server-sent-events.html: lines end in CR, LF or CRLF, a blank
line ends an event, and several `data` lines of one event are joined.
"""

from __future__ import annotations

from typing import Final

EVENT_BYTES: Final = 1024 * 1024  # the largest sensible one is a few KB; more is no event stream
_BOM: Final = b"\xef\xbb\xbf"


class EventTooLongError(ValueError):
    """More than EVENT_BYTES came without the end of an event."""


class EventStream:
    """Bytes go in, the data of whole events comes out."""

    def __init__(self) -> None:
        self._line = b""  # begun, not ended
        self._data: list[bytes] = []  # of the event begun
        self._held = 0  # bytes in it
        self._after_cr = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the events that `chunk` completes. Raises EventTooLongError."""
        if not chunk:
            return []
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_cr = False
            if not chunk:
                return []
        self._after_cr = chunk[-1:] == b"\r"
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._line = (self._line + chunk).split(b"\n")
        events = [data for line in lines if (data := self._take(line)) is not None]
        if self._held + len(self._line) > EVENT_BYTES:
            raise EventTooLongError(f"an event of more than {EVENT_BYTES} bytes")
        return events

    def end(self) -> list[bytes]:
        """What a server that closed without the last blank line still had to say."""
        found = [self._take(self._line), self._take(b"")]
        self._line = b""
        return [data for data in found if data is not None]

    def _take(self, line: bytes) -> bytes | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            data, self._data, self._held = self._data, [], 0
            return b"\n".join(data) if data else None
        name, _, value = line.partition(b":")
        # llama.cpp sends errors as a field of that name, instead of as data.
        if name in {b"data", b"error"}:
            self._data.append(value[1:] if value[:1] == b" " else value)
            self._held += len(value)
        return None
