"""What the simulated Nova makes of sound, without a socket: spans, finals, ends, orders."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from caller import RATE_HZ, chunks, messages, mulaw, noise, quiet, tone

from vantum.simulator.hearing import Closing, Speech
from vantum.simulator.latency import PROFILES, Profile
from vantum.simulator.nova import Nova
from vantum.wire import deepgram as wire

LINES = ["Yes, I have a minute to talk.", "We are twelve people in sales."]


class Line:
    """A connection to Nova."""

    def __init__(self, *, profile: Profile = PROFILES["fast"], **query: Any) -> None:
        asked = {"encoding": "linear16", "sample_rate": RATE_HZ, "endpointing": "300"}
        asked |= {"interim_results": True, "punctuate": True, "vad_events": True}
        built = wire.NovaQuery(**{"model": "nova-3", **asked, **query})
        self.nova = Nova(built, profile, request_id="r", created="now")
        self.sent: list[Any] = []
        self.asked: list[Speech] = []

    def hears(self, *parts: bytes) -> Line:
        for part in parts:
            for chunk in chunks(part):
                self.sent += messages(self.nova.hear(chunk), LINES, self.asked)
        return self

    def is_told(self, text: str) -> list[Any]:
        said = messages(self.nova.obey(text), LINES, self.asked)
        self.sent += said
        return said

    def all(self, kind: type) -> list[Any]:
        return [one for one in self.sent if isinstance(one, kind)]

    @property
    def finals(self) -> list[wire.Results]:
        return [one for one in self.all(wire.Results) if one.is_final]

    @property
    def interims(self) -> list[str]:
        written = [one for one in self.all(wire.Results) if not one.is_final]
        return [one.best.transcript for one in written if one.best.transcript]

    @property
    def words(self) -> list[str]:
        return [one.best.transcript for one in self.finals if one.best.transcript]


def test_an_utterance_is_final_once_it_was_quiet_long_enough() -> None:
    line = Line().hears(quiet(0.5), tone(2.0), quiet(0.28))
    assert line.words == []
    line.hears(quiet(0.06))
    [final] = line.finals
    assert final.speech_final
    assert final.best.transcript == LINES[0]
    assert final.end == pytest.approx(2.8, abs=0.05)


def test_speech_is_reported_as_it_begins() -> None:
    line = Line().hears(quiet(0.5), tone(0.1))
    [started] = line.all(wire.SpeechStarted)
    assert started.timestamp == pytest.approx(0.5, abs=0.03)
    assert not Line(vad_events=False).hears(tone(1.0)).all(wire.SpeechStarted)


def test_interims_grow_and_are_revised() -> None:
    line = Line().hears(tone(2.2))
    assert len(line.interims) >= 6
    assert [len(text) for text in line.interims] == sorted(len(text) for text in line.interims)
    revised = [not b.startswith(a) for a, b in pairwise(line.interims)]
    assert any(revised)
    assert line.interims[-1] == LINES[0]


def test_no_interims_unless_they_are_asked_for() -> None:
    line = Line(interim_results=False).hears(tone(2.0), quiet(0.5))
    assert line.interims == []
    assert line.words == [LINES[0]]


def test_silence_is_reported_with_empty_transcripts() -> None:
    line = Line().hears(quiet(1.1))
    assert [one.best.transcript for one in line.all(wire.Results)] == [""] * 4
    assert not line.asked


def test_words_are_timed_over_their_speech() -> None:
    line = Line().hears(quiet(1.0), tone(2.0), quiet(0.4))
    words = line.finals[-1].best.words
    assert [word.punctuated_word for word in words] == LINES[0].split()
    assert [word.word for word in words] == ["yes", "i", "have", "a", "minute", "to", "talk"]
    assert words[0].start == pytest.approx(1.0, abs=0.05)
    assert words[-1].end == pytest.approx(3.0, abs=0.05)
    assert all(a.end <= b.start for a, b in pairwise(words))
    assert {word.confidence for word in words} > {0.99}


def test_a_long_utterance_comes_in_pieces_whose_spans_join() -> None:
    line = Line().hears(tone(7.0), quiet(0.4))
    pieces = line.finals
    assert [piece.speech_final for piece in pieces] == [False, True]
    assert line.words == LINES
    assert pieces[1].start == pytest.approx(pieces[0].end)
    last_interim = [one for one in line.all(wire.Results) if not one.is_final and one.end <= 5.05]
    assert pieces[0].end < last_interim[-1].end  # the unsure end was left to the next span


def test_a_noise_keeps_speech_final_away_and_word_timing_tells_the_end() -> None:
    line = Line(utterance_end_ms=1_000).hears(tone(1.5), noise(3.0))
    assert line.words == [LINES[0]]
    assert not any(final.speech_final for final in line.finals)
    [ended] = line.all(wire.UtteranceEnd)
    assert ended.last_word_end == line.finals[0].best.words[-1].end


def test_utterance_end_comes_once_for_each_utterance() -> None:
    line = Line(utterance_end_ms=1_000).hears(tone(1.0), quiet(3.0), tone(1.0), quiet(1.2))
    assert len(line.all(wire.UtteranceEnd)) == 2
    assert not Line().hears(tone(1.0), quiet(3.0)).all(wire.UtteranceEnd)


def test_without_endpointing_a_pause_is_no_end() -> None:
    line = Line(endpointing="false").hears(tone(1.0), quiet(1.0))
    assert line.words == [LINES[0]]
    assert not line.finals[0].speech_final


def test_the_profile_may_choose_the_silence() -> None:
    line = Line(profile=Profile(endpointing_s=0.1)).hears(tone(1.0), quiet(0.14))
    assert [final.speech_final for final in line.finals] == [True]


def test_a_noise_without_words_ends_with_an_empty_final() -> None:
    line = Line().hears(noise(0.5), quiet(0.4))
    assert line.all(wire.SpeechStarted)
    [final] = line.finals
    assert (final.speech_final, final.best.transcript) == (True, "")


def test_finalize_flushes_what_is_pending() -> None:
    line = Line().hears(tone(1.0))
    [final] = line.is_told(wire.FINALIZE)
    assert final.from_finalize
    assert final.best.transcript == LINES[0]
    line.hears(tone(1.0), quiet(0.4))
    assert line.words == LINES


def test_finalize_is_answered_with_nothing_where_all_was_said() -> None:
    line = Line().hears(tone(1.0), quiet(0.5))
    [final] = line.is_told(wire.FINALIZE)
    assert (final.from_finalize, final.best.transcript) == (True, "")


def test_finalize_is_not_answered_where_little_is_buffered() -> None:
    assert Line().is_told(wire.FINALIZE) == []
    assert Line().hears(quiet(0.06)).is_told(wire.FINALIZE) == []


@pytest.mark.parametrize("close", [wire.CLOSE_STREAM, ""])
def test_closing_drains_then_sums_up(close: str) -> None:
    line = Line().hears(tone(1.0))
    said = line.is_told(close) if close else messages(line.nova.hear(b""), LINES)
    final, metadata, closing = said
    assert final.best.transcript == LINES[0]
    assert metadata.duration == pytest.approx(1.0)
    assert closing == Closing(1000)


def test_mulaw_is_heard_as_well() -> None:
    line = Line(encoding="mulaw")
    for chunk in chunks(tone(1.0) + quiet(0.4)):
        line.sent += messages(line.nova.hear(mulaw(chunk)), LINES)
    assert line.words == [LINES[0]]
    assert line.nova.now_s == pytest.approx(1.4)


def test_json_in_a_binary_frame_is_sound() -> None:
    line = Line()
    assert messages(line.nova.hear(wire.CLOSE_STREAM.encode()), LINES) == []


def test_sound_without_an_encoding_cannot_be_decoded() -> None:
    [closing] = Line(encoding=None).hears(quiet(0.02)).sent
    assert closing == Closing(1008, "DATA-0000: the payload cannot be decoded as audio")


def test_key_terms_may_change() -> None:
    [done] = Line().is_told('{"type":"Configure","keyterms":["Acme"]}')
    assert done == wire.ConfigureSuccess("r", ("Acme",))
    [refused] = Line(model="nova-2").is_told('{"type":"Configure","keyterms":["Acme"]}')
    assert refused.code == "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
    many = wire.encode(wire.Configure(("x",) * 101))
    [refused] = Line().is_told(many)
    assert refused.code == "CONFIGURE_KEYTERM_LIMIT_EXCEEDED"


@pytest.mark.parametrize("text", ["no json", "{}", '{"type":"Sing"}', "[]"])
def test_a_text_that_is_no_message_is_an_error_and_all_goes_on(text: str) -> None:
    line = Line()
    [error] = line.is_told(text)
    assert (error.variant, error.message) == ("SchemaError", text)
    assert line.hears(tone(1.0), quiet(0.4)).words == [LINES[0]]


def test_keep_alive_is_not_answered() -> None:
    assert Line().is_told(wire.KEEP_ALIVE) == []


def test_little_sound_is_kept_in_a_long_silence() -> None:
    line = Line().hears(quiet(30.0), tone(1.0), quiet(0.4))
    assert len(line.asked[-1].pcm) < 2 * RATE_HZ * 2
    assert len(line.nova._sound._kept) < 2 * RATE_HZ
