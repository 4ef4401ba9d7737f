"""Frames as browsers write them, raw bytes where a library would tidy up."""

from __future__ import annotations

import msgspec

SESSION = "01941f29-7c00-7000-8000-000000000001"
REQUEST = "01941f29-7c01-7000-8000-000000000002"
UTTERANCE = "01941f29-7c02-7000-8000-000000000003"

UNDEFINED = b"\xd4\x00\x00"  # fixext1 of type 0: JavaScript's undefined
DATE = b"\xd6\xff\x67\x74\x85\x80"  # fixext4 of type -1: 2025-01-01T00:00:00Z
DATE_MS = 1_735_689_600_000.0
DATE_64 = b"\xd7\xff" + ((0 << 34) | 1_735_689_600).to_bytes(8, "big")
DATE_96 = b"\xc7\x0c\xff" + (0).to_bytes(4, "big") + (1_735_689_600).to_bytes(8, "big")
OTHER_EXT = b"\xd5\x07ab"  # fixext2 of type 7, which nobody defined
INT64 = b"\xd3\xff\xff\xff\xff\xff\xff\xff\xff"
UINT64 = b"\xcf\x00\x00\x01\x94\x20\x00\x00\x00"


def pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def raw_map(fields: dict[str, bytes], *, wide: bool = False) -> bytes:
    """A map whose values are encoded already; `wide` writes map16 as the original page does."""
    header = b"\xde" + len(fields).to_bytes(2, "big") if wide else bytes([0x80 | len(fields)])
    return header + b"".join(pack(key) + value for key, value in fields.items())


def request(event_type: str, values: object = None, /, **changes: bytes | None) -> bytes:
    """A client's frame; `changes` replace encoded envelope fields, None leaves one out."""
    fields: dict[str, bytes | None] = {
        "eventType": pack(event_type),
        "eventId": pack(REQUEST),
        "sessionId": pack(SESSION),
        "payload": pack({} if values is None else values),
    }
    fields |= changes
    return raw_map({key: value for key, value in fields.items() if value is not None})


def unpack(frame: bytes) -> dict[str, object]:
    read: dict[str, object] = msgspec.msgpack.decode(frame)
    return read
