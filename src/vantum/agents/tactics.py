"""What the agent does about the last thing the caller said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vantum.agents import english
from vantum.agents.answers import does_not_know, learn, refuse, take, take_dictated
from vantum.agents.booking import booked, rearrange
from vantum.agents.hearing import Match, best_reply
from vantum.agents.memory import Memory, Step
from vantum.agents.plan import question, reply
from vantum.agents.schema import Agent, Reply
from vantum.agents.sense import meant
from vantum.agents.when import When, moment
from vantum.agents.words import words

Words = tuple[str, ...]
Line = tuple[str, tuple[str, ...]]

_BARE_WORDS = 4  # "yes, I'm still here"
_AWAY = "away:"  # before a question whose next "yes" means "I am back"


def away(question_id: str) -> str:
    """The question, waiting for a caller who is away."""
    return question_id if question_id.startswith(_AWAY) else f"{_AWAY}{question_id}"


def decide(agent: Agent, memory: Memory, text: str) -> Step:
    """The next step; the memory moves on to after what the caller said."""
    memory.turn += 1
    small = agent.playbook.small
    limits = agent.playbook.limits
    if memory.turn >= limits.turns:
        return Step([("goodbye", small.goodbye)], ends=True)
    said = words(text)
    step = _understood(agent, memory, said, text)
    if step is not None:
        memory.unclear = 0
        return step
    memory.unclear += 1
    if memory.unclear >= limits.unclear:
        return Step([("lost", small.lost)], ends=True)
    return _unclear(agent, memory, said)


def _understood(agent: Agent, memory: Memory, said: Words, text: str) -> Step | None:
    learned = learn(agent, memory, said, text)
    was_away = memory.pending.startswith(_AWAY)
    memory.pending = memory.pending.removeprefix(_AWAY)
    step = _obeyed(agent, memory, said) or _returned(agent, memory, said, was_away=was_away)
    # A number or an address may hold any word: pricing@example.com asks for no price.
    step = step or take_dictated(agent, memory, text)
    if step is not None:
        return step
    match = best_reply(agent, text)
    step = _filled_in(agent, memory, said, match)
    if step is not None:
        return step
    if match is None:
        if memory.stage == "over":
            return _after_goodbye(agent, memory, said)
        return take(agent, memory, said) or learned
    courtesy = match.reply in agent.playbook.manners and match.reply.then == "return"
    if courtesy and learned is not None:
        return learned
    return _respond(agent, memory, match.reply, said)


def _obeyed(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """What outranks all that the caller may otherwise have meant."""
    binding = reply(agent, meant(said))
    if binding is not None:
        return _respond(agent, memory, binding, said)
    if memory.pending == "why" and english.is_flat_no(said):
        return refuse(agent, memory)
    return None


def _returned(agent: Agent, memory: Memory, said: Words, *, was_away: bool) -> Step | None:
    """The caller who was away is back."""
    if not was_away or len(said) > _BARE_WORDS or english.polarity(said) != "yes":
        return None
    return Step([("welcome back", agent.playbook.small.welcome_back)], ask=memory.pending)


def _filled_in(agent: Agent, memory: Memory, said: Words, match: Match | None) -> Step | None:
    """Another moment, or a short answer to "what's your name?": a Mr. Price is no question about
    the price.
    """
    if match is not None and match.reply.then in {"end", "callback", "transfer"}:
        return None
    step = rearrange(agent, memory, said)
    if step is not None or memory.pending not in {"name", "firm"} or len(said) > _BARE_WORDS:
        return step
    return None if english.is_question(said) else take(agent, memory, said)


def _respond(agent: Agent, memory: Memory, found: Reply, said: Words) -> Step:
    """Answer something that can be said at any time."""
    line: Line = (found.id, found.say)
    again = found.then == "once" and memory.asked.get(found.id, 0) > 0
    if again or _is_pressed(agent, memory, found):
        return Step([line, ("goodbye", agent.playbook.small.goodbye)], ends=True)
    match found.then:
        case "end":
            return _end(agent, memory, line, said)
        case "why":
            return refuse(agent, memory, line)
        case "callback" | "demo" | "transfer":
            return _ARRANGED[found.then](agent, memory, line, said)
        case "hold" | "repeat":
            return Step([line], ask=memory.pending, waits=found.then == "hold")
    return _inform(agent, memory, found, said)


def _is_pressed(agent: Agent, memory: Memory, found: Reply) -> bool:
    """Count an objection; was it one too many to go on?"""
    if found not in agent.playbook.objections:
        return False
    memory.objections += 1
    memory.done.update(found.settles)
    return memory.objections >= agent.playbook.limits.objections and found.then != "callback"


def _end(agent: Agent, memory: Memory, line: Line, said: Words) -> Step:
    if line[0] == "opt_out":
        return Step([line], ends=True, does="opt_out")
    if memory.pending in {"confirm", "callback_ok"} and english.polarity(said) == "yes":
        return take(agent, memory, said) or Step([line], ends=True)
    if memory.stage == "over":
        return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    return Step([line], ends=True)


def _arrange_demo(_agent: Agent, memory: Memory, line: Line, said: Words) -> Step:
    memory.stage = "demo"
    memory.when = memory.when.merged(moment(said, asked=False))
    return Step([line])


def _arrange_callback(agent: Agent, memory: Memory, line: Line, said: Words) -> Step:
    when = moment(said, asked=False)
    if memory.stage == "callback" and not when.known():
        return Step([("declined", agent.playbook.callback.declined)], ends=True)
    memory.stage = "callback"
    memory.when = When().merged(when)
    return Step([line])


def _put_through(agent: Agent, memory: Memory, line: Line, said: Words) -> Step:
    """Or arrange a callback, where there is nobody to put the caller through to."""
    if not memory.may_transfer or agent.phone.transfer is None:
        return _arrange_callback(agent, memory, line, said)
    return Step([("transfer", agent.phone.transfer.say)], does="transfer_call")


_ARRANGED: Final[dict[str, Callable[[Agent, Memory, Line, Words], Step]]] = {
    "callback": _arrange_callback,
    "demo": _arrange_demo,
    "transfer": _put_through,
}


def _inform(agent: Agent, memory: Memory, found: Reply, said: Words) -> Step:
    """Say something and come back to the open question, or take its answer along."""
    took = _taken_along(agent, memory, said)
    if found in agent.playbook.manners:
        if took is not None:
            return took
        if "introduced" not in memory.done:
            return Step()
    if took is not None and took.ends:
        return took
    line: Line = (found.id, found.say)
    if found.ask:
        return Step([line], ask=f"about:{found.id}")
    return Step([line], ask=took.ask if took else "")


def _taken_along(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """The open question's answer, when it stands in front of something else: "Yes, but …"."""
    if memory.pending in {"day", "hour", "callback"}:
        return take(agent, memory, said) if moment(said, asked=False).known() else None
    own = question(agent, memory.pending)
    if own is not None and own.answer not in {"yes_no", "number"} and does_not_know(said):
        return take(agent, memory, said)
    leads = english.polarity(said) == english.polarity(said[:3]) == "yes"
    return take(agent, memory, said) if leads else None


def _after_goodbye(agent: Agent, memory: Memory, said: Words) -> Step | None:
    """The caller speaks on though we had said goodbye, or said it too early to be heard."""
    when = moment(said, asked=False)
    if memory.when.known() and when.known():
        memory.when = memory.when.merged(when)
        memory.stage = "demo"
        return Step([("thanks", agent.playbook.small.thanks)], ask="confirm")
    step = take(agent, memory, said)
    if step is not None:
        return step
    if len(said) <= _BARE_WORDS and not english.is_question(said):
        return Step([("goodbye", agent.playbook.small.goodbye)], ends=True)
    return None


def _unclear(agent: Agent, memory: Memory, said: Words) -> Step:
    """Ask once more in other words, then leave the question alone."""
    name = memory.pending
    apology = _apology(agent, said)
    if not name:
        return Step([apology])
    memory.missed[name] = memory.missed.get(name, 0) + 1
    if memory.missed[name] < 2 and not name.startswith(("topic", "anything_else")):
        return Step([apology], ask=name)
    return _give_up(agent, memory, name, apology)


def _apology(agent: Agent, said: Words) -> Line:
    small = agent.playbook.small
    if not said:
        return ("listening", small.listening)
    if english.is_question(said):
        return ("unknown", small.unknown)
    if english.is_command(said):
        return ("cannot", small.cannot)
    return ("unclear", small.unclear)


def _give_up(agent: Agent, memory: Memory, name: str, apology: Line) -> Step:
    book = agent.playbook
    memory.done.add(name)
    if name in {"confirm", "change"}:
        return booked(agent, memory)
    if name == "callback" and not memory.when.known():
        return Step([("declined", book.callback.declined)], ends=True)
    if name == "callback_ok":
        return Step([("noted", book.callback.noted)], ends=True)
    if name in {"day", "hour"}:
        memory.done.add("time")
        return Step([("later", book.demo.later)])
    if name == "anything_else":
        return Step([apology], ask="topic")
    excused = apology[0] == "unclear" and question(agent, name) is not None
    return Step([("move on", book.small.move_on) if excused else apology])
