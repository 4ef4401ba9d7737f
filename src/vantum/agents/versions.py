"""Which wording of an agent's file a call was held with: the file's text, named by its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec
import yaml
from msgspec import Struct

from vantum.agents.schema import resolve
from vantum.agents.source import with_own_names
from vantum.conversation.segments import spoken_text
from vantum.errors import SettingsError


class Version(Struct, frozen=True):
    """An agent file as it was read."""

    digest: str  # SHA-256, in hexadecimal digits
    name: str
    text: str


def versions_of(default: Path, names: Iterable[str]) -> dict[str, Version]:
    """The files of these agents, as `shelf_of` finds them. Raises SettingsError."""
    return {
        name: version(name, default if name == default.stem else default.parent / f"{name}.yaml")
        for name in names
    }


def version(name: str, path: Path) -> Version:
    """One of them. Raises SettingsError for a file that is gone meanwhile."""
    found = resolve(path)
    try:
        text = found.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{found}: cannot be read: {error}") from error
    return Version(hashlib.sha256(text.encode()).hexdigest(), name, text)


class Duty(Struct, frozen=True):
    """What an agent file has said at the start or in full; "" for nothing, as it is spoken."""

    recording: str  # that the call is recorded
    greeting: str
    must_hear: tuple[str, ...]


class _Phone(Struct, frozen=True):
    announce_recording: str = ""


class _File(Struct, frozen=True):
    greeting: str = ""
    phone: _Phone = _Phone()
    must_hear: tuple[str, ...] = ()


@lru_cache(maxsize=64)  # asked with each call that ends
def duty_of(text: str) -> Duty:
    """That of a file that was good when it was read."""
    file = msgspec.convert(with_own_names(yaml.load(text, yaml.CSafeLoader)), _File)
    return Duty(
        recording=spoken_text(file.phone.announce_recording),
        greeting=spoken_text(file.greeting),
        must_hear=tuple(map(spoken_text, file.must_hear)),
    )
