"""How often a worker does what: dial, end attempts, take over, work off jobs."""

from __future__ import annotations

from typing import Final

DIAL_S: Final = 0.5  # half of what dials are claimed ahead
NAMES_S: Final = 0.4  # the carrier's names of calls are written together
FINISH_S: Final = 1.0
CLOSE_S: Final = 5.0
MAKE_S: Final = 15.0  # a part of a campaign is made in less, mostly
TAKE_OVER_S: Final = 2.0
INQUIRE_S: Final = 5.0
JOBS_S: Final = 0.5
TOGETHER_S: Final = 2.0  # of jobs that cost as much for many as for one
