"""What is put before the gate of a number: no dial is taken to be compared with a registry."""

from __future__ import annotations

import pytest

from vantum.campaigns.law import Law
from vantum.dialing.candidate import Go, Wait
from vantum.dialing.dial import Consent
from vantum.dialing.known import Known
from vantum.dialing.rules import ConsentKind, Purpose, shipped_rules

MORNING = 1_800_284_400.0  # Monday 2027-01-18, 10:00 in New York
NEW_YORK, OURS = "+12125550123", "+12125550199"


def judged(kind: ConsentKind, purpose: Purpose) -> Go | Wait:
    consent = Consent(
        kind=kind, source="a form", given_at=MORNING - 9, expires_at=None, revoked_at=None
    )
    law = Law(shipped_rules(), frozenset({OURS}))
    known = Known(consents=(consent,))
    return law.judge(NEW_YORK, known, caller_id=OURS, at=MORNING, purpose=purpose)


@pytest.mark.parametrize("purpose", ["telemarketing", "informational"])
def test_with_a_written_consent_no_registry_is_needed(purpose: Purpose) -> None:
    assert isinstance(judged("written", purpose), Go)


def test_with_a_weaker_one_nobody_is_called_whose_number_was_compared_with_no_registry() -> None:
    found = judged("express", "informational")
    assert isinstance(found, Wait)
    assert found.reason.startswith("no_dnc: ")
    assert found.until is None
