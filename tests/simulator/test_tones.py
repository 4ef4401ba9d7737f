"""The canned voice can be read again, through a telephone and whatever a recogniser cuts of it."""

from __future__ import annotations

import pytest
from caller import chunks, messages, mulaw, noise, quiet, tone
from hypothesis import given, settings
from hypothesis import strategies as st

from vantum.audio.pcm import decode_mulaw, encode_mulaw
from vantum.audio.resample import resampler
from vantum.simulator.hearing import Steps
from vantum.simulator.latency import PROFILES
from vantum.simulator.nova import Nova
from vantum.simulator.talent import Canned
from vantum.simulator.tones import heard_in, music, pure_tone, spoken
from vantum.wire import deepgram as wire

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
GREETING = (
    "Hi, you have reached the voicemail of Sam Miller. I cannot take your call right now. "
    "Please leave your name, your number and a short message after the tone."
)


def changed(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    change = resampler(from_hz, to_hz)
    return change.push(pcm) + change.flush()


def by_telephone(pcm: bytes) -> bytes:
    """mu-law at 8 kHz, of a voice at 16 kHz."""
    return encode_mulaw(changed(pcm, 16_000, 8_000))


@given(st.lists(PRINTABLE, min_size=1, max_size=6))
@settings(max_examples=30)
def test_words_are_read_again_through_a_telephone(words: list[str]) -> None:
    text = " ".join(words)
    narrow = decode_mulaw(by_telephone(spoken(text, 16_000)))
    assert heard_in(narrow, 8_000) == text
    assert heard_in(changed(narrow, 8_000, 16_000), 16_000) == text


def test_a_text_takes_as_long_as_its_characters() -> None:
    assert len(spoken("Good morning.", 16_000)) / 32_000 == pytest.approx(14 / 15, abs=0.001)


@given(st.floats(0.0, 2.0), st.floats(0.5, 3.0))
@settings(max_examples=30)
def test_what_is_cut_out_of_it_loses_no_more_than_the_words_at_the_edges(
    from_s: float, length_s: float
) -> None:
    narrow = decode_mulaw(by_telephone(spoken(GREETING, 16_000)))
    begin = 2 * round(from_s * 8_000)
    read = heard_in(narrow[begin : begin + 2 * round(length_s * 8_000)], 8_000) or ""
    assert read in GREETING


def test_a_lost_frame_spoils_one_word() -> None:
    sound = by_telephone(spoken(GREETING, 16_000))
    for lost in (sound[:12_000] + sound[12_160:], sound[:12_000] + b"\xff" * 160 + sound[12_160:]):
        read = heard_in(decode_mulaw(lost), 8_000) or ""
        assert len({*GREETING.split()} - {*read.split()}) <= 1


@pytest.mark.parametrize("signal", [pure_tone(1_000.0, 0.5), music(3.0)])
def test_signals_are_no_words(signal: bytes) -> None:
    assert heard_in(decode_mulaw(signal), 8_000) == ""


@pytest.mark.parametrize("sound", [tone(1.0), noise(1.0), quiet(1.0), b"", tone(0.01)])
def test_other_sound_is_none_of_this_voice(sound: bytes) -> None:
    assert heard_in(sound, 8_000) is None


@pytest.mark.anyio
async def test_in_other_sound_the_canned_ear_hears_the_next_line() -> None:
    canned = Canned(("one", "two"))
    assert [await canned.words(tone(1.0), 8_000, number) for number in (0, 1, 2)] == [
        "one",
        "two",
        "one",
    ]
    assert await canned.words(await canned.sound("A third."), 16_000, 0) == "A third."


def heard_by_nova(sound: bytes) -> str:
    query = wire.read_query(
        [
            ("model", "nova-3"),
            ("encoding", "mulaw"),
            ("sample_rate", "8000"),
            ("endpointing", "300"),
            ("punctuate", "true"),
        ]
    )
    nova = Nova(query, PROFILES["fast"], request_id="r", created="now")

    def steps() -> Steps:
        for chunk in chunks(decode_mulaw(sound) + quiet(1.0)):
            yield from nova.hear(mulaw(chunk))

    finals = [
        one.best.transcript
        for one in messages(steps(), reads=lambda speech: heard_in(speech.pcm, 8_000) or "")
        if isinstance(one, wire.Results) and one.is_final and one.best.transcript
    ]
    return " ".join(finals)


def test_a_long_greeting_is_cut_between_words() -> None:
    assert heard_by_nova(by_telephone(spoken(GREETING, 16_000))) == GREETING


def test_a_beep_is_not_transcribed() -> None:
    assert heard_by_nova(pure_tone(1_000.0, 0.5)) == ""
