"""What is known of one connection besides its talk: who it is, and when it was last alive."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Activity = Literal["idle", "active", "ended"]


class Session(Struct):
    """One connection = one call = one session. Times are clock seconds (monotonic)."""

    session_id: str
    connection_id: str
    created_at: float
    last_activity: float
    client: Literal["browser", "twilio"] = "browser"
    address: str = ""
    user_agent: str = ""
    state: Activity = "idle"
    rate_hz: int = 0
    language: str = ""
    voice_id: str = ""
    end_reason: str = "disconnected"  # until the call itself knows a better one

    def touch(self, now: float) -> None:
        """The peer gave a sign of life."""
        self.last_activity = now

    def is_expired(self, now: float, *, idle_s: float, age_s: float) -> bool:
        """It was idle or lived for too long."""
        return now - self.last_activity > idle_s or now - self.created_at > age_s
