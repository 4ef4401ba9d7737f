"""What the carrier is told to do with an answered leg, in its own language (TwiML)."""

from __future__ import annotations

from twilio.twiml.voice_response import Connect, Dial, VoiceResponse


def talk(stream_url: str, token: str) -> str:
    """Carry the call's sound to us; when the stream ends, so does the call."""
    response = VoiceResponse()
    connect = Connect()
    connect.stream(url=stream_url).parameter(name="token", value=token)
    response.append(connect)
    response.hangup()
    return str(response)


def hang_up() -> str:
    """End the call."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def put_through(number: str, caller_id: str) -> str:
    """Connect the caller with somebody else; we are out of it."""
    response = VoiceResponse()
    dial = Dial(caller_id=caller_id, timeout=30)
    dial.number(number)
    response.append(dial)
    return str(response)
