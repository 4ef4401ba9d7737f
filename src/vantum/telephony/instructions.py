"""What the carrier is told to do with an answered leg, in its own language (TwiML)."""

from __future__ import annotations

from twilio.twiml.voice_response import Connect, Dial, VoiceResponse


def talk(stream_url: str, token: str, *, then_room: str = "") -> str:
    """Carry the call's sound to us; when the stream ends, so does the call, or it enters a room."""
    response = VoiceResponse()
    connect = Connect()
    connect.stream(url=stream_url).parameter(name="token", value=token)
    response.append(connect)
    if then_room:
        response.append(_room(then_room))
    response.hangup()
    return str(response)


def busy() -> str:
    """Do not answer: the caller hears the busy tone and pays nothing."""
    response = VoiceResponse()
    response.reject(reason="busy")
    return str(response)


def hang_up() -> str:
    """End the call."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def join(room: str) -> str:
    """Let the call talk with whoever is in the room, without us."""
    response = VoiceResponse()
    response.append(_room(room))
    return str(response)


def _room(name: str) -> Dial:
    """For two: it opens with the first, without a beep or music, and ends with either."""
    dial = Dial()
    dial.conference(
        name, beep="false", wait_url="", start_conference_on_enter=True, end_conference_on_exit=True
    )
    return dial
