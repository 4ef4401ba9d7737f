"""What the carrier does at our doors when a test is the carrier: signed forms, media streams."""

from __future__ import annotations

import json
from typing import Any

from phone import OURS, PERSON, Phone
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect

from vantum.simulator.stage import ONE_ACCOUNT

SID = "CA" + "1" * 32
STREAM_SID = "MZ1"


async def posts(
    phone: Phone, path: str, form: dict[str, str], *, key: str = ONE_ACCOUNT.token, host: str = ""
) -> tuple[int, str]:
    """A form, signed as the carrier signs, with `key`; status and body."""
    url = phone.url + path
    signature = RequestValidator(key).compute_signature((host or phone.url) + path, form)
    headers = {"X-Twilio-Signature": signature} if key else {}
    async with phone.http.post(url, data=form, headers=headers) as answer:
        return answer.status, await answer.text()


async def rings_us(phone: Phone, sid: str = SID) -> str:
    """Somebody calls us; the token that their stream is given."""
    status, twiml = await posts(
        phone, "/twilio/voice", {"CallSid": sid, "From": PERSON, "To": OURS}
    )
    assert status == 200
    return twiml.split('value="')[1].split('"')[0]


async def opens(phone: Phone, *, key: str = ONE_ACCOUNT.token, host: str = "") -> ClientConnection:
    path = "/twilio/media"
    url = f"ws://127.0.0.1:{phone.server.port}{path}"
    public = (host or phone.url).replace("http", "ws", 1) + path
    signature = RequestValidator(key).compute_signature(public, {})
    return await connect(url, additional_headers={"X-Twilio-Signature": signature})


async def begins(phone: Phone, token: str, sid: str = SID, *, host: str = "") -> ClientConnection:
    socket = await opens(phone, host=host)
    start: dict[str, Any] = {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": STREAM_SID,
        "start": {
            "accountSid": ONE_ACCOUNT.sid,
            "streamSid": STREAM_SID,
            "callSid": sid,
            "customParameters": {"token": token},
        },
    }
    await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
    await socket.send(json.dumps(start))
    return socket


async def leaves(phone: Phone, socket: ClientConnection, sid: str = SID) -> None:
    """The callee hangs up: the stream closes, and the leg is told to be over."""
    form = {"CallSid": sid, "CallStatus": "completed", "SequenceNumber": "9"}
    assert (await posts(phone, "/twilio/status", form))[0] == 204
    await socket.close()
    await phone.server.is_empty()
