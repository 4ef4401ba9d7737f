"""Which question comes next, and in which words each may be asked."""

from __future__ import annotations

from typing import Final

from vantum.agents.memory import Memory
from vantum.agents.schema import Agent, Question, Reply

ASKED_ENOUGH: Final = 3  # a question that went unanswered so often is left alone


def question(agent: Agent, name: str) -> Question | None:
    """The author's question of that id."""
    return next((q for q in agent.playbook.questions if q.id == name), None)


def reply(agent: Agent, name: str) -> Reply | None:
    """The author's reply of that id."""
    return next((r for r in agent.playbook.replies() if r.id == name), None)


def wordings(agent: Agent, name: str) -> tuple[str, ...]:
    """The ways to ask a question, whether it is the author's or part of the plan."""
    book = agent.playbook
    kind, _, rest = name.partition(":")
    if kind == "about":
        found = reply(agent, rest)
        return found.ask if found else ()
    if kind == "topic":
        return tuple(t.ask for t in book.small.topics)
    own = question(agent, name)
    if own is not None:
        return own.ask
    fixed = {
        "permission": book.permission,
        "team_check": book.fit.check,
        "demo": book.demo.offer,
        "day": book.demo.day,
        "hour": book.demo.hour,
        "name": book.demo.name,
        "firm": book.demo.firm,
        "confirm": book.demo.read_back,
        "change": book.demo.change,
        "callback": book.callback.ask,
        "callback_ok": book.callback.read_back,
        "why": book.small.why,
    }
    return fixed.get(name, book.small.anything_else)


def next_question(agent: Agent, memory: Memory) -> str:
    """The question the conversation needs next."""
    if memory.stage == "callback":
        vague = memory.when.vague() and memory.asked.get("callback", 0) < ASKED_ENOUGH - 1
        return "callback_ok" if memory.when.known() and not vague else "callback"
    if memory.stage == "over":
        return "anything_else"
    if team_unfit(agent, memory) and "team_check" not in memory.done:
        return "team_check"
    return _booking(memory) if memory.stage == "demo" else _talking(agent, memory)


def _talking(agent: Agent, memory: Memory) -> str:
    for name in ("permission", *(q.id for q in agent.playbook.questions), "demo"):
        if name not in memory.done and memory.asked.get(name, 0) < _patience(name):
            return name
    if memory.asked.get("anything_else", 0) <= memory.asked.get("topic", 0):
        return "anything_else"
    return "topic"


def _patience(name: str) -> int:
    """A caller who asks questions need not be asked whether they have a minute; the demo is what
    all the questions lead to.
    """
    return {"permission": ASKED_ENOUGH - 1, "demo": 2 * ASKED_ENOUGH}.get(name, ASKED_ENOUGH)


def _booking(memory: Memory) -> str:
    when = memory.when
    if not when.whole() and "time" not in memory.done:
        name = "hour" if when.day and not when.vague() else "day"
        if memory.asked.get(name, 0) <= ASKED_ENOUGH:
            return name
    for name, fact in (("name", "caller"), ("firm", "firm")):
        open_ = not memory.facts.get(fact) and name not in memory.done
        if open_ and memory.asked.get(name, 0) < ASKED_ENOUGH:
            return name
    return "confirm"


def team_unfit(agent: Agent, memory: Memory) -> bool:
    """Is the team, as far as it is known, too small or too large?"""
    team = memory.facts.get("team")
    fit = agent.playbook.fit
    return team is not None and not fit.smallest_team <= int(team) <= fit.largest_team
