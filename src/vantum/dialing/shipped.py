"""The data files that travel with this room, and nothing else from any disk."""

from __future__ import annotations

from importlib import resources
from typing import Final

_HERE: Final = "vantum.dialing"
RULE_FILES: Final = ("us_federal.toml", "us_states.toml")


def places() -> bytes:
    """What area codes, states and zones say of a place; written by tools/places.py."""
    return resources.files(_HERE).joinpath("places.json").read_bytes()


def rule_file(name: str) -> str:
    """One of `RULE_FILES`, as text."""
    return resources.files(_HERE).joinpath("rules", name).read_text("utf-8")
