"""How the simulated Flux follows turns, without a socket: start, eager end, resumption, end."""

from __future__ import annotations

from typing import Any

import pytest
from caller import RATE_HZ, chunks, messages, noise, quiet, tone

from vantum.simulator.flux import Flux
from vantum.simulator.hearing import Closing
from vantum.wire import deepgram_flux as wire
from vantum.wire.deepgram import CLOSE_STREAM

LINES = ["Yes, I have a minute to talk.", "We are twelve people in sales."]


class Line:
    """A connection to Flux whose turns end after `end_s` of silence."""

    def __init__(self, *, end_s: float = 0.4, lines: list[str] = LINES, **query: Any) -> None:
        asked = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": RATE_HZ}
        self.flux = Flux(wire.FluxQuery(**{**asked, **query}), lambda: end_s, request_id="r")
        self._lines = lines
        self.sent: list[Any] = messages(self.flux.greet(), lines)

    def hears(self, *parts: bytes) -> Line:
        for part in parts:
            for chunk in chunks(part):
                self.sent += messages(self.flux.hear(chunk), self._lines)
        return self

    def is_told(self, text: str) -> list[Any]:
        said = messages(self.flux.obey(text), self._lines)
        self.sent += said
        return said

    @property
    def turns(self) -> list[wire.TurnInfo]:
        return [one for one in self.sent if isinstance(one, wire.TurnInfo)]

    @property
    def events(self) -> list[str]:
        """Without the updates between."""
        return [one.event for one in self.turns if one.event != "Update"]


def test_a_stream_begins_with_connected_and_counts_its_messages() -> None:
    line = Line().hears(tone(1.0), quiet(1.0))
    assert isinstance(line.sent[0], wire.Connected)
    assert [one.sequence_id for one in line.sent] == list(range(len(line.sent)))


def test_updates_come_every_quarter_second_also_before_speech() -> None:
    line = Line().hears(quiet(1.06))
    assert [(one.event, one.transcript) for one in line.turns] == [("Update", "")] * 4
    assert line.hears(tone(1.0)).turns[-1].audio_window_end == pytest.approx(2.0, abs=0.26)


def test_a_turn_starts_with_words_and_ends_after_silence() -> None:
    line = Line().hears(quiet(0.5), tone(2.0), quiet(0.5))
    assert line.events == ["StartOfTurn", "EndOfTurn"]
    start, end = (one for one in line.turns if one.event != "Update")
    assert start.transcript
    assert (end.transcript, end.trigger, end.turn_index) == (LINES[0], "model", 0)
    assert end.end_of_turn_confidence >= 0.7
    assert end.audio_window_end == pytest.approx(2.9, abs=0.05)


def test_the_transcript_of_a_turn_grows() -> None:
    line = Line().hears(tone(2.0))
    grown = [one.transcript for one in line.turns]
    assert [len(text) for text in grown] == sorted(len(text) for text in grown)
    assert len(set(grown)) > 4


def test_turns_are_counted() -> None:
    line = Line().hears(tone(1.0), quiet(0.5), tone(1.0), quiet(0.5))
    ended = [one for one in line.turns if one.event == "EndOfTurn"]
    assert [(one.turn_index, one.transcript) for one in ended] == [(0, LINES[0]), (1, LINES[1])]
    assert ended[1].audio_window_start == ended[0].audio_window_end


def test_an_eager_end_is_followed_by_an_end_with_the_same_text() -> None:
    line = Line(eager_eot_threshold=0.4).hears(tone(2.0), quiet(0.6))
    assert line.events == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
    eager, end = (one for one in line.turns if "EndOfTurn" in one.event)
    assert eager.transcript == end.transcript == LINES[0]
    assert 0.4 <= eager.end_of_turn_confidence < 0.7
    assert eager.trigger is not end.trigger


def test_an_eager_end_is_taken_back_when_the_caller_goes_on() -> None:
    line = Line(eager_eot_threshold=0.4).hears(tone(1.0), quiet(0.3), tone(1.0), quiet(0.6))
    assert line.events == [
        "StartOfTurn",
        "EagerEndOfTurn",
        "TurnResumed",
        "EagerEndOfTurn",
        "EndOfTurn",
    ]


def test_a_turn_dangles_while_no_sound_comes() -> None:
    line = Line().hears(tone(1.0))
    assert line.events == ["StartOfTurn"]
    assert line.hears(quiet(0.5)).events == ["StartOfTurn", "EndOfTurn"]


def test_a_threshold_of_one_leaves_the_end_to_the_timeout() -> None:
    line = Line(eot_threshold=1.0, eot_timeout_ms=1_000).hears(tone(1.0), quiet(1.1))
    assert line.turns[-1].trigger == "timeout"


def test_a_noise_begins_no_turn() -> None:
    assert Line().hears(noise(1.0), quiet(1.0)).events == []
    assert Line(lines=[""]).hears(tone(1.0), quiet(2.0)).events == []


def test_a_turn_can_be_ended_by_the_client() -> None:
    line = Line().hears(tone(1.5))
    latest = line.turns[-1].transcript
    [end] = line.is_told(wire.FORCE_END_TURN)
    assert (end.event, end.trigger, end.transcript) == ("EndOfTurn", "manual", latest)
    assert line.hears(tone(1.0), quiet(0.5)).turns[-1].turn_index == 1


def test_ending_no_turn_is_warned_of() -> None:
    [warned] = Line().is_told(wire.FORCE_END_TURN)
    assert (type(warned), warned.code) == (wire.Caution, "FORCE_END_TURN_NO_ACTIVE_TURN")


def test_a_forced_end_of_an_eager_turn_is_not_resumed() -> None:
    line = Line(eager_eot_threshold=0.3).hears(tone(1.0), quiet(0.3))
    line.is_told(wire.FORCE_END_TURN)
    assert line.hears(tone(0.5)).events == [
        "StartOfTurn",
        "EagerEndOfTurn",
        "EndOfTurn",
        "StartOfTurn",
    ]


def test_thresholds_may_change_on_the_way() -> None:
    line = Line()
    [done] = line.is_told('{"type":"Configure","thresholds":{"eot_timeout_ms":900}}')
    assert done.thresholds == wire.Thresholds(0.7, None, 900)
    [refused] = line.is_told('{"type":"Configure","thresholds":{"eager_eot_threshold":0.8}}')
    assert isinstance(refused, wire.ConfigureFailure)
    [done] = line.is_told('{"type":"Configure","keyterms":["Acme"]}')
    assert (done.keyterms, done.thresholds.eot_timeout_ms) == (("Acme",), 900)


def test_closing_closes() -> None:
    assert Line().is_told(CLOSE_STREAM) == [Closing()]
    assert messages(Line().flux.hear(b""), LINES) == [Closing()]


def test_a_text_that_is_no_message_is_fatal() -> None:
    failure, closing = Line().is_told('{"type":"KeepAlive"}')
    assert isinstance(failure, wire.Failure)
    assert closing.code == 1008
