"""What the simulated Cartesia refuses, and how it words that by API version."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from vantum.providers.cartesia_voices import VOICES
from vantum.wire.cartesia import RATES_HZ, Error, GenerationRequest, VoiceRef

STRUCTURED_SINCE: Final = "2026-03-01"
MODELS: Final = ("sonic-3", "sonic-latest")  # beginnings; sonic, sonic-2 and sonic-turbo are gone
KNOWN_VOICES: Final = frozenset(voice.id for voice in VOICES)


class Refusal(Struct, frozen=True):
    """Why something is refused."""

    status: int
    code: str
    title: str
    message: str

    def worded(self, version: str, context_id: str | None = None) -> Error:
        """As an event of this API version."""
        if version < STRUCTURED_SINCE:
            text = f"{self.title}: {self.message}"
            return Error(context_id=context_id, status_code=self.status, error=text, done=True)
        return Error(
            context_id=context_id,
            status_code=self.status,
            error_code=self.code,
            title=self.title,
            message=self.message,
            request_id=f"simulated:{context_id or ''}:1",
            doc_url=f"https://docs.cartesia.ai/errors/{self.code}",
            done=True,
        )


UNAUTHORIZED: Final = Refusal(401, "unauthorized", "Unauthorized", "The key is not known.")
FORBIDDEN: Final = Refusal(403, "forbidden", "Forbidden", "The key may not do this.")
QUOTA: Final = Refusal(402, "quota_exceeded", "Out of credits", "Upgrade the plan to go on.")
CROWDED: Final = Refusal(
    429, "concurrency_limited", "Too many concurrent requests", "Wait, or upgrade the plan."
)
THROTTLED: Final = Refusal(429, "rate_limited", "Too many requests", "Try again later.")
UNAVAILABLE: Final = Refusal(503, "unavailable", "Service unavailable", "Try again later.")
BROKEN: Final = Refusal(500, "internal_error", "Internal error", "Generation failed.")
EXPIRED: Final = Refusal(400, "context_expired", "Context expired", "The context has expired.")
CHANGED: Final = Refusal(
    400,
    "invalid_request",
    "Invalid input",
    "An ended context takes no input, others only with the fields of the first one.",
)


def unreadable(why: str) -> Refusal:
    """A message that is no request."""
    return Refusal(400, "invalid_request", "Invalid request", why)


def objection(request: GenerationRequest, *, container: str = "raw") -> Refusal | None:
    """What is wrong with a request, if anything."""
    voice = request.voice.id if isinstance(request.voice, VoiceRef) else request.voice
    output = request.output_format
    if not request.model_id.startswith(MODELS):
        return Refusal(400, "model_not_found", "Invalid model", "There is no such model.")
    if voice not in KNOWN_VOICES:
        return Refusal(404, "voice_not_found", "Voice not found", "There is no such voice.")
    if output.container not in {"raw", container}:
        return unreadable(f"container {output.container} is not served here")
    if output.sample_rate not in RATES_HZ:
        return unreadable(f"sample_rate must be one of {RATES_HZ}")
    return None
