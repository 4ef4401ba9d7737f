"""Whether somebody may be called whom an operator names, outside of any campaign."""

from __future__ import annotations

from collections.abc import Callable

from vantum.campaigns.law import Law
from vantum.campaigns.rehearsal import consenting
from vantum.dialing.candidate import Wait
from vantum.errors import RequestError
from vantum.store.numbers import Numbers


class Permission:
    """Whether single numbers may be called, as an operator asks for it."""

    def __init__(self, law: Law, numbers: Numbers, now: Callable[[], float]) -> None:
        self._law = law
        self._numbers = numbers
        self._now = now

    async def check(self, phone: str, caller_id: str) -> str:
        """The evidence that this number may be called now, as JSON.

        Raises RequestError with the reason that it may not, and RecordsError.
        """
        now = self._now()
        known = await self._numbers.of(phone, now)
        if self._law.pretended_s:
            known = consenting(known, now)
        verdict = self._law.judge(phone, known, caller_id=caller_id, at=now)
        if isinstance(verdict, Wait):
            raise RequestError(f"Not called. {verdict.reason}", code="INVALID_STATE")
        return verdict.evidence
