"""When calls are rehearsals, and the hour that these pretend.

Nobody real can be reached through a carrier on this machine. The clock stands at noon there: what
is rehearsed at night is not the law's hours. Whom an operator calls by number counts as consenting
where nothing is recorded of them; a campaign's contacts do not. All else holds as in earnest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from vantum.dialing.dial import Consent
from vantum.dialing.known import Known
from vantum.hosts import THIS_MACHINE
from vantum.settings import Settings

_HOUR_UTC: Final = 18  # from the East's afternoon to the morning of Hawaii
_LAST_DAY: Final = 4  # Friday


def is_rehearsal(settings: Settings) -> bool:
    """The carrier is one that is simulated on this machine."""
    return urlsplit(settings.twilio_base_url).hostname in THIS_MACHINE


def pretended_s(now: float) -> float:
    """How far it is to the next weekday's hour at which people in the United States are called."""
    moment = datetime.fromtimestamp(now, UTC)
    hour = moment.replace(hour=_HOUR_UTC, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while hour.weekday() > _LAST_DAY:
        hour += timedelta(days=1)
    return (hour - moment).total_seconds()


def consenting(known: Known, now: float) -> Known:
    """The same, of somebody in New York who has agreed, where nothing else is known."""
    agreed = Consent(
        kind="written", source="rehearsal", given_at=now - 1, expires_at=None, revoked_at=None
    )
    return replace(
        known,
        consents=known.consents or (agreed,),
        address=known.address or "1 Main Street, New York, NY 10001",
        timezone=known.timezone or "America/New_York",
    )
