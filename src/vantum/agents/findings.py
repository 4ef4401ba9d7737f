"""What came of a talk, in the operator's terms, as far as rules can tell.

The playbook is deterministic, so living through the heard transcript again tells what was agreed.
Words of machines and of the carrier are believed before anything that was said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from vantum.agents.dates import clock_time
from vantum.agents.memory import Memory
from vantum.agents.playbook import NOTHING, Exchange, Said, begun, exchanges, facts_of, told
from vantum.agents.schema import Agent
from vantum.agents.when import When

Disposition = Literal[
    "meeting_booked",  # day and hour were read back, and they said yes
    "callback",  # they asked to be called at another time, which they named
    "no_time",  # they wanted another time, or somebody else, and named no time
    "interested",  # they wanted the meeting, and no time was agreed
    "not_interested",  # they declined
    "unfit",  # the product is not for them, by the agent file's own bounds
    "wrong_person",  # the number is somebody else's
    "opted_out",  # they want no more calls
    "transferred",  # they were put through to a colleague
    "colleague",  # of a colleague's call: they were told who waits
    "voicemail_left",  # a message was left
    "no_message",  # a machine answered, and no message was left
    "not_reached",  # busy, no answer, screened out, menus, on hold, a fax, or nobody spoke
    "bad_number",  # the carrier says that the number is none
    "failed",  # ours or the carrier's fault, before anything was agreed
    "hung_up",  # they hung up, or the line was lost, before anything was agreed
    "unclear",  # they talked, and nothing was agreed or declined
]
"""What a call came to. Each call has exactly one."""

OF_RECORD: Final[Mapping[str, Disposition]] = {
    "opt_out": "opted_out",
    "transferred": "transferred",
    "briefed": "colleague",
    "voicemail": "voicemail_left",
    "no_message": "no_message",
    "fax": "not_reached",
    "screened_out": "not_reached",
    "ivr": "not_reached",
    "hold": "not_reached",
    "loop": "not_reached",
    "no_speech": "not_reached",
    "busy": "not_reached",
    "no_answer": "not_reached",
    "canceled": "not_reached",
    "invalid": "bad_number",
}
"""Outcomes of a call's record that decide it, whatever was said."""

FAULTS: Final = frozenset(
    {"failed", "faults", "setup_failed", "shutdown", "expired", "lost", "unknown"}
)
_LOST: Final = frozenset({"disconnected", "silence"})
_SILENT: Final[Mapping[str, str]] = {
    "busy": "The line was busy.",
    "no_answer": "Nobody answered.",
    "canceled": "It was hung up before anybody answered.",
    "screened_out": "A screener asked, and nobody came to the phone.",
    "ivr": "Menus led to nobody.",
    "hold": "They kept us waiting for too long.",
    "fax": "A fax answered.",
}
_SENTENCES: Final[Mapping[Disposition, str]] = {
    "meeting_booked": "A meeting is agreed for {when}.",
    "callback": "They asked to be called again: {when}.",
    "no_time": "They did not want to talk now, and named no other time.",
    "interested": "They would take a meeting; its time is not agreed.",
    "not_interested": "They are not interested.",
    "unfit": "It does not suit them.",
    "wrong_person": "The number is somebody else's.",
    "opted_out": "They want no more calls.",
    "transferred": "They were put through to a colleague.",
    "colleague": "A colleague was told who waits for them.",
    "voicemail_left": "A message was left.",
    "no_message": "A machine answered, and no message was left.",
    "not_reached": "Nobody was reached.",
    "bad_number": "The carrier says that the number is none.",
    "failed": "The call failed.",
    "hung_up": "The line was gone before anything was agreed.",
    "unclear": "They talked, and nothing was agreed.",
}
# Replies that an agent file has under these ids, and what the playbook says of a team's size.
_LINES: Final[Mapping[str, Disposition]] = {
    "wrong_number": "wrong_person",
    "hostile": "not_interested",
    "voicemail": "not_reached",
    "unfit": "unfit",
}
_WHY_WORDS: Final = 30  # of a reason; the rest is in the transcript


class Ended(Struct, frozen=True):
    """A call that is over: the word of its record, when it was placed, and what was heard."""

    outcome: str
    placed_at: float
    heard: tuple[Said, ...] = ()


class Finding(Struct, frozen=True):
    """What came of it; `callback_at` is seconds since 1970."""

    disposition: Disposition
    summary: str
    fields: dict[str, str] = {}
    callback_at: float | None = None


class _State(Struct):
    """Where a talk stood after its latest exchange."""

    mark: Disposition | None = None
    when: When = When()


def find(
    ended: Ended, agent: Agent, zone: ZoneInfo | None, known: Mapping[str, str] = NOTHING
) -> Finding:
    """What rules find. `zone` is the callee's; `known` is what the contact list told of them."""
    memory = begun(known, may_transfer=agent.phone.transfer is not None)
    state = _lived_through(agent, _upto_the_caller(ended.heard), memory)
    disposition = _decided(ended, state)
    facts = facts_of(memory)
    callback_at = None
    if disposition == "callback":
        callback_at = clock_time(state.when, ended.placed_at, zone)
    return Finding(
        disposition,
        _summary(disposition, ended, state, facts),
        {one.name: facts[one.name] for one in agent.fields if one.name in facts},
        callback_at,
    )


def is_of_record(ended: Ended, found: Disposition) -> bool:
    """Nobody may think otherwise: the record says so, or they asked for no more calls."""
    return ended.outcome in OF_RECORD or found == "opted_out" or not _spoke(ended.heard)


def _upto_the_caller(heard: Sequence[Said]) -> tuple[Said, ...]:
    """Without the agent's last words: nothing was said to them that would have to be understood."""
    last = max((at for at, line in enumerate(heard) if line.role == "user"), default=-1)
    return tuple(heard[: last + 1])


def _spoke(heard: Sequence[Said]) -> bool:
    return any(line.role == "user" and line.content.strip() for line in heard)


def _lived_through(agent: Agent, heard: tuple[Said, ...], memory: Memory) -> _State:
    state, before = _State(), (0, "talk")
    for exchange in exchanges(agent, heard, memory):
        mark = _mark(exchange, before)
        if mark is not None and state.mark != "opted_out":  # which nothing takes back
            state = _State(mark, memory.when)
        before = memory.refusals, memory.stage
    return state


def _mark(exchange: Exchange, before: tuple[int, str]) -> Disposition | None:
    """What an exchange has decided; None where it leaves things as they were."""
    step = exchange.step
    if step.does == "opt_out":
        return "opted_out"
    lines = {name for name, _ in step.say}
    named = next((mark for line, mark in _LINES.items() if line in lines), None)
    if named is None and step.ends and exchange.asked.startswith("about:"):
        return "unfit"
    return named or _agreed(exchange, lines, before)


def _agreed(exchange: Exchange, lines: set[str], before: tuple[int, str]) -> Disposition | None:
    memory = exchange.memory
    refusals, stage = before
    if "booked" in lines:  # where the question was given up, they did not say yes
        agreed = memory.when.whole() and exchange.asked not in memory.done
        return "meeting_booked" if agreed else "interested"
    # "Declined" is said, too, to one whose time was not understood.
    declined = "declined" in lines and "callback" not in memory.done
    if declined or memory.refusals > refusals:
        return "not_interested"
    if "callback" in {stage, memory.stage}:
        return "callback" if memory.when.known() else "no_time"
    return "interested" if memory.stage == "demo" else None


def _decided(ended: Ended, state: _State) -> Disposition:
    of_record = OF_RECORD.get(ended.outcome)
    if of_record is not None:
        return of_record
    if state.mark is not None:
        return state.mark
    if ended.outcome in FAULTS:
        return "failed"
    if not _spoke(ended.heard):
        return "not_reached"
    return "hung_up" if ended.outcome in _LOST else "unclear"


def _summary(
    disposition: Disposition, ended: Ended, state: _State, facts: Mapping[str, str]
) -> str:
    sentence = _SENTENCES[disposition].format(when=state.when.spoken())
    if disposition == "not_reached":
        sentence = _SILENT.get(ended.outcome, sentence)
    if not _spoke(ended.heard) or disposition in {"voicemail_left", "no_message", "not_reached"}:
        return sentence
    why = " ".join(facts.get("why", "").split()[:_WHY_WORDS])
    reason = f'Asked why, they said: "{why}".' if why and disposition == "not_interested" else ""
    return " ".join(filter(None, (sentence, reason or told(facts))))
