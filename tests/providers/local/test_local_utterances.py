"""Where an utterance begins and ends, and when its words are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum import limits
from vantum.providers.local.segments import (
    HOLD_S,
    PREROLL_S,
    RATE_HZ,
    Commit,
    Decode,
    Utterances,
)

WINDOW_S = 0.032
STOP_S = 0.224


class Caller:
    """Talks to Utterances as voice activity detection would: true speech, stop after 0.224 s."""

    def __init__(self) -> None:
        self.utterances = Utterances()
        self.decodes: list[Decode] = []
        self.commits: list[Commit] = []
        self.now = 0
        self._speaking = False
        self._quiet = 0

    def talks(self, length_s: float, level: int = 1000) -> Caller:
        return self._goes_on(length_s, level)

    def pauses(self, length_s: float) -> Caller:
        return self._goes_on(length_s, 0)

    def finalises(self) -> Caller:
        self._note(self.utterances.flush())
        return self

    def wishes(self, kind: str) -> list[Decode]:
        return [wish for wish in self.decodes if wish.kind == kind]

    def stretches(self) -> list[tuple[float, float]]:
        return [(commit.start_s, commit.end_s) for commit in self.commits]

    def _goes_on(self, length_s: float, level: int) -> Caller:
        for _ in range(round(length_s / WINDOW_S)):
            self.now += 1
            now_s = self.now * WINDOW_S
            self.utterances.hear(np.full(512, level, "<i2").tobytes())
            if level and not self._speaking:
                self.utterances.started(now_s - WINDOW_S)
            self._quiet = 0 if level else self._quiet + 1
            if self._speaking and self._quiet * WINDOW_S >= STOP_S - 1e-9:
                self._speaking = False
                self._note(self.utterances.stopped(now_s - self._quiet * WINDOW_S, now_s))
            self._speaking = self._speaking or bool(level)
            self._note(self.utterances.advance(now_s, speaking=self._speaking))
        return self

    def _note(self, steps: list[Decode | Commit]) -> None:
        for step in steps:
            if isinstance(step, Commit):
                self.commits.append(step)
            else:
                self.decodes.append(step)


def test_silence_asks_for_nothing() -> None:
    caller = Caller().pauses(30).finalises()
    assert not caller.decodes
    assert not caller.commits


def test_silence_is_not_kept() -> None:
    caller = Caller().pauses(60)
    kept = caller.utterances.received_s * RATE_HZ - caller.utterances._first
    assert kept < RATE_HZ


def test_a_pause_has_the_words_made_before_it_is_known_to_be_the_end() -> None:
    caller = Caller().pauses(1).talks(0.8).pauses(0.24)
    assert [wish.kind for wish in caller.decodes] == ["early"]
    assert not caller.commits


def test_the_early_words_stand_once_the_pause_has_lasted() -> None:
    caller = Caller().pauses(1).talks(0.8).pauses(HOLD_S + WINDOW_S)
    [early] = caller.wishes("early")
    assert [commit.ask for commit in caller.commits] == [early.ask]


def test_words_are_final_before_the_turn_can_end() -> None:
    caller = Caller().pauses(1).talks(0.8)
    said = caller.now
    while not caller.commits:
        caller.pauses(WINDOW_S)
    assert (caller.now - said) * WINDOW_S < limits.END_SILENCE_S


def test_a_short_pause_does_not_cut() -> None:
    caller = Caller().pauses(1).talks(0.64).pauses(0.32).talks(0.64).pauses(1)
    assert len(caller.commits) == 1
    first, whole = caller.wishes("early")
    assert caller.commits[0].ask == whole.ask
    assert whole.start_s == first.start_s
    assert whole.pcm.startswith(first.pcm)


def test_a_long_pause_cuts() -> None:
    caller = Caller().pauses(1).talks(0.64).pauses(1).talks(0.64).pauses(1)
    assert len(caller.commits) == 2


def test_the_first_sound_is_kept_whole() -> None:
    caller = Caller().pauses(2).talks(0.8).pauses(1)
    [wish] = caller.wishes("early")
    heard = np.frombuffer(wish.pcm, "<i2")
    assert int(np.argmax(heard != 0)) == pytest.approx(PREROLL_S * RATE_HZ, abs=512)
    assert int((heard != 0).sum()) == 25 * 512


def test_speech_from_the_first_sample_on() -> None:
    caller = Caller().talks(0.8).pauses(1)
    assert caller.commits[0].start_s == 0


def test_final_words_reach_to_the_speech_end() -> None:
    caller = Caller().pauses(0.96).talks(0.96).pauses(1)
    assert caller.commits[0].end_s == pytest.approx(1.92)


def test_interims_come_about_once_a_second_and_only_while_speaking() -> None:
    caller = Caller().pauses(1).talks(3.5).pauses(2)
    assert len(caller.wishes("interim")) == 3
    assert all(wish.end_s <= 4.6 for wish in caller.wishes("interim"))


def test_finalising_in_mid_speech_asks_for_all_that_was_heard() -> None:
    caller = Caller().pauses(1).talks(0.8).finalises()
    [wish] = caller.wishes("final")
    assert wish.end_s == caller.utterances.received_s
    assert [commit.ask for commit in caller.commits] == [wish.ask]


def test_finalising_in_a_pause_takes_the_early_words() -> None:
    caller = Caller().pauses(1).talks(0.8).pauses(0.24).finalises()
    assert caller.commits[0].ask == caller.wishes("early")[0].ask
    assert not caller.wishes("final")


def test_finalising_twice_gives_nothing_new() -> None:
    caller = Caller().pauses(1).talks(0.8).finalises().finalises()
    assert len(caller.commits) == 1


def test_speech_that_goes_on_after_finalising_is_heard_too() -> None:
    caller = Caller().pauses(1).talks(0.8).finalises().talks(0.8).pauses(1)
    assert len(caller.commits) == 2
    assert caller.commits[1].start_s == caller.commits[0].end_s


def test_the_longest_utterance_is_cut_at_its_quietest_place() -> None:
    caller = Caller().talks(10.4).talks(0.128, level=3).talks(6).pauses(1)
    assert caller.commits[0].end_s == pytest.approx(10.46, abs=0.05)
    assert caller.commits[1].start_s == caller.commits[0].end_s


@given(
    st.lists(
        st.tuples(st.floats(0.1, 20), st.floats(0, 2)),
        min_size=1,
        max_size=4,
    )
)
def test_every_speech_sample_is_in_one_utterance_that_the_recogniser_can_take(
    story: list[tuple[float, float]],
) -> None:
    caller = Caller()
    for talk_s, pause_s in story:
        caller.talks(talk_s).pauses(pause_s)
    caller.finalises()
    wishes = {wish.ask: wish for wish in caller.decodes}
    committed = [wishes[commit.ask] for commit in caller.commits]
    assert all(len(wish.pcm) <= 2 * RATE_HZ * 12 for wish in wishes.values())
    said = sum(round(talk_s / WINDOW_S) for talk_s, _ in story) * 512
    heard = sum(int((np.frombuffer(wish.pcm, "<i2") != 0).sum()) for wish in committed)
    assert heard == said


@given(st.lists(st.tuples(st.floats(0.1, 14), st.floats(0, 2)), max_size=4))
def test_utterances_come_in_order_and_do_not_overlap(story: list[tuple[float, float]]) -> None:
    caller = Caller()
    for talk_s, pause_s in story:
        caller.talks(talk_s).pauses(pause_s)
    caller.finalises()
    edges = [edge for stretch in caller.stretches() for edge in stretch]
    assert edges == sorted(edges)
