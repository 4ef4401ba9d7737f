"""Holding an utterance, going on with it, and dropping it for good."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbound import FRAME_S, LEAD_S, PEERS, RATE_HZ, T0, play, sound, speaking

from vantum.audio.playout import OnHold, Playout


class TestHolding:
    @pytest.mark.parametrize("peer", PEERS)
    def test_nothing_is_sent_while_held(self, peer: OnHold) -> None:
        playout = speaking(2.0, on_hold=peer)
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        playout.queue(sound(1.0, seed=2))
        assert play(playout, T0 + 0.5, T0 + 3.0) == b""

    def test_a_phone_is_sent_again_what_it_had_not_heard(self) -> None:
        playout = speaking(2.0, on_hold="clears")
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        playout.resume(T0 + 0.8)
        assert play(playout, T0 + 0.8, T0 + 3.0) == sound(2.0)[2 * 4_000 :]

    def test_a_phone_goes_on_from_the_last_mark_and_the_time_since(self) -> None:
        playout = speaking(2.0, on_hold="clears")
        play(playout, T0, T0 + 0.5)
        playout.confirm(0.4, T0 + 0.45)
        playout.hold(T0 + 0.5)
        playout.resume(T0 + 0.8)
        assert playout.sent_s == pytest.approx(0.45, abs=1 / RATE_HZ)

    def test_a_phone_that_was_ahead_gets_its_whole_lead_again(self) -> None:
        playout = speaking(2.0, on_hold="clears")
        play(playout, T0, T0 + 0.5)
        playout.confirm(0.6, T0 + 0.5)
        playout.hold(T0 + 0.5)
        playout.resume(T0 + 0.8)
        assert len(playout.due(T0 + 0.8)) == 10

    def test_marks_of_cleared_sound_are_not_believed(self) -> None:
        playout = speaking(2.0, on_hold="clears")
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        playout.confirm(0.68, T0 + 0.55)
        assert playout.heard_s(T0 + 0.6) == pytest.approx(0.5)

    def test_a_phone_hears_nothing_while_held(self) -> None:
        playout = speaking(2.0, on_hold="clears")
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        assert playout.heard_s(T0 + 9.0) == pytest.approx(0.5)
        playout.resume(T0 + 9.0)
        assert playout.heard_s(T0 + 9.0) == pytest.approx(0.5)

    @pytest.mark.parametrize("peer", ["pauses", "plays_on"])
    def test_others_are_sent_nothing_twice(self, peer: OnHold) -> None:
        playout = speaking(2.0, on_hold=peer)
        out = play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        playout.resume(T0 + 0.8)
        assert out + play(playout, T0 + 0.8, T0 + 3.0) == sound(2.0)

    def test_a_page_goes_on_where_it_paused(self) -> None:
        playout = speaking(2.0, on_hold="pauses")
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.51)
        assert playout.heard_s(T0 + 0.8) == pytest.approx(0.51, abs=1e-3)
        playout.resume(T0 + 0.8)
        assert playout.due(T0 + 0.805) == []  # the schedule shifted by the held time
        assert len(playout.due(T0 + 0.81)) == 1
        assert playout.heard_s(T0 + 0.9) == pytest.approx(0.61, abs=1e-3)

    def test_a_page_says_where_it_paused(self) -> None:
        playout = speaking(2.0, on_hold="pauses")
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        playout.confirm(0.44, T0 + 0.6)
        assert playout.heard_s(T0 + 0.8) == pytest.approx(0.44)

    def test_a_legacy_client_hears_out_what_it_has(self) -> None:
        playout = speaking(2.0, on_hold="plays_on")
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        assert playout.heard_s(T0 + 0.6) == pytest.approx(0.6)
        assert playout.heard_s(T0 + 9.0) == pytest.approx(0.7)

    def test_a_legacy_client_gets_its_lead_again(self) -> None:
        playout = speaking(2.0, on_hold="plays_on")
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        playout.resume(T0 + 2.0)
        assert len(playout.due(T0 + 2.0)) == 10

    @pytest.mark.parametrize("peer", PEERS)
    def test_holding_twice_is_holding_once(self, peer: OnHold) -> None:
        playout = speaking(2.0, on_hold=peer)
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        playout.hold(T0 + 0.6)
        playout.resume(T0 + 0.7)
        playout.resume(T0 + 0.9)
        assert playout.due(T0 + 0.9) != []

    @pytest.mark.parametrize("peer", PEERS)
    def test_a_held_beginning_is_played_whole(self, peer: OnHold) -> None:
        playout = speaking(0.5, on_hold=peer)
        playout.hold(T0)
        playout.resume(T0 + 1.0)
        assert play(playout, T0 + 1.0, T0 + 2.0) == sound(0.5)

    @pytest.mark.parametrize("peer", ["clears", "pauses"])
    def test_a_held_end_is_not_done(self, peer: OnHold) -> None:
        playout = speaking(0.2, on_hold=peer)
        playout.due(T0)
        playout.hold(T0 + 0.15)
        assert not playout.done(T0 + 9.0)
        playout.resume(T0 + 9.0)
        playout.due(T0 + 9.0)
        assert playout.done(T0 + 9.05)


class TestTurns:
    def test_a_new_turn_drops_the_old_sound(self) -> None:
        playout = speaking(5.0)
        playout.due(T0)
        playout.begin(2)
        playout.queue(sound(0.1, seed=2))
        playout.finish()
        assert play(playout, T0 + 0.1, T0 + 1.0) == sound(0.1, seed=2)

    def test_positions_count_from_the_turn(self) -> None:
        playout = speaking(5.0)
        play(playout, T0, T0 + 1.0)
        playout.begin(2)
        assert playout.heard_s(T0 + 1.0) == playout.sent_s == 0.0
        assert playout.queued_ahead_s(T0 + 1.0) == 0.0

    def test_beginning_a_turn_again_changes_nothing(self) -> None:
        playout = speaking(1.0)
        out = b"".join(playout.due(T0))
        playout.begin(1)
        assert out + play(playout, T0, T0 + 1.0) == sound(1.0)

    def test_a_new_turn_is_not_held(self) -> None:
        playout = speaking(1.0)
        playout.hold(T0)
        playout.begin(2)
        playout.queue(sound(1.0))
        assert playout.due(T0) != []

    def test_a_new_turn_is_not_finished(self) -> None:
        playout = speaking(0.1)
        playout.begin(2)
        assert not playout.done(T0)
        playout.queue(sound(0.01))
        assert playout.due(T0) == []

    def test_there_is_no_way_back(self) -> None:
        playout = speaking(1.0)
        playout.begin(5)
        with pytest.raises(ValueError, match="turn 4 is over"):
            playout.begin(4)

    def test_stopping_tells_what_was_heard(self) -> None:
        playout = speaking(5.0)
        play(playout, T0, T0 + 1.0)
        assert playout.stop(T0 + 1.0) == pytest.approx(1.0)

    def test_a_stopped_turn_is_silent_for_good(self) -> None:
        playout = speaking(5.0)
        playout.due(T0)
        playout.stop(T0)
        playout.begin(1)
        playout.queue(sound(1.0))
        playout.finish()
        assert play(playout, T0, T0 + 2.0) == b""
        assert not playout.done(T0 + 9.0)

    def test_stopping_nothing_is_nothing(self) -> None:
        assert Playout(RATE_HZ, FRAME_S, LEAD_S, "clears").stop(T0) == 0.0

    def test_a_held_turn_can_be_stopped(self) -> None:
        playout = speaking(5.0)
        play(playout, T0, T0 + 0.5)
        playout.hold(T0 + 0.5)
        assert playout.stop(T0 + 2.0) == pytest.approx(0.5)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("queue"), st.integers(0, 5_000)),
        st.tuples(st.just("wait"), st.floats(0.0, 0.5)),
        st.tuples(st.sampled_from(["due", "due", "due", "finish", "hold", "resume"]), st.just(0)),
        st.tuples(st.just("confirm"), st.floats(0.0, 2.0)),
    ),
    max_size=40,
)


class TestInvariants:
    @settings(max_examples=80, deadline=None)
    @given(acts=ACTS, peer=st.sampled_from(PEERS))
    def test_heard_is_sent_is_queued(self, acts: list[tuple[str, float]], peer: OnHold) -> None:
        """Also: sent in order without loss or doubles, and no hearing is taken back by time."""
        playout, now, queued, out = Playout(RATE_HZ, FRAME_S, LEAD_S, peer), T0, b"", b""
        playout.begin(1)
        chunks = random.Random(9)
        heard_s = 0.0
        for act, amount in acts:
            if act == "queue":
                chunk = chunks.randbytes(int(amount))
                playout.queue(chunk)
                queued += chunk[: len(chunk) // 2 * 2]
            elif act == "wait":
                now += amount
            elif act == "due":
                out += b"".join(playout.due(now))
            elif act == "finish":
                playout.finish()
            elif act == "confirm":
                playout.confirm(amount, now)
                heard_s = min(heard_s, playout.heard_s(now))
            elif act == "hold":
                playout.hold(now)
            else:
                playout.resume(now)
                out = out[: 2 * round(playout.sent_s * RATE_HZ)]  # a phone threw the rest away
            assert queued.startswith(out)
            assert round(playout.sent_s * RATE_HZ) == len(out) // 2
            assert heard_s <= playout.heard_s(now) <= playout.sent_s
            heard_s = playout.heard_s(now)
            ahead = len(queued) / 2 / RATE_HZ - heard_s
            assert playout.queued_ahead_s(now) == pytest.approx(ahead)

    @settings(max_examples=50, deadline=None)
    @given(
        turns=st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=6),
        peer=st.sampled_from(PEERS),
    )
    def test_no_sound_of_an_old_turn_is_ever_played(
        self, turns: list[tuple[float, bool]], peer: OnHold
    ) -> None:
        playout, now = Playout(RATE_HZ, FRAME_S, LEAD_S, peer), T0
        for turn, (listened_s, stopped) in enumerate(turns, start=1):
            playout.begin(turn)
            playout.queue(bytes([turn]) * 8_000)
            out = play(playout, now, now + listened_s)
            assert set(out) == {turn}
            now += listened_s
            if stopped:
                playout.stop(now)
                assert play(playout, now, now + 0.1) == b""
