"""How what the caller said answers the question that was open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from vantum.agents import english
from vantum.agents.memory import Memory, Step
from vantum.agents.plan import question, reply, team_unfit
from vantum.agents.schema import Agent, Question
from vantum.agents.when import When, moment

Words = tuple[str, ...]

_INTRODUCED: Final = re.compile(r"\b(?:[Tt]his is|I'm|I am) ([A-Z][a-z]+)\b")
_SPEAKS_OF_SELF: Final = frozenset("we our ours us i my me mine they them people everyone".split())
_SHORT_ANSWER_WORDS: Final = 3
_ANY_TIME: Final = frozenset("whenever anytime any either flexible whatever".split())
_USUAL: Final = When(day="Tuesday", part="morning", hour="ten")  # proposed to "any time"


def learn(agent: Agent, memory: Memory, said: Words, text: str) -> None:
    """Keep what the caller tells unasked: a name, a company, the size of the team."""
    name = english.person(said, asked=False)
    introduced = _INTRODUCED.search(text)
    if not name and introduced and "caller" not in memory.facts:
        name = english.person(("it", "is", introduced.group(1).lower()), asked=True)
    if name:
        memory.facts["caller"] = name
    firm = english.firm(said, asked=False)
    if firm:
        memory.facts["firm"] = firm
    team = english.headcount(said, asked=False)
    if team is not None and "team" not in memory.facts:
        _keep_team(agent, memory, team)


def take(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """What the open question's answer leads to, or None when this is no answer to it."""
    name = memory.pending
    own = question(agent, name)
    if own is not None:
        return _own(agent, memory, said, own)
    kind, _, rest = name.partition(":")
    if kind == "about":
        return _about(agent, memory, said)
    if kind == "topic":
        return _topic(agent, memory, said, rest)
    handle = _FIXED.get(name)
    return handle(agent, memory, said) if handle else None


def _own(agent: Agent, memory: Memory, said: Words, asked: Question) -> Step | None:
    small = agent.playbook.small
    sign = english.polarity(said)
    if asked.answer == "number":
        team = english.headcount(said, asked=True)
        if team is None:
            return None
        _keep_team(agent, memory, team)
        memory.done.discard("team_check")
        unfit = team_unfit(agent, memory)
        return Step([] if unfit else [(f"{asked.id} thanks", asked.thanks or small.thanks)])
    hinted = _hinted(said, asked.hints)
    if asked.answer == "yes_no":
        if not sign and not hinted:
            return None
        memory.done.add(asked.id)
        memory.facts[asked.id] = sign or "yes"
        lines = asked.if_no if sign == "no" else asked.if_yes
        return Step([(f"{asked.id} {sign or 'yes'}", lines or asked.thanks or small.thanks)])
    if not (hinted or _speaks_of_self(said) or sign or _does_not_know(said)):
        return None
    memory.done.add(asked.id)
    memory.facts[asked.id] = " ".join(said)
    thanks = asked.thanks if hinted and asked.thanks else small.thanks
    return Step([(f"{asked.id} thanks" if thanks is asked.thanks else "thanks", thanks)])


def _hinted(said: Words, hints: tuple[str, ...]) -> bool:
    text = f" {' '.join(said)}"
    return any(f" {hint.lower()}" in text for hint in hints)


def _speaks_of_self(said: Words) -> bool:
    return not english.is_question(said) and len(said) > 2 and bool(_SPEAKS_OF_SELF & set(said[:6]))


def _does_not_know(said: Words) -> bool:
    text = " ".join(said)
    return "not know" in text or "not sure" in text or "no idea" in text


def _keep_team(agent: Agent, memory: Memory, team: int) -> None:
    memory.facts["team"] = str(team)
    memory.done.update(q.id for q in agent.playbook.questions if q.answer == "number")


def _permission(agent: Agent, memory: Memory, said: Words) -> Step | None:
    sign = english.polarity(said)
    if not sign:
        return None
    memory.done.add("permission")
    if sign == "yes":
        return Step([("granted", agent.playbook.small.granted)])
    memory.stage = "callback"
    return Step([("thanks", agent.playbook.small.thanks)], ask="callback")


def _team_check(agent: Agent, memory: Memory, said: Words) -> Step | None:
    fit = agent.playbook.fit
    before = memory.facts.get("team", "0")
    sign = english.polarity(said)
    team = english.headcount(said, asked=True)
    if team is not None and str(team) != before:
        _keep_team(agent, memory, team)
        return Step([("thanks", agent.playbook.small.thanks)])
    if sign == "yes" or team is not None:
        small = int(before) < fit.smallest_team
        return Step([("unfit", fit.too_small if small else fit.too_large)], ends=True)
    if sign == "no":
        memory.facts.pop("team", None)
        memory.done -= {q.id for q in agent.playbook.questions if q.answer == "number"}
        return Step([("thanks", agent.playbook.small.thanks)])
    return None


def _demo(agent: Agent, memory: Memory, said: Words) -> Step | None:
    sign = english.polarity(said)
    when = moment(said, asked=False)
    if sign == "yes" or when.day:
        memory.done.add("demo")
        memory.stage = "demo"
        memory.when = memory.when.merged(when)
        return Step([("thanks", agent.playbook.small.thanks)])
    return refuse(agent, memory) if sign == "no" else None


def refuse(agent: Agent, memory: Memory) -> Step:
    """A no to the whole thing: once, ask why; twice, thank and end."""
    memory.refusals += 1
    memory.done |= {"permission", "demo"} if memory.pending == "demo" else {"permission"}
    if memory.refusals >= 2:
        return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    return Step(ask="why")


def _time(agent: Agent, memory: Memory, said: Words) -> Step | None:
    when = moment(said, asked=True)
    if not when.known() and _ANY_TIME & set(said):
        when = When(memory.when.day or _USUAL.day, memory.when.part or _USUAL.part, _USUAL.hour)
        if when.part in {"afternoon", "evening"}:
            when = When(when.day, "afternoon", "three")
    if not when.known():
        if english.polarity(said) == "no":
            memory.done.add("time")
            return Step([("later", agent.playbook.demo.later)])
        return None
    memory.when = memory.when.merged(when)
    return Step([("thanks", agent.playbook.small.thanks)] if memory.when.whole() else [])


def _name(agent: Agent, memory: Memory, said: Words) -> Step | None:
    return _fact(agent, memory, "caller", english.person(said, asked=True), said)


def _firm(agent: Agent, memory: Memory, said: Words) -> Step | None:
    return _fact(agent, memory, "firm", english.firm(said, asked=True), said)


def _fact(agent: Agent, memory: Memory, fact: str, value: str, said: Words) -> Step | None:
    if not value:
        if english.polarity(said) != "no":
            return None
        memory.done.add("name" if fact == "caller" else "firm")
        return Step([("move on", agent.playbook.small.move_on)])
    memory.facts[fact] = value
    return Step([("thanks", agent.playbook.small.thanks)])


def _confirm(agent: Agent, memory: Memory, said: Words) -> Step | None:
    sign = english.polarity(said)
    if _corrected(memory, said, asked=sign == "no"):
        return Step([("thanks", agent.playbook.small.thanks)])
    if sign == "yes":
        return booked(agent, memory)
    return Step(ask="change") if sign == "no" else None


def booked(agent: Agent, memory: Memory) -> Step:
    """The meeting is agreed."""
    memory.stage = "over"
    return Step([("booked", agent.playbook.demo.booked)], ends=True)


def _corrected(memory: Memory, said: Words, *, asked: bool) -> bool:
    """Take over what the caller corrects; False when nothing was."""
    when = memory.when.merged(moment(said, asked=asked))
    if when != memory.when:
        memory.when = when
        return True
    if asked and not moment(said, asked=True).known():
        if "company" in said and (firm := english.firm(said, asked=True)):
            memory.facts["firm"] = firm
            return True
        bare = tuple(w for w in said if w not in {"no", "nope", "wrong", "actually"})
        name = english.person(bare, asked=True)
        if name and bare:
            memory.facts["caller"] = name
            return True
    return False


def _change(agent: Agent, memory: Memory, said: Words) -> Step | None:
    if _corrected(memory, said, asked=True) and not {"day", "time", "name", "company"} & set(said):
        return Step([("thanks", agent.playbook.small.thanks)])
    when = memory.when
    if "day" in said or "date" in said:
        memory.when = When(hour=when.hour, part=when.part)
        return Step(ask="day")
    if "time" in said or "hour" in said:
        memory.when = When(day=when.day)
        return Step(ask="hour")
    for word, fact in (("name", "caller"), ("company", "firm")):
        if word in said:
            told = english.person(said, asked=False) if fact == "caller" else ""
            memory.facts[fact] = told
            memory.done.discard("firm" if fact == "firm" else "name")
            return Step(
                [] if told else [], ask="" if told else ("name" if fact == "caller" else "firm")
            )
    return booked(agent, memory) if english.polarity(said) == "yes" else None


def _callback(agent: Agent, memory: Memory, said: Words) -> Step | None:
    when = moment(said, asked=True)
    if when.known():
        memory.when = memory.when.merged(when)
        return Step()
    if _ANY_TIME & set(said):
        memory.when = _USUAL
        return Step()
    if english.polarity(said) == "no":
        return Step([("declined", agent.playbook.callback.declined)], ends=True)
    return Step(ask="callback") if english.polarity(said) == "yes" else None


def _callback_ok(agent: Agent, memory: Memory, said: Words) -> Step | None:
    sign = english.polarity(said)
    when = memory.when.merged(moment(said, asked=sign == "no"))
    if when != memory.when:
        memory.when = when
        return Step([("thanks", agent.playbook.small.thanks)])
    if sign == "yes":
        return Step([("noted", agent.playbook.callback.noted)], ends=True)
    if sign == "no":
        memory.when = When()
        return Step([("thanks", agent.playbook.small.thanks)])
    return None


def _why(agent: Agent, memory: Memory, said: Words) -> Step | None:
    if english.is_question(said):
        return None
    memory.facts["why"] = " ".join(said)
    return Step([("why thanks", agent.playbook.small.why_thanks)])


def _about(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """The answer to an objection's own question; a firm yes or no is an answer too."""
    sign = english.polarity(said)
    short = len(said) <= _SHORT_ANSWER_WORDS and not english.is_question(said)
    if not (sign or short or _speaks_of_self(said) or _does_not_know(said)):
        return None
    found = reply(agent, memory.pending.partition(":")[2])
    if found is not None and found.if_no == "end" and sign == "no":
        return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    return Step([("thanks", agent.playbook.small.thanks)])


def _topic(agent: Agent, memory: Memory, said: Words, told: str) -> Step | None:
    sign = english.polarity(said)
    found = reply(agent, told)
    if sign == "yes" and found is not None:
        if found.then == "demo":
            memory.stage = "demo"
        return Step([(found.id, found.say)])
    return Step([("thanks", agent.playbook.small.thanks)], ask="anything_else") if sign else None


def _anything_else(agent: Agent, memory: Memory, said: Words) -> Step | None:
    sign = english.polarity(said)
    if sign == "no":
        return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    return Step(ask="topic") if sign == "yes" else None


_FIXED: Final[dict[str, Callable[[Agent, Memory, Words], Step | None]]] = {
    "permission": _permission,
    "team_check": _team_check,
    "demo": _demo,
    "day": _time,
    "hour": _time,
    "name": _name,
    "firm": _firm,
    "confirm": _confirm,
    "change": _change,
    "callback": _callback,
    "callback_ok": _callback_ok,
    "why": _why,
    "anything_else": _anything_else,
}
