"""What Cartesia's voices are called, and which directions in a text their models can follow."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct


class Voice(Struct, frozen=True):
    """A voice that a caller may choose."""

    id: str
    name: str


VOICES: Final = (
    Voice("c961b81c-a935-4c17-bfb3-ba2239de8c2f", "Kyle"),
    Voice("6ccbfb76-1fc6-48f7-b71d-91ac6298247b", "Tessa"),
)

_BY_NAME: Final = {key: voice.id for voice in VOICES for key in (voice.id, voice.name.lower())}
_TAG: Final = re.compile(r"</?(?:break|emotion|speed|volume|spell)\b[^<>]*>", re.IGNORECASE)
_SONIC: Final = re.compile(r"sonic-(\d+)")
_FOLLOWS_TAGS_FROM: Final = 3  # sonic-3; older ones read them out


def voice_id(asked: str, otherwise: str) -> str:
    """The id of the voice asked for by id or name, or of the other where nobody is called so."""
    known = _BY_NAME.get(asked.strip().lower())
    return known or _BY_NAME.get(otherwise.strip().lower(), otherwise)


def untagged(text: str) -> str:
    """`text` without directions for the voice, as one line."""
    return " ".join(_TAG.sub(" ", text).split())


def follows_tags(model: str) -> bool:
    """Whether this model does what tags say."""
    number = _SONIC.match(model)
    return model == "sonic-latest" or (number is not None and int(number[1]) >= _FOLLOWS_TAGS_FROM)


def speakable(text: str, model: str) -> str:
    """`text` as this model is to get it; empty where there is nothing in it to be said."""
    words = untagged(text)
    if not any(char.isalnum() for char in words):
        return ""
    return text.strip() if follows_tags(model) else words
