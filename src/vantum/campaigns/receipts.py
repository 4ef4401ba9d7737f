"""How the receipt of a call is written, once the call is settled."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

import msgspec

from vantum.agents.versions import duty_of
from vantum.campaigns.jobs import Work
from vantum.dialing.chain import canonical
from vantum.dialing.dial import Allowed
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
from vantum.store.settled import Settled, settled_call
from vantum.telephony.settled import Outcome

_OUTCOME: Final = msgspec.json.Decoder(Outcome)
_ALLOWED: Final = msgspec.json.Decoder(Allowed)


def receipt_work(database: Database) -> Work:
    """What is done about jobs of the kind `receipt`. It raises RecordsError.

    Nothing is done about calls that are not settled, and about those that somebody made to us.
    """
    receipts, versions = Receipts(database), AgentVersions(database)

    async def write(job: Job) -> None:
        known = await settled_call(database, job.subject)
        if known is None or known.call.direction != "outbound":
            return
        outcome = _OUTCOME.decode(known.call.outcome)
        version = await versions.by_digest(outcome.agent_version)
        lines = tuple(_lines(version.text)) if version else ()
        theirs, ours = [
            await receipts.salt_of(number) if number else secrets.token_hex()
            for number in (known.call.their_number, known.call.our_number)
        ]
        receipt = receipt_of(known, outcome, lines, their_salt=theirs, our_salt=ours)
        await receipts.append(job.subject, canonical(receipt))

    return write


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
        gate=gate_of(_ALLOWED.decode(known.allowed), their_salt) if known.allowed else None,
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
