"""What was queued, sent and heard, and when each frame is due."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from itertools import islice

import pytest
from outbound import (
    FRAME_BYTES,
    FRAME_S,
    LEAD_S,
    RATE_HZ,
    SAMPLE_S,
    T0,
    play,
    seconds,
    sound,
    speaking,
)

from vantum.audio.playout import OnHold, Playout


class TestSending:
    def test_the_lead_goes_out_at_once(self) -> None:
        assert [len(f) for f in speaking(1.0).due(T0)] == [FRAME_BYTES] * 10

    def test_then_one_frame_each_frame(self) -> None:
        playout = speaking(1.0)
        playout.due(T0)
        assert [len(playout.due(T0 + n * FRAME_S)) for n in range(1, 20)] == [1] * 19

    def test_nothing_is_due_between(self) -> None:
        playout = speaking(1.0)
        playout.due(T0)
        assert playout.due(T0 + 0.019) == []

    def test_what_comes_out_is_what_went_in(self) -> None:
        assert play(speaking(1.0), T0, T0 + 1.0) == sound(1.0)

    def test_nothing_is_sent_before_a_turn(self) -> None:
        playout = Playout(RATE_HZ, FRAME_S, LEAD_S, "clears")
        playout.queue(sound(1.0))
        assert playout.due(T0) == []
        assert not playout.done(T0)

    @pytest.mark.parametrize("length_s", [0.001, 0.01, 0.02, 0.03, 0.2, 0.205, 0.21, 0.999])
    def test_the_last_frame_may_be_short(self, length_s: float) -> None:
        assert play(speaking(length_s), T0, T0 + 1.0) == sound(length_s)

    def test_an_odd_byte_is_lost(self) -> None:
        playout = speaking(0.02, finished=False)
        playout.queue(sound(0.02, seed=2) + b"!")
        assert b"".join(playout.due(T0)) == sound(0.02) + sound(0.02, seed=2)

    @pytest.mark.parametrize("frame_s", [0.01, 0.02, 0.04, 0.1])
    @pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 44_100, 48_000])
    def test_any_rate_and_frame(self, rate_hz: int, frame_s: float) -> None:
        playout = Playout(rate_hz, frame_s, LEAD_S, "pauses")
        playout.begin(1)
        pcm = random.Random(3).randbytes(2 * rate_hz)
        playout.queue(pcm)
        playout.finish()
        first = playout.due(T0)
        assert {len(frame) for frame in first} == {2 * round(frame_s * rate_hz)}
        assert len(first) == round(LEAD_S / frame_s)
        assert b"".join(first) + play(playout, T0, T0 + 1.0) == pcm

    def test_a_lead_is_two_frames_at_least(self) -> None:
        playout = Playout(RATE_HZ, FRAME_S, 0.0, "pauses")
        playout.begin(1)
        playout.queue(sound(1.0))
        assert len(playout.due(T0)) == 2


class TestShortOfSound:
    def test_an_utterance_does_not_begin_with_a_splinter(self) -> None:
        playout = speaking(0.01, finished=False)
        assert playout.due(T0) == []

    def test_a_splinter_waits_while_there_is_lead(self) -> None:
        playout = speaking(0.11, finished=False)
        assert seconds(b"".join(playout.due(T0))) == 0.1
        assert play(playout, T0, T0 + 0.07) == b""

    def test_a_splinter_goes_out_before_the_caller_hears_a_gap(self) -> None:
        playout = speaking(0.11, finished=False)
        playout.due(T0)
        assert playout.due(T0 + 0.079) == []
        assert seconds(b"".join(playout.due(T0 + 0.08))) == 0.01

    def test_after_a_splinter_frames_are_whole_again(self) -> None:
        playout = speaking(0.11, finished=False)
        play(playout, T0, T0 + 0.1)
        playout.queue(sound(0.1, seed=2))
        assert [len(f) for f in playout.due(T0 + 0.1)] == [FRAME_BYTES] * 5

    def test_the_play_clock_waits_for_sound(self) -> None:
        playout = speaking(0.1, finished=False)
        playout.due(T0)
        assert playout.heard_s(T0 + 5.0) == pytest.approx(0.1)
        playout.queue(sound(1.0, seed=2))
        playout.due(T0 + 5.0)
        assert playout.heard_s(T0 + 5.0) == pytest.approx(0.1)
        assert playout.heard_s(T0 + 5.06) == pytest.approx(0.16)

    def test_after_a_gap_the_lead_is_given_again(self) -> None:
        playout = speaking(0.1, finished=False)
        playout.due(T0)
        playout.queue(sound(1.0, seed=2))
        assert len(playout.due(T0 + 5.0)) == 10

    def test_a_gap_loses_and_repeats_nothing(self) -> None:
        playout = speaking(0.15, finished=False)
        out = play(playout, T0, T0 + 1.0)
        playout.queue(sound(0.5, seed=2))
        playout.finish()
        out += play(playout, T0 + 1.0, T0 + 2.0)
        assert out == sound(0.15) + sound(0.5, seed=2)


class TestSchedule:
    def test_ten_minutes_do_not_drift(self) -> None:
        playout = speaking(600.0)
        rhythm, sent, now = random.Random(5), 0, T0
        while now < T0 + 599.0:
            sent += sum(map(len, playout.due(now)))
            ahead_s = sent / 2 / RATE_HZ - (now - T0)
            assert LEAD_S - FRAME_S - SAMPLE_S <= ahead_s <= LEAD_S + SAMPLE_S
            now += rhythm.uniform(0.001, 0.15)

    @pytest.mark.parametrize("stall_s", [0.035, 0.1, 0.199, 0.3, 2.0])
    def test_a_stall_is_caught_up_to_the_lead(self, stall_s: float) -> None:
        playout = speaking(5.0)
        play(playout, T0, T0 + 1.0)
        late = T0 + 1.0 + stall_s
        playout.due(late)
        ahead_s = playout.sent_s - playout.heard_s(late)
        assert LEAD_S - FRAME_S - SAMPLE_S <= ahead_s <= LEAD_S + SAMPLE_S

    def test_a_stall_within_the_lead_is_not_heard(self) -> None:
        playout = speaking(5.0)
        play(playout, T0, T0 + 1.0)
        play(playout, T0 + 1.19, T0 + 2.0)
        assert playout.heard_s(T0 + 2.0) == pytest.approx(2.0)

    def test_a_stall_beyond_the_lead_is_a_gap_of_the_rest(self) -> None:
        playout = speaking(5.0)
        play(playout, T0, T0 + 1.0)
        play(playout, T0 + 1.3, T0 + 2.0)
        assert playout.heard_s(T0 + 2.0) == pytest.approx(1.9)

    def test_an_empty_utterance_is_done_at_once(self) -> None:
        playout = speaking(0.0)
        assert playout.due(T0) == []
        assert playout.done(T0)

    def test_a_clock_that_steps_back_harms_nothing(self) -> None:
        playout = speaking(1.0)
        out = b"".join(playout.due(T0)) + b"".join(playout.due(T0 - 5.0))
        assert playout.heard_s(T0 - 5.0) == 0.0
        assert out + play(playout, T0, T0 + 1.0) == sound(1.0)


class TestHearing:
    @pytest.mark.parametrize("after_s", [0.0, 0.005, 0.1, 0.19])
    def test_unconfirmed_it_is_what_our_clock_played(self, after_s: float) -> None:
        playout = speaking(1.0)
        playout.due(T0)
        assert playout.heard_s(T0 + after_s) == pytest.approx(after_s, abs=1 / RATE_HZ)

    def test_never_more_than_was_sent(self) -> None:
        playout = speaking(1.0)
        playout.due(T0)
        assert playout.heard_s(T0 + 60.0) == pytest.approx(LEAD_S)

    def test_a_confirmation_corrects_our_clock(self) -> None:
        playout = speaking(1.0)
        play(playout, T0, T0 + 0.5)
        playout.confirm(0.4, T0 + 0.5)
        assert playout.heard_s(T0 + 0.5) == pytest.approx(0.4)
        assert playout.heard_s(T0 + 0.55) == pytest.approx(0.45)

    def test_a_late_carrier_does_not_make_sending_stutter(self) -> None:
        playout, delay_s = speaking(3.0), 0.35  # longer than the lead
        for n in range(1, 130):
            now = T0 + n * FRAME_S
            playout.due(now)
            if n % 20 == 0:
                playout.confirm(max(0.0, now - T0 - delay_s), now)
            ahead_s = playout.sent_s - (now - T0)
            assert ahead_s == pytest.approx(LEAD_S - FRAME_S)

    @pytest.mark.parametrize(
        ("position_s", "heard_s"),
        [(-1.0, 0.0), (float("nan"), 0.0), (9.0, 0.2), (float("inf"), 0.2)],
    )
    def test_a_peer_cannot_confirm_nonsense(self, position_s: float, heard_s: float) -> None:
        playout = speaking(1.0)
        playout.due(T0)
        playout.confirm(position_s, T0)
        assert playout.heard_s(T0) == pytest.approx(heard_s)

    def test_a_confirmation_before_any_sound_is_nothing(self) -> None:
        playout = speaking(1.0)
        playout.confirm(0.5, T0)
        playout.due(T0)
        assert playout.heard_s(T0 + 0.1) == pytest.approx(0.1)

    def test_done_when_heard_not_when_sent(self) -> None:
        playout = speaking(0.1)
        playout.due(T0)
        assert not playout.done(T0 + 0.09)
        assert playout.done(T0 + 0.1)

    def test_a_confirmation_can_bring_the_end_forward(self) -> None:
        playout = speaking(0.1)
        playout.due(T0)
        playout.confirm(0.1, T0 + 0.05)
        assert playout.done(T0 + 0.05)

    def test_a_confirmation_can_put_the_end_off(self) -> None:
        playout = speaking(0.1)
        playout.due(T0)
        playout.confirm(0.05, T0 + 0.1)
        assert not playout.done(T0 + 0.1)
        assert not playout.done(T0 + 0.149)
        assert playout.done(T0 + 0.15)

    def test_made_and_not_heard_is_counted(self) -> None:
        playout = speaking(3.0)
        assert playout.queued_ahead_s(T0) == pytest.approx(3.0)
        play(playout, T0, T0 + 1.0)
        assert playout.queued_ahead_s(T0 + 1.0) == pytest.approx(2.0)

    def test_a_mark_stands_for_what_was_sent(self) -> None:
        playout = speaking(1.0)
        playout.due(T0)
        assert playout.sent_s == pytest.approx(0.2)


@pytest.mark.parametrize("peer", ["pauses", "plays_on"])
def test_what_was_sent_and_cannot_be_asked_for_again_is_not_kept(peer: OnHold) -> None:
    playout, minutes = speaking(0.0, finished=False, on_hold=peer), 10
    tracemalloc.start()
    try:
        for second in range(60 * minutes):
            playout.queue(bytes(2 * RATE_HZ))
            play(playout, T0 + second, T0 + second + 1.0 - FRAME_S)
        assert tracemalloc.get_traced_memory()[0] < 2 * 2 * RATE_HZ
    finally:
        tracemalloc.stop()
    assert playout.sent_s == pytest.approx(60 * minutes, abs=LEAD_S)


def test_a_frame_costs_little(costs: Callable[[Callable[[], object]], float]) -> None:
    playout = speaking(60.0)
    ticks = iter(range(3_000))

    def ten_seconds() -> None:
        for tick in islice(ticks, 500):
            playout.due(T0 + tick * FRAME_S)

    assert costs(ten_seconds) / 500 < 60e-6  # 3 us


@pytest.mark.parametrize(("queued_s", "sent_s"), [(0.059, 0.0), (0.06, 0.06), (0.098, 0.098)])
def test_an_utterance_may_begin_with_less_than_a_long_frame(queued_s: float, sent_s: float) -> None:
    playout = Playout(RATE_HZ, 0.1, LEAD_S, "pauses")
    playout.begin(1)
    playout.queue(sound(queued_s))
    assert sum(map(seconds, playout.due(T0))) == pytest.approx(sent_s, abs=SAMPLE_S)


def test_what_follows_a_short_beginning_is_sent_before_that_has_sounded() -> None:
    playout = Playout(RATE_HZ, 0.1, LEAD_S, "pauses")
    playout.begin(1)
    playout.queue(sound(0.07))
    assert len(playout.due(T0)) == 1
    playout.queue(sound(0.1))
    assert sum(map(seconds, playout.due(T0 + 0.02))) == pytest.approx(0.1)


def test_a_peer_that_confirms_what_it_played_is_waited_for_but_not_for_ever() -> None:
    playout = Playout(8_000, 0.02, LEAD_S, "clears", encoding="mulaw", confirm_s=1.0)
    playout.begin(1)
    playout.queue(b"\x55" * 1_600)
    playout.finish()
    assert b"".join(playout.due(T0)) == b"\x55" * 1_600
    assert not playout.done(T0 + 0.5)
    assert playout.done(T0 + 1.3)
    playout.confirm(0.2, T0 + 0.6)
    assert playout.done(T0 + 0.6)
