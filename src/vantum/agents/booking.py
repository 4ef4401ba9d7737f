"""How a meeting or another call is agreed: day, hour, names, reading back, corrections."""

from __future__ import annotations

from typing import Final

from vantum.agents import english
from vantum.agents.memory import Memory, Step
from vantum.agents.schema import Agent
from vantum.agents.when import When, moment
from vantum.agents.words import words

Words = tuple[str, ...]

_ANY_TIME: Final = frozenset(words("whenever anytime any either flexible whatever choose"))
_USUAL: Final = When(day="Tuesday", part="morning", hour="ten")  # proposed to "any time"
_AFTERNOON: Final = When(day="Tuesday", part="afternoon", hour="three")
_SAYS_FIRM: Final = frozenset(
    words("company incorporated inc limited ltd corp corporation group llc gmbh")
)
_QUESTION_OF: Final = {"caller": "name", "firm": "firm"}


def agree_time(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "which day?" or "at what time?"."""
    when = moment(said, asked=True)
    if not when.known() and _ANY_TIME & set(said):
        usual = _AFTERNOON if memory.when.part in {"afternoon", "evening"} else _USUAL
        when = When(memory.when.day or usual.day, usual.part, usual.hour)
    if when.known():
        memory.when = memory.when.merged(when)
        return _thanked(agent) if memory.when.whole() else Step()
    if english.polarity(said) == "no":
        memory.done.add("time")
        return Step([("later", agent.playbook.demo.later)])
    return None


def take_name(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "what's your name?"."""
    return _keep(agent, memory, "caller", english.person(said, asked=True), said)


def take_firm(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "which company?"."""
    caller = memory.facts.get("caller", "")
    told = english.person(said, asked=True)
    if caller and told.partition(" ")[0] == caller.partition(" ")[0]:
        memory.facts["caller"] = told  # they are still saying their name
        return Step()
    return _keep(agent, memory, "firm", english.firm(said, asked=True), said)


def _keep(agent: Agent, memory: Memory, fact: str, value: str, said: Words) -> Step | None:
    if value:
        memory.facts[fact] = value
        small = agent.playbook.small
        return Step([("met", small.met)]) if fact == "caller" else _thanked(agent)
    if english.polarity(said) != "no":
        return None
    memory.done.add(_QUESTION_OF[fact])
    return Step([("move on", agent.playbook.small.move_on)])


def confirm(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to the reading back."""
    sign = english.polarity(said)
    if _corrected(memory, said, denied=sign == "no"):
        return _thanked(agent)
    if sign == "yes":
        return booked(agent, memory)
    return Step(ask="change") if sign == "no" else None


def booked(agent: Agent, memory: Memory) -> Step:
    """The meeting is agreed."""
    memory.stage = "over"
    return Step([("booked", agent.playbook.demo.booked)], ends=True)


def change(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "what should I change?"."""
    if _corrected(memory, said, denied=True):
        return _thanked(agent)
    if {"day", "date"} & set(said):
        memory.when = When(part=memory.when.part, hour=memory.when.hour)
        return Step(ask="day")
    if {"time", "hour"} & set(said):
        memory.when = When(day=memory.when.day)
        return Step(ask="hour")
    for word, fact in (("name", "caller"), ("company", "firm")):
        if word in said:
            memory.facts.pop(fact, None)
            memory.done.discard(_QUESTION_OF[fact])
            return Step(ask=_QUESTION_OF[fact])
    return booked(agent, memory) if english.polarity(said) == "yes" else None


def _corrected(memory: Memory, said: Words, *, denied: bool) -> bool:
    """Take over what the caller corrects; False when nothing was."""
    heard = moment(said, asked=denied)
    when = memory.when.merged(heard)
    if when != memory.when:
        memory.when = when
        return True
    if not denied or heard.known():
        return False
    if _SAYS_FIRM & set(said):
        firm = english.firm(said, asked=True)
        memory.facts.update({"firm": firm} if firm else {})
        return bool(firm)
    rest = tuple(w for w in said if w not in {"no", "nope", "wrong", "actually", "change"})
    name = english.person(rest, asked=True) if rest else ""
    if name:
        memory.facts["caller"] = name
    return bool(name)


def agree_callback(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "when should I call back?"."""
    when = moment(said, asked=True)
    if not when.known() and _ANY_TIME & set(said):
        when = _USUAL
    if when.known():
        memory.when = memory.when.merged(when)
        return Step()
    sign = english.polarity(said)
    if sign == "no":
        return Step([("declined", agent.playbook.callback.declined)], ends=True)
    return Step(ask="callback") if sign == "yes" else None


def confirm_callback(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "I'll try you then, okay?"."""
    sign = english.polarity(said)
    when = memory.when.merged(moment(said, asked=sign == "no"))
    if when != memory.when:
        memory.when = when
        return _thanked(agent)
    if sign == "yes":
        return Step([("noted", agent.playbook.callback.noted)], ends=True)
    if sign == "no":
        memory.when = When()
        return _thanked(agent)
    return None


def _thanked(agent: Agent) -> Step:
    return Step([("thanks", agent.playbook.small.thanks)])
