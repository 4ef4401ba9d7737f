"""A question that has its answer dictated takes it, keeps it and can read it back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sales_call import SALES, Conversation, asks

from vantum.agents.schema import FILES, Agent, Question, load_agent
from vantum.errors import SettingsError

EMAIL = Question(
    id="inbox",
    ask=("What is your e-mail address?", "Where may I write to?"),
    answer="email",
    thanks=("That is {inbox}.",),
)
PHONE = Question(
    id="mobile",
    ask=("What is your mobile number?", "Which number reaches you?"),
    answer="digits",
    thanks=("I noted {mobile}.",),
)
SURNAME = Question(
    id="surname",
    ask=("Could you spell your last name?", "How is your last name spelled?"),
    answer="spelling",
)


def asking(*questions: Question) -> Agent:
    book = msgspec.structs.replace(SALES.playbook, questions=questions)
    return msgspec.structs.replace(SALES, playbook=book)


@pytest.mark.parametrize(
    ("question", "said", "kept"),
    [
        (PHONE, "one two three", "123"),
        (PHONE, "You can call me back at 555 123 4567.", "5551234567"),
        (EMAIL, "jane dot doe at example dot com", "jane.doe@example.com"),
        (EMAIL, "pricing@example.com", "pricing@example.com"),
        (SURNAME, "S M I T H", "SMITH"),
        (SURNAME, "s as in sugar, m, i, t, h", "SMITH"),
        (SURNAME, "Smith.", "SMITH"),
    ],
)
def test_a_dictated_answer_is_kept(question: Question, said: str, kept: str) -> None:
    call = Conversation("Sure.", agent=asking(question))
    assert call.last.text.endswith(question.ask[0])
    call.says(said)
    assert call.told[question.id] == kept
    assert asks(call.last.text, "demo")  # what comes after the last question


def test_it_is_read_back_where_the_file_says_so() -> None:
    call = Conversation("Sure.", agent=asking(EMAIL, PHONE))
    assert "That is jane at example dot com." in call.says("It's jane@example.com")
    assert "I noted 5 5 5 1 2." in call.says("five five five one two")


def test_who_tells_something_else_is_asked_again_in_other_words() -> None:
    call = Conversation("Sure.", agent=asking(EMAIL))
    assert call.says("The one at my work.").endswith(EMAIL.ask[1])
    call.says("bob at example dot com")
    assert call.told["inbox"] == "bob@example.com"


@pytest.mark.parametrize("said", ["No, I'd rather not.", "I don't know it."])
def test_who_keeps_it_to_themselves_is_asked_no_more(said: str) -> None:
    call = Conversation("Sure.", said, agent=asking(PHONE))
    assert "mobile" not in call.told
    assert asks(call.last.text, "demo")


def test_a_question_of_theirs_is_answered_first() -> None:
    call = Conversation("Sure.", agent=asking(EMAIL))
    assert call.says("How much is it?").endswith(EMAIL.ask[1])
    assert "inbox" not in call.told


def test_who_wants_no_more_calls_is_not_taken_down() -> None:
    call = Conversation("Sure.", "Stop calling me, 5 5 5.", agent=asking(PHONE))
    assert call.last.does == "opt_out"
    assert "mobile" not in call.told


def with_question(tmp_path: Path, answer: str) -> Path:
    source = (FILES / "sales.yaml").read_text(encoding="utf-8")
    own = (
        "  questions:\n    - id: inbox\n      ask: [Which e-mail is it, Where do I write to]\n"
        f"      answer: {answer}\n      thanks: ['Got {{inbox}}.']\n"
    )
    path = tmp_path / "mine.yaml"
    path.write_text(source.replace("  questions:\n", own, 1), encoding="utf-8")
    return path


def test_an_agent_file_may_read_a_dictated_answer_back(tmp_path: Path) -> None:
    call = Conversation("Sure.", agent=load_agent(with_question(tmp_path, "email")))
    assert call.says("a.b@example.com").startswith("Got a dot b at example dot com.")


def test_other_answers_are_not_read_back(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"unknown blank \{inbox\}"):
        load_agent(with_question(tmp_path, "open"))
