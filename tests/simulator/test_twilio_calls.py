"""The life of a simulated call, driven by the vendor's own client and checked by its validator."""

from __future__ import annotations

from typing import Any

import pytest
from caller import mulaw, tone
from our_side import eventually, rehearsing
from starlette.responses import Response

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

PERSON, SILENT = "+15550100100", "+15550100107"
ALL = ["initiated", "ringing", "in-progress", "completed"]


async def test_a_call_rings_is_answered_and_carries_sound_both_ways() -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        us.twiml["/voice"] = us.connects(token="one-time")
        call = await rehearsal.calls(PERSON)
        assert (call.status, call.direction, call.to) == ("queued", "outbound-api", PERSON)
        stream = await us.stream()
        await eventually(lambda: len(stream.sound) > 60)
        await stream.plays(mulaw(tone(0.5)), mark="end")
        await eventually(lambda: stream.marks() == ["end"])
        assert (await call.fetch_async()).status == "in-progress"
        await call.update_async(status="completed")
        await rehearsal.ends(call.sid)
        assert stream.events() == ["connected", "start", "mark", "stop"]
        assert us.statuses() == ALL
        ended = await call.fetch_async()
        assert (ended.status, int(ended.duration) < 30) == ("completed", True)
        assert ended.start_time <= ended.end_time


async def test_every_request_says_which_call_it_is_about() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.us.twiml["/voice"] = "<Response><Hangup/></Response>"
        call = await rehearsal.calls(PERSON)
        await rehearsal.ends(call.sid)
        [voice] = rehearsal.us.told("/voice")
        assert (voice["CallStatus"], voice["Direction"]) == ("in-progress", "outbound-api")
        for form in [voice, *rehearsal.us.told()]:
            assert (form["CallSid"], form["AccountSid"]) == (call.sid, call.account_sid)
            assert (form["To"], form["Called"], form["ApiVersion"]) == (
                PERSON,
                PERSON,
                "2010-04-01",
            )
        assert [form["SequenceNumber"] for form in rehearsal.us.told()] == ["0", "1", "2", "3"]
        last = rehearsal.us.told()[-1]
        assert (last["SipResponseCode"], last["CallDuration"]) == ("200", "0")


@pytest.mark.parametrize(
    ("number", "statuses", "sip"),
    [
        ("+15550100101", ["initiated", "busy"], "486"),
        ("+15550100102", ["initiated", "ringing", "no-answer"], "487"),
        ("+15550100109", ["initiated", "failed"], "404"),
    ],
)
async def test_a_call_that_nobody_answers(number: str, statuses: list[str], sip: str) -> None:
    async with rehearsing() as rehearsal:
        call = await rehearsal.calls(number, timeout=5)
        await rehearsal.ends(call.sid)
        assert rehearsal.us.statuses() == statuses
        assert rehearsal.us.told()[-1]["SipResponseCode"] == sip
        fetched = await call.fetch_async()
        assert (fetched.status, fetched.duration) == (statuses[-1], "0")


async def test_who_lets_it_ring_for_longer_than_we_wait_does_not_answer() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.casts(number=PERSON, ring_s=30.0)
        call = await rehearsal.calls(PERSON, timeout=5)
        await rehearsal.ends(call.sid)
        assert rehearsal.us.statuses() == ["initiated", "ringing", "no-answer"]


async def test_without_a_wish_only_the_end_is_told() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.us.twiml["/voice"] = "<Response/>"
        call = await rehearsal.calls(PERSON, status_callback_event=[])
        await rehearsal.ends(call.sid)
        assert rehearsal.us.statuses() == ["completed"]
        assert rehearsal.us.told()[0]["SequenceNumber"] == "0"


# -- how callbacks go wrong ------------------------------------------------------------------------


async def told_with(fault: str, **how: Any) -> list[tuple[str, str]]:
    """Sequence numbers and statuses, in the order in which they came."""
    async with rehearsing() as rehearsal:
        rehearsal.us.twiml["/voice"] = "<Response><Pause length='1'/></Response>"
        rehearsal.simulator.breaks("twilio", fault, **how)
        call = await rehearsal.calls(PERSON)
        await rehearsal.ends(call.sid)
        told = rehearsal.us.told
        if fault == "callback_late":
            await eventually(lambda: len(told()) == 4)
        return [(form["SequenceNumber"], form["CallStatus"]) for form in told()]


async def test_a_callback_is_overtaken() -> None:
    told = await told_with("callback_late", skip=1, seconds=0.5)
    assert sorted(told) == list(zip("0123", ALL, strict=True))
    assert told != sorted(told)


async def test_a_callback_comes_twice() -> None:
    told = await told_with("callback_twice", skip=3)
    assert told == [*zip("0123", ALL, strict=True), ("3", "completed")][: len(told)]


async def test_a_callback_is_lost() -> None:
    told = await told_with("callback_lost", skip=2)
    assert [number for number, _ in told] == ["0", "1", "3"]


async def test_a_callback_comes_before_the_call_is_known() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.simulator.breaks("twilio", "callback_first")
        call = await rehearsal.calls(PERSON)
        assert rehearsal.us.told()[0]["CallSid"] == call.sid


# -- what is done with an answered call ------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(status_code=500), "11200"),
        (Response("<Response>", media_type="text/xml"), "12100"),
        (Response("no xml", media_type="text/plain"), "12100"),
    ],
)
async def test_a_document_that_cannot_be_had_ends_the_call(answer: Response, code: str) -> None:
    async with rehearsing() as rehearsal:
        rehearsal.us.answers["/voice"] = answer
        call = await rehearsal.calls(PERSON)
        await rehearsal.ends(call.sid)
        assert rehearsal.us.statuses() == ALL
        assert rehearsal.simulator.stage.counts[f"twilio.{code}"] == 1


async def test_a_server_that_is_not_there_ends_the_call() -> None:
    async with rehearsing() as rehearsal:
        call = await rehearsal.calls(PERSON, url="http://127.0.0.1:9/voice")
        await rehearsal.ends(call.sid)
        assert rehearsal.simulator.stage.counts["twilio.11205"] == 1


async def test_a_document_may_come_with_the_request_and_leads_to_others() -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        us.twiml["/next"] = (
            "<Response><Unknown/><Redirect method='GET'>last?a=1</Redirect></Response>"
        )
        us.twiml["/last"] = "<Response><Hangup/><Redirect>never</Redirect></Response>"
        call = await rehearsal.calls(
            PERSON, url=None, twiml=f"<Response><Redirect>{us.url}/next</Redirect></Response>"
        )
        await rehearsal.ends(call.sid)
        assert [path for path, _ in us.asked if path != "/status"] == ["/next", "/last"]
        assert us.told("/last")[0]["a"] == "1"
        assert rehearsal.simulator.stage.counts["twilio.12200"] == 1


async def test_what_is_said_takes_as_long_as_its_text_and_is_heard() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.us.twiml["/voice"] = (
            "<Response><Pause length='1'/><Say>One moment please.</Say></Response>"
        )
        call = await rehearsal.calls(SILENT)
        await rehearsal.ends(call.sid)
        report = await rehearsal.report(call.sid)
        [heard] = report["heard"]
        assert heard["text"] == "One moment please."
        assert heard["from_s"] == pytest.approx(1.0, abs=0.1)
        assert heard["to_s"] - heard["from_s"] == pytest.approx(1.2, abs=0.15)


async def test_when_our_socket_closes_the_next_verb_follows() -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        us.twiml["/voice"] = us.connects(after="<Redirect>after</Redirect>")
        us.twiml["/after"] = "<Response><Hangup/></Response>"
        call = await rehearsal.calls(SILENT)
        stream = await us.stream()
        await stream.close()
        await rehearsal.ends(call.sid)
        assert len(us.told("/after")) == 1
        assert stream.events() == ["connected", "start"]


async def test_when_our_socket_closes_and_nothing_follows_the_call_is_over() -> None:
    async with rehearsing() as rehearsal:
        call = await rehearsal.calls(SILENT)
        await (await rehearsal.us.stream()).close()
        await rehearsal.ends(call.sid)
        assert rehearsal.us.statuses() == ALL


async def test_a_redirected_call_leaves_its_stream_and_may_open_another() -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        call = await rehearsal.calls(SILENT)
        first = await us.stream()
        await call.update_async(
            twiml=f'<Response><Play digits="1"/><Redirect>{us.url}/voice</Redirect></Response>'
        )
        second = await us.stream(1)
        assert first.events()[-1] == "stop"
        assert first.closed
        assert first.sid != second.sid
        assert (await rehearsal.report(call.sid))["heard_keys"] == "1"
        assert (await call.fetch_async()).status == "in-progress"


async def test_a_call_lasts_no_longer_than_it_may() -> None:
    async with rehearsing() as rehearsal:
        call = await rehearsal.calls(SILENT, time_limit=1)
        await rehearsal.ends(call.sid)
        stream = await rehearsal.us.stream()
        assert stream.events()[-1] == "stop"
        assert rehearsal.us.statuses() == ALL


async def test_keys_are_sent_when_it_is_answered() -> None:
    async with rehearsing() as rehearsal:
        call = await rehearsal.calls(SILENT, send_digits="w12")
        await rehearsal.us.stream()
        assert (await rehearsal.report(call.sid))["heard_keys"] == "12"
