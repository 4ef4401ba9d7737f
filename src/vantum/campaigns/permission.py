"""Whether a contact may be called now: what the records know, put before the gate."""

from __future__ import annotations

import msgspec

from vantum.dialing import gate
from vantum.dialing.candidate import Candidate, Decide, Go, Wait
from vantum.dialing.dial import Consent, Dial, Refused, Suppression
from vantum.dialing.rules import Rules

BUSY_S = 60.0  # until a number that is on the phone with us is looked at again
_CONSENT = {"express", "written"}


def permission(rules: Rules, owned: frozenset[str], ahead_s: float = 0.0) -> Decide:
    """What decides about each dial; `owned` are the numbers that are ours to show.

    A rehearsal pretends that it is so much later, when people may be called.
    """

    def decide(candidate: Candidate, at: float) -> Go | Wait:
        if candidate.on_the_phone:
            return Wait("The number is on the phone with us.", at + BUSY_S)
        verdict = gate.decide(_dial(candidate, owned, at, ahead_s), rules)
        if isinstance(verdict, Refused):
            again_at = None if verdict.again_at is None else verdict.again_at - ahead_s
            return Wait(f"{verdict.reason}: {verdict.sentence}", again_at)
        return Go(msgspec.json.encode(verdict).decode())

    return decide


def _dial(candidate: Candidate, owned: frozenset[str], at: float, ahead_s: float) -> Dial:
    consents = [
        msgspec.convert(msgspec.structs.asdict(one), Consent)
        for one in candidate.consents
        if one.kind in _CONSENT
    ]
    suppressed = candidate.suppressed
    return Dial(
        number=candidate.phone,
        caller_id=candidate.caller_id,
        owned_caller_ids=owned,
        consents=tuple(consents),
        suppression=None if suppressed is None else Suppression(since=0.0, reason=suppressed),
        dnc=None,
        earlier=tuple(before + ahead_s for before in candidate.earlier),
        address=candidate.address,
        timezone=candidate.timezone,
        window=candidate.plan.hours,
        purpose=candidate.plan.purpose,
        now=at + ahead_s,
    )
