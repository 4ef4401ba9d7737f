"""What somebody on a simulated telephone can do: the acts that a script is made of."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class Say(Struct, frozen=True, tag="say", tag_field="act"):
    """Speak, whoever else is speaking."""

    text: str


class Wait(Struct, frozen=True, tag="wait", tag_field="act"):
    """Until the other side has spoken and then been silent for `silence_s`.

    Where it does not begin to speak within `patience_s`, do `otherwise`; without it, go on.
    """

    silence_s: float = 1.1  # longer than the pause after a sentence
    patience_s: float = 8.0
    otherwise: tuple[Act, ...] | None = None  # ends the script


class Interrupt(Struct, frozen=True, tag="interrupt", tag_field="act"):
    """Until the other side has spoken for `after_s`: what follows cuts in."""

    after_s: float = 1.0
    patience_s: float = 8.0


class Pause(Struct, frozen=True, tag="pause", tag_field="act"):
    """Be silent."""

    seconds: float


class Press(Struct, frozen=True, tag="press", tag_field="act"):
    """Press keys, five a second."""

    digits: str


class Tone(Struct, frozen=True, tag="tone", tag_field="act"):
    """One pure tone: the beep of a voicemail."""

    seconds: float = 0.5
    hz: float = 1_000.0


class Music(Struct, frozen=True, tag="music", tag_field="act"):
    """Music on hold."""

    seconds: float


class Menu(Struct, frozen=True, tag="menu", tag_field="act"):
    """Offer choices, `times` over, until a key is pressed that leads somewhere; then hang up."""

    text: str
    choices: dict[str, tuple[Act, ...]]  # each ends the script
    times: int = 3
    patience_s: float = 4.0


class HangUp(Struct, frozen=True, tag="hang_up", tag_field="act"):
    """Leave."""


Act = Say | Wait | Interrupt | Pause | Press | Tone | Music | Menu | HangUp
Script = tuple[Act, ...]


def texts(script: Script) -> Iterator[str]:
    """Everything that may be said."""
    for act in script:
        if isinstance(act, Say | Menu):
            yield act.text
        if isinstance(act, Menu):
            for choice in act.choices.values():
                yield from texts(choice)
        elif isinstance(act, Wait) and act.otherwise:
            yield from texts(act.otherwise)
