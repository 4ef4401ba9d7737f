"""How what the caller said answers the question that was open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from vantum.agents import booking, english, names
from vantum.agents.dictation import dictated, read_back, word_alone
from vantum.agents.memory import Memory, Step
from vantum.agents.plan import question, reply, team_unfit
from vantum.agents.schema import Agent, Question
from vantum.agents.when import moment
from vantum.agents.words import words

Words = tuple[str, ...]

_INTRODUCED: Final = re.compile(r"\b(?:[Tt]his is|I'm|I am) ([A-Z][a-z]+)\b")
_FROM_EXPERIENCE: Final = frozenset(
    words(
        "we our ours us i my me they them people everyone nobody somebody everybody it that mostly "
        "mainly probably usually getting finding having customers prospects takes too everything"
    )
)
_SHORT_ANSWER_WORDS: Final = 3
_GO_AHEAD: Final = ("go ahead", "go on", "i am listening", "tell me more", "please do")


def learn(agent: Agent, memory: Memory, said: Words, text: str) -> Step | None:
    """Keep what the caller tells unasked (name, company, team) and acknowledge it."""
    step: Step | None = None
    name = _introduction(said, text)
    firm = names.firm(said, asked=False) or (names.firm_behind(name, said) if name else "")
    if firm:
        memory.facts["firm"] = firm
    if name and memory.facts.get("caller") != name:
        memory.facts["caller"] = name
        step = Step([("met", agent.playbook.small.met)])
    team = english.headcount(said, asked=False)
    if team is not None:
        known = "team" in memory.facts
        if not known:
            keep_team(agent, memory, team)
        if known or not team_unfit(agent, memory):
            step = _team_thanks(agent)
    return step


def _introduction(said: Words, text: str) -> str:
    name = names.person(said, asked=False)
    found = _INTRODUCED.search(text)
    if name or not found:
        return name
    return names.person(("it", "is", found.group(1).lower()), asked=True)


def _team_thanks(agent: Agent) -> Step:
    asked = next((q for q in agent.playbook.questions if q.answer == "number"), None)
    if asked is None or not asked.thanks:
        return Step([("thanks", agent.playbook.small.thanks)])
    return Step([(f"{asked.id} thanks", asked.thanks)])


def take(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """What the open question's answer leads to, or None when this is no answer to it."""
    name = memory.pending
    own = question(agent, name)
    if own is not None:
        return _own(agent, memory, said, own)
    kind, _, rest = name.partition(":")
    if kind == "about":
        return _about(agent, said, rest)
    if kind == "topic":
        return _topic(agent, memory, said, rest)
    reading = _FIXED.get(name)
    return reading(agent, memory, said) if reading else None


def _own(agent: Agent, memory: Memory, said: Words, asked: Question) -> Step | None:
    if asked.answer == "number":
        return _number(agent, memory, said)
    if asked.answer in {"digits", "email", "spelling"}:
        return _undictated(agent, memory, said, asked)
    return (_yes_no if asked.answer == "yes_no" else _open)(agent, memory, said, asked)


def take_dictated(agent: Agent, memory: Memory, text: str) -> Step | None:
    """The same for a question that has its answer dictated, by the text with all its signs."""
    asked = question(agent, memory.pending)
    if asked is None or asked.answer not in {"digits", "email", "spelling"}:
        return None
    kept = dictated(asked.answer, text)
    return _keep_dictated(agent, memory, asked, kept) if kept else None


def _undictated(agent: Agent, memory: Memory, said: Words, asked: Question) -> Step | None:
    """A name may be said in place of being spelled; what they do not tell is asked for no more."""
    if english.polarity(said) == "no" or does_not_know(said):
        memory.done.add(asked.id)
        return Step([("move on", agent.playbook.small.move_on)])
    if asked.answer != "spelling" or english.is_question(said):
        return None
    word = word_alone(" ".join(said))
    return _keep_dictated(agent, memory, asked, word) if word else None


def _keep_dictated(agent: Agent, memory: Memory, asked: Question, kept: str) -> Step:
    memory.done.add(asked.id)
    memory.facts[asked.id] = kept
    memory.spelled[asked.id] = read_back(kept)
    return Step([(f"{asked.id} thanks", asked.thanks or agent.playbook.small.thanks)])


def _yes_no(agent: Agent, memory: Memory, said: Words, asked: Question) -> Step | None:
    if english.is_question(said) and not english.polarity(said):
        return None
    sign = english.polarity(said)
    if not _hinted(said, asked.hints):
        text = " ".join(said)
        if not sign or any(phrase in text for phrase in _GO_AHEAD):
            return None
    memory.done.add(asked.id)
    memory.facts[asked.id] = sign or "yes"
    lines = asked.if_no if sign == "no" else asked.if_yes
    thanks = lines or asked.thanks or agent.playbook.small.thanks
    return Step([(f"{asked.id} {sign or 'yes'}", thanks)])


def _open(agent: Agent, memory: Memory, said: Words, asked: Question) -> Step | None:
    hinted = _hinted(said, asked.hints) and not english.is_question(said)
    nothing = english.polarity(said) == "no" or does_not_know(said)
    if not (hinted or nothing or _from_experience(said)):
        return None
    memory.done.add(asked.id)
    memory.facts[asked.id] = " ".join(said)
    if hinted and asked.thanks:
        return Step([(f"{asked.id} thanks", asked.thanks)])
    return Step([("thanks", agent.playbook.small.thanks)])


def _number(agent: Agent, memory: Memory, said: Words) -> Step | None:
    team = english.headcount(said, asked=True)
    if team is None:
        if english.polarity(said) != "no":
            return None
        memory.done.update(q.id for q in agent.playbook.questions if q.answer == "number")
        return Step([("move on", agent.playbook.small.move_on)])
    keep_team(agent, memory, team)
    memory.done.discard("team_check")
    return Step() if team_unfit(agent, memory) else _team_thanks(agent)


def _hinted(said: Words, hints: tuple[str, ...]) -> bool:
    """Is there a hint, each of its words beginning a word that was said?"""
    return any(
        all(any(word.startswith(part) for word in said) for part in words(hint)) for hint in hints
    )


def _from_experience(said: Words) -> bool:
    """Does it sound like somebody telling how things are with them?"""
    telling = not english.is_question(said) and not english.is_command(said)
    return telling and len(said) > 2 and bool(_FROM_EXPERIENCE & set(said))


def does_not_know(said: Words) -> bool:
    """Does the caller say that they cannot tell?"""
    text = " ".join(said)
    return "not know" in text or "not sure" in text or "no idea" in text


def keep_team(agent: Agent, memory: Memory, team: int) -> None:
    """Remember the size of the team and ask for it no more."""
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
        keep_team(agent, memory, team)
        return Step() if team_unfit(agent, memory) else _team_thanks(agent)
    if sign == "yes" or team is not None:
        small = int(before) < fit.smallest_team
        return Step([("unfit", fit.too_small if small else fit.too_large)], ends=True)
    if sign == "no":
        memory.facts.pop("team", None)
        memory.done -= {q.id for q in agent.playbook.questions if q.answer == "number"}
        return Step([("thanks", agent.playbook.small.thanks)])
    return None


def _demo(agent: Agent, memory: Memory, said: Words) -> Step | None:
    sign = english.decision(said)
    when = moment(said, asked=False)
    if sign == "no" and not when.day:
        return refuse(agent, memory, ("thanks", agent.playbook.small.thanks))
    if sign == "yes" or when.day:
        memory.stage = "demo"
        memory.when = memory.when.merged(when)
        return Step([("thanks", agent.playbook.small.thanks)])
    return None


def refuse(agent: Agent, memory: Memory, *lines: tuple[str, tuple[str, ...]]) -> Step:
    """A no to the whole thing: once, ask why; twice, thank and end."""
    memory.refusals += 1
    memory.done.add("permission")
    if memory.refusals >= 2:
        return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    return Step(list(lines), ask="why")


def _why(agent: Agent, memory: Memory, said: Words) -> Step | None:
    if english.is_question(said) or not said:
        return None
    memory.facts["why"] = " ".join(said)
    return Step([("why thanks", agent.playbook.small.why_thanks)])


def _about(agent: Agent, said: Words, objection: str) -> Step | None:
    """The answer to an objection's own question; a firm yes or no is an answer too."""
    sign = english.polarity(said)
    short = 0 < len(said) <= _SHORT_ANSWER_WORDS and not english.is_question(said)
    if not (sign or short or _from_experience(said) or does_not_know(said)):
        return None
    found = reply(agent, objection)
    if found is not None and found.if_no == "end" and sign == "no":
        return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    return Step([("thanks", agent.playbook.small.thanks)])


def _topic(agent: Agent, memory: Memory, said: Words, told: str) -> Step | None:
    sign = english.polarity(said)
    found = reply(agent, told)
    if moment(said, asked=False).day:
        return _demo(agent, memory, said)
    if sign == "yes" and found is not None:
        if found.then == "demo":
            memory.stage = "demo"
        return Step([(found.id, found.say)])
    return Step([("thanks", agent.playbook.small.thanks)], ask="anything_else") if sign else None


def _anything_else(agent: Agent, memory: Memory, said: Words) -> Step | None:
    if moment(said, asked=False).day:
        return _demo(agent, memory, said)
    sign = english.polarity(said)
    if sign == "no":
        return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    return Step(ask="topic") if sign == "yes" else None


_FIXED: Final[dict[str, Callable[[Agent, Memory, Words], Step | None]]] = {
    "permission": _permission,
    "team_check": _team_check,
    "demo": _demo,
    "day": booking.agree_time,
    "hour": booking.agree_time,
    "name": booking.take_name,
    "firm": booking.take_firm,
    "confirm": booking.confirm,
    "change": booking.change,
    "callback": booking.agree_callback,
    "callback_ok": booking.confirm_callback,
    "why": _why,
    "anything_else": _anything_else,
}
