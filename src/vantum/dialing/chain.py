"""How receipts hang together: canonical JSON, the hash of each, and where a chain is broken.

The hash of a link is SHA-256 over the 32 bytes of the hash before it and the canonical JSON of its
facts; before the first stand 32 zero bytes. Exported, each link is one line of canonical JSON, and
the last line, the seal, says from where to where the file goes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from vantum.errors import RequestError

FIRST: Final = "00" * 32
_WHOLE: Final = 2**53  # beyond it a float is no count


class Link(Struct, frozen=True, kw_only=True):
    """One receipt in its place; hashes are 64 hexadecimal digits."""

    number: int  # 1, 2, 3
    before: str  # the hash of the link before
    facts: str  # canonical JSON
    hash: str


class Verified(Struct, frozen=True):
    """What a chain that holds together is: its numbers, both included, and its last hash.

    An empty one has the numbers 1 to 0.
    """

    first: int
    last: int
    hash: str


class Broken(Struct, frozen=True):
    """The first line (from 1) at which it does not; the sentence says how."""

    line: int
    sentence: str


class _Line(Struct, forbid_unknown_fields=True):
    before: str
    facts: msgspec.Raw
    hash: str
    number: int


class _Seal(Struct, forbid_unknown_fields=True):
    seal: Verified


def canonical(value: object) -> str:
    """JSON in which equal values are equal bytes: keys in order, nothing between, UTF-8.

    Numbers that are whole are written without a point. Raises RequestError for a number that has
    no plain decimal form: not finite, too large, or so small that it needs an exponent.
    """
    return msgspec.json.encode(_plain(msgspec.to_builtins(value)), order="sorted").decode()


def _plain(value: object) -> object:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):  # a Struct keeps its tuples
        return [_plain(item) for item in value]
    return value


def _number(value: float) -> float | int:
    if not math.isfinite(value) or abs(value) >= _WHOLE:
        raise RequestError(f"A receipt cannot hold the number {value}")
    if value.is_integer():
        return int(value)
    if "e" in repr(value):
        raise RequestError(f"A receipt cannot hold the number {value}")
    return value


def hash_of(before: str, facts: str) -> str:
    """The hash of a link behind the one with the hash `before`."""
    return hashlib.sha256(bytes.fromhex(before) + facts.encode()).hexdigest()


def link(number: int, before: str, facts: str) -> Link:
    """The link with these facts."""
    return Link(number=number, before=before, facts=facts, hash=hash_of(before, facts))


def written(one: Link) -> str:
    """A link as a line, without its end."""
    line = _Line(one.before, msgspec.Raw(one.facts.encode()), one.hash, one.number)
    return msgspec.json.encode(line, order="sorted").decode()


def sealed(chain: Verified) -> str:
    """The last line of a file that holds this chain."""
    return canonical(_Seal(chain))


def verify(lines: Iterable[bytes]) -> Verified | Broken:
    """Whether these lines of a file, without their ends, are a whole chain, byte by byte.

    That all of it was forged, or made anew, no chain can show: compare its last hash with one that
    was kept elsewhere.
    """
    known: Verified | None = None
    sealed_at = 0
    at = 0
    for at, line in enumerate(lines, start=1):
        if sealed_at:
            return Broken(at, "something stands behind the seal")
        if line.startswith(b'{"seal":'):
            sealed_at = at
            if line != sealed(known or Verified(1, 0, FIRST)).encode():
                return Broken(at, "the seal is not that of the receipts before it")
            continue
        found = _next(line, known)
        if isinstance(found, str):
            return Broken(at, found)
        known = Verified(known.first if known else found.number, found.number, found.hash)
    if not sealed_at:
        return Broken(at + 1, "the seal is missing: the end of the file was cut off")
    return known or Verified(1, 0, FIRST)


def _next(line: bytes, known: Verified | None) -> Link | str:
    """The link that a line holds, or why it is none, or not the next one."""
    try:
        read = msgspec.json.decode(line, type=_Line)
        facts = bytes(read.facts).decode()
        this = Link(number=read.number, before=read.before, facts=facts, hash=read.hash)
        is_canonical = canonical(msgspec.json.decode(read.facts)) == facts
        right = hash_of(this.before, facts)
    # Not JSON, not of this shape, not hexadecimal, nested too deeply.
    except (ValueError, RecursionError, RequestError) as error:
        return f"this is no receipt: {error}"
    name = f"receipt {this.number}"
    if not is_canonical or written(this).encode() != line:
        return f"{name} is not written as it was exported"
    if known is None and this.number < 1:
        return "no receipt has such a number"
    if known is not None and this.number != known.last + 1:
        return f"{name} stands where receipt {known.last + 1} should"
    expected = known.hash if known else FIRST if this.number == 1 else this.before
    if this.before != expected:
        return f"{name} does not follow the one before it"
    return this if right == this.hash else f"{name} was changed: its hash is another"
