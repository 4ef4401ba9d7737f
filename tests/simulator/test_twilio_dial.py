"""A simulated call is joined with another telephone, by number or in a room."""

from __future__ import annotations

from typing import Any

import pytest
from our_side import Rehearsal, eventually, rehearsing

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

CALLER, COLLEAGUE = "+15550100120", "+15550100121"
STAYS = {"act": "pause", "seconds": 60}


def says(text: str, *, after_s: float = 1.0) -> list[dict[str, Any]]:
    return [{"act": "pause", "seconds": after_s}, {"act": "say", "text": text}, STAYS]


async def all_calls(rehearsal: Rehearsal) -> dict[str, Any]:
    """The newest call of each telephone."""
    calls = await rehearsal.client.calls.list_async()
    return {one.to: one for one in reversed(calls)}


async def hears(rehearsal: Rehearsal, sid: str, text: str) -> None:
    heard = ""
    while text not in heard:
        report = await rehearsal.report(sid)
        heard = " ".join(one["text"] or "" for one in report["heard"])
        await eventually(lambda: True)


async def test_two_are_joined_and_hear_each_other() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.casts(number=CALLER, script=says("Is anybody there?"))
        await rehearsal.casts(number=COLLEAGUE, script=says("Sales, good morning.", after_s=2.0))
        us = rehearsal.us
        us.twiml["/voice"] = (
            f'<Response><Dial action="after"><Number statusCallback="{us.url}/leg" '
            f'statusCallbackEvent="answered completed">{COLLEAGUE}</Number></Dial></Response>'
        )
        us.twiml["/after"] = "<Response><Hangup/></Response>"
        call = await rehearsal.calls(CALLER)
        await eventually(lambda: us.told("/leg"))
        [leg] = us.told("/leg")
        assert (leg["ParentCallSid"], leg["Direction"]) == (call.sid, "outbound-dial")
        assert (leg["To"], leg["CallStatus"]) == (COLLEAGUE, "in-progress")
        await hears(rehearsal, leg["CallSid"], "Is anybody there?")
        await hears(rehearsal, call.sid, "Sales, good morning.")
        [shown] = (await rehearsal.report(call.sid))["legs"]
        assert shown == {"sid": leg["CallSid"], "to": COLLEAGUE, "status": "in-progress"}
        await rehearsal.client.calls(leg["CallSid"]).update_async(status="completed")
        await rehearsal.ends(call.sid)
        [after] = us.told("/after")
        assert (after["DialCallSid"], after["DialCallStatus"]) == (leg["CallSid"], "completed")
        assert int(after["DialCallDuration"]) >= 1


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("+15550100101", "busy"),
        ("+15550100102", "no-answer"),
        ("+15550100109", "failed"),
    ],
)
async def test_one_who_does_not_answer_lets_the_call_go_on(number: str, status: str) -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        us.twiml["/voice"] = (
            f'<Response><Dial action="after" timeout="5">{number}</Dial></Response>'
        )
        call = await rehearsal.calls(CALLER)
        await rehearsal.ends(call.sid)
        assert us.told("/after")[0]["DialCallStatus"] == status
        assert us.statuses()[-1] == "completed"


@pytest.mark.parametrize("colleague", [COLLEAGUE, "+15550100102"])
async def test_when_the_caller_leaves_the_other_telephone_is_let_go(colleague: str) -> None:
    async with rehearsing() as rehearsal:
        rehearsal.us.twiml["/voice"] = (
            f'<Response><Dial timeout="600">{colleague}</Dial></Response>'
        )
        call = await rehearsal.calls(CALLER)
        dialled = rehearsal.simulator.stage.counts
        await eventually(lambda: dialled["twilio.ringing"] == 2)
        await call.update_async(status="completed")
        await eventually(lambda: dialled["twilio.completed"] == 2)
        assert (await all_calls(rehearsal))[colleague].status in {"completed", "canceled"}


async def test_a_room_joins_calls_by_its_name_and_ends_with_its_host() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.casts(number=CALLER, script=says("I am the caller."))
        await rehearsal.casts(number=COLLEAGUE, script=says("I am the host.", after_s=2.5))
        us = rehearsal.us
        events = f'statusCallback="{us.url}/room" statusCallbackEvent="start end join leave"'
        room = "<Response><Dial><Conference {ends} {events}>room-1</Conference></Dial></Response>"
        us.twiml["/caller"] = room.format(ends="", events=events)
        us.twiml["/host"] = room.format(ends='endConferenceOnExit="true"', events="")
        caller = await rehearsal.calls(CALLER, url=f"{us.url}/caller")
        host = await rehearsal.calls(COLLEAGUE, url=f"{us.url}/host")
        await hears(rehearsal, caller.sid, "I am the host.")
        await host.update_async(status="completed")
        await rehearsal.ends(caller.sid)
        await eventually(lambda: len(us.told("/room")) >= 3)
        told = [form["StatusCallbackEvent"] for form in us.told("/room")]
        assert told[:2] == ["participant-join", "conference-start"]
        assert {form["FriendlyName"] for form in us.told("/room")} == {"room-1"}
