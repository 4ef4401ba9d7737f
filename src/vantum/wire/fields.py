"""How a MessagePack map is read when it is not clean: field by field, naming the one that is wrong.

The clean case is msgspec's alone and costs a microsecond. Here are the oddities of JavaScript
clients: `undefined` (extension type 0) and null mean absent, a Date (extension type -1) is a
number of milliseconds, 16000.0 is a whole number. Only known fields are ever decoded, so what a
hostile frame can make us allocate is bounded by its own length.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import NODEFAULT, UNSET, Raw, Struct, UnsetType
from msgspec.inspect import Metadata, UnionType, type_info
from msgspec.msgpack import Decoder

# All that msgspec raises on bad input: DecodeError and UnicodeDecodeError are ValueErrors, and
# nesting beyond the interpreter's recursion limit (found at 10 MiB of 0x91) is a RecursionError.
UNREADABLE: Final = (ValueError, RecursionError)

_KINDS: Final = (  # first bytes of MessagePack values, by their upper bound
    (0x7F, "a number"), (0x8F, "a map"), (0x9F, "a list"), (0xBF, "text"), (0xC0, "null"),
    (0xC1, "nothing"), (0xC3, "a boolean"), (0xC6, "bytes"), (0xC9, "an extension"),
    (0xD3, "a number"), (0xD8, "an extension"), (0xDB, "text"), (0xDD, "a list"),
    (0xDF, "a map"), (0xFF, "a number"),
)  # fmt: skip
# Where the type code stands: directly after the header of a fixext, else after the length.
_EXT_CODE_AT: Final = {0xC7: 2, 0xC8: 3, 0xC9: 5, **dict.fromkeys(range(0xD4, 0xD9), 1)}
_TIMESTAMP: Final = 0xFF  # type code -1 (MessagePack specification, "Timestamp extension type")


class Misfit(ValueError):  # noqa: N818 - names what the field is
    """One field is missing or not what it must be; the message says so and names the field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field


class Field(Struct, frozen=True):
    """One field of a shape: its names in Python and on the wire, and what it must be."""

    name: str
    wire_name: str
    decoder: Decoder[Any]
    required: bool
    description: str


class Shape(Struct, frozen=True):
    """How values of one struct type are read: whole when clean, else loosely, field by field."""

    kind: type[Struct]
    whole: Decoder[Any]
    loose: Decoder[Struct]
    fields: tuple[Field, ...]


def shape_of(kind: type[Struct]) -> Shape:
    """Derive the shape from the struct type and the descriptions in its annotations."""
    about = {field.name: field.type for field in type_info(kind).fields}  # type: ignore[attr-defined]  # a Struct's info is a StructType
    fields = tuple(
        Field(
            field.name,
            field.encode_name,
            Decoder(field.type),
            field.default is NODEFAULT and field.default_factory is NODEFAULT,
            _description(about[field.name]),
        )
        for field in msgspec.structs.fields(kind)
    )
    loose = msgspec.defstruct(
        f"Loose{kind.__name__}",
        [(field.name, Raw | UnsetType, UNSET) for field in fields],
        rename={field.name: field.wire_name for field in fields},
    )
    return Shape(kind, Decoder(kind), Decoder(loose), fields)


def present(shape: Shape, data: bytes | Raw) -> dict[str, bytes]:
    """Encoded values of the shape's fields that `data` has, by Python name.

    Raises one of UNREADABLE when `data` is not a map with text keys.
    """
    loose = shape.loose.decode(data)
    found = {}
    for field in shape.fields:
        raw = getattr(loose, field.name)
        if raw is not UNSET and (value := _plain(bytes(raw))) is not None:
            found[field.name] = value
    return found


def assemble(shape: Shape, found: dict[str, bytes]) -> Struct:
    """Make the struct from what `present` found; raises Misfit for the first wrong field."""
    values = {}
    for field in shape.fields:
        if field.name in found:
            values[field.name] = _read(field, found[field.name])
        elif field.required:
            raise Misfit(field.wire_name, f"is missing, it must be {field.description}")
    return shape.kind(**values)


def kind_of(raw: bytes) -> str:
    """What an encoded value is, in a word or two; it need not be complete."""
    return next(kind for bound, kind in _KINDS if raw[0] <= bound)


def _description(about: object) -> str:
    if isinstance(about, UnionType):
        return next(filter(None, map(_description, about.types)), "")
    if isinstance(about, Metadata):
        return str((about.extra_json_schema or {}).get("description", ""))
    return ""


def _plain(raw: bytes) -> bytes | None:
    """The value without JavaScript's oddities; None when that leaves nothing."""
    if raw[0] == 0xC0:
        return None
    code_at = _EXT_CODE_AT.get(raw[0])
    if code_at is None:
        return raw
    if raw[code_at] != _TIMESTAMP:
        return None
    try:
        moment = msgspec.msgpack.decode(raw, type=datetime)
    except UNREADABLE:
        return None
    return msgspec.msgpack.encode(moment.timestamp() * 1000)


def _read(field: Field, raw: bytes) -> Any:
    try:
        return field.decoder.decode(raw)
    except UNREADABLE:
        number = _number(raw)
    if isinstance(number, float) and number.is_integer():
        try:
            return field.decoder.decode(msgspec.msgpack.encode(int(number)))
        except (ValueError, OverflowError):  # beyond 64 bits there is no integer to try
            pass
    got = f"{number:.15g}" if number is not None else kind_of(raw)
    raise Misfit(field.wire_name, f"must be {field.description}, got {got}")


def _number(raw: bytes) -> float | None:
    if kind_of(raw) != "a number":
        return None
    return msgspec.msgpack.decode(raw, type=int | float)
