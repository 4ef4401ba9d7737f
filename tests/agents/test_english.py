"""What words mean as an answer, also when the recogniser got them a little wrong."""

from __future__ import annotations

import pytest

from vantum.agents.english import (
    headcount,
    is_command,
    is_question,
    numbers,
    polarity,
)
from vantum.agents.names import firm, person
from vantum.agents.when import When, moment
from vantum.agents.words import words
from vantum.conversation.utterances import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's 3pm?", "what is 3 pm"),
        ("I don't", "i do not"),
        ("dont", "do not"),
        ("we're", "we are"),
        ("can't", "can not"),
        ("2.30 p.m.", "2:30 pm"),
        ("2 30 p m", "2 30 pm"),
        ("1,200 people", "1200 people"),
        ("twenty-five", "twenty five"),
        ("three o'clock", "three oclock"),
        ("I'll", "i will"),
        ("  ", ""),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert " ".join(words(text)) == expected


def test_sentences() -> None:
    assert sentences("Hi. How are you? Fine!") == ("Hi.", "How are you?", "Fine!")


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("yes", "yes"), ("Yeah, sure.", "yes"), ("of course", "yes"), ("why not", "yes"),
        ("no problem", "yes"), ("okay fine", "yes"), ("sounds good to me", "yes"),
        ("we do col cauling, yes", "yes"), ("I don't mind", "yes"), ("that's right", "yes"),
        ("go ahead", "yes"), ("uh huh", "yes"), ("no", "no"), ("Nope.", "no"),
        ("not really", "no"), ("no, thanks", "no"), ("I don't think so", "no"),
        ("yeah no", "no"), ("we don't", "no"), ("not right now", "no"), ("that's not right", "no"),
        ("I don't know", ""), ("I'm not sure", ""), ("maybe", ""), ("twenty", ""), ("", ""),
        ("the dog is on the right side of the street", ""),
    ],
)  # fmt: skip
def test_yes_or_no(text: str, sign: str) -> None:
    assert polarity(words(text)) == sign


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("twelve", 12), ("25 people", 25), ("we are twenty five", 25), ("about a dozen", 12),
        ("two dozen", 24), ("a hundred", 100), ("two hundred and fifty", 250),
        ("a couple", 2), ("just me", 1), ("ten to fifteen", 15), ("five or six", 6),
        ("a team of 40", 40), ("1,000", 1000), ("two thousand", 2000), ("for", 4), ("to", 2),
        ("Ate.", 8), ("tree people", 3), ("there are twelve of us", 12), ("many", None),
        ("since 2019 we are 8 people", 8), ("nobody", 1), ("fifty sales reps", 50),
    ],
)  # fmt: skip
def test_how_many_people(text: str, people: int | None) -> None:
    assert headcount(words(text), asked=True) == people


def test_a_number_nobody_asked_for_counts_only_with_people() -> None:
    assert headcount(words("we have eight reps"), asked=False) == 8
    assert headcount(words("at three thirty"), asked=False) is None


def test_counting_aloud_is_three_numbers() -> None:
    assert [n.value for n in numbers(words("one two three"))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Bob", "Bob"), ("My name is Maria Lopez.", "Maria Lopez"), ("I'm Priya", "Priya"),
        ("it's Jon", "Jon"), ("this is Sam speaking", "Sam Speaking"), ("B O B", "Bob"),
        ("I'm busy", ""), ("yes", ""), ("", ""), ("what do you mean by that exactly", ""),
        ("sure, Anna", "Anna"), ("the name is Bond", "Bond"),
    ],
)  # fmt: skip
def test_names_when_asked(text: str, name: str) -> None:
    assert person(words(text), asked=True) == name


def test_names_unasked_need_an_introduction() -> None:
    assert person(words("my name is Bob"), asked=False) == "Bob"
    assert not person(words("nobody picks up"), asked=False)


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("Acme Logistics", "Acme Logistics"), ("I work at Acme", "Acme"),
        ("from Northwind", "Northwind"),
        ("it's Cloves Incorporated", "Cloves Incorporated"),
        ("we're called Zebra", "Zebra"), ("no", ""),
    ],
)  # fmt: skip
def test_companies_when_asked(text: str, company: str) -> None:
    assert firm(words(text), asked=True) == company


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Tuesday at three thirty", "Tuesday at three thirty"),
        ("Tuesday at 3:30 works for me.", "Tuesday at three thirty"),
        ("choose day at ten", "Tuesday at ten"),
        ("wensday", "Wednesday"),
        ("thirsty at four", "Thursday at four"),
        ("tomorrow afternoon", "tomorrow afternoon"),
        ("tomorrow morning at nine", "tomorrow at nine in the morning"),
        ("2 30 p m", "two thirty in the afternoon"),
        ("230 pm", "two thirty in the afternoon"),
        ("half past two", "two thirty"),
        ("quarter to four", "three forty five"),
        ("quarter past one", "one fifteen"),
        ("at noon", "noon"),
        ("15:30", "three thirty in the afternoon"),
        ("at 3:30pm", "three thirty in the afternoon"),
        ("10:30ish", "ten thirty"),
        ("99:99", ""),
        ("next Monday at ten", "next Monday at ten"),
        ("Monday next week", "next Monday"),
        ("the day after tomorrow", "the day after tomorrow"),
        ("in half an hour", "in half an hour"),
        ("tree thirty", "three thirty"),
        ("for thirty", "four thirty"),
        ("not Tuesday, Wednesday", "Wednesday"),
        ("the fifth of May at two", "the fifth of May at two"),
        ("on the 12th", "the twelfth"),
        ("seven pm", "seven in the evening"),
        ("three o'clock", "three"),
        ("no idea", ""),
        ("", ""),
    ],
)
def test_moments_when_asked(text: str, spoken: str) -> None:
    assert moment(words(text), asked=True).spoken() == spoken


@pytest.mark.parametrize("text", ["twelve people", "we are twenty five", "one two three", "yes"])
def test_a_bare_number_is_no_time_unless_one_was_asked_for(text: str) -> None:
    assert not moment(words(text), asked=False).known()


def test_newer_words_change_only_what_they_name() -> None:
    tuesday = When(day="Tuesday", hour="three thirty")
    assert tuesday.merged(When(day="Wednesday")) == When("Wednesday", "", "three thirty")
    assert tuesday.merged(When(hour="four")) == When("Tuesday", "", "four")
    assert not When(day="Tuesday").whole()
    assert tuesday.whole()
    assert When(day="in half an hour").whole()


def test_questions_and_orders() -> None:
    assert is_question(words("how old is the brooklyn bridge"))
    assert not is_question(words("he was not an ill disposed young man"))
    assert is_command(words("book a room"))
    assert not is_command(words("nobody picks up"))
