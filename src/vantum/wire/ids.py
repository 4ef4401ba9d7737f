"""How an id looks: UUID version 7 (RFC 9562 §5.7), made from a time and random bits."""

from __future__ import annotations

from typing import Final

RANDOM_BYTES: Final = 10  # 74 of these 80 bits are used; six give way to version and variant

_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62


def uuid7(unix_ms: int, random_bits: bytes) -> str:
    """Make an id that sorts by `unix_ms`; `random_bits` are ten random bytes.

    Raises ValueError for a time outside 48 bits or another number of bytes.
    """
    if not 0 <= unix_ms < 1 << 48:
        raise ValueError("a UUIDv7 holds 48 bits of milliseconds since 1970")
    if len(random_bits) != RANDOM_BYTES:
        raise ValueError(f"a UUIDv7 takes {RANDOM_BYTES} random bytes")
    bits = int.from_bytes(random_bits, "big")
    rand_a = (bits >> 62) & 0xFFF
    rand_b = bits & ((1 << 62) - 1)
    digits = f"{unix_ms << 80 | _VERSION | rand_a << 64 | _VARIANT | rand_b:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
