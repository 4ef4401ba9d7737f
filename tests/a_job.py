"""A job, as whoever works on it is given it."""

from __future__ import annotations

import math

from vantum.campaigns.jobs import Together, Work
from vantum.store.jobs import Job


def about(subject: str) -> Job:
    """A job about this, taken for the first time."""
    return Job(f"job-{subject}", "", subject, details="", tries=1, epoch=1, lease_until=math.inf)


async def do(work: Work | Together, subject: str) -> None:
    """Do the job about this."""
    await (work.do([about(subject)]) if isinstance(work, Together) else work(about(subject)))
