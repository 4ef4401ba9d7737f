"""When a voice begins, is meant and ends."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vantum.audio.vad import WARY, Rise, VadParams, VoiceActivity, VoiceEvent
from vantum.conversation.events import SpeechStarted, SpeechStopped, SpeechSustained

WINDOW_S = 0.032
VOICE, MURMUR, QUIET = 0.95, 0.5, 0.02


def hear(*probabilities: float, params: VadParams = WARY) -> list[VoiceEvent]:
    voice = VoiceActivity(params)
    return [event for p in probabilities for event in voice.push(p)]


def kinds(events: list[VoiceEvent]) -> str:
    letters = {SpeechStarted: "(", SpeechSustained: "!", SpeechStopped: ")"}
    return "".join(letters[type(event)] for event in events)


@pytest.mark.parametrize(
    ("windows", "heard"),
    [
        ([], ""),
        ([QUIET] * 100, ""),
        ([MURMUR] * 100, ""),  # never sure
        ([VOICE], ""),  # a click
        ([VOICE, QUIET] * 20, ""),  # clicks are not added up
        ([VOICE, MURMUR], ""),  # not sure
        ([MURMUR, VOICE], "("),  # a soft onset
        ([QUIET, VOICE, MURMUR, VOICE], "("),
        ([VOICE] * 2, "("),
        ([VOICE] * 6, "("),  # 192 ms: a cough
        ([VOICE] * 7, "(!"),  # 224 ms: meant
        ([VOICE] * 100, "(!"),  # meant once
        ([VOICE] * 2 + [QUIET] * 6, "("),  # 192 ms of silence: within a word
        ([VOICE] * 2 + [QUIET] * 7, "()"),
        ([VOICE] * 2 + [MURMUR] * 50, "("),  # goes on at a lower probability, never meant
        ([VOICE] * 2 + [MURMUR] * 50 + [VOICE] * 5, "(!"),
        ([VOICE] * 4 + [QUIET] * 3 + [VOICE] * 3, "(!"),  # a stop consonant between
        ([VOICE] * 4 + [QUIET] * 7 + [VOICE] * 4, "()("),  # two coughs are not one word
        ([VOICE] * 10 + [QUIET] * 50, "(!)"),
        (([VOICE] * 10 + [QUIET] * 10) * 3, "(!)(!)(!)"),
        ([0.7] * 7, "(!"),  # 0.7 is enough
        ([0.699] * 50, ""),  # CV-08: below is not
        ([VOICE] * 3 + [0.4] * 50, "("),
        ([VOICE] * 3 + [0.399] * 50, "()"),
        ([math.nan] * 20, ""),
        ([VOICE] * 7 + [math.nan] * 7, "(!)"),
    ],
)
def test_what_is_reported(windows: list[float], heard: str) -> None:
    assert kinds(hear(*windows)) == heard


def test_speech_began_with_its_first_window() -> None:
    assert hear(QUIET, QUIET, QUIET, VOICE, VOICE) == [SpeechStarted(at_s=3 * WINDOW_S)]


def test_speech_began_with_its_soft_onset() -> None:
    assert hear(*[MURMUR] * 20, VOICE) == [SpeechStarted(at_s=19 * WINDOW_S)]


def test_a_click_before_is_not_the_beginning() -> None:
    assert hear(VOICE, QUIET, VOICE, VOICE) == [SpeechStarted(at_s=2 * WINDOW_S)]


def test_speech_is_believed_within_100_ms_of_its_first_frame() -> None:
    voice, worst_alignment_s = VoiceActivity(WARY), WINDOW_S
    windows = next(n for n in range(1, 10) if voice.push(VOICE))
    assert worst_alignment_s + windows * WINDOW_S <= 0.1


def test_sustained_speech_says_how_long() -> None:
    *_, sustained = hear(QUIET, *[VOICE] * 7)
    assert sustained == SpeechSustained(at_s=8 * WINDOW_S, speech_s=7 * WINDOW_S)


def test_speech_ended_with_its_last_window() -> None:
    *_, stopped = hear(QUIET, *[VOICE] * 3, MURMUR, *[QUIET] * 7)
    assert stopped == SpeechStopped(
        at_s=5 * WINDOW_S, speech_s=4 * WINDOW_S, silence_s=7 * WINDOW_S
    )


def test_gaps_are_no_speech() -> None:
    *_, stopped = hear(*[VOICE] * 3, *[QUIET] * 3, *[VOICE] * 2, *[QUIET] * 7)
    assert isinstance(stopped, SpeechStopped)
    assert (stopped.at_s, stopped.speech_s) == (8 * WINDOW_S, 5 * WINDOW_S)


def test_speaking_is_true_between_start_and_stop() -> None:
    voice = VoiceActivity(WARY)
    states = []
    for probability in [QUIET, VOICE, VOICE, *[QUIET] * 7, QUIET]:
        voice.push(probability)
        states.append(voice.speaking)
    assert states == [False, False, *[True] * 7, False, False]


@pytest.mark.parametrize(
    ("before", "after", "heard"),
    [
        ([QUIET], [QUIET], ")"),  # two windows, 64 ms, do where another judge agrees
        ([], [QUIET], ""),
        ([], [QUIET] * 2, ")"),
        ([], [VOICE] * 2 + [QUIET] * 2, ")"),  # the network hears the voice fade
        ([], [VOICE] * 9 + [QUIET] * 6, ""),  # they go on: the word was wrong
        ([], [VOICE] * 9 + [QUIET] * 7, ")"),
        ([], [QUIET] * 2 + [VOICE] * 9 + [QUIET] * 6, ")("),  # it stood for one end
    ],
)
def test_silence_is_shorter_where_a_recogniser_agrees(
    before: list[float], after: list[float], heard: str
) -> None:
    voice = VoiceActivity(WARY)
    for probability in [VOICE] * 9 + before:
        voice.push(probability)
    voice.agree()
    assert kinds([event for p in after for event in voice.push(p)]).replace("!", "") == heard


@pytest.mark.parametrize(
    ("params", "windows", "heard"),
    [
        (VadParams(start_s=0.03), 1, "("),
        (VadParams(start_s=0.096), 2, ""),
        (VadParams(start_s=0.096), 3, "("),
        (VadParams(start_s=0.0), 1, "("),  # at least one window
        (VadParams(sustain_s=0.32), 9, "("),
        (VadParams(sustain_s=0.32), 10, "(!"),
        (VadParams(window_s=0.02, sustain_s=0.14), 7, "(!"),  # 0.14 / 0.02 > 7 in floats
        (VadParams(start_s=0.2, sustain_s=0.1), 7, "(!"),  # meant, when begun
        (VadParams(start_probability=0.99), 50, ""),
        (VadParams(window_s=0.02), 9, "("),
        (VadParams(window_s=0.02), 10, "(!"),
    ],
)
def test_patience_can_be_set(params: VadParams, windows: int, heard: str) -> None:
    assert kinds(hear(*[VOICE] * windows, params=params)) == heard


@pytest.mark.parametrize(("stop_s", "windows"), [(0.03, 1), (0.2, 7), (0.5, 16), (1.0, 32)])
def test_the_end_waits_for_its_silence(stop_s: float, windows: int) -> None:
    params = VadParams(stop_s=stop_s)
    speech = [VOICE] * 3
    assert kinds(hear(*speech, *[QUIET] * (windows - 1), params=params)) == "("
    assert kinds(hear(*speech, *[QUIET] * windows, params=params)) == "()"


CALLERS = st.lists(
    st.tuples(
        st.sampled_from([QUIET, MURMUR, VOICE, 0.7, 0.4, 0.0, 1.0]),
        st.integers(min_value=1, max_value=12),
    ).map(lambda stretch: [stretch[0]] * stretch[1]),
    max_size=30,
).map(lambda stretches: [p for stretch in stretches for p in stretch])


@settings(max_examples=50)
@given(CALLERS)
def test_starts_and_stops_alternate_and_sustained_is_between(windows: list[float]) -> None:
    told = kinds(hear(*windows))
    while "()" in told or "(!)" in told:
        told = told.replace("(!)", "").replace("()", "")
    assert told in ("", "(", "(!")


@settings(max_examples=50)
@given(CALLERS)
def test_time_never_runs_back(windows: list[float]) -> None:
    times = [event.at_s for event in hear(*windows)]
    assert times == sorted(times)
    assert all(0 <= at_s <= len(windows) * WINDOW_S for at_s in times)


@settings(max_examples=50)
@given(CALLERS)
def test_no_more_speech_than_time(windows: list[float]) -> None:
    began_s = 0.0
    for event in hear(*windows):
        if isinstance(event, SpeechStarted):
            began_s = event.at_s
        else:
            assert event.speech_s <= event.at_s - began_s + 1e-9


@settings(max_examples=50)
@given(CALLERS)
def test_every_speech_ends_in_the_end(windows: list[float]) -> None:
    told = kinds(hear(*windows, *[QUIET] * 7))
    assert told.count("(") == told.count(")")


@settings(max_examples=50)
@given(CALLERS)
def test_a_voice_never_sure_is_never_reported(windows: list[float]) -> None:
    doubted = [p * 0.69 for p in windows]
    assert hear(*doubted) == []


# -- eager, until it was wrong too often ----------------------------------------------------------


@pytest.mark.parametrize(
    ("windows", "heard"),
    [
        ([MURMUR], "("),  # one window holds the agent's sound
        ([0.45] * 100, ""),
        ([MURMUR] * 100, "("),  # and is never meant
        ([VOICE] * 7, "(!"),
        ([VOICE, *[QUIET] * 7] * 5, "()" * 3),  # three clicks make wary of a fourth
        ([VOICE, *[QUIET] * 7] * 3 + [VOICE] * 2, "()" * 3 + "("),  # not of a voice
        ([VOICE, *[QUIET] * 7] * 3 + [QUIET] * 625 + [VOICE], "()" * 3 + "("),  # 20 s later no more
        (([VOICE] * 7 + [QUIET] * 7) * 5, "(!)" * 5),  # words are no false start
    ],
)
def test_a_beginning_costs_little_unless_it_is_often_wrong(
    windows: list[float], heard: str
) -> None:
    assert kinds(hear(*windows, params=VadParams())) == heard


def risen(*levels: int) -> list[float]:
    """Decibels over the line's noise, window by window."""
    line = Rise()
    return [round(line.push(level), 1) for level in levels]


def test_a_voice_that_begins_softly_on_a_quiet_line_is_noticed_by_its_level() -> None:
    line, voice = Rise(), VoiceActivity()
    room = [(18, 0.02)] * 50
    onset = [(120, 0.1), (400, 0.2), (900, 0.97)]
    kinds_of = [kinds(voice.push(p, line.push(rms))) for rms, p in room + onset]
    assert kinds_of == [*[""] * 51, "(", ""]


@pytest.mark.parametrize(
    ("rise_db", "probability", "heard"),
    [(40.0, 0.1, ""), (10.0, 0.3, ""), (15.0, 0.12, "("), (40.0, 0.12, "(")],
)
def test_loudness_alone_is_no_voice(rise_db: float, probability: float, heard: str) -> None:
    assert kinds(VoiceActivity().push(probability, rise_db)) == heard


def test_loud_noises_make_wary_of_the_next() -> None:
    voice = VoiceActivity()
    breaths = [(0.3, 20.0), *[(QUIET, 0.0)] * 7] * 5
    heard = [event for p, rise_db in breaths for event in voice.push(p, rise_db)]
    assert kinds(heard) == "()" * 3
    assert not voice.push(0.45, 30.0)  # and is no longer told by its level


def test_a_breath_behind_a_word_does_not_prolong_it() -> None:
    voice = VoiceActivity()
    heard = [(VOICE, 30.0)] * 10 + [(0.3, 20.0)] * 7
    assert kinds([event for p, rise_db in heard for event in voice.push(p, rise_db)]) == "(!)"


def test_the_noise_of_a_line_is_its_softest_sound_of_late() -> None:
    assert risen(100, 100, 1_000, 100) == [0.0, 0.0, pytest.approx(19.9, abs=0.2), 0.0]
    assert risen(10, *[1_000] * 50)[-1] > 30  # 1.6 s of speech are not taken for noise
    assert risen(10, *[1_000] * 500)[-1] == 0.0  # a fan that was switched on is


def test_digital_silence_is_a_level_too() -> None:
    assert risen(0, 0) == [0.0, 0.0]
