"""How a meeting or another call is agreed: day, hour, names, reading back."""

from __future__ import annotations

from typing import Final

from vantum.agents import english, names
from vantum.agents.corrections import corrected, named_field, other_moment, says_firm
from vantum.agents.memory import Memory, Step
from vantum.agents.schema import Agent
from vantum.agents.when import When, moment
from vantum.agents.words import words

Words = tuple[str, ...]

_ANY_TIME: Final = frozenset(
    words("whenever anytime any either flexible whatever choose preference")
)
_USUAL: Final = When(day="Tuesday", part="morning", hour="ten")  # proposed to "any time"
_AFTERNOON: Final = When(day="Tuesday", part="afternoon", hour="three")
_ASKS_MOMENT: Final = frozenset({"day", "hour", "confirm", "change"})
_QUESTION_OF: Final = {"caller": "name", "firm": "firm"}


def agree_time(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "which day?" or "at what time?"."""
    when = moment(said, asked=True)
    if not when.known() and _ANY_TIME & set(said):
        usual = _AFTERNOON if memory.when.part in {"afternoon", "evening"} else _USUAL
        day = usual.day if memory.when.vague() else memory.when.day or usual.day
        when = When(day, usual.part, usual.hour)
    if when.known():
        memory.when = memory.when.merged(when)
        return _thanked(agent) if memory.when.whole() else Step()
    sign = english.polarity(said)
    if sign == "no":
        memory.done.add("time")
        return Step([("later", agent.playbook.demo.later)])
    return Step() if sign == "yes" else None


def take_name(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "what's your name?"."""
    name = names.person(said, asked=True)
    firm = names.firm_behind(name, said) if name else ""
    if firm:
        memory.facts["firm"] = firm
    return _keep(agent, memory, "caller", name, said)


def take_firm(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "which company?"."""
    told = names.person(said, asked=True)
    if told and not says_firm(said) and _is_still_the_name(memory, told):
        memory.facts["caller"] = told
        return Step()
    return _keep(agent, memory, "firm", names.firm(said, asked=True), said)


def _is_still_the_name(memory: Memory, told: str) -> bool:
    """Recognisers cut "Anna … Smith" in two; once asked again, a firm may be called Anna too."""
    caller = memory.facts.get("caller", "")
    longer = " " not in caller and told.partition(" ")[0] == caller
    return longer and (told != caller or memory.asked.get("firm", 0) < 2)


def _keep(agent: Agent, memory: Memory, fact: str, value: str, said: Words) -> Step | None:
    if value:
        memory.facts[fact] = value
        small = agent.playbook.small
        return Step([("met", small.met)]) if fact == "caller" else _thanked(agent)
    sign = english.polarity(said)
    if sign == "yes":
        return Step()  # "okay" promises the name that is to come
    if not names.declines(said):
        return None
    memory.done.add(_QUESTION_OF[fact])
    return Step([("move on", agent.playbook.small.move_on)])


def confirm(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to the reading back."""
    sign = english.polarity(said)
    if corrected(memory, said, denied=sign == "no"):
        return _thanked(agent)
    if sign == "yes":
        return booked(agent, memory)
    if sign != "no":
        return None
    return _asked_anew(memory, named_field(said)) or Step(ask="change")


def booked(agent: Agent, memory: Memory) -> Step:
    """The meeting is agreed."""
    memory.stage = "over"
    return Step([("booked", agent.playbook.demo.booked)], ends=True)


def change(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """An answer to "what should I change?"."""
    if corrected(memory, said, denied=True):
        return _thanked(agent)
    again = _asked_anew(memory, named_field(said))
    if again is not None:
        return again
    return booked(agent, memory) if english.polarity(said) == "yes" else None


def _asked_anew(memory: Memory, field: str) -> Step | None:
    """Forget what is wrong and ask for it again; None when nothing was named."""
    if field == "day":
        memory.when = When(part=memory.when.part, hour=memory.when.hour)
    elif field == "hour":
        memory.when = When(day=memory.when.day)
    elif field:
        memory.facts.pop(field, None)
        memory.done.discard(_QUESTION_OF[field])
    return Step(ask=_QUESTION_OF.get(field, field)) if field else None


def rearrange(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """Another day or hour, named while something else is asked on the way to a meeting."""
    if memory.stage != "demo" or memory.pending in _ASKS_MOMENT:
        return None
    return _thanked(agent) if other_moment(memory, said) else None


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
