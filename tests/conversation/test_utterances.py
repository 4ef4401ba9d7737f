"""Nods and answers, sentences that go on, numbers being dictated, and our own echo."""

from __future__ import annotations

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from vantum.conversation.asking import Expected
from vantum.conversation.lexicon import LEXICA
from vantum.conversation.pace import ending
from vantum.conversation.utterances import (
    answers,
    is_dictated,
    is_echo,
    is_nod,
    is_unfinished,
)

NODS = ["mhm", "Mm-hmm.", "Uh-huh.", "Yeah.", "Right.", "Okay.", "Yeah, okay.", "I see.", "Sure"]
NODS += [
    "Yeah yeah yeah.",
    "Oh, wow.",
    "Got it.",
    "OK, I see.",
    "Hmm.",
    "All right.",
    "Makes sense",
]
SPEECH = ["No.", "Wait.", "Stop.", "What?", "Yeah, but I have no time.", "Okay, who is this?"]
SPEECH += ["Not interested.", "How much?", "Sorry?", "Hold on", "Yes, that is what we need", "Sam."]


@pytest.mark.parametrize("text", NODS)
def test_a_nod_is_none_behind_a_question(text: str) -> None:
    assert is_nod(text, "en-US")
    assert is_nod(text, "en-US", asked="begun")
    assert not is_nod(text, "en-US", asked="just")


@pytest.mark.parametrize("text", SPEECH)
def test_who_has_something_to_say_does_not_nod(text: str) -> None:
    assert not is_nod(text, "en")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Ja, genau."),
        ("de", "Ach so."),
        ("es", "Sí, claro."),
        ("fr", "D'accord."),
        ("fr", "Ah bon"),
    ],
)
def test_people_nod_in_their_own_language(language: str, text: str) -> None:
    assert is_nod(text, language)
    assert not is_nod(text, "xx")


UNFINISHED = ["I would like to", "and", "It's about my", "Well, um", "We are, uh", "because", "Um"]
UNFINISHED += ["the problem is", "I was thinking,", "so we have a", "I'd say it depends on", "If"]
UNFINISHED += ["my name is", "I would like to.", "I am in", "Hmm.", "Well."]


@pytest.mark.parametrize("text", UNFINISHED)
def test_a_sentence_that_goes_on(text: str) -> None:
    assert is_unfinished(text, "en")


WHOLE = ["Yes.", "Yes, it is.", "What is this about", "Who am I speaking with?", "Twelve people."]
WHOLE += ["Come in.", "Hold on.", "I am in.", "I know her.", "Not really.", "Go on", "Oh really"]
WHOLE += ["I don't know", "No, we are", "That's what it is", "Not right now", "What is it for", ""]


@pytest.mark.parametrize("text", WHOLE)
def test_a_sentence_that_is_whole(text: str) -> None:
    assert not is_unfinished(text, "en")


@pytest.mark.parametrize("language", LEXICA)
def test_no_phrase_that_is_said_as_a_whole_is_unfinished(language: str) -> None:
    known = LEXICA[language]
    phrases = [p for p in known.set_phrases if not (len(p) == 1 and p[0] in known.openings)]
    assert [p for p in phrases if is_unfinished(" ".join(p), language)] == []
    yes_or_no = known.assents | known.replies
    assert [p for p in yes_or_no if ending(" ".join(p), "yes_no", language) != "answer"] == []


@pytest.mark.parametrize("text", ["Hmm.", "Well.", "Yes,", "So"])
def test_who_still_thinks_has_not_answered(text: str) -> None:
    assert ending(text, "yes_no", "en") == "unfinished"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oh seven nine", "open"),
        ("five five five, oh one", "number"),
        ("it's 555 0100", "number"),
        ("my number is 079", "open"),
        ("S C H", "open"),
        ("M", "spelling"),
        ("sam dot miller at", "email"),
        ("sam", "email"),
    ],
)
def test_it_is_being_dictated(text: str, expected: Expected) -> None:
    assert is_dictated(text, expected, "en")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sam dot miller at acme dot com", "email"),
        ("sam.miller@acme.com", "email"),
        ("twelve", "number"),
        ("about 200", "number"),
        ("we are two people", "number"),
        ("I have none", "open"),
        ("Miller", "spelling"),
    ],
)
def test_it_was_said_whole(text: str, expected: Expected) -> None:
    assert not is_dictated(text, expected, "en")


@pytest.mark.parametrize("text", ["Yes.", "Yeah, sure.", "No, not really", "mhm", "No thanks"])
def test_a_yes_or_no_is_all_that_was_asked_for(text: str) -> None:
    assert answers(text, "yes_no", "en")
    assert not answers(f"{text} but I wonder", "yes_no", "en")
    assert not answers(text, "open", "en")


PLAYING = "Hi, this is Alex from Vantum. We build AI agents that make the first sales call for you."


@pytest.mark.parametrize(
    "text",
    ["we build AI agents that make", "this is alex from phantom", "first sales call for you"],
)
def test_our_own_words_are_an_echo(text: str) -> None:
    assert is_echo(text, PLAYING)


@pytest.mark.parametrize(
    "text", ["who is this", "we already have agents", "call", "Hi, who is this?"]
)
def test_the_callers_words_are_none(text: str) -> None:
    assert not is_echo(text, PLAYING)


# Letters that grow or vanish in lower case, digits that are none, and marks of all kinds: reading
# the whole of Unicode takes hypothesis two seconds.
ODD = "aeinost ,.?!'-\u2019\u2026\u2014@_09\u00df\u0130\u00f1\u0301\u0663\u00b2\u6f22\U0001f600\n"


@given(st.text(ODD, max_size=60), st.sampled_from([*LEXICA, "xx", ""]))
@at_most(40)
def test_any_text_in_any_language_is_judged(text: str, language: str) -> None:
    for expected in ("open", "yes_no", "number", "email", "spelling"):
        answers(text, expected, language)  # type: ignore[arg-type]
        is_dictated(text, expected, language)  # type: ignore[arg-type]
    assert not (is_nod(text, language) and is_nod(text, language, asked="just"))
    is_unfinished(text, language)
    assert not is_echo(text, "")
