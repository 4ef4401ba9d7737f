"""Whether a provider gets on: by what it delivers, not by whether its socket is open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from vantum.errors import ProviderError, Service, Trouble

# One bad request is mended behind the scenes; three with nothing between them are no accident.
IN_A_ROW: Final = 3
NEWS_S: Final = 300.0  # a failure that is older says nothing of now, when nobody has asked again


class Progress(Struct, frozen=True):
    """How a provider stands."""

    gets_on: bool
    failures_in_a_row: int
    trouble: Trouble | None  # of the last of them
    overdue: int  # requests that have waited for longer than they should
    progressed_s_ago: float | None  # None: it was not needed yet


class Pulse:
    """What all calls of a process see of one provider."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._progressed_at: float | None = None
        self._failures = 0
        self._failed_at = 0.0
        self._trouble: Trouble | None = None
        self._due: dict[int, float] = {}  # of each request that waits
        self._asked = 0

    def came(self) -> None:
        """It has delivered something."""
        self._progressed_at = self._now()
        self._failures = 0
        self._trouble = None

    def failed(self, trouble: Trouble) -> None:
        """It has failed us, or somebody has given up waiting."""
        self._failures += 1
        self._failed_at = self._now()
        self._trouble = trouble

    @contextmanager
    def awaited(self, within_s: float) -> Iterator[None]:
        """Something is asked of it, and has come when this is left without an error."""
        self._asked += 1
        ticket, due = self._asked, self._now() + within_s
        self._due[ticket] = due
        given_up = True
        try:
            yield
            given_up = False
            self.came()
        except ProviderError as error:
            given_up = False
            self.failed(error.trouble)
            raise
        finally:
            del self._due[ticket]
            if given_up and self._now() > due:  # else it is no fault of the provider's
                self.failed("network")

    def progress(self) -> Progress:
        """How it stands now."""
        now = self._now()
        overdue = sum(now > due for due in self._due.values())
        fails = self._failures >= IN_A_ROW and now - self._failed_at < NEWS_S
        at = self._progressed_at
        return Progress(
            gets_on=not fails and not overdue,
            failures_in_a_row=self._failures,
            trouble=self._trouble,
            overdue=overdue,
            progressed_s_ago=None if at is None else round(now - at, 3),
        )


Pulses = Mapping[Service, Pulse]
