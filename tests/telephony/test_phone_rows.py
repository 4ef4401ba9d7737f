"""Rows TW: what carrier, recogniser and operator see of a phone call, over sockets.

The other rows have their tests beside: TW-02 and TW-09 in test_doors.py, TW-07 and TW-08 in
test_phone_calls.py, TW-06 and TW-12 in test_callees.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from carrier import SID, STREAM_SID, begins, leaves, rings_us
from own_recordings import write_wav
from phone import OURS, Phone, telephone
from served import DEADLINE_S, eventually, serving
from simulated import simulating
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection
from wiretap import Wiretap, wiretap

from vantum import agents
from vantum.audio.pcm import encode_mulaw, silence
from vantum.limits import STALL_S
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.simulator.tones import spoken
from vantum.simulator.twilio_call import Order
from vantum.simulator.twilio_twiml import Stream
from vantum.talk import Outcome, converse, read_recording, socket_url
from vantum.web.access import TOKEN_FILE
from vantum.wire import twilio as wire
from vantum.wire.deepgram import NovaQuery
from vantum.wire.twilio import FRAME_BYTES, RATE_HZ

pytestmark = pytest.mark.anyio

SILENT = "+15550100107"
GREETING = "Hi, this is Alex from Vantum. Hello?"
QUESTION = "Are you a robot?"
SALES = Path(agents.__file__).parent / "files" / "sales.yaml"
LEAD_S = 0.2  # of sound over the callee's ear
OFF = "The telephone is off: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, PUBLIC_URL not set"


@pytest.fixture(scope="module")
async def tapped(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Phone, Wiretap]]:
    """A telephone whose recogniser is listened in on, and an agent that does not say much."""
    folder = tmp_path_factory.mktemp("rows")
    agent = folder / "brief.yaml"
    brief = yaml.safe_load(SALES.read_text("utf-8")) | {"greeting": GREETING}
    brief["phone"]["again"] = "Alex here."
    brief["playbook"]["permission"] = ["Okay?", "All right?"]
    agent.write_text(yaml.safe_dump(brief), "utf-8")
    async with (
        simulating() as simulator,
        wiretap(simulator.ws_url) as tap,
        telephone(
            folder,
            vendors=True,
            carrier=simulator,
            deepgram_base_url=tap.url,
            vantum_agent=agent,
        ) as phone,
    ):
        # Its key is tried as soon as the server runs; what follows is the tests'.
        await eventually(lambda: asked(phone, NovaQuery))
        yield phone, tap


@pytest.fixture
async def phone(tapped: tuple[Phone, Wiretap]) -> AsyncIterator[Phone]:
    found = tapped[0]
    found.simulator.stage.asked.clear()
    tapped[1].overheard.clear()
    yield found
    await found.is_quiet()


@pytest.fixture
def tap(tapped: tuple[Phone, Wiretap]) -> Wiretap:
    return tapped[1]


def asked(phone: Phone, kind: type[Any]) -> list[Any]:
    """What the vendors were asked, of one kind."""
    return [a.request for a in phone.simulator.stage.asked if isinstance(a.request, kind)]


async def test_tw_01_a_call_is_placed_with_account_number_and_stream(phone: Phone) -> None:
    call_id = await phone.calls(SILENT)
    await eventually(lambda: asked(phone, Stream))
    [order], [stream] = asked(phone, Order), asked(phone, Stream)
    assert (order.to, order.from_) == (SILENT, OURS)
    assert order.url == f"{phone.url}/twilio/voice?call={call_id}"
    assert order.status_url == f"{phone.url}/twilio/status?call={call_id}"
    assert stream.url == f"ws://127.0.0.1:{phone.server.port}/twilio/media"
    assert stream.parameters["token"]
    # The carrier lists it under the account whose key has opened its door.
    url = f"{phone.simulator.url}/2010-04-01/Accounts/{ONE_ACCOUNT.sid}/Calls.json"
    key = {"Authorization": aiohttp.encode_basic_auth(ONE_ACCOUNT.sid, ONE_ACCOUNT.token)}
    async with phone.http.get(url, headers=key) as answer:
        [leg] = [one for one in (await answer.json())["calls"] if one["to"] == SILENT]
    assert leg["account_sid"] == ONE_ACCOUNT.sid
    await phone.asks("POST", f"/api/v1/calls/{call_id}/hang-up")
    assert (await phone.outcome(call_id)).sid == leg["sid"]


async def test_tw_03_call_and_stream_are_one_session(phone: Phone) -> None:
    token = await rings_us(phone)
    with capture_logs() as lines:
        socket = await begins(phone, token)
        await eventually(lambda: phone.server.calls.by_connection(STREAM_SID))
        [call] = (await phone.asks("GET", "/api/v1/calls?state=live"))[1]["items"]
        live = phone.server.calls.by_session(call["id"])
        assert live is not None
        assert live is phone.server.calls.by_connection(STREAM_SID)
        health = (await phone.asks("GET", "/health"))[1]["sessions"]
        assert (health["total"], health["active"]) == (1, 1)
        await leaves(phone, socket)
        outcome = await phone.outcome(call["id"])
    assert (outcome.call_id, outcome.sid) == (call["id"], SID)
    told = {line["session_id"] for line in lines if "session_id" in line}
    assert told == {call["id"]}
    assert (await phone.asks("GET", "/health"))[1]["sessions"]["total"] == 0


async def test_tw_04_mu_law_reaches_the_recogniser_as_it_came(phone: Phone, tap: Wiretap) -> None:
    """Superseded: a recogniser that takes 8 kHz mu-law is not sent 16 kHz PCM made of it."""
    sound = encode_mulaw(spoken(QUESTION, RATE_HZ))
    sound = sound[: len(sound) // FRAME_BYTES * FRAME_BYTES]
    sid = "CA" + "4" * 32
    socket = await begins(phone, await rings_us(phone, sid), sid)
    await says(socket, sound)
    await eventually(lambda: tap.overheard and len(tap.overheard[0].sound) >= len(sound))
    await leaves(phone, socket, sid)
    [query] = asked(phone, NovaQuery)
    assert (query.encoding, query.sample_rate) == ("mulaw", RATE_HZ)
    assert without_stalls(tap.overheard[0].sound) == without_stalls(sound)


def without_stalls(mulaw: bytes) -> bytes:
    """A machine that pauses is a line that stalls: silence is heard meanwhile."""
    return bytes(mulaw).replace(silence(STALL_S, RATE_HZ, "mulaw"), b"")


async def says(socket: ClientConnection, sound: bytes) -> None:
    """The callee's sound, 20 ms a message, faster than anybody could."""
    for number, at in enumerate(range(0, len(sound), FRAME_BYTES), 1):
        frame = sound[at : at + FRAME_BYTES]
        heard = wire.InboundSound("inbound", str(number), str((number - 1) * 20), frame)
        await socket.send(wire.written(wire.Media(str(number + 1), STREAM_SID, heard)))


async def test_tw_05_answers_leave_as_20_ms_of_mu_law_in_real_time(phone: Phone) -> None:
    sid = "CA" + "5" * 32
    socket = await begins(phone, await rings_us(phone, sid), sid)
    loop = asyncio.get_running_loop()
    came: list[float] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(came) < 75:  # 1.5 s of the greeting
            message = wire.to_carrier(await socket.recv())  # as strictly as the carrier
            if isinstance(message, wire.Play):
                assert len(message.media.payload) == FRAME_BYTES
                came.append(loop.time())
    await leaves(phone, socket, sid)
    # Never further ahead of the ear than the lead, and a little for a timer that rounds.
    ahead = [0.02 * number - (at - came[0]) for number, at in enumerate(came)]
    assert max(ahead) <= LEAD_S + 0.05
    assert came[-1] - came[0] > 1.5 - LEAD_S - 0.1


async def test_tw_10_a_server_without_an_account_runs_and_says_so(tmp_path: Path) -> None:
    with capture_logs() as lines:
        async with serving(vantum_data_dir=tmp_path) as server, aiohttp.ClientSession() as http:
            token = (tmp_path / TOKEN_FILE).read_text("ascii")
            url = f"http://127.0.0.1:{server.port}"
            order = {"to": SILENT}
            key = {"Authorization": f"Bearer {token}"}
            async with http.post(f"{url}/api/v1/calls", json=order, headers=key) as answer:
                assert answer.status == 503
                assert (await answer.json())["detail"] == OFF
            async with http.post(f"{url}/twilio/voice", data={"CallSid": SID}) as answer:
                assert answer.status in {404, 405}
            async with server.connect(v2=True) as client:  # who has no phone may still talk
                await client.is_alive()
    assert [line["why"] for line in lines if line["event"] == "phone_is_off"] == [OFF]


async def test_tw_11_the_same_words_are_answered_the_same_by_phone_and_browser(
    phone: Phone, tmp_path: Path
) -> None:
    number = "+15550100211"
    lines = [{"act": "wait"}, {"act": "say", "text": QUESTION}, {"act": "wait"}]
    hello = [{"act": "pause", "seconds": 0.5}, {"act": "say", "text": "Hello?"}]
    await phone.casts(number=number, script=[*hello, *lines, {"act": "hang_up"}])
    call_id = await phone.calls(number)
    write_wav(tmp_path / "question.wav", spoken(QUESTION, 16_000), 16_000)
    question = read_recording(tmp_path / "question.wav")
    in_browser: list[Outcome] = []
    # In real time: what ends a turn is the rhythm of the words, and how late the recogniser is.
    await converse(socket_url(phone.url), [question], in_browser.append, lambda _note: None)
    transcript = (await phone.outcome(call_id, 60)).transcript
    texts = [line.text for line in transcript]
    assert QUESTION in texts
    by_phone = " ".join(texts[texts.index(QUESTION) + 1 :])
    assert by_phone == in_browser[0].answer
