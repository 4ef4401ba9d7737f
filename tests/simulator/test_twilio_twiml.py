"""TwiML is read as the vendor reads it, and nothing else is."""

from __future__ import annotations

import pytest
from twilio.twiml.voice_response import VoiceResponse

from vantum.simulator.twilio_twiml import (
    Conference,
    Document,
    Hangup,
    Number,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Stream,
    TwimlError,
    read,
)


def test_what_the_vendors_own_library_writes_is_understood() -> None:
    response = VoiceResponse()
    connect = response.connect(action="/after")
    stream = connect.stream(url="wss://vantum.example/media?x=1&y=2", name="n")
    stream.parameter(name="token", value="a<b&c")
    response.say("Goodbye & thanks.")
    response.pause(length=2)
    response.play(digits="1w2")
    response.redirect("/next", method="GET")
    response.reject(reason="busy")
    response.hangup()
    assert read(str(response)) == Document(
        (
            Stream("wss://vantum.example/media?x=1&y=2", "n", {"token": "a<b&c"}, action="/after"),
            Say("Goodbye & thanks."),
            Pause(2.0),
            Play(digits="1w2"),
            Redirect("/next", "GET"),
            Reject("busy"),
            Hangup(),
        )
    )


def test_a_dial_names_numbers_or_a_room() -> None:
    response = VoiceResponse()
    dial = response.dial(timeout=12, action="/after", caller_id="+15550001000")
    dial.number("+15550100100", status_callback="/leg", status_callback_event="ringing answered")
    response.dial("+15550100101")
    response.dial().conference("room", end_conference_on_exit=True, status_callback_event="join")
    first, second, room = read(str(response)).verbs
    assert first == Number(
        "+15550100100", "+15550001000", 12.0, "/after", "/leg", ("ringing", "answered")
    )
    assert isinstance(second, Number)
    assert (second.number, second.timeout_s) == ("+15550100101", 30.0)
    assert room == Conference("room", starts=True, ends=True, status_events=("join",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<Response>",
        "<Answer/>",
        "<Response><Say>a & b</Say></Response>",
        '<!DOCTYPE r [<!ENTITY a "aaaa">]><Response><Say>&a;</Say></Response>',
    ],
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(TwimlError):
        read(text)


def test_what_is_not_understood_is_left_out_and_told() -> None:
    document = read(
        '<Response><Gather/><Connect><Stream name="no address"/></Connect><Pause length="x"/>'
        "<Hangup/></Response>"
    )
    assert document.verbs == (Hangup(),)
    assert len(document.unknown) == 3


def test_a_parameter_holds_less_than_500_characters() -> None:
    text = '<Response><Connect><Stream url="wss://a/b"><Parameter name="t" value="{}"/></Stream>'
    text += "</Connect></Response>"
    assert len(read(text.format("a" * 498)).verbs) == 1
    assert read(text.format("a" * 499)).verbs == ()
