"""What it means for a call when Cartesia refuses something."""

from __future__ import annotations

from typing import Final

from vantum.errors import ProviderError, Trouble
from vantum.wire.cartesia import Error

_BY_STATUS: Final[dict[int, Trouble]] = {402: "quota", 429: "throttled", 503: "unavailable"}


def refused(error: Error, *, status: int = 0, retry_after: str = "") -> ProviderError:
    """The error to raise, for an event or for an HTTP answer of this status.

    The service's own words are left out: they may repeat what was to be said.
    """
    status = error.status_code or status
    return ProviderError(
        _why(status, error.error_code or ""),
        service="tts",
        trouble=_trouble(status),
        retry_after_s=float(retry_after) if retry_after.isdecimal() else None,
    )


def _trouble(status: int) -> Trouble:
    return _BY_STATUS.get(status, "fatal" if 400 <= status < 500 else "server")


def _why(status: int, code: str) -> str:
    if status in {401, 403}:
        return f"Cartesia refuses the key ({status}): check CARTESIA_API_KEY"
    if status == 402:
        return "the Cartesia account has nothing left to spend (402)"
    if status == 429:
        return "Cartesia is asked too much at once (429)"
    if "model" in code:
        return f"Cartesia does not know the model ({status}): check TTS_MODEL"
    if "voice" in code:
        return f"Cartesia does not know the voice ({status}): check CARTESIA_VOICE_ID"
    return f"Cartesia refuses ({status}{', ' + code if code.isidentifier() else ''})"
