"""How the receipt of a call is written, once the call is settled."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from vantum.agents.versions import duty_of
from vantum.campaigns.jobs import Together
from vantum.dialing.chain import canonical
from vantum.dialing.dial import ALLOWED
from vantum.dialing.receipts import (
    Heard,
    Line,
    Receipt,
    gate_of,
    hashed,
    lines_heard,
    ms,
    ms_or_none,
)
from vantum.store.agent_versions import AgentVersions
from vantum.store.database import Database
from vantum.store.jobs import Job
from vantum.store.receipts import Receipts
from vantum.store.settled import Settled, settled_calls
from vantum.telephony.settled import OUTCOMES, Outcome


def receipt_work(database: Database) -> Together:
    """What is done about jobs of the kind `receipt`. It raises RecordsError.

    Nothing is done about calls that are not settled, and about those that somebody made to us.
    """
    receipts, versions = Receipts(database), AgentVersions(database)

    async def write(jobs: Sequence[Job]) -> None:
        known = await settled_calls(database, [job.subject for job in jobs])
        ours = [one for one in known if one.call.direction == "outbound"]
        if not ours:
            return
        outcomes = [OUTCOMES.decode(one.call.outcome) for one in ours]
        wordings = await versions.of({outcome.agent_version for outcome in outcomes})
        lines = {digest: tuple(_lines(one.text)) for digest, one in wordings.items()}
        salts = await receipts.salts_of([one.call.call_id for one in ours])
        nobodys = secrets.token_hex()  # of numbers that were erased since, it may be just now
        written = {
            one.call.call_id: canonical(
                receipt_of(
                    one,
                    outcome,
                    lines.get(outcome.agent_version, ()),
                    their_salt=salts.get(one.call.their_number, nobodys),
                    our_salt=salts.get(one.call.our_number, nobodys),
                )
            )
            for one, outcome in zip(ours, outcomes, strict=True)
        }
        await receipts.append(written)

    return Together(write)


def receipt_of(
    known: Settled, outcome: Outcome, lines: tuple[Line, ...], *, their_salt: str, our_salt: str
) -> Receipt:
    """The receipt of a call whose agent has to say these lines."""
    call = known.call
    heard = (
        Heard(text=said.text, at_s=said.at_s, until_s=said.until_s)
        for said in outcome.transcript
        if said.who == "agent"
    )
    return Receipt(
        call_id=call.call_id,
        agent=call.agent,
        agent_version=outcome.agent_version or None,
        their_number=hashed(their_salt, call.their_number),
        our_number=hashed(our_salt, call.our_number),
        name=hashed(their_salt, known.name),
        company=hashed(their_salt, known.company),
        placed_at_ms=ms(call.placed_at),
        answered_at_ms=ms_or_none(call.answered_at),
        ended_at_ms=ms_or_none(call.ended_at),
        campaign_id=known.campaign_id,
        attempt=known.attempt,
        gate=gate_of(ALLOWED.decode(known.allowed), their_salt) if known.allowed else None,
        lines=lines_heard(lines, heard),
        recorded=bool(outcome.recording),
        opted_out_ms=ms_or_none(outcome.opted_out_s),
        outcome=outcome.outcome,
        answered_by=outcome.answered_by or None,
    )


def _lines(text: str) -> Iterator[Line]:
    duty = duty_of(text)
    if duty.recording:
        yield Line(role="recording", text=duty.recording)
    if duty.greeting:
        yield Line(role="greeting", text=duty.greeting)
    for line in duty.must_hear:
        yield Line(role="must_hear", text=line)
