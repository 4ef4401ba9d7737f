"""What callers say while the agent speaks: back-channels, interruptions, dictated addresses.

All of it is made by the local voice, the same each time, and told apart by speed, pitch and level;
real recordings are added where they are at hand (a folder like ../shared/speech).
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from vantum.audio import pcm as sound
from vantum.audio.resample import resampler
from vantum.errors import SettingsError
from vantum.providers.local import engine
from vantum.wav_file import read_wav

Kind = Literal["nod", "interruption", "answer", "dictation"]
"""`answer`: a nod's words right behind a question, where they are one."""

Wave = NDArray[np.float64]  # -1..1

HZ: Final = 16_000
RECORDINGS: Final = Path(__file__).parents[3] / "shared" / "speech"
SPEECH_ABOVE: Final = 0.15  # of the loudest frame: a listener would say that somebody speaks
LONGEST_S: Final = 3.5  # of a recording that is said into an answer
SPEEDS: Final = (0.85, 0.93, 1.0, 1.09, 1.18)  # resampled: pitch and speed together
LEVELS_DB: Final = (-12.0, -9.0, -6.0, -3.0, 0.0)  # around the voice's own
PAUSES_S: Final = (0.6, 1.2)  # within what is dictated


def _phrases(line: str) -> tuple[str, ...]:
    return tuple(line.split(", "))


# What the voice is given, where that differs from what is heard.
_SAID: Final = {"mhm": "Mm-hmm.", "hmm": "Hmm.", "uh-huh": "Uh-huh."}
NODS: Final = _phrases(
    "mhm, uh-huh, yeah, right, okay, I see, yeah okay, got it, sure, all right, yes, oh, oh I "
    "see, makes sense, of course, yeah yeah, okay right, good, sounds good, ah okay, exactly, "
    "hmm, yep, interesting, cool, mhm okay, yeah right, fair enough, I understand, great"
)
ANSWERS: Final = ("yes", "yeah", "sure", "okay", "yes sure", "right", "of course", "yep")
INTERRUPTIONS: Final = _phrases(
    "wait, stop, no, who is this, hold on a second, I'm not interested, how much does it cost, "
    "hang on, excuse me, what, sorry what was that, can I ask something, no thank you, not "
    "interested, please stop calling me, I have a question, who are you, where are you calling "
    "from, how did you get my number, I'm in a meeting, call me later, we already have a tool for "
    "that, what does it do, is this a recording, are you a robot, slow down please, let me stop "
    "you there, yeah but what does it cost, okay but who are you, right and how long does it "
    "take, I don't have time for this, take me off your list, can you send me an email, say that "
    "again, I didn't catch that, one moment please, that's not true, we don't need that, hello, "
    "goodbye"
)
DICTATIONS: Final = (
    "five five five|zero one four two|three nine",
    "zero one seven two|five five|eight one nine|four four",
    "four one five|five five five|two six seven one",
    "it's six two|nine nine one|three oh five",
    "my number is|eight eight four|two one|seven three five",
    "one two three four|five six seven eight",
    "john dot smith|at gmail|dot com",
    "sales|at acme|dot com",
    "m dot|jones|at outlook dot com",
    "info|at north|dash wind|dot org",
    "s m i t h|at yahoo dot com",
    "peter|underscore|miller|at web|dot net",
)


class Clip(Struct, frozen=True):
    """One thing said, in groups with pauses between them; `parts` are their waves at HZ."""

    kind: Kind
    texts: tuple[str, ...]
    parts: tuple[Wave, ...]
    pauses_s: tuple[float, ...] = ()
    real: bool = False

    @property
    def onset_s(self) -> float:
        """Where its first 20 ms of speech begin."""
        size = HZ // 50
        frames = self.parts[0][: len(self.parts[0]) // size * size].reshape(-1, size)
        loud = np.sqrt((frames**2).mean(axis=1))
        return int(np.argmax(loud > SPEECH_ABOVE * loud.max())) / 50

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(self.texts)


@cache
def _voice() -> engine.Speak:
    return engine.load_voice()


@cache
def voiced(text: str) -> Wave:
    """The text, spoken by the local voice, without the silence around it."""
    text = _SAID.get(text, text)
    words = " ".join(word.upper() if len(word) == 1 else word for word in text.split())
    written = words if words.endswith((".", "?")) else f"{words[:1].upper()}{words[1:]}."
    change = resampler(engine.VOICE_RATE_HZ, HZ)
    return trimmed(as_wave(change.push(b"".join(_voice()(written))) + change.flush()))


def as_wave(pcm: bytes) -> Wave:
    return sound.to_float(pcm).astype(np.float64)


def trimmed(wave: Wave) -> Wave:
    """From the first to the last 10 ms that a listener would call speech."""
    size = HZ // 100
    frames = wave[: len(wave) // size * size].reshape(-1, size)
    loud = np.sqrt((frames**2).mean(axis=1))
    spoken = np.flatnonzero(loud > 0.08 * loud.max())
    first, last = int(spoken[0]), int(spoken[-1])
    return wave[first * size : (last + 1) * size]


def varied(wave: Wave, dice: random.Random) -> Wave:
    """Said by somebody else: faster and higher or slower and lower, louder or softer."""
    speed, level = dice.choice(SPEEDS), 10 ** (dice.choice(LEVELS_DB) / 20)
    at = np.arange(int(len(wave) / speed)) * speed
    slowed: Wave = np.interp(at, np.arange(len(wave)), wave) * level
    return slowed


def clips(kind: Kind, count: int, dice: random.Random, folder: Path = RECORDINGS) -> list[Clip]:
    """So many of a kind, each text about as often as the others, those of real people first."""
    if kind == "dictation":
        return [_dictation(DICTATIONS[n % len(DICTATIONS)], dice) for n in range(count)]
    texts = {"nod": NODS, "interruption": INTERRUPTIONS, "answer": ANSWERS}[kind]
    real = recordings(folder) if kind == "interruption" else []
    made: list[Clip] = []
    for n in range(count):
        at = n % (len(texts) + len(real))
        if at < len(real):
            text, wave = real[at]
        else:
            text = texts[at - len(real)]
            wave = varied(voiced(text), dice)
        made.append(Clip(kind, (text,), (wave,), real=at < len(real)))
    return made


def _dictation(line: str, dice: random.Random) -> Clip:
    groups = tuple(line.split("|"))
    # one speaker: the same dice for all groups
    seed = dice.random()
    parts = tuple(varied(voiced(group), random.Random(seed)) for group in groups)
    pauses = tuple(dice.uniform(*PAUSES_S) for _ in groups[1:])
    return Clip("dictation", groups, parts, pauses)


def recordings(folder: Path) -> list[tuple[str, Wave]]:
    """Real people's short sentences, with their words; none where the folder is missing."""
    manifest = folder / "manifest.tsv"
    if not manifest.exists():
        return []
    found = []
    for line in manifest.read_text().splitlines()[1:]:
        name, text = line.split("\t")[:2]
        try:
            file = read_wav(folder / name)
        except SettingsError:
            continue
        change = resampler(file.rate_hz, HZ)
        wave = trimmed(as_wave(change.push(file.pcm) + change.flush()))
        if len(wave) <= LONGEST_S * HZ:
            found.append((text, wave))
    return found
