"""Both ends of a call on one clock, held against the recording of a carrier in virtual time."""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_carrier import (
    EPOCH_S,
    FRAME,
    FRAME_S,
    RATE_HZ,
    Us,
    Waits,
    Way,
    World,
    jittery,
    stalling,
    steady,
)

from vantum.audio.two_channels import TwoChannels

FAR = steady(0.1)
Speech = tuple[float, float | None, float]  # length, cut off after, pause behind it; seconds
GREETING: Speech = (1.5, None, 0.5)
DIALOGUE: list[Speech] = [
    GREETING,
    (3.0, 0.9, 0.3),
    (4.0, None, 1.0),
    (0.5, 0.1, 0.2),
    (6.0, 5.5, 0.6),
    (2.0, 0.05, 1.0),
    (1.0, None, 0.3),
]


def a_call(
    speeches: list[Speech],
    *,
    to_us: Waits = FAR,
    to_carrier: Waits = FAR,
    skew: float = 0.0,
    lost_share: float = 0.0,
    marks_clears: bool = True,
    stall: tuple[float, float] | None = None,
) -> Us:
    """The agent says all that; then the callee hangs up.

    `stall`: from when until when nothing that we send arrives.
    """
    world = World(random.Random(1), Way(to_us), Way(to_carrier), skew, lost_share)
    us = Us(world, marks_clears=marks_clears)
    if stall is not None:
        world.at(stall[0], lambda: world.to_carrier.stalls(stall[1]))
    t = 0.1
    for length_s, cut_s, pause_s in speeches:
        world.at(t, lambda length_s=length_s: us.says(length_s))
        t += length_s if cut_s is None else cut_s
        if cut_s is not None:
            world.at(t, us.is_cut_off)
        t += pause_s
    world.at(t + 1.0, us.carrier.hang_up)
    world.run(t + 5.0)
    return us


def utterances(channel: bytes) -> list[tuple[int, int, bytes]]:
    """Where sound begins and ends, and what it is."""
    found = re.finditer(rb"[^\xff]+", channel)
    return [(one.start(), one.end(), one.group()) for one in found]


def worst_ms(us: Us) -> float:
    """How far any beginning or end in the agent's channel is from where the callee heard it."""
    ours, heard = utterances(bytes(us.agent)), utterances(us.carrier.heard)
    assert len(ours) == len(heard)
    for (*_, recorded), (*_, played) in zip(ours, heard, strict=True):
        assert recorded.startswith(played) or played.startswith(recorded)
    off = [
        abs(one[edge] - other[edge])
        for one, other in zip(ours, heard, strict=True)
        for edge in (0, 1)
    ]
    return max(off) / RATE_HZ * 1000


def test_on_a_steady_line_both_recordings_are_the_same() -> None:
    us = a_call(DIALOGUE, to_us=steady(0.1), to_carrier=steady(0.07))
    assert us.carrier.heard.startswith(us.agent)
    assert us.carrier.said.startswith(us.caller)
    assert len(us.carrier.said) - len(us.caller) <= FRAME


@pytest.mark.parametrize("marks_clears", [True, False])
@pytest.mark.parametrize("one_way_s", [0.0, 0.02, 0.1, 0.3])
def test_the_way_may_be_long(one_way_s: float, *, marks_clears: bool) -> None:
    us = a_call(
        DIALOGUE,
        to_us=steady(one_way_s),
        to_carrier=steady(one_way_s),
        marks_clears=marks_clears,
    )
    assert worst_ms(us) < 1


def test_who_speaks_before_the_first_frame_is_in_place_too() -> None:
    # Our clock begins with the stream, though its first frame needs 140 ms; then one is cut short.
    us = a_call([GREETING, (1.0, 0.25, 1.0)], to_us=steady(0.12), to_carrier=steady(0.0))
    assert worst_ms(us) < 1


@pytest.mark.parametrize("skew", [200e-6, -200e-6, 0.0])
def test_clocks_that_differ_do_not_drift_apart_in_ten_minutes(skew: float) -> None:
    lots = random.Random(2)
    speeches: list[Speech] = [GREETING]
    while sum(length_s + pause_s for length_s, _, pause_s in speeches) < 600:
        speeches.append((lots.uniform(0.5, 8), None, lots.uniform(0.2, 8)))
    us = a_call(speeches, to_us=jittery(0.01, 0.01), to_carrier=jittery(0.01, 0.01), skew=skew)
    assert worst_ms(us) < 20
    assert len(us.carrier.heard) - len(us.agent) <= FRAME


def test_what_comes_late_in_bursts_stays_in_its_place() -> None:
    bursts = stalling(0.05, 0.5, 0.01)
    us = a_call(DIALOGUE * 4, to_us=bursts, to_carrier=steady(0.05))
    assert worst_ms(us) < 20
    assert us.carrier.said.startswith(us.caller)


def test_lost_frames_of_the_caller_move_nothing() -> None:
    us = a_call(DIALOGUE * 2, lost_share=0.1)
    assert worst_ms(us) < 20
    for begin, end, sound in utterances(bytes(us.caller)):
        assert us.carrier.said[begin:end] == sound


def test_marks_that_come_late_tear_no_sentence() -> None:
    us = a_call(DIALOGUE * 4, to_us=stalling(0.0, 0.3, 0.02), to_carrier=steady(0.0))
    assert worst_ms(us) < 20


class TestALineThatStalls:
    """The agent begins at 0.1, 2.1 and so on; 200 ms are on their way or with the carrier."""

    def test_a_clear_that_is_late_lets_more_be_heard(self) -> None:
        us = a_call([GREETING, (3.0, 1.0, 1.0), (1.0, None, 0.5)], stall=(3.09, 3.3))
        assert worst_ms(us) < 20

    def test_a_gap_in_a_sentence_is_in_the_recording(self) -> None:
        us = a_call([GREETING, (3.0, None, 1.0), (1.0, None, 0.5)], stall=(3.0, 3.7))
        ours, heard = utterances(bytes(us.agent)), utterances(us.carrier.heard)
        assert len(ours) == len(heard) == 4  # one sentence in two parts
        assert ours[0] == heard[0]
        assert ours[1][0] == heard[1][0]
        assert abs(ours[2][0] - heard[2][0]) <= 0.4 * RATE_HZ  # between two marks
        assert ours[2][1] == heard[2][1]
        assert ours[3] == heard[3]

    @pytest.mark.parametrize("stall", [(1.0, 1.5), (2.8, 3.3)])
    def test_sentences_beside_it_stay_where_they_are(self, stall: tuple[float, float]) -> None:
        # The second one has no mark of its own: it is cut before there is one.
        speeches = [GREETING, (1.0, 0.15, 0.5), (2.0, None, 0.5)]
        us = a_call(speeches, stall=stall, marks_clears=False)
        short = [one for one in utterances(us.carrier.heard) if one[1] - one[0] < 0.2 * RATE_HZ]
        assert short[0] in utterances(bytes(us.agent))


def test_a_carrier_that_returns_no_marks_holds_nothing_up() -> None:
    channels = TwoChannels(EPOCH_S)
    agent = b""
    for number in range(500):
        now = EPOCH_S + (number + 1) * FRAME_S
        channels.plays(bytes([number % 255]) * FRAME, now)
        channels.marked(str(number), now)
        channels.heard(bytes(FRAME), (number + 1) * FRAME, now)
        agent += channels.settled(now)[1]
    assert len(agent) >= 7 * RATE_HZ
    assert agent.count(b"\xff") <= 2 * FRAME


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.floats(0.1, 3),
            st.none() | st.floats(0.05, 2),
            st.floats(0.1, 1),  # less than the jitter would join two sentences
        ),
        max_size=8,
    ),
    st.tuples(st.floats(0, 0.15), st.floats(0, 0.15)),
    st.floats(-200e-6, 200e-6),
    st.sampled_from([0.0, 0.05]),
    st.booleans(),
)
def test_on_any_usual_line_no_edge_is_off_by_a_frame(
    speeches: list[Speech],
    one_way_s: tuple[float, float],
    skew: float,
    lost_share: float,
    marks_clears: bool,
) -> None:
    us = a_call(
        [GREETING, *speeches],
        to_us=jittery(one_way_s[0], 0.008),
        to_carrier=jittery(one_way_s[1], 0.008),
        skew=skew,
        lost_share=lost_share,
        marks_clears=marks_clears,
    )
    assert worst_ms(us) <= 20


STEPS = st.sampled_from(["heard", "lost", "plays", "plays", "marked", "echoed", "cleared", "taken"])


@given(st.lists(st.tuples(STEPS, st.floats(0, 0.3)), max_size=120))
def test_whatever_happens_nothing_is_lost_or_doubled(steps: list[tuple[str, float]]) -> None:
    now, channels = EPOCH_S, TwoChannels(EPOCH_S)
    taken: list[tuple[bytes, bytes]] = []
    names, marks, position, sent, cleared = itertools.count(), [""], 0, 0, set[int]()
    for step, wait_s in steps:
        now += wait_s
        if step == "heard":
            position += FRAME
            channels.heard(b"\x01" * FRAME, position, now)
        elif step == "lost":
            position += FRAME
        elif step == "plays" and sent < 254:
            channels.plays(bytes([sent]) * FRAME, now)
            sent += 1
        elif step == "marked":
            marks.append(str(next(names)))
            channels.marked(marks[-1], now)
        elif step == "echoed":
            channels.echoed(marks.pop(0) if len(marks) > 1 else "unknown", now)
        elif step == "cleared":
            channels.cleared(now)
            cleared.update(range(sent))
        else:
            taken.append(channels.settled(now))
    position = max(position, round((now - EPOCH_S + 100) * RATE_HZ))  # long after the last word
    channels.heard(b"\x01" * FRAME, position, now + 100)
    taken.append(channels.end())
    assert all(len(caller) == len(agent) for caller, agent in taken)
    agent = b"".join(agent for _, agent in taken)
    runs = [(key, len(list(group))) for key, group in itertools.groupby(agent) if key != 255]
    numbers = [number for number, _ in runs]
    assert numbers == sorted(set(numbers))
    assert all(length == FRAME for number, length in runs if number not in cleared)
    assert set(range(sent)) - cleared <= set(numbers)
