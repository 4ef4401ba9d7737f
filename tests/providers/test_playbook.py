"""The playbook as a language model: words as they come, and an action at the end."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from vantum.agents.playbook import Said, answer
from vantum.agents.schema import Agent, Transfer, load_agent
from vantum.providers.base import ALWAYS, Action, ActionName, LanguageModel, Message, Prompt
from vantum.providers.playbook import PlaybookModel

SALES = load_agent("sales")
GREETING = Message("assistant", SALES.greeting)


def replied(*messages: Message, agent: Agent = SALES, may: str = "") -> list[str | Action]:
    model: LanguageModel = PlaybookModel(agent)
    actions = ALWAYS | ({"transfer_call"} if may == "transfer" else set())

    async def collect() -> list[str | Action]:
        return [item async for item in model.reply(Prompt("", messages, actions=actions))]

    return asyncio.run(collect())


def text_of(items: list[str | Action]) -> str:
    return "".join(item for item in items if isinstance(item, str))


def test_the_words_come_in_several_tokens_and_lose_nothing() -> None:
    items = replied(GREETING, Message("user", "What is it?"))
    assert len(items) > 3
    expected = answer(SALES, (Said("assistant", SALES.greeting), Said("user", "What is it?")))
    assert text_of(items) == expected.text


@pytest.mark.parametrize(
    ("said", "action"),
    [("Goodbye.", "end_call"), ("Remove me from your list.", "opt_out")],
)
def test_a_goodbye_ends_the_call_after_its_words(said: str, action: ActionName) -> None:
    items = replied(GREETING, Message("user", said))
    assert items[-1] == Action(action)
    assert text_of(items)


@pytest.mark.parametrize("said", ["Sure.", "how much is it", "", "one two three"])
def test_other_answers_do_not_end_the_call(said: str) -> None:
    items = replied(GREETING, Message("user", said))
    assert not any(isinstance(item, Action) for item in items)
    assert text_of(items).endswith("?")


def test_who_asks_for_a_person_is_put_through() -> None:
    phone = msgspec.structs.replace(SALES.phone, transfer=Transfer("+15550100123"))
    agent = msgspec.structs.replace(SALES, phone=phone)
    asks = Message("user", "Can I talk to a person?")
    items = replied(GREETING, asks, agent=agent, may="transfer")
    assert text_of(items) == "Of course."
    assert items[-1] == Action("transfer_call")


def test_without_anybody_to_put_them_through_to_another_call_is_arranged() -> None:
    items = replied(GREETING, Message("user", "Can I talk to a person?"))
    assert not any(isinstance(item, Action) for item in items)
    assert "put you through" in text_of(items)


def test_what_was_interrupted_is_passed_on() -> None:
    sure = (GREETING, Message("user", "Sure."))
    cut = Message("assistant", "Great, thank you.", interrupted=True)
    whole = Message("assistant", text_of(replied(*sure)))
    yes = Message("user", "yes")
    assert text_of(replied(*sure, cut, yes)) != text_of(replied(*sure, whole, yes))
