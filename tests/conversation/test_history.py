"""Rows CV-10, LL-05, SE-06: what counts as said and what as heard."""

from __future__ import annotations

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from world import LISTENING, RATE_HZ, RESPONDING, Script, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.events import SpokenWord
from vantum.conversation.history import History, VoicedPiece, heard_text
from vantum.conversation.policy import Policy

FIVE = "one two three four five"  # 23 characters


def piece(text: str = FIVE, sound_s: float = 2.3, *, complete: bool = True) -> VoicedPiece:
    return VoicedPiece(text, sound_s, complete)


@pytest.mark.parametrize(
    ("heard_s", "heard"),
    [
        (0.0, ""),
        (0.1, ""),
        (0.21, ""),
        (0.22, "one"),  # its last breath may be missing
        (0.3, "one"),
        (0.6, "one"),
        (0.7, "one two"),
        (1.3, "one two three"),
        (2.0, "one two three four"),
        (2.3, FIVE),
        (9.0, FIVE),
    ],
)
def test_a_word_was_heard_when_its_end_was(heard_s: float, heard: str) -> None:
    assert heard_text([piece()], heard_s) == heard


@pytest.mark.parametrize(
    ("heard_s", "heard"),
    [
        (2.3, FIVE),
        (2.45, FIVE),
        (2.6, f"{FIVE} one"),
        (4.6, f"{FIVE} {FIVE}"),
        (99.0, f"{FIVE} {FIVE}"),
    ],
)
def test_pieces_follow_each_other(heard_s: float, heard: str) -> None:
    assert heard_text([piece(), piece()], heard_s) == heard


def test_a_piece_without_sound_was_not_heard() -> None:
    assert heard_text([piece(), piece(sound_s=0.0, complete=False)], 9.0) == FIVE


def test_a_piece_still_being_made_is_longer_than_its_sound() -> None:
    assert heard_text([piece(sound_s=0.5, complete=False)], 0.5) == "one"


def test_no_pieces_no_words() -> None:
    assert heard_text([], 5.0) == ""


@given(st.floats(0, 3), st.floats(0, 3), st.booleans())
@at_most(30)
def test_hearing_longer_never_means_hearing_less(
    first: float, second: float, complete: bool
) -> None:
    pieces = [piece(), piece("and then some more", 1.0, complete=complete)]
    less, more = sorted((first, second))
    assert heard_text(pieces, more).startswith(heard_text(pieces, less))


@given(st.lists(st.text("ab .,", min_size=1).filter(str.strip), max_size=4), st.floats(0, 20))
@at_most(30)
def test_only_words_of_the_answer_are_heard(texts: list[str], heard_s: float) -> None:
    pieces = [piece(" ".join(text.split()), len(text) / 15) for text in texts]
    whole = " ".join(p.text for p in pieces)
    assert whole.startswith(heard_text(pieces, heard_s))


# -- the lines ------------------------------------------------------------------------------------


def test_words_with_nothing_heard_in_between_are_one_line() -> None:
    history = History()
    history.caller_said("I would like")
    history.caller_heard("")
    history.caller_said(" to know ")
    assert history.lines == (do.Line("user", "I would like to know"),)


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_nothing_said_and_nothing_heard_leave_no_line(text: str) -> None:
    history = History()
    history.caller_said(text)
    history.caller_heard(text, interrupted=True)
    assert history.lines == ()


def test_lines_alternate_as_they_were_heard() -> None:
    history = History()
    history.caller_said("Hello")
    history.caller_heard("Good", interrupted=True)
    history.caller_said("Stop")
    assert [(line.role, line.interrupted) for line in history.lines] == [
        ("user", False),
        ("assistant", True),
        ("user", False),
    ]


@pytest.mark.parametrize(("most", "first"), [(0, "0"), (3, "8"), (11, "0"), (50, "0")])
def test_the_model_sees_the_newest_lines(most: int, first: str) -> None:
    history = History()
    for number in range(0, 10, 2):
        history.caller_said(str(number))
        history.caller_heard(str(number + 1))
    history.caller_said("10")
    assert history.recent(most)[0].text == first
    assert history.recent(most)[-1].text == "10"
    assert len(history.lines) == 11


def test_the_model_is_asked_what_the_caller_said_last_though_they_have_heard_a_filler() -> None:
    history = History()
    history.caller_said("What does it cost?")
    history.caller_heard("One moment,", interrupted=True)
    assert [line.text for line in history.recent(0)] == ["What does it cost?"]
    assert len(history.lines) == 2


def test_a_call_sends_the_model_no_more_than_the_policy_says() -> None:
    world = World(Policy(max_lines=3), Script(answers=["Sure."])).begin()
    for number in range(4):
        world.is_answered(f"Question {number}")
    assert [len(ask.lines) for ask in world.asked] == [1, 3, 3, 3]
    assert len(world.lines) == 8


# -- in a call ------------------------------------------------------------------------------------

ANSWER = "Of course, it depends on your team. We have plans for every size, big and small."


@pytest.mark.parametrize("heard_s", [0.3, 0.5, 0.9, 1.4, 2.0, 2.7, 3.3, 4.1, 5.0])
def test_ll05_history_has_exactly_the_words_that_were_heard(heard_s: float) -> None:
    world = World(script=Script(answers=[ANSWER])).begin()
    world.asks("What does it cost?")
    world.until(RESPONDING)
    world.advance(heard_s)
    world.handle(ev.InterruptAsked())
    exact = world.ear.heard[1] * 15  # characters that sounded
    role, text = world.lines[-1]
    if role == "user":
        assert exact < len("Of course,")
        return
    assert ANSWER.startswith(text)
    next_word_end = len(text) + 1 + len(ANSWER[len(text) + 1 :].split(" ", maxsplit=1)[0])
    assert len(text) <= exact + 1.5
    assert next_word_end > exact - 1.5
    assert world.conversation.talk.history.lines[-1].interrupted


def test_an_interrupted_answer_of_which_nothing_was_heard_leaves_no_line() -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("What does it cost?")
    world.handle(ev.Token(1, 1, "It costs, "))
    world.handle(ev.Speech(1, 1, 0, bytes(2 * RATE_HZ), RATE_HZ))
    world.handle(ev.InterruptAsked())
    assert world.lines == [("user", "What does it cost?")]
    assert world.told(do.AnswerInterrupted) == [do.AnswerInterrupted(1, "")]
    world.asks("Hello?")
    assert world.lines == [("user", "What does it cost? Hello?")]


def test_se06_recordings_share_one_history() -> None:
    world = World(script=Script(answers=["Sure."])).begin()
    world.is_answered("One.")
    world.record()
    world.is_answered("Two.")
    assert [text for _, text in world.lines] == ["One.", "Sure.", "Two.", "Sure."]


def test_words_of_the_greeting_count_as_heard() -> None:
    world = World(Policy(greeting="Hello there!")).begin(greets=True)
    world.until(LISTENING)
    assert world.lines == [("assistant", "Hello there!")]


# -- where the voice tells when its words sound ---------------------------------------------------


def timed(text: str, *ends_s: float, complete: bool = False) -> VoicedPiece:
    starts_s = (0.0, *ends_s)
    words = [
        SpokenWord(word, start_s, end_s)
        for word, start_s, end_s in zip(text.split(), starts_s, ends_s, strict=False)
    ]
    return VoicedPiece(text, ends_s[-1], complete, words=words)


@pytest.mark.parametrize(
    ("heard_s", "heard"),
    [
        (0.0, ""),
        (0.5, ""),
        (0.92, "Hello,"),
        (1.0, "Hello,"),
        (1.3, "Hello, I"),
        (9, "Hello, I am"),
    ],
)
def test_words_count_by_their_own_timings(heard_s: float, heard: str) -> None:
    assert heard_text([timed("Hello, I am", 1.0, 1.3, 2.0)], heard_s) == heard


def test_words_whose_timing_is_not_known_yet_were_not_heard() -> None:
    piece = timed("Hello, I am here now", 1.0, 1.3)
    assert heard_text([piece], 9.0) == "Hello, I"


def test_a_word_that_the_voice_splits_is_still_one() -> None:
    words = [SpokenWord("twenty", 0.0, 0.4), SpokenWord("five", 0.4, 0.8)]
    piece = VoicedPiece("twenty-five people", 2.0, words=words)
    assert heard_text([piece], 0.5) == ""
    assert heard_text([piece], 0.9) == "twenty-five"
