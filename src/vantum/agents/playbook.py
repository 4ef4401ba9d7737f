"""What the agent says next when it has no language model: a fold over the conversation.

Nothing is kept between calls. Each answer replays what the caller said and what of our answers was
heard, so any process can give the next one, and the same conversation always gets the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from vantum.agents import english
from vantum.agents.answers import booked, learn, refuse, take
from vantum.agents.hearing import best_reply
from vantum.agents.memory import Draft, Memory, Step, filled, fresh, keys_of, was_heard
from vantum.agents.plan import next_question, wordings
from vantum.agents.plan import reply as reply_named
from vantum.agents.schema import Agent, Reply
from vantum.agents.when import When, moment
from vantum.agents.words import sentences, words


class Said(Struct, frozen=True):
    """One turn so far; an interrupted one holds only what was heard of it."""

    role: Literal["user", "assistant"]
    content: str
    interrupted: bool = False


class Answer(Struct, frozen=True):
    """What to say, and whether the call is over when it has been said."""

    text: str
    ends_call: bool = False


def answer(agent: Agent, messages: tuple[Said, ...]) -> Answer:
    """The next thing the agent says; never empty."""
    if not any(m.content.strip() for m in messages):
        return Answer(filled(agent, Memory(), agent.greeting))
    memory = Memory()
    draft: Draft | None = None
    for before, text in _exchanges(messages):
        _hear_back(agent, memory, draft, before)
        draft = _reply(agent, memory, text)
    if draft is None:
        return Answer(filled(agent, Memory(), agent.greeting))
    return Answer(draft.text, draft.ends)


def recall(agent: Agent, messages: tuple[Said, ...]) -> dict[str, str]:
    """What the caller has told: caller, firm, team, when, and answers by question id."""
    memory = Memory()
    draft: Draft | None = None
    for before, text in _exchanges(messages):
        _hear_back(agent, memory, draft, before)
        draft = _reply(agent, memory, text)
    when = memory.when.spoken()
    return {k: v for k, v in {**memory.facts, "when": when}.items() if v}


def _exchanges(messages: tuple[Said, ...]) -> Iterator[tuple[tuple[Said, ...], str]]:
    """Each thing the caller said, with what the agent had been heard to say before it."""
    before: list[Said] = []
    for message in messages:
        if message.role == "assistant":
            before.append(message)
        else:
            yield tuple(before), message.content
            before = []
    if before:  # asked to go on though the caller is silent
        yield tuple(before), ""


def _hear_back(agent: Agent, memory: Memory, draft: Draft | None, before: tuple[Said, ...]) -> None:
    """Take account of how much of the last reply the caller heard."""
    heard = " ".join(m.content for m in before)
    memory.previous = keys_of(heard)
    if draft is not None:
        memory.previous |= keys_of(draft.text)
        listened = not draft.question_text or was_heard(draft.question_text, heard)
        memory.pending = draft.question if listened else ""
        return
    if agent.company.lower() in heard.lower() or agent.name.lower() in heard.lower():
        memory.done.add("introduced")
    greeting = sentences(filled(agent, memory, agent.greeting))
    if greeting and was_heard(greeting[-1], heard):
        memory.pending = "permission"
        memory.asked["permission"] = 1


def _reply(agent: Agent, memory: Memory, text: str) -> Draft:
    """Decide and put into words; the memory moves on to after this reply."""
    memory.turn += 1
    limits = agent.playbook.limits
    small = agent.playbook.small
    if memory.turn >= limits.turns:
        return _spoken(agent, memory, Step([("goodbye", small.goodbye)], ends=True))
    said = words(text)
    learn(agent, memory, said, text)
    match = best_reply(agent, text)
    step = _respond(agent, memory, match.reply, said) if match else take(agent, memory, said)
    if step is not None:
        memory.unclear = 0
        return _spoken(agent, memory, step)
    memory.unclear += 1
    if memory.unclear >= limits.unclear:
        return _spoken(agent, memory, Step([("lost", small.lost)], ends=True))
    return _spoken(agent, memory, _unclear(agent, memory, said))


def _respond(agent: Agent, memory: Memory, found: Reply, said: tuple[str, ...]) -> Step | None:
    """Answer something that can be said at any time."""
    agreed = english.polarity(said) == "yes"
    line = (found.id, found.say)
    if found in agent.playbook.objections:
        memory.objections += 1
        if memory.objections >= agent.playbook.limits.objections:
            return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    match found.then:
        case "end":
            if memory.pending == "confirm" and agreed:
                return booked(agent, memory)
            memory.stage = "over"
            return Step([line], ends=True)
        case "why":
            step = refuse(agent, memory)
            return step if step.ends else Step([line], ask=step.ask)
        case "callback":
            return _arrange_callback(agent, memory, line, said)
        case "demo":
            memory.stage = "demo"
            memory.done |= {"permission", "demo"}
            memory.when = memory.when.merged(moment(said, asked=False))
            return Step([line])
        case "hold":
            return Step([line], ask=memory.pending, waits=True)
        case "repeat":
            return Step([line], ask=memory.pending)
    return _inform(agent, memory, found, said)


def _arrange_callback(
    agent: Agent, memory: Memory, line: tuple[str, tuple[str, ...]], said: tuple[str, ...]
) -> Step:
    if memory.stage == "callback" and memory.pending == "callback":
        step = take(agent, memory, said)
        if step is not None and not step.ends:
            return step
        return Step([("declined", agent.playbook.callback.declined)], ends=True)
    memory.stage = "callback"
    memory.when = When().merged(moment(said, asked=False))
    return Step([line])


def _inform(agent: Agent, memory: Memory, found: Reply, said: tuple[str, ...]) -> Step:
    """Say something and come back to the open question, or take its answer along."""
    small_talk = found in agent.playbook.manners
    took: Step | None = None
    if memory.pending and english.polarity(said[:2]) == "yes" and not small_talk:
        took = take(agent, memory, said)
    elif memory.pending and found in agent.playbook.objections:
        memory.done.discard("")
    if took is not None and took.ends:
        return took
    if "introduced" not in memory.done and small_talk:
        return Step()
    line = (found.id, found.say)
    if found.ask:
        return Step([line], ask=f"about:{found.id}")
    return Step([line], ask=took.ask if took else "")


def _unclear(agent: Agent, memory: Memory, said: tuple[str, ...]) -> Step:
    """Ask once more in other words, then leave the question alone."""
    small = agent.playbook.small
    open_ = memory.pending
    apology = (
        ("unknown", small.unknown) if english.is_question(said) else ("unclear", small.unclear)
    )
    if not open_:
        return Step([apology])
    memory.missed[open_] = memory.missed.get(open_, 0) + 1
    if memory.missed[open_] < 2 and not open_.startswith(("topic", "anything_else")):
        return Step([apology], ask=open_)
    return _give_up(agent, memory, open_, apology)


def _give_up(agent: Agent, memory: Memory, name: str, apology: tuple[str, tuple[str, ...]]) -> Step:
    book = agent.playbook
    memory.done.add(name)
    match name:
        case "confirm" | "change":
            return booked(agent, memory)
        case "callback":
            return Step([("declined", book.callback.declined)], ends=True)
        case "callback_ok":
            return Step([("noted", book.callback.noted)], ends=True)
        case "day" | "hour":
            memory.done.add("time")
            return Step([("later", book.demo.later)])
        case "anything_else":
            return Step([apology], ask="topic")
        case _ if name.startswith("topic"):
            return Step([apology])
    return Step([("move on", book.small.move_on)])


def _spoken(agent: Agent, memory: Memory, step: Step) -> Draft:
    """The step in words that repeat nothing of the last reply."""
    taken: frozenset[str] = frozenset()
    parts: list[str] = []
    if "introduced" not in memory.done:
        memory.done.add("introduced")
        step.say.insert(0, ("introduction", agent.playbook.small.introduction))
    for name, lines in step.say:
        text = fresh(agent, memory, name, lines, taken)
        if text:
            parts.append(text)
            taken |= keys_of(text)
    if step.ends:
        if not parts:
            parts.append(fresh(agent, memory, "goodbye", agent.playbook.small.goodbye, taken))
        memory.stage = "over"
        return Draft(" ".join(parts), ends=True)
    if step.waits:
        return Draft(" ".join(parts), question=step.ask)
    name = step.ask or next_question(agent, memory)
    asked = fresh(
        agent,
        memory,
        name.partition(":")[0] if name.startswith("topic") else name,
        wordings(agent, name),
        taken,
    )
    if name == "topic":
        offered = next((t for t in agent.playbook.small.topics if t.ask == asked), None)
        name = f"topic:{offered.tells}" if offered else name
    parts.append(asked)
    last = sentences(asked)
    return Draft(" ".join(p for p in parts if p), name, last[-1] if last else "")
