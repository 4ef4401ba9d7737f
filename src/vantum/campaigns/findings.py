"""How it is found what came of a call, once it is settled, and a promised call is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from vantum.agents.contacts import known_of
from vantum.agents.findings import Ended, Finding, find, is_of_record
from vantum.agents.playbook import Said
from vantum.agents.schema import Agent
from vantum.campaigns.jobs import Together, Work
from vantum.dialing.places import of_zone, whereabouts
from vantum.dialing.retries import CLASSES
from vantum.errors import ProviderError, RecordsError, SettingsError
from vantum.store.attempts import Attempts
from vantum.store.database import Database
from vantum.store.findings import Findings, Found
from vantum.store.jobs import Job
from vantum.store.settled import Settled, settled_calls
from vantum.telemetry import Log
from vantum.telephony.settled import OUTCOMES, Outcome

PLAYBOOK: Final = "playbook"
_HELD: Final = frozenset({"dialing", "live"})


class Mind(Protocol):
    """A model that reads transcripts."""

    name: str

    async def find(
        self, ended: Ended, agent: Agent, zone: ZoneInfo | None, rules: Finding
    ) -> Finding:
        """What it finds, given what rules found. Raises ProviderError."""
        ...


class Finder(Struct, frozen=True):
    """What finding takes; without a `mind` there are the rules alone."""

    database: Database
    attempts: Attempts
    agents: Mapping[str, Agent]
    now: Callable[[], float]
    log: Log
    mind: Mind | None = None


def finding_work(finder: Finder) -> Work | Together:
    """The work of jobs of the kind `finding`. It may be done again: the first finding stays.

    Raises RecordsError for what may work later, SettingsError where the agent file is gone.
    """
    findings = Findings(finder.database)

    async def find_all(jobs: Sequence[Job]) -> None:
        calls = await settled_calls(finder.database, [job.subject for job in jobs])
        if len(calls) < len(jobs):
            raise RecordsError("the call is not settled yet")
        before = await findings.of([one.call.call_id for one in calls])
        known = {one.call_id for one in before}
        fresh = [await _found(finder, one) for one in calls if one.call.call_id not in known]
        callbacks = {one.call_id: one.callback_at for one in before + await findings.keep(fresh)}
        for one in calls:
            at = callbacks.get(one.call.call_id)
            if at is not None and one.state:
                await _promise(finder, one, at)

    async def find_one(job: Job) -> None:
        await find_all([job])

    return Together(find_all) if finder.mind is None else find_one


async def _found(finder: Finder, settled: Settled) -> Found:
    finding, found_by = await _judged(finder, settled)
    return Found(
        call_id=settled.call.call_id,
        disposition=finding.disposition,
        summary=finding.summary,
        fields=finding.fields,
        callback_at=finding.callback_at,
        found_by=found_by,
        found_at=finder.now(),
    )


async def _judged(finder: Finder, settled: Settled) -> tuple[Finding, str]:
    call = settled.call
    agent = finder.agents.get(call.agent)
    if agent is None:
        raise SettingsError(f"the agent file `{call.agent}` is gone: nothing can be found by it")
    ended = ended_of(OUTCOMES.decode(call.outcome))
    zone = zone_of(call.their_number, settled.address, settled.timezone)
    rules = find(ended, agent, zone, known_of(call.facts))
    if finder.mind is None or is_of_record(ended, rules.disposition):
        return rules, PLAYBOOK
    try:
        return await finder.mind.find(ended, agent, zone, rules), finder.mind.name
    except ProviderError as error:
        finder.log.warning("finding_by_rules", call_id=call.call_id, why=str(error))
        return rules, PLAYBOOK


async def _promise(finder: Finder, settled: Settled, at: float) -> None:
    call_id = settled.call.call_id
    word = OUTCOMES.decode(settled.call.outcome).outcome
    if settled.state in _HELD and word in CLASSES:
        raise RecordsError("the attempt has not ended: its own retry comes first, to be moved")
    planned = await finder.attempts.again(call_id, at, finder.now())
    finder.log.info("callback", call_id=call_id, at=at, planned=planned)


def ended_of(outcome: Outcome) -> Ended:
    """A call's record, as the rules read it."""
    heard = tuple(
        Said("user" if said.who == "caller" else "assistant", said.text, said.interrupted)
        for said in outcome.transcript
    )
    return Ended(outcome.outcome, outcome.placed_at, heard)


def zone_of(number: str, address: str, timezone: str) -> ZoneInfo | None:
    """Where somebody is, by what was said of them, else by their number; None where it is unknown.

    Of several zones the last to reach an hour: nobody is called before the time they named.
    """
    place = of_zone(timezone) if timezone else whereabouts(number, address, "")
    zones = sorted(place.zones) if place is not None else []
    found = [zone for name in zones if (zone := _zone(name)) is not None]
    return max(found, key=_behind_s, default=None)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return None


def _behind_s(zone: ZoneInfo) -> float:
    offset = datetime(2026, 1, 1, tzinfo=zone).utcoffset()  # in winter or summer, the order is one
    return -(offset or timedelta()).total_seconds()
