"""Whether a number may be called at a moment: what is known of it, put before the gate."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from vantum.campaigns.rehearsal import is_rehearsal, pretended_s
from vantum.dialing import gate
from vantum.dialing.candidate import Candidate, Decide, Go, Wait
from vantum.dialing.dial import Dial, Refused, Suppression
from vantum.dialing.hours import Week
from vantum.dialing.known import Known
from vantum.dialing.rules import Purpose, Rules, shipped_rules
from vantum.settings import Settings

BUSY_S: Final = 60.0  # until a number that is on the phone with us is looked at again


class Law(msgspec.Struct, frozen=True):
    """What the gate goes by; `pretended_s` is how much later a rehearsal takes it to be."""

    rules: Rules
    owned: frozenset[str]  # numbers that are ours to show
    pretended_s: float = 0.0

    def judge(
        self,
        phone: str,
        known: Known,
        *,
        caller_id: str,
        at: float,
        window: Week | None = None,
        purpose: Purpose = "telemarketing",
    ) -> Go | Wait:
        """Whether this number may be dialled at that moment."""
        if known.on_the_phone:
            return Wait("The number is on the phone with us.", at + BUSY_S)
        later = self.pretended_s
        suppressed = known.suppressed
        dial = Dial(
            number=phone,
            caller_id=caller_id,
            owned_caller_ids=self.owned,
            consents=known.consents,
            suppression=None if suppressed is None else Suppression(since=0.0, reason=suppressed),
            dnc=None,
            earlier=tuple(before + later for before in known.earlier),
            address=known.address,
            timezone=known.timezone,
            window=window,
            purpose=purpose,
            now=at + later,
        )
        verdict = gate.decide(dial, self.rules)
        if isinstance(verdict, Refused):
            again_at = None if verdict.again_at is None else verdict.again_at - later
            return Wait(f"{verdict.reason}: {verdict.sentence}", again_at)
        marked = msgspec.structs.replace(verdict, rehearsal=later > 0)
        evidence = msgspec.json.encode(marked).decode()
        return Go(evidence, verdict.duties.ring_at_least_s)


def of_campaigns(law: Law) -> Decide:
    """What decides about campaigns' contacts."""

    def decide(candidate: Candidate, at: float) -> Go | Wait:
        return law.judge(
            candidate.phone,
            candidate.known,
            caller_id=candidate.caller_id,
            at=at,
            window=candidate.plan.hours,
            purpose=candidate.plan.purpose,
        )

    return decide


def law_of(settings: Settings) -> Law:
    """That of this installation."""
    numbers = {settings.twilio_phone_number, *settings.twilio_caller_ids} - {None}
    later = pretended_s(time.time()) if is_rehearsal(settings) else 0.0
    return Law(shipped_rules(), frozenset(filter(None, numbers)), later)
