"""Who is let in by the carrier's doors: signed requests and streams with a token, once each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from carrier import SID, begins, opens, posts, rings_us
from phone import OURS, PERSON, Phone, telephone
from served import DEADLINE_S, eventually
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from vantum.simulator.stage import ONE_ACCOUNT
from vantum.telephony.webhooks import FORM_BYTES

pytestmark = pytest.mark.anyio


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    async with telephone(tmp_path) as opened:
        yield opened


async def is_refused(socket: ClientConnection) -> None:
    async with asyncio.timeout(DEADLINE_S):
        await socket.wait_closed()
    assert socket.close_code == 1008


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/status", "/twilio/amd"])
async def test_tw_09_unsigned_and_forged_requests_are_refused(phone: Phone, path: str) -> None:
    form = {"CallSid": SID, "From": PERSON, "To": OURS, "CallStatus": "completed"}
    assert (await posts(phone, path, form, key=""))[0] == 403
    assert (await posts(phone, path, form, key="guessed"))[0] == 403
    assert (await posts(phone, path, form, host="https://elsewhere.example"))[0] == 403
    refused = await (await phone.http.get(f"{phone.url}/metrics")).text()
    assert 'vantum_sessions_refused_total{reason="webhook"} 3.0' in refused


async def test_tw_09_a_form_that_was_changed_on_the_way_is_refused(phone: Phone) -> None:
    form = {"CallSid": SID, "From": PERSON, "To": OURS}
    signature = RequestValidator(ONE_ACCOUNT.token).compute_signature(
        f"{phone.url}/twilio/voice", form
    )
    async with phone.http.post(
        f"{phone.url}/twilio/voice",
        data=form | {"From": "+15550100666"},
        headers={"X-Twilio-Signature": signature},
    ) as answer:
        assert answer.status == 403


async def test_a_form_that_cannot_be_read_is_no_strangers_and_says_why(phone: Phone) -> None:
    long = {"CallSid": SID, "From": PERSON, "To": OURS, "Body": "x" * FORM_BYTES}
    status, why = await posts(phone, "/twilio/voice", long)
    assert (status, str(FORM_BYTES) in why) == (413, True)
    head = "POST /twilio/voice HTTP/1.1\r\nHost: us\r\nContent-Length: 99\r\n\r\nCallSid="
    with capture_logs() as logs:
        _, writer = await asyncio.open_connection("127.0.0.1", phone.server.port)
        writer.write(head.encode())
        await writer.drain()
        writer.close()
        await eventually(lambda: "webhook_not_read" in {log["event"] for log in logs})
    assert logs[-1]["why"] == "The body has broken off"
    page = await (await phone.http.get(f"{phone.url}/metrics")).text()
    assert 'vantum_sessions_refused_total{reason="webhook"} 0.0' in page


async def test_tw_09_an_unsigned_stream_does_not_open(phone: Phone) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await opens(phone, key="guessed")
    assert refused.value.response.status_code == 403


async def test_tw_09_a_stream_without_a_good_token_is_closed(phone: Phone) -> None:
    token = await rings_us(phone)
    await is_refused(await begins(phone, ""))
    await is_refused(await begins(phone, token[:-2] + "xx"))
    await is_refused(await begins(phone, token, sid="CA" + "2" * 32))
    assert not len(phone.server.calls)


async def test_tw_09_a_token_is_good_once(phone: Phone) -> None:
    token = await rings_us(phone)
    socket = await begins(phone, token)
    await eventually(lambda: len(phone.server.calls) == 1)
    await is_refused(await begins(phone, token))
    await socket.close()
    await is_refused(await begins(phone, token))


async def test_tw_09_instructions_are_not_given_again_for_a_call_that_talked(phone: Phone) -> None:
    token = await rings_us(phone)
    assert await rings_us(phone) != token  # asked twice before the stream: our answer was lost
    socket = await begins(phone, token)
    await eventually(lambda: len(phone.server.calls) == 1)
    form = {"CallSid": SID, "From": PERSON, "To": OURS}
    assert (await posts(phone, "/twilio/voice", form))[0] == 403
    await socket.close()


async def test_a_stream_that_never_says_what_it_carries_is_closed(phone: Phone) -> None:
    socket = await opens(phone)
    await socket.send("no JSON at all")
    await is_refused(socket)


async def test_who_hangs_up_before_the_stream_says_what_it_carries_leaves_nothing(
    phone: Phone, capfd: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as logs:
        await (await opens(phone)).close()
        await eventually(lambda: "media_refused" in {log["event"] for log in logs})
    assert "Traceback" not in capfd.readouterr().err


async def test_tw_02_unknown_and_broken_messages_do_not_end_a_call(phone: Phone) -> None:
    token = await rings_us(phone)
    socket = await begins(phone, token)
    await eventually(lambda: len(phone.server.calls) == 1)
    for text in ('{"event":"weather","sequenceNumber":"2"}', "{", '{"event":"media"}'):
        await socket.send(text)
    await socket.send('{"event":"mark","sequenceNumber":"3","streamSid":"MZ1","mark":{"name":"x"}}')
    for _ in range(3):  # what comes back shows that it still listens
        await socket.ping()
    assert len(phone.server.calls) == 1
    stop = {"accountSid": ONE_ACCOUNT.sid, "callSid": SID}
    await socket.send(
        json.dumps({"event": "stop", "sequenceNumber": "4", "streamSid": "MZ1", "stop": stop})
    )
    await phone.server.is_empty()


async def test_news_of_a_leg_may_come_twice_late_and_out_of_order(phone: Phone) -> None:
    await rings_us(phone)

    async def says(status: str, sequence: int) -> int:
        form = {"CallSid": SID, "CallStatus": status, "SequenceNumber": str(sequence)}
        return (await posts(phone, "/twilio/status", form))[0]

    call_id = (await phone.asks("GET", "/api/v1/calls?state=live"))[1]["items"][0]["id"]
    for status, sequence in [("in-progress", 2), ("ringing", 1), ("in-progress", 2)]:
        assert await says(status, sequence) == 204
    assert (await phone.call(call_id))["status"] == "in-progress"
    for status, sequence in [("completed", 3), ("in-progress", 2), ("completed", 3), ("busy", 9)]:
        assert await says(status, sequence) == 204
    assert (await phone.call(call_id))["status"] == "completed"
    assert [one.call_id for one in phone.outcomes()] == [call_id]
    assert await says("sleeping", 4) == 403


async def test_strangers_may_not_dial(phone: Phone) -> None:
    order = {"to": PERSON}
    assert (await phone.asks("POST", "/api/v1/calls", order, token="guessed"))[0] == 401
    assert (await phone.asks("GET", "/api/v1/calls", token=""))[0] == 401
    assert (await phone.asks("GET", "/api/v1/calls"))[0] == 200


async def test_a_number_may_be_written_as_people_write_it(phone: Phone) -> None:
    call_id = await phone.calls("+1 (555) 010-0100")
    assert (await phone.call(call_id))["to"] == PERSON


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"to": "555"}, 422),
        ({"to": "+1555"}, 422),
        ({"to": PERSON, "agent": "nobody"}, 422),
        ({"too": PERSON}, 422),
        ({}, 422),
        ([], 422),
        (None, 400),
    ],
)
async def test_a_call_that_cannot_be_placed_is_refused_with_the_reason(
    phone: Phone, body: object, status: int
) -> None:
    answered, problem = await phone.asks("POST", "/api/v1/calls", body)
    assert answered == status
    assert problem["detail"]
    assert (await phone.asks("GET", "/api/v1/calls"))[1]["items"] == []


@pytest.mark.parametrize(
    ("asked", "body", "status", "why"),
    [
        ("POST /calls", {"number": PERSON}, 422, "known fields: to, agent"),
        ("POST /calls", None, 400, "The body is empty"),
        ("POST /calls", {"to": PERSON, "agent": "nobody"}, 422, "known: sales"),
        ("POST /calls/some/hangup", None, 404, "nothing at /api/v1/calls/some/hangup"),
        ("GET /callers", None, 404, "nothing at"),
        ("GET /calls/some/hang-up", None, 405, "allowed: POST"),
        ("DELETE /calls", None, 405, "allowed: POST, GET"),
        ("GET /calls/some", None, 404, "no call with this id"),
    ],
)
async def test_every_refusal_says_what_would_do(
    phone: Phone, asked: str, body: object, status: int, why: str
) -> None:
    method, _, path = asked.partition(" ")
    headers = {"Authorization": f"Bearer {phone.token}"}
    url = f"{phone.url}/api/v1{path}"
    async with phone.http.request(method, url, json=body, headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["status"]) == (status, status)
        assert why in problem["detail"]
        assert ("Allow" in answer.headers) == (status == 405)
