"""Numbers, addresses and words that are dictated are kept as they were meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.agents.dictation import dictated, read_back, word_alone


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("one two three", "123"),
        ("It's 555 123-4567, thanks.", "5551234567"),
        ("five five five, um, one two three four", "5551234"),
        ("oh double seven", "077"),
        ("twenty five, nineteen", "2519"),
        ("eight hundred five five five", "800555"),
        ("plus four nine one seven", "+4917"),
        ("my number is (555) 123.4567 and I am in all day", "5551234567"),
        ("five five five, no, sorry, five five six", "556"),
        ("The number is 7.", "7"),
    ],
)
def test_digits_are_kept_one_behind_the_other(said: str, kept: str) -> None:
    assert dictated("digits", said) == kept


@pytest.mark.parametrize(
    "said",
    ["", "Why do you need it?", "I have one question", "a couple of them", "I don't know", "Sure."],
)
def test_what_holds_no_number_is_none(said: str) -> None:
    assert not dictated("digits", said)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("jane dot doe at example dot com", "jane.doe@example.com"),
        ("It's jane.doe@example.com.", "jane.doe@example.com"),
        ("Jane dot Doe@example.com", "jane.doe@example.com"),
        ("sure, my email is jane doe at acme corp dot com", "janedoe@acmecorp.com"),
        ("j-a-n-e at example dot co dot uk, thanks", "jane@example.co.uk"),
        ("j a n e underscore doe twenty two at gmail dot com please", "jane_doe22@gmail.com"),
        ("You can reach me at info at my-firm dot de", "info@my-firm.de"),
        ("first dot last at mail dot example dot org", "first.last@mail.example.org"),
        ("me at example dot c o m", "me@example.com"),
        ("j as in juliet, doe plus sales at example dot com", "jdoe+sales@example.com"),
        ("double o seven at example dot com", "oo7@example.com"),
        ("That'd be bob at example dot com", "bob@example.com"),
    ],
)
def test_an_address_is_put_together(said: str, kept: str) -> None:
    assert dictated("email", said) == kept


@pytest.mark.parametrize(
    "said", ["", "I am at work", "at ten dot", "look at example dot", "What for?", "dot com"]
)
def test_half_an_address_is_none(said: str) -> None:
    assert not dictated("email", said)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("S M I T H", "SMITH"),
        ("S-M-I-T-H.", "SMITH"),
        ("s as in sugar, m as in mother, i, t like tango, h for hotel", "SMITH"),
        ("Sierra Mike India Tango Hotel", "SMITH"),
        ("It's Smith, that's S M I T H.", "SMITH"),
        ("M U double L E R", "MULLER"),
        ("m ü l l e r", "MÜLLER"),
        ("A B one two", "AB12"),
    ],
)
def test_letters_make_a_word(said: str, kept: str) -> None:
    assert dictated("spelling", said) == kept


@pytest.mark.parametrize("said", ["", "Why?", "I would rather not", "a moment please", "I am"])
def test_a_sentence_spells_nothing(said: str) -> None:
    assert not dictated("spelling", said)


def test_a_word_may_be_said_in_place_of_being_spelled() -> None:
    assert word_alone("It is Smith.") == "SMITH"
    assert not word_alone("Smith or Miller")
    assert not word_alone("Sure, okay.")


@given(st.text(alphabet="0123456789", min_size=1, max_size=15))
def test_digits_that_are_read_back_are_the_same_number(number: str) -> None:
    assert dictated("digits", read_back(number)) == number


@given(st.from_regex(r"[b-d]{2,6}([._+-][b-d]{2,6})?@[b-d]{2,8}\.(com|org|de)", fullmatch=True))
def test_an_address_that_is_read_back_is_the_same_address(address: str) -> None:
    said = read_back(address)
    assert "@" not in said
    assert dictated("email", said) == address


@given(st.text(max_size=60))
def test_nothing_that_is_said_breaks_the_reading(said: str) -> None:
    for kind in ("digits", "email", "spelling"):
        assert isinstance(dictated(kind, said), str)
