"""The carrier's REST interface, driven by the vendor's own client: what it takes and refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from our_side import US, Rehearsal, eventually, rehearsing
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from vantum.simulator.latency import PROFILES, Delay

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

PERSON, NOBODY = "+15550100100", "+15550100102"
SLOW = replace(PROFILES["fast"], ring=Delay(30.0))
TWIML = "<Response><Pause/></Response>"


async def code_of(placing: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refused:
        await placing
    return refused.value.status, refused.value.code


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": ""}, 21201),
        ({"From": ""}, 21213),
        ({"To": "0123"}, 21211),
        ({"To": "+1555010010x"}, 21211),
        ({"From": "Vantum"}, 21212),
        ({"Url": ""}, 21205),
        ({"Url": "ftp://vantum.example/"}, 21205),
        ({"Url": "", "Twiml": "<Response>" * 401}, 20001),
        ({"Timeout": "0"}, 20001),
        ({"Timeout": "601"}, 20001),
        ({"TimeLimit": "soon"}, 20001),
        ({"MachineDetection": "Perhaps"}, 20001),
        ({"Method": "PUT"}, 20001),
    ],
)
async def test_a_form_that_cannot_be_used_is_refused(form: dict[str, str], code: int) -> None:
    async with rehearsing() as rehearsal:
        account = rehearsal.simulator.stage.account
        path = f"/2010-04-01/Accounts/{account.sid}/Calls.json"
        usual = {"To": PERSON, "From": US, "Url": f"{rehearsal.us.url}/voice"}
        async with httpx.AsyncClient(
            base_url=rehearsal.simulator.url, auth=(account.sid, account.token)
        ) as http:
            answer = await http.post(path, data=usual | form)
        assert (answer.status_code, answer.json()["status"]) == (400, 400)
        assert answer.json()["code"] == code
        assert answer.json()["more_info"].endswith(str(code))
        assert PERSON not in answer.json()["message"]


async def test_only_the_account_with_its_secret_is_let_in() -> None:
    async with rehearsing() as rehearsal:
        stage = rehearsal.simulator.stage
        http = rehearsal.client.http_client
        wrong = Client(stage.account.sid, "wrong", http_client=http)
        stranger = Client("AC" + 32 * "9", stage.account.token, http_client=http)
        for client in (wrong, stranger):
            client.api.base_url = rehearsal.simulator.url
            placing = client.calls.create_async(to=PERSON, from_=US, twiml=TWIML)
            assert await code_of(placing) == (401, 20003)


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        ("unauthorized", (401, 20003)),
        ("forbidden", (403, 20003)),
        ("throttled", (429, 20429)),
        ("unavailable", (503, 20503)),
    ],
)
async def test_a_fault_at_the_door(fault: str, refusal: tuple[int, int]) -> None:
    async with rehearsing() as rehearsal:
        rehearsal.simulator.breaks("twilio", fault)
        assert await code_of(rehearsal.calls(PERSON)) == refusal
        call = await rehearsal.calls(PERSON)
        await rehearsal.us.stream()
        await call.update_async(status="completed")


async def test_a_call_that_was_placed_though_the_answer_never_came_is_found_again() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.simulator.breaks("twilio", "stall_first", seconds=60.0)
        account = rehearsal.simulator.stage.account
        path = f"/2010-04-01/Accounts/{account.sid}/Calls.json"
        async with httpx.AsyncClient(
            base_url=rehearsal.simulator.url, auth=(account.sid, account.token)
        ) as http:
            form = {"To": NOBODY, "From": US, "Twiml": TWIML}
            with pytest.raises(httpx.ReadTimeout):
                await http.post(path, data=form, timeout=0.3)
        assert [one.to for one in await rehearsal.client.calls.list_async()] == [NOBODY]


async def test_a_refused_connection() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.simulator.breaks("twilio", "refused")
        async with httpx.AsyncClient(base_url=rehearsal.simulator.url) as http:
            with pytest.raises(httpx.TransportError):
                await http.get("/2010-04-01/Accounts/AC/Calls.json")


async def test_an_unknown_call_is_not_found() -> None:
    async with rehearsing() as rehearsal:
        unknown = rehearsal.client.calls("CA" + 32 * "0")
        assert await code_of(unknown.fetch_async()) == (404, 20404)
        assert await code_of(unknown.update_async(status="completed")) == (404, 20404)


async def test_calls_are_listed_by_what_they_are_page_by_page() -> None:
    async with rehearsing(SLOW) as rehearsal:
        for number in (PERSON, NOBODY, PERSON):
            await rehearsal.calls(number)
        list_async = rehearsal.client.calls.list_async
        assert [one.to for one in await list_async()] == [PERSON, NOBODY, PERSON]
        assert len(await list_async(to=PERSON)) == 2
        assert await list_async(status="completed") == []
        assert len(await list_async(page_size=1)) == 3
        assert len(await list_async(limit=2)) == 2


async def test_calls_beyond_the_rate_wait_in_the_queue() -> None:
    async with rehearsing(replace(SLOW, calls_per_s=10.0)) as rehearsal:
        calls = [await rehearsal.calls(NOBODY) for _ in range(4)]
        await eventually(lambda: len(rehearsal.us.told()) == 8)  # initiated, ringing
        waited = [int((await call.fetch_async()).queue_time) for call in calls]
        assert waited == sorted(waited)
        assert waited[0] == 0
        assert waited[3] >= 200


async def test_calls_beyond_what_the_account_may_hold_are_refused() -> None:
    async with rehearsing(replace(SLOW, calls_at_once=1)) as rehearsal:
        call = await rehearsal.calls(PERSON)
        assert await code_of(rehearsal.calls(PERSON)) == (429, 10004)
        await call.update_async(status="canceled")
        await rehearsal.calls(PERSON)


async def in_state(rehearsal: Rehearsal, state: str) -> Any:
    """A call that is in the queue, rings, is answered, or is over."""
    call = await rehearsal.calls(PERSON, status_callback_event=["ringing", "answered"])
    if state == "queued":
        return call
    if state == "ringing":
        await eventually(lambda: rehearsal.us.statuses() == ["ringing"])
        return call
    await rehearsal.us.stream()
    if state == "completed":
        await call.update_async(status="completed")
    return call


@pytest.mark.parametrize(
    ("state", "status", "becomes"),
    [
        ("queued", "completed", "canceled"),
        ("queued", "canceled", "canceled"),
        ("ringing", "completed", "canceled"),
        ("ringing", "canceled", "canceled"),
        ("in-progress", "completed", "completed"),
        ("in-progress", "canceled", 21220),
        ("completed", "completed", 21220),
    ],
)
async def test_a_call_is_ended(state: str, status: str, becomes: str | int) -> None:
    slow = replace(SLOW, calls_per_s=0.001) if state == "queued" else SLOW
    profile = slow if state in {"queued", "ringing"} else PROFILES["fast"]
    async with rehearsing(profile) as rehearsal:
        if state == "queued":
            await rehearsal.calls(PERSON, status_callback=None)
        call = await in_state(rehearsal, state)
        if isinstance(becomes, int):
            assert await code_of(call.update_async(status=status)) == (400, becomes)
        else:
            assert (await call.update_async(status=status)).status == becomes


async def test_only_a_running_call_is_redirected() -> None:
    async with rehearsing(SLOW) as rehearsal:
        call = await in_state(rehearsal, "ringing")
        assert await code_of(call.update_async(twiml=TWIML)) == (400, 21220)


async def test_an_unknown_callback_event_is_no_reason_to_refuse() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.calls(NOBODY, status_callback_event=["initiated", "hung-up"])
        assert rehearsal.simulator.stage.counts["twilio.21626"] == 1
