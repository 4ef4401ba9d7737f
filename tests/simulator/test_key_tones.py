"""Keys that are played as tones are heard by whoever is called, and nothing else is."""

from __future__ import annotations

import pytest

from vantum.audio.dtmf import keyed
from vantum.audio.pcm import encode_mulaw
from vantum.audio.resample import resampler
from vantum.simulator.key_tones import KeyEar
from vantum.simulator.talent import PCM_HZ
from vantum.simulator.tones import spoken

FRAME = 160


def heard(mulaw: bytes) -> str:
    ear = KeyEar()
    return "".join(ear.hear(mulaw[at : at + FRAME]) for at in range(0, len(mulaw), FRAME))


@pytest.mark.parametrize("digits", ["1", "0", "*#", "5559", "1w2", "1234567890"])
def test_keys_are_heard_as_they_were_pressed(digits: str) -> None:
    assert heard(keyed(digits)) == digits.replace("w", "")


def test_words_are_no_keys() -> None:
    menu = spoken("For sales, press one. For an operator, press zero.", PCM_HZ)
    words = resampler(PCM_HZ, 8_000).push(menu)
    assert heard(encode_mulaw(words)) == ""


def test_what_is_no_key_makes_no_sound() -> None:
    assert keyed("ab ?") == b""
