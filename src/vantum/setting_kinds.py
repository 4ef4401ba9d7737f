"""What kinds of value a setting may have, how each is read, and how what is allowed is said."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from vantum.dialing.numbers import E164
from vantum.hosts import THIS_MACHINE

DATABASES: Final = "a sqlite:// or postgresql:// address"
NAMES: Final = "auto, or the name of an installed provider"
HTTP: Final = "an http(s) address"


def _from_ms(value: object) -> float:
    return float(str(value)) / 1000


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("not a web address")
    _ = parts.port  # raises ValueError for a port that is no port
    return value.rstrip("/")


def _public_address(value: str) -> str:
    address = _web_address(value)
    parts = urlsplit(address)
    # The carrier refuses plain http; a simulated carrier on this machine does not.
    if parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        raise ValueError("not https")
    return address


def _database_address(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("sqlite://", "postgresql://")):
        raise ValueError("not a database address")
    return value


def _numbers(value: object) -> tuple[str, ...]:
    if not isinstance(value, str):
        return tuple(value) if isinstance(value, list | tuple) else ()
    found = tuple(number.strip() for number in value.split(",") if number.strip())
    if not all(re.fullmatch(E164, number) for number in found):
        raise ValueError("not a number")
    return found


def _networks(value: object) -> tuple[str, ...]:
    if not isinstance(value, str):
        return tuple(value) if isinstance(value, list | tuple) else ()
    found = tuple(one.strip() for one in value.split(",") if one.strip())
    for one in found:
        ip_network(one)  # raises ValueError; the web server would take anything and believe nobody
    return found


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


Word = BeforeValidator(_lower)
Name = Annotated[str, Word]
Milliseconds = Annotated[float, BeforeValidator(_from_ms)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
PublicAddress = Annotated[str, AfterValidator(_public_address)]
PhoneNumbers = Annotated[tuple[str, ...], BeforeValidator(_numbers)]
Networks = Annotated[tuple[str, ...], BeforeValidator(_networks)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(_database_address)]


def setting(default: object, meaning: str, allowed: str = "any text", **rules: Any) -> Any:
    """A field: its default, what it means, what may be given in words, pydantic's own rules."""
    return Field(default, description=meaning, json_schema_extra={"allowed": allowed}, **rules)


def whole(default: int, low: int, high: int, meaning: str) -> Any:
    """A field holding a whole number, bounds included."""
    return setting(default, meaning, f"a whole number from {low} to {high}", ge=low, le=high)


def number(default: float, low: float, high: float, meaning: str) -> Any:
    """A field holding a finite number, bounds included."""
    allowed = f"a number from {low:g} to {high:g}"
    return setting(default, meaning, allowed, ge=low, le=high, allow_inf_nan=False)


def milliseconds(variable: str, default_ms: int, meaning: str, *, low_ms: int = 1) -> Any:
    """A field in seconds whose variable is given in milliseconds, at most a day."""
    return Field(
        default_ms / 1000,
        alias=variable,
        ge=low_ms / 1000,
        le=86_400,
        allow_inf_nan=False,
        description=meaning,
        json_schema_extra={
            "allowed": f"milliseconds from {low_ms} to 86400000",
            "shown": str(default_ms),
        },
    )


def networks(meaning: str) -> Any:
    """A field naming addresses and networks; this machine's own unless given."""
    allowed = "IP addresses or networks such as 10.0.0.0/8, commas between them"
    return setting(("127.0.0.1", "::1"), meaning, allowed)


def provider(serves: str, embedded: str) -> Any:
    """A field naming who serves; which names there are is known when providers are registered."""
    return setting(
        "auto",
        f"Who {serves}: auto takes the cloud when its key or its address is set, else {embedded}.",
        NAMES,
    )
