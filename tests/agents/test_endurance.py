"""What holds in every conversation, however odd the caller and however bad the line."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sales_call import SALES, Conversation

from vantum.agents.memory import keys_of

pytestmark = pytest.mark.usefixtures("uncovered")

POOL = (
    *(p for r in SALES.playbook.replies() if r.then != "end" for p in r.heard),
    *("yes", "no", "yeah sure", "not really", "maybe", "I don't know", "", "...", "uh", "for"),
    *("we are twelve people", "just me", "nobody picks up", "our people are busy", "six hundred"),
    *("Tuesday at three thirty", "choose day", "tree thirty", "tomorrow afternoon", "whenever"),
    *("my name is Bob", "Maria Lopez", "Acme Logistics", "no, Wednesday", "that's right"),
    *("and so my fellow americans ask not what your country can do for you", "one two three"),
    *("how old is the brooklyn bridge", "book a room", "go forward ten meters", "half an hour"),
)
UNSAYABLE = re.compile(r"[{}<>|*_#\[\]`~\\]|https?:|www\.|[^\x20-\x7e]")


def garbled(text: str, dice: random.Random) -> str:
    """The text as a poor recogniser returns it: letters and words lost or swapped."""
    letters = list(text)
    for _ in range(len(letters) // 12):
        letters[dice.randrange(len(letters))] = dice.choice("aeioustn ")
    heard = "".join(letters).split()
    if heard and dice.random() < 0.2:
        heard.pop(dice.randrange(len(heard)))
    return " ".join(heard)


def conversations(count: int, seed: int) -> list[list[str]]:
    """Random things a caller may say, for `count` callers."""
    dice = random.Random(seed)
    return [
        [garbled(dice.choice(POOL), dice) for _ in range(dice.randrange(3, 25))]
        for _ in range(count)
    ]


@pytest.mark.parametrize("part", range(10))
def test_no_random_caller_finds_an_answer_that_is_empty_repeated_or_at_a_loss(part: int) -> None:
    for sayings in conversations(100, seed=part):
        call = Conversation()
        before = keys_of(SALES.greeting)
        for saying in sayings:
            said = call.says(saying)
            story = [m.content for m in call.messages]
            assert said.strip(), story
            assert not keys_of(said) & before, story
            assert call.ended or said.endswith("?"), story
            assert said.count("?") <= 1, story
            assert not UNSAYABLE.search(said), story
            if call.ended:
                break
            before = keys_of(said)


@pytest.mark.parametrize("part", range(3))
def test_interruptions_anywhere_do_no_harm(part: int) -> None:
    dice = random.Random(100 + part)
    for sayings in conversations(30, seed=100 + part):
        call = Conversation()
        for saying in sayings:
            said = call.says(saying)
            assert said.strip()
            if dice.random() < 0.4:
                call.only_heard(said[: dice.randrange(len(said))])


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_any_text_at_all_gets_an_answer(sayings: list[str]) -> None:
    for saying in sayings:
        assert Conversation(saying).last.text


@pytest.mark.parametrize("saying", ["yes", "no", "", "blah blah", "how much", "what", "hold on"])
def test_every_conversation_ends(saying: str) -> None:
    call = Conversation()
    for _ in range(SALES.playbook.limits.turns):
        call.says(saying)
        if call.ended:
            return
    pytest.fail("it never ended")


def test_twelve_unrelated_recordings_in_a_row_are_all_answered() -> None:
    call = Conversation(greeted=False)
    for _ in range(12):
        call.says("a thin stripe runs down the middle")
        assert not call.ended


def test_an_answer_is_quick(costs: Callable[[Callable[[], object]], float]) -> None:
    calls = conversations(10, seed=77)
    Conversation("warm up")
    answers = sum(map(len, calls))

    def talk() -> None:
        for sayings in calls:
            call = Conversation()
            for saying in sayings:
                call.says(saying)

    assert costs(talk) / answers < 0.010  # 2 ms; nobody waits for ten
