"""A server whose carrier and providers are simulated, and the words to stage a phone call with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from served import DEADLINE_S, Served, eventually, serving
from simulated import Simulator, simulating

from vantum.calls import Calls
from vantum.simulator.customer import OUR_NUMBER, carrier_settings, speech_settings
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCalls
from vantum.strain import LATE_S, TOO_MANY
from vantum.telemetry import server_log
from vantum.telephony.legs import Legs
from vantum.telephony.settled import FILE, Outcome
from vantum.telephony.sweeping import sweep
from vantum.telephony.twilio import TwilioCarrier
from vantum.web.access import TOKEN_FILE

PERSON = "+15550100100"
OURS = OUR_NUMBER


@dataclass
class Phone:
    """The installation as its operator and the carrier's customers see it."""

    simulator: Simulator
    server: Served
    http: aiohttp.ClientSession
    data: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def token(self) -> str:
        return (self.data / TOKEN_FILE).read_text("ascii")

    async def asks(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        """One request to the API; status and JSON."""
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        async with self.http.request(
            method, self.url + path, json=body, headers=headers
        ) as response:
            return response.status, await response.json(content_type=None)

    async def calls(self, number: str = PERSON, agent: str | None = None) -> str:
        """Have a number called; the call's id."""
        body = {"to": number} | ({"agent": agent} if agent else {})
        status, call = await self.asks("POST", "/api/v1/calls", body)
        assert status == 201, call
        return str(call["id"])

    async def call(self, call_id: str) -> Any:
        return (await self.asks("GET", f"/api/v1/calls/{call_id}"))[1]

    def outcomes(self) -> list[Outcome]:
        """What was written down so far."""
        path = self.data / FILE
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [msgspec.json.decode(line, type=Outcome) for line in lines]

    async def outcome(self, call_id: str, deadline_s: float = DEADLINE_S) -> Outcome:
        """What came of a call."""
        found: list[Outcome] = []

        def settled() -> bool:
            found[:] = [one for one in self.outcomes() if one.call_id == call_id]
            return bool(found)

        await eventually(settled, deadline_s)
        return found[0]

    async def is_quiet(self) -> None:
        """Nothing is left: no call here, no leg at the carrier."""
        await self.server.is_empty()
        async with asyncio.timeout(DEADLINE_S):
            while await self.open_legs():  # noqa: ASYNC110 - the carrier is asked
                await asyncio.sleep(0.02)

    async def at_the_carrier(self, sid: str) -> Any:
        """What the simulated carrier and whoever answered know of a call."""
        async with self.http.get(f"{self.simulator.url}/simulator/calls/{sid}") as answer:
            return await answer.json()

    async def leg(self, number: str) -> Any:
        """The newest call to a number, in short."""
        async with self.http.get(f"{self.simulator.url}/simulator/calls") as answer:
            calls = (await answer.json())["calls"]
        return next(call for call in calls if call["to"] == number)

    async def casts(self, **who: object) -> None:
        """Say who answers a number, and on what kind of a line."""
        url = f"{self.simulator.url}/simulator/callees"
        async with self.http.post(url, json=who) as answer:
            assert answer.status == 204, await answer.text()

    async def carriers_recording(self, sid: str) -> bytes:
        """Both directions as the simulated carrier has them: a WAV file."""
        url = f"{self.simulator.url}/simulator/calls/{sid}/recording.wav"
        async with self.http.get(url) as answer:
            return await answer.read()

    async def open_legs(self) -> int:
        """Legs that the carrier holds to be alive."""
        url = f"{self.simulator.url}/2010-04-01/Accounts/{ONE_ACCOUNT.sid}/Calls.json"
        auth = aiohttp.encode_basic_auth(ONE_ACCOUNT.sid, ONE_ACCOUNT.token)
        async with self.http.get(
            url, params={"PageSize": 1000}, headers={"Authorization": auth}
        ) as response:
            calls = (await response.json())["calls"]
        return sum(call["status"] in {"queued", "ringing", "in-progress"} for call in calls)


@asynccontextmanager
async def telephone(
    data: Path, *, vendors: bool = False, carrier: Simulator | None = None, **settings: object
) -> AsyncIterator[Phone]:
    """A server on the simulated carrier, with scripted providers or simulated `vendors`.

    It may share another one's `carrier`.
    """
    shared = simulating() if carrier is None else nullcontext(carrier)
    async with shared as simulator, aiohttp.ClientSession() as http:
        simulated = carrier_settings(simulator.url)
        if vendors:
            simulated |= speech_settings(simulator.url) | {"LLM_PROVIDER": "playbook"}
        given: dict[str, object] = {name.lower(): value for name, value in simulated.items()}
        given |= {"vantum_data_dir": data, "public_url": "http://127.0.0.1:{port}"}
        async with serving(**(given | settings)) as server:  # type: ignore[arg-type]
            yield Phone(simulator, server, http, data)


@asynccontextmanager
async def two_processes(
    data: Path, database_url: str, **settings: object
) -> AsyncIterator[tuple[Phone, Phone]]:
    """Of one installation: the first is the one that the carrier reaches."""
    settings["database_url"] = database_url
    async with (
        telephone(data, **settings) as reached,  # type: ignore[arg-type]
        telephone(
            data,
            public_url=reached.url,
            carrier=reached.simulator,
            **settings,  # type: ignore[arg-type]
        ) as other,
    ):
        yield reached, other


@asynccontextmanager
async def sweeping(database_url: str, phone: Phone) -> AsyncIterator[Legs]:
    """A further process of the installation, which follows legs long after any news of them."""
    carrier = TwilioCarrier(phone.simulator.url, ONE_ACCOUNT.sid, ONE_ACCOUNT.token)
    database = Database(database_url)
    later = time.time() + 1_000
    legs = Legs(carrier, PhoneCalls(database), phone.data, log=server_log(), now=lambda: later)
    task = asyncio.get_running_loop().create_task(sweep(legs, server_log()), name="sweep-later")
    try:
        yield legs
    finally:
        task.cancel()
        await carrier.close()
        await database.close()


def strained(calls: Calls) -> None:
    """The loop was late at nearly every look."""
    for _ in range(TOO_MANY):
        calls.strain.note(2 * LATE_S)
