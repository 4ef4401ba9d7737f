"""How a server is set so that everybody whom it asks is simulated."""

from __future__ import annotations

from typing import Final

from vantum.simulator.stage import ONE_ACCOUNT

OUR_NUMBER: Final = "+15550199999"


def carrier_settings(simulator_url: str) -> dict[str, str]:
    """The telephone; where the server itself is reached (PUBLIC_URL) is for the caller to say."""
    return {
        "TWILIO_BASE_URL": simulator_url,
        "TWILIO_ACCOUNT_SID": ONE_ACCOUNT.sid,
        "TWILIO_AUTH_TOKEN": ONE_ACCOUNT.token,
        "TWILIO_PHONE_NUMBER": OUR_NUMBER,
    }


def speech_settings(simulator_url: str) -> dict[str, str]:
    """Recogniser and voice."""
    return {
        "STT_PROVIDER": "deepgram",
        "DEEPGRAM_BASE_URL": simulator_url,
        "TTS_PROVIDER": "cartesia",
        "CARTESIA_BASE_URL": simulator_url,
    }
