"""Media Streams, word for word as the carrier writes them."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from vantum.wire import twilio as t

START = """{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"accountSid":"AC1",
"streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw",
"sampleRate":8000,"channels":1},"customParameters":{"token":"abc"}}}"""


def test_a_stream_begins_with_the_call_and_what_our_twiml_gave_it() -> None:
    start = t.from_carrier(START)
    assert isinstance(start, t.Start)
    assert (start.start.call_sid, start.start.custom_parameters) == ("CA1", {"token": "abc"})
    assert start.start.media_format == t.MediaFormat("audio/x-mulaw", 8_000, 1)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"event":"connected","protocol":"Call","version":"1.0.0"}', t.Connected),
        (
            '{"event":"dtmf","sequenceNumber":"5","streamSid":"MZ1",'
            '"dtmf":{"track":"inbound_track","digit":"#"}}',
            t.Dtmf,
        ),
        ('{"event":"mark","sequenceNumber":"9","streamSid":"MZ1","mark":{"name":"7:3"}}', t.Mark),
        (
            '{"event":"stop","sequenceNumber":"9","streamSid":"MZ1",'
            '"stop":{"accountSid":"AC1","callSid":"CA1"}}',
            t.Stop,
        ),
    ],
)
def test_each_kind_of_message_is_known(text: str, kind: type) -> None:
    assert isinstance(t.from_carrier(text), kind)


def test_sound_is_bytes_inside_and_base64_outside() -> None:
    text = t.written(t.Media("2", "MZ1", t.InboundSound("inbound", "1", "20", b"\xff" * 160)))
    assert json.loads(text)["media"]["payload"] == "/" * 213 + "w=="
    heard = t.from_carrier(text)
    assert isinstance(heard, t.Media)
    assert heard.media.payload == b"\xff" * 160


def test_a_kind_of_message_that_nobody_knows_is_passed_over() -> None:
    assert t.from_carrier('{"event":"weather","sequenceNumber":"3"}') is None


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", '{"event":"media"}', '{"event":5}'])
def test_what_is_no_message_is_named_as_such(text: str) -> None:
    with pytest.raises(t.MessageError):
        t.from_carrier(text)


@given(some.binary(max_size=400) | some.text(max_size=400))
def test_no_message_whatever_breaks_the_reader(text: bytes | str) -> None:
    with suppress(t.MessageError):
        t.from_carrier(text)


def test_what_we_send_is_what_the_carrier_reads() -> None:
    for message in (
        t.Play("MZ1", t.OutboundSound(b"\x00\x7f\xff")),
        t.Label("MZ1", t.Name("3:1600")),
        t.Clear("MZ1"),
    ):
        assert t.to_carrier(t.written(message)) == message


@pytest.mark.parametrize(
    "text",
    [
        '{"event":"mark","streamSid":"MZ1"}',
        '{"event":"media","streamSid":"MZ1","media":{"payload":"_w=="}}',
        '{"event":"clear","streamSid":"MZ1","extra":1}',
        '{"event":"pause","streamSid":"MZ1"}',
    ],
)
def test_the_carrier_does_not_take_what_lacks_or_exceeds(text: str) -> None:
    with pytest.raises(t.MessageError):
        t.to_carrier(text)
