"""What the agent says next when it has no language model: a fold over the conversation.

Nothing is kept between calls. Each answer replays what the caller said and what of our answers was
heard, so any process can give the next one, and the same conversation always gets the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from vantum.agents.memory import Does, Draft, Memory, Step, filled, fresh, keys_of, was_heard
from vantum.agents.plan import next_question, wordings
from vantum.agents.schema import Agent
from vantum.agents.tactics import away, decide
from vantum.agents.words import words
from vantum.conversation.utterances import last_sentence, sentences

NOTHING: Final[Mapping[str, str]] = {}


class Said(Struct, frozen=True):
    """One turn so far; an interrupted one holds only what was heard of it."""

    role: Literal["user", "assistant"]
    content: str
    interrupted: bool = False


class Exchange(Struct, frozen=True):
    """One thing the caller said, the question it answers, and what followed.

    `memory` is that of the whole conversation: it goes on with the next exchange.
    """

    text: str
    asked: str
    step: Step
    draft: Draft
    memory: Memory


class Answer(Struct, frozen=True):
    """What to say, and what is done when it has been said: is the call over?"""

    text: str
    ends_call: bool = False
    does: Does = ""
    summary: str = ""  # of the talk, for somebody who takes it over


def answer(
    agent: Agent,
    messages: tuple[Said, ...],
    *,
    may_transfer: bool = False,
    known: Mapping[str, str] = NOTHING,
) -> Answer:
    """The next thing the agent says; never empty. `known` is what a contact list told before."""
    memory = begun(known, may_transfer=may_transfer)
    draft = None
    for exchange in exchanges(agent, messages, memory):
        draft = exchange.draft
    if draft is None:
        return Answer(greeting(agent, known))
    summary = told(memory.facts) if draft.does == "transfer_call" else ""
    return Answer(draft.text, draft.ends, draft.does, summary)


def recall(agent: Agent, messages: tuple[Said, ...]) -> dict[str, str]:
    """What the caller has told: caller, firm, team, when, and answers by question id."""
    memory = Memory()
    for _ in exchanges(agent, messages, memory):
        pass
    return facts_of(memory)


def facts_of(memory: Memory) -> dict[str, str]:
    """What is known by now: caller, firm, team, when, and answers by question id."""
    facts = {**memory.facts, "when": memory.when.spoken()}
    return {name: told for name, told in facts.items() if told}


def begun(known: Mapping[str, str], *, may_transfer: bool = False) -> Memory:
    """The memory of a conversation that has not begun, with what is known of whom it is with."""
    facts = {name: known[name] for name in ("caller", "firm") if known.get(name)}
    return Memory(may_transfer=may_transfer, facts=facts, known=dict(known))


def greeting(agent: Agent, known: Mapping[str, str]) -> str:
    """The greeting, or the one that needs to know nothing."""
    return filled(begun(known), agent.greeting) or agent.plain_greeting


def told(facts: Mapping[str, str]) -> str:
    """In a sentence or two, whom one talks with."""
    who = " from ".join(facts[name] for name in ("caller", "firm") if name in facts)
    team = f"Their team has {facts['team']} people." if "team" in facts else ""
    return " ".join(filter(None, (f"It is {who}." if who else "", team)))


def exchanges(agent: Agent, messages: tuple[Said, ...], memory: Memory) -> Iterator[Exchange]:
    """Live through the conversation again; `memory` grows with it."""
    draft: Draft | None = None
    for before, text in _heard_and_said(messages):
        _hear_back(agent, memory, draft, before)
        asked = memory.pending
        step = decide(agent, memory, text)
        draft = _spoken(agent, memory, step)
        yield Exchange(text, asked, step, draft, memory)


def _heard_and_said(messages: tuple[Said, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each thing the caller said, with what the agent had been heard to say before it."""
    before: list[str] = []
    for message in messages:
        if message.role == "assistant":
            before.append(message.content)
        else:
            yield tuple(before), message.content
            before = []
    if before:  # asked to go on though the caller is silent
        yield tuple(before), ""


def _hear_back(agent: Agent, memory: Memory, draft: Draft | None, before: tuple[str, ...]) -> None:
    """Take account of how much of the last reply the caller heard."""
    heard = " ".join(before)
    memory.previous = keys_of(heard)
    # On the phone a menu or a screener may have had its say before anybody was greeted.
    if not _hear_greeting(agent, memory, heard) and draft is not None:
        memory.previous |= keys_of(draft.text)
        if not draft.question_text or was_heard(draft.question_text, heard):
            memory.pending = draft.question
        elif not heard or words(heard)[:2] == words(draft.text)[:2]:
            memory.pending = ""  # cut off before the question
        # Otherwise something else was said in our place, and the older question is still open.
    if before and before[-1] in agent.silence.nudges and memory.pending:
        memory.pending = away(memory.pending)


def _hear_greeting(agent: Agent, memory: Memory, heard: str) -> bool:
    """Was the caller greeted, and asked for a minute?"""
    known = heard.lower()
    if agent.company.lower() in known or agent.name.lower() in known:
        memory.done.add("introduced")
    for line in (agent.greeting, agent.plain_greeting, agent.phone.again):
        asked = sentences(filled(memory, line))
        if "permission" not in memory.done and asked and was_heard(asked[-1], heard):
            memory.pending = "permission"
            memory.asked["permission"] = 1
            return True
    return False


def _spoken(agent: Agent, memory: Memory, step: Step) -> Draft:
    """The step in words that repeat nothing of the last reply."""
    small = agent.playbook.small
    lines = list(step.say)
    if "introduced" not in memory.done:
        memory.done.add("introduced")
        lines.insert(0, ("introduction", small.introduction))
    parts: list[str] = []
    taken: frozenset[str] = frozenset()
    for name, choices in lines:
        text = fresh(memory, name, choices, taken)
        if text:
            parts.append(text)
            taken |= keys_of(text)
    if step.ends:
        memory.stage = "over"
        if not parts:
            parts.append(fresh(memory, "goodbye", small.goodbye, taken))
        return Draft(" ".join(parts), ends=True, does=step.does)
    if step.does and parts:  # where it fails, the caller is asked what else there is to do
        return Draft(" ".join(parts), question="anything_else", does=step.does)
    if step.waits and parts:
        return Draft(" ".join(parts), question=away(step.ask))
    return _asking(agent, memory, parts, step.ask or next_question(agent, memory))


def _asking(agent: Agent, memory: Memory, parts: list[str], name: str) -> Draft:
    """The reply with its question; a question that has no fresh wording left gives way."""
    taken = keys_of(" ".join(parts))
    kind = name.partition(":")[0] if name.startswith("topic") else name
    asked = fresh(memory, kind, wordings(agent, name), taken)
    if not asked:
        name = "anything_else"
        asked = fresh(memory, name, wordings(agent, name), taken)
    if kind == "topic":
        offered = next((t for t in agent.playbook.small.topics if t.ask == asked), None)
        name = f"topic:{offered.tells}" if offered else "anything_else"
    return Draft(" ".join(p for p in (*parts, asked) if p), name, last_sentence(asked))
