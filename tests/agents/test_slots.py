"""What is filled in on the way to a meeting, and how it is put right."""

from __future__ import annotations

import pytest
from sales_call import SALES, Conversation, asks

OUTBOUND = ("Sure.",)
TEAM = (*OUTBOUND, "Yes, we do.")
PAIN = (*TEAM, "We are twelve people.")
BOOKING = (*PAIN, "Nobody picks up.", "Yes, sounds good.")
NAME = (*BOOKING, "Monday at ten")
FIRM = (*NAME, "Mario Lopez")
CONFIRM = (*FIRM, "Acne Robotics")
WHOLE = "Book me a demo for Wednesday at 11, my name is Tom Baker from Globex."


# A question is no answer


@pytest.mark.parametrize(
    "said", ["Book me a demo please.", "Can you book me a quick demo?", "I want a demo."]
)
@pytest.mark.parametrize("before", [OUTBOUND, TEAM, PAIN])
def test_who_wants_a_demo_need_not_answer_first(said: str, before: tuple[str, ...]) -> None:
    call = Conversation(*before, said)
    assert asks(call.last.text, "day")
    assert "team" not in call.told or before is PAIN
    assert asks(call.says("Wednesday"), "hour")
    call.says("at eleven")
    assert call.told["when"] == "Wednesday at eleven"


@pytest.mark.parametrize("before", [(), OUTBOUND, TEAM, PAIN])
def test_all_that_one_sentence_tells_is_kept(before: tuple[str, ...]) -> None:
    call = Conversation(*before, WHOLE)
    for told in ("Wednesday at eleven", "Tom Baker", "Globex"):
        assert told in call.last.text
    assert asks(call.last.text, "confirm")


@pytest.mark.parametrize(
    ("said", "firm"),
    [("Tom Baker from Globex", "Globex"), ("I'm Tom Baker, with Globex Energy.", "Globex Energy")],
)
def test_a_name_may_bring_the_company_along(said: str, firm: str) -> None:
    call = Conversation(*NAME, said)
    assert call.told["caller"] == "Tom Baker"
    assert call.told["firm"] == firm


@pytest.mark.parametrize(
    "said",
    ["Give me a number.", "Can you give me a discount?", "at eleven", "Tell me a bit about you."],
)
def test_a_word_that_only_looks_like_a_number_counts_nobody(said: str) -> None:
    assert "team" not in Conversation(*TEAM, said).told


@pytest.mark.parametrize("said", ["It's just me.", "me", "only me", "Just myself."])
def test_one_is_a_number_too(said: str) -> None:
    assert Conversation(*TEAM, said).told["team"] == "1"


@pytest.mark.parametrize(
    "said",
    [
        "Who pays for the phone?",
        "What does a minute cost?",
        "And who makes the calling list?",
        "How would you dial them?",
    ],
)
def test_a_question_is_neither_yes_nor_no(said: str) -> None:
    call = Conversation(*OUTBOUND, said)
    assert "outbound" not in call.told
    assert asks(call.last.text, "outbound")


def test_what_sounds_like_a_question_may_be_an_answer() -> None:
    assert Conversation(*PAIN, "When they hang up on us.").told["pain"]
    assert Conversation(*PAIN, "How to get past the gatekeeper.").told["pain"]
    assert "Monday" in Conversation(*BOOKING, "How about Monday at ten?").told["when"]


# Other moments


@pytest.mark.parametrize(
    "said",
    [
        "wait, actually Tuesday would be better",
        "make it Tuesday",
        "Sorry, can we do Tuesday instead?",
        "Oh, Tuesday is better for me.",
        "Tuesday",
    ],
)
@pytest.mark.parametrize("before", [NAME, FIRM, CONFIRM], ids=["name", "firm", "confirm"])
def test_another_day_is_taken_whatever_is_asked(said: str, before: tuple[str, ...]) -> None:
    call = Conversation(*before, said)
    assert call.told["when"] == "Tuesday at ten"
    assert call.last.text.endswith("?")
    assert call.told.get("caller", "Mario Lopez") == "Mario Lopez"


def test_a_name_that_resembles_a_day_is_a_name() -> None:
    call = Conversation(*NAME, "Sundar")
    assert call.told["caller"] == "Sundar"
    assert call.told["when"] == "Monday at ten"


def test_next_week_is_a_beginning() -> None:
    call = Conversation("No.", "Next week.")
    assert asks(call.last.text, "callback")
    assert "next Monday" in call.says("Monday")
    call.says("yes")
    assert call.ended


@pytest.mark.parametrize("said", ["any day", "I don't know", "the child almost hurt the small dog"])
def test_next_week_is_kept_when_no_day_follows(said: str) -> None:
    call = Conversation("I'm busy, call me next week.", said, said)
    assert not call.ended
    assert call.told["when"].startswith("next")


def test_a_demo_next_week_still_needs_its_day() -> None:
    call = Conversation(*BOOKING, "Next week.")
    assert asks(call.last.text, "day")
    assert asks(call.says("Monday"), "hour")
    call.says("at ten")
    assert call.told["when"] == "next Monday at ten"


# Names put right


@pytest.mark.parametrize(
    "said",
    [
        "No. It is Acme, not Acne.",
        "Acme, not Acne",
        "not Acne, Acme",
        "No, it's Acme.",
        "No, it's Acme Robotics.",
        "No, the company is Acme Robotics.",
    ],
)
def test_a_company_is_put_right(said: str) -> None:
    call = Conversation(*CONFIRM, said)
    assert call.told["firm"] == "Acme Robotics"
    assert call.told["caller"] == "Mario Lopez"
    assert asks(call.last.text, "confirm")


@pytest.mark.parametrize(
    "said",
    [
        "No, Maria.",
        "It's Maria, not Mario.",
        "my name is Maria, not Mario",
        "not Mario but Maria",
        "No, Maria Lopez.",
    ],
)
def test_a_name_is_put_right(said: str) -> None:
    call = Conversation(*CONFIRM, said)
    assert call.told["caller"].startswith("Maria")
    assert call.told["firm"] == "Acne Robotics"
    assert asks(call.last.text, "confirm")


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Wrong company name.", "firm"),
        ("No, the company is wrong.", "firm"),
        ("The name is wrong.", "name"),
        ("No, the day is wrong.", "day"),
        ("The time is not right.", "hour"),
    ],
)
def test_what_is_wrong_is_asked_again(said: str, question: str) -> None:
    assert asks(Conversation(*CONFIRM, said).last.text, question)


def test_a_wrong_company_is_given_anew() -> None:
    call = Conversation(*CONFIRM, "No.", "The company name.", "Acme")
    assert call.told["firm"] == "Acme"
    assert Conversation(*CONFIRM, "No.", "Acme").told["firm"] == "Acme Robotics"


@pytest.mark.parametrize(
    "said", ["skip", "Skip that.", "let's skip it", "pass", "none", "I'd rather not say", "private"]
)
@pytest.mark.parametrize("before", [NAME, FIRM], ids=["name", "firm"])
def test_a_name_may_be_kept_back(said: str, before: tuple[str, ...]) -> None:
    call = Conversation(*before, said)
    assert "firm" not in call.told
    assert call.told.get("caller", "Mario Lopez") == "Mario Lopez"
    assert any(call.last.text.startswith(line) for line in SALES.playbook.small.move_on)


@pytest.mark.parametrize(
    ("said", "name"),
    [("it's spelled J O H N", "John"), ("J O H N", "John"), ("spelled B O B", "Bob")],
)
def test_a_name_may_be_spelled(said: str, name: str) -> None:
    assert Conversation(*NAME, said).told["caller"] == name


@pytest.mark.parametrize(
    "firm", ["Smith and Sons", "Bank of America", "The Home Depot", "Johnson and Johnson"]
)
def test_a_company_may_have_small_words_in_its_name(firm: str) -> None:
    call = Conversation(*FIRM, firm)
    assert call.told["firm"].lower() == firm.lower().removeprefix("the ")


@pytest.mark.parametrize("said", ["Okay.", "Yes.", "Sure."])
@pytest.mark.parametrize("before", [BOOKING, NAME, FIRM], ids=["day", "name", "firm"])
def test_a_bare_yes_is_asked_again_without_a_fuss(said: str, before: tuple[str, ...]) -> None:
    call = Conversation(*before, said)
    assert not any(call.last.text.startswith(line) for line in SALES.playbook.small.unclear)


@pytest.mark.parametrize("said", ["We do a bit of everything.", "It's a quick growing market."])
def test_only_a_yes_agrees_to_a_demo(said: str) -> None:
    assert asks(Conversation(*PAIN, "Nobody picks up.", said).last.text, "demo")


def test_a_wrong_time_is_no_lack_of_time() -> None:
    call = Conversation(*CONFIRM, "No, the time is wrong, it should be eleven.")
    assert call.told["when"] == "Monday at eleven"
    assert asks(call.last.text, "confirm")


def test_a_company_may_be_called_after_its_owner() -> None:
    assert Conversation(*NAME, "Anna", "Anna Inc").told["firm"] == "Anna Inc"
    call = Conversation(*NAME, "Anna", "Anna Smith", "Anna Smith Consulting")
    assert call.told["caller"] == "Anna Smith"
    assert call.told["firm"] == "Anna Smith Consulting"
    assert Conversation(*NAME, "Anna", "Anna", "Anna").told["firm"] == "Anna"
