"""How long what is kept, and what is due to go on a day."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

DAY_S: Final = 86_400.0
# No rule looks further back: a call that was forgotten would not count against the next.
LEAST_CALL_DAYS: Final = 31

Kind = Literal["recordings", "transcripts", "calls", "receipts", "failed_jobs"]


class Keeping(Struct, frozen=True, kw_only=True):
    """Days that each kind is kept from the call, or a job's last try, on; 0 is for ever."""

    recordings: int
    transcripts: int
    calls: int
    receipts: int
    failed_jobs: int


def due(keeping: Keeping, now: float) -> dict[Kind, float]:
    """Of each kind that does not stay for ever: what is from before that moment has to go."""
    days: dict[Kind, int] = {
        "recordings": keeping.recordings,
        "transcripts": keeping.transcripts,
        "calls": keeping.calls and max(keeping.calls, LEAST_CALL_DAYS),
        "receipts": keeping.receipts,
        "failed_jobs": keeping.failed_jobs,
    }
    return {kind: now - many * DAY_S for kind, many in days.items() if many}
