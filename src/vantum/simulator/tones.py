"""How the canned voice sounds: each character is a chord of its own, so that it can be read again.

The sound itself carries the words. They survive mu-law at 8 kHz, any resampling and any
recogniser's cut, in this process or another. A character lasts as long as an unhurried speaker
takes for it; words are apart by the silence of one character. Signals that are no speech (music,
beeps) read as nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vantum.audio.pcm import encode_mulaw, from_float, to_float
from vantum.providers.scripted import CHARS_PER_S, LOUD
from vantum.wire.twilio import RATE_HZ

# A chord is one of ten low notes and one of ten high ones: within the telephone's band, far enough
# apart to be told in 40 ms (25 Hz), and no note is twice another.
_LOW: Final = tuple(400.0 + 100 * step for step in range(10))
_HIGH: Final = tuple(1_500.0 + 150 * step for step in range(10))
_FIRST: Final = 33  # "!", of the 94 printable characters
_LETTERS: Final = 94  # the chords above are notes of music
_UNKNOWN: Final = ord("?") - _FIRST  # is sounded for a character that has no chord
_NOTE_LEVEL: Final = 0.2  # of full scale; two of them are as loud as a clear voice
_HOP_S: Final = 0.005  # a word's edge is found so well
_GAP_HOPS: Final = 6  # of quiet between words: half the pause, more than any beat of two notes
_LOOK_S: Final = 0.04  # of a character, around its middle
_CLEAR: Final = 0.6  # share of the power that a chord's two notes have at least

Wave = NDArray[np.float32]


def spoken(text: str, rate_hz: int) -> bytes:
    """The text as chords, s16le; each word is followed by a pause."""
    parts: list[Wave] = []
    for word in text.split():
        parts += [_sounded(tuple(_index(letter) for letter in word), rate_hz), _pause(rate_hz)]
    return from_float(np.concatenate(parts)) if parts else b""


def heard_in(pcm: bytes, rate_hz: int) -> str | None:
    """The words of such a sound (s16le), nothing for signals; None where it is no such sound."""
    wave = to_float(pcm)
    words, known = [], False
    for begin_s, end_s in _loud_stretches(wave, rate_hz):
        chords = _chords(wave, rate_hz, begin_s, end_s)
        if chords is None:
            known = known or _is_signal(wave, rate_hz, begin_s, end_s)
            continue
        known = True
        if word := "".join(chr(_FIRST + chord) for chord in chords if chord < _LETTERS):
            words.append(word)
    return " ".join(words) if known else None


def pure_tone(hz: float, seconds: float) -> bytes:
    """The beep of a voicemail, mu-law at 8 kHz."""
    return encode_mulaw(
        from_float(1.5 * _NOTE_LEVEL * _wave(hz, round(seconds * RATE_HZ), RATE_HZ))
    )


def music(seconds: float) -> bytes:
    """Music on hold, mu-law at 8 kHz: chords that are no letters, three a second."""
    count = round(3 * seconds)
    chords = [
        _LETTERS + (2 * number) % (len(_LOW) * len(_HIGH) - _LETTERS) for number in range(count)
    ]
    return encode_mulaw(
        from_float(np.concatenate([_chord(one, RATE_HZ // 3, RATE_HZ) for one in chords]))
    )


def _index(letter: str) -> int:
    index = ord(letter) - _FIRST
    return index if 0 <= index < _LETTERS else _UNKNOWN


def _sounded(chords: tuple[int, ...], rate_hz: int) -> Wave:
    edges = [round(number * rate_hz / CHARS_PER_S) for number in range(len(chords) + 1)]
    parts = [
        _chord(chord, end - begin, rate_hz)
        for chord, begin, end in zip(chords, edges, edges[1:], strict=False)
    ]
    return np.concatenate(parts)


def _pause(rate_hz: int) -> Wave:
    return np.zeros(round(rate_hz / CHARS_PER_S), np.float32)


@lru_cache(maxsize=512)  # 100 chords, two lengths a rate
def _chord(index: int, samples: int, rate_hz: int) -> Wave:
    low, high = _LOW[index // len(_HIGH)], _HIGH[index % len(_HIGH)]
    both: Wave = _NOTE_LEVEL * (_wave(low, samples, rate_hz) + _wave(high, samples, rate_hz))
    return both


def _wave(hz: float, samples: int, rate_hz: int) -> Wave:
    turns = np.arange(samples, dtype=np.float32) * np.float32(hz / rate_hz)
    wave: Wave = np.sin(2 * np.pi * turns)
    return wave


def _loud_stretches(wave: Wave, rate_hz: int) -> Iterator[tuple[float, float]]:
    """From when to when there is sound, in seconds; short quiet belongs to it."""
    hop = round(_HOP_S * rate_hz)
    hops = wave[: len(wave) // hop * hop].reshape(-1, hop)
    loud = np.flatnonzero(np.sqrt((hops * hops).mean(axis=1)) > LOUD / 32_768)
    if not len(loud):
        return
    for run in np.split(loud, np.flatnonzero(np.diff(loud) >= _GAP_HOPS) + 1):
        yield run[0] * hop / rate_hz, (run[-1] + 1) * hop / rate_hz


def _chords(wave: Wave, rate_hz: int, begin_s: float, end_s: float) -> list[int] | None:
    """The characters of one word; None where it is none. One that is cut off is left out."""
    count = int((end_s - begin_s) * CHARS_PER_S + 0.2)
    if not count:
        return None
    # A word that began before the recogniser's cut is read from its end.
    origin_s = begin_s if begin_s else end_s - count / CHARS_PER_S
    middles = origin_s + (np.arange(count) + 0.5) / CHARS_PER_S
    power = _powers(wave, rate_hz, middles)
    low, high = power[:, : len(_LOW)], power[:, len(_LOW) :]
    lower, higher = low.max(axis=1), high.max(axis=1)
    clear = (lower + higher > _CLEAR) & (np.minimum(lower, higher) > _CLEAR / 8)
    if 2 * clear.sum() < count:
        return None
    found = low.argmax(axis=1) * len(_HIGH) + high.argmax(axis=1)
    return [int(index) for index in found[clear]]


def _is_signal(wave: Wave, rate_hz: int, begin_s: float, end_s: float) -> bool:
    """Whether it is the beep: only its note, of all."""
    middle = np.array([(begin_s + end_s) / 2])
    return bool(_powers(wave, rate_hz, middle)[0, _LOW.index(1_000.0)] > _CLEAR)


def _powers(wave: Wave, rate_hz: int, middles: NDArray[np.float64]) -> Wave:
    """Which share of the sound around each moment is in each note; shape (moments, notes)."""
    window, notes = _notes(rate_hz)
    begins = np.clip(np.rint(middles * rate_hz).astype(int) - len(window) // 2, 0, None)
    padded = np.concatenate((wave, np.zeros(len(window), np.float32)))
    rows = padded[begins[:, None] + np.arange(len(window))] * window
    found: Wave = np.abs(rows @ notes) ** 2 / np.maximum((rows * rows).sum(axis=1), 1e-9)[:, None]
    return found


@lru_cache(maxsize=8)  # sample rates
def _notes(rate_hz: int) -> tuple[Wave, NDArray[np.complex64]]:
    count = round(_LOOK_S * rate_hz)
    window = np.hanning(count).astype(np.float32)
    turns = np.arange(count)[:, None] * np.array(_LOW + _HIGH) / rate_hz
    # A lone sine in the window has power 1.
    scale = np.sqrt(2 * (window**2).sum()) / window.sum()
    return window, (scale * np.exp(-2j * np.pi * turns)).astype(np.complex64)
