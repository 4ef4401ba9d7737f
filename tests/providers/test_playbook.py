"""The playbook as a language model: words as they come, and an action at the end."""

from __future__ import annotations

import asyncio

import pytest

from vantum.agents.playbook import Said, answer
from vantum.agents.schema import load_agent
from vantum.providers.base import Action, LanguageModel, Message, Prompt
from vantum.providers.playbook import PlaybookModel

SALES = load_agent("sales")
GREETING = Message("assistant", SALES.greeting)


def replied(*messages: Message) -> list[str | Action]:
    model: LanguageModel = PlaybookModel(SALES)

    async def collect() -> list[str | Action]:
        return [item async for item in model.reply(Prompt("", messages))]

    return asyncio.run(collect())


def text_of(items: list[str | Action]) -> str:
    return "".join(item for item in items if isinstance(item, str))


def test_the_words_come_in_several_tokens_and_lose_nothing() -> None:
    items = replied(GREETING, Message("user", "What is it?"))
    assert len(items) > 3
    expected = answer(SALES, (Said("assistant", SALES.greeting), Said("user", "What is it?")))
    assert text_of(items) == expected.text


def test_a_goodbye_ends_the_call_after_its_words() -> None:
    items = replied(GREETING, Message("user", "Remove me from your list."))
    assert items[-1] == Action("end_call")
    assert text_of(items)


@pytest.mark.parametrize("said", ["Sure.", "how much is it", "", "one two three"])
def test_other_answers_do_not_end_the_call(said: str) -> None:
    items = replied(GREETING, Message("user", said))
    assert not any(isinstance(item, Action) for item in items)
    assert text_of(items).endswith("?")


def test_what_was_interrupted_is_passed_on() -> None:
    sure = (GREETING, Message("user", "Sure."))
    cut = Message("assistant", "Great, thank you.", interrupted=True)
    whole = Message("assistant", text_of(replied(*sure)))
    yes = Message("user", "yes")
    assert text_of(replied(*sure, cut, yes)) != text_of(replied(*sure, whole, yes))
