"""Which lines of an agent file are played from a recording, and what such a recording must be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from vantum.agents.lines import BLANK, Texts, nearest, said_lines
from vantum.agents.mistakes import OURS
from vantum.agents.source import Source
from vantum.conversation.segments import spoken_text
from vantum.errors import SettingsError
from vantum.wav_file import Sound, read_wav

MOST_S: Final = 60.0  # an announcement; what lasts longer is no line of a conversation


class Recording(Struct, frozen=True, forbid_unknown_fields=True):
    """A line that is played from a file beside the agent file."""

    says: Annotated[str, Meta(min_length=1)]
    file: Annotated[str, Meta(min_length=1)]
    # Of the file, whatever an author writes here.
    sound: Annotated[Sound, Meta(extra={OURS: True})] = Sound()


def with_sound(
    recordings: tuple[Recording, ...], texts: Texts, source: Source
) -> tuple[Recording, ...]:
    """The recordings of an agent file with their sound, of its `texts` by place.

    Raises SettingsError naming file, line, field and what was expected.
    """
    if not recordings:
        return ()
    lines = said_lines(texts)
    found: dict[str, Recording] = {}
    for number, recording in enumerate(recordings):
        place = f"recordings[{number}]"
        says = spoken_text(recording.says)
        _check_text(says, lines, f"{place}.says", source)
        if says in found:
            raise source.mistake(f"{place}.says", "this line has a recording already")
        sound = _read(source.path.parent / recording.file, f"{place}.file", source)
        found[says] = msgspec.structs.replace(recording, says=says, sound=sound)
    return tuple(found.values())


def texts_of(recordings: tuple[Recording, ...]) -> frozenset[str]:
    """The lines that there is a recording of."""
    return frozenset(recording.says for recording in recordings)


def _check_text(says: str, lines: dict[str, str], place: str, source: Source) -> None:
    if says not in lines:
        raise source.mistake(place, f"no line of this file is just that{nearest(says, lines)}")
    if blank := BLANK.search(says):
        raise source.mistake(
            place, f"what {blank.group()} stands for is not the same in every call"
        )


def _read(path: Path, place: str, source: Source) -> Sound:
    try:
        sound = read_wav(path)
    except SettingsError as error:
        raise source.mistake(place, str(error)) from error
    if sound.lasts_s > MOST_S:
        raise source.mistake(
            place, f"{path}: lasts {sound.lasts_s:.0f} s, at most {MOST_S:.0f} s are played"
        )
    return sound
