"""What is done when a provider stumbles: how long to wait before the next try, or to give up."""

from __future__ import annotations

from typing import Final

from vantum.conversation.events import Setback
from vantum.errors import ProviderError, Trouble
from vantum.limits import Budgets

_NO_WAITS: Final[tuple[float, ...]] = ()


def hearing_waits(budgets: Budgets, trouble: Trouble, *, first: bool) -> tuple[float, ...]:
    """Seconds before each further try of a recogniser (spec §6); `first`: it never worked."""
    by_trouble: dict[Trouble, tuple[float, ...]] = {
        # Of the first connection the table counts the try that failed, too.
        "network": budgets.stt_first_waits_s[1:] if first else budgets.stt_waits_s,
        "server": budgets.stt_server_waits_s,
        "unavailable": budgets.stt_unavailable_waits_s,
        "throttled": budgets.stt_throttled_waits_s,
    }
    return by_trouble.get(trouble, _NO_WAITS)


def speaking_waits(budgets: Budgets, trouble: Trouble) -> tuple[float, ...]:
    """Seconds before each further try of a voice (spec §8)."""
    if trouble == "throttled":
        return (budgets.tts_throttled_s,)
    return _NO_WAITS if trouble in {"fatal", "quota"} else (0.0, *budgets.tts_waits_s)


def next_wait_s(error: ProviderError, waits_s: tuple[float, ...], tries: int) -> float | None:
    """Seconds until try number `tries` (from 0) after this error; None where none is left.

    A vendor that says when to come back is believed, but not beyond the longest wait of the table.
    """
    if tries >= len(waits_s):
        return None
    if error.retry_after_s is not None:
        return min(error.retry_after_s, max(waits_s))
    return waits_s[tries]


def setback(error: ProviderError, *, unheard: bool = False) -> Setback:
    """What the client is told while it is being mended."""
    return Setback(error.service, error.trouble, str(error), unheard)
