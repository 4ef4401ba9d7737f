"""How one call is asked of a server and followed to its end, and what is printed of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct
from rich.console import Console

from vantum.errors import RequestError, ServerUnreachable
from vantum.settings import Settings
from vantum.telephony.settled import FILE, Outcome
from vantum.web.access import TOKEN_FILE

LOOK_EVERY_S: Final = 0.5
ANSWER_DEADLINE_S: Final = 30.0  # of the server


class Followed(Struct, frozen=True):
    """A call as the server tells of it; `outcome` is there once the call is settled."""

    id: str
    status: str
    placed_at: float
    answered_at: float | None = None
    outcome: Outcome | None = None


_NO_TOKEN: Final = (
    f"the server wants its API token: run this in the server's folder, where data/{TOKEN_FILE} is,"
    " or set VANTUM_DATA_DIR to its data folder"
)


class _Problem(Struct):
    detail: str = ""


class Server:
    """The API of a running server."""

    def __init__(self, url: str, token: str, http: aiohttp.ClientSession) -> None:
        self._calls = f"{url.rstrip('/')}/api/v1/calls"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = http

    async def place(self, to: str, agent: str | None) -> Followed:
        """Have a number called. Raises ServerUnreachable, RequestError."""
        return await self._ask("POST", self._calls, {"to": to, "agent": agent})

    async def look(self, call_id: str) -> Followed:
        """How the call stands. Raises ServerUnreachable, RequestError."""
        return await self._ask("GET", f"{self._calls}/{call_id}")

    async def _ask(self, method: str, url: str, body: object = None) -> Followed:
        try:
            async with (
                asyncio.timeout(ANSWER_DEADLINE_S),
                self._http.request(method, url, json=body, headers=self._headers) as response,
            ):
                text = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServerUnreachable(
                f"no server at {self._calls.partition('/api')[0]}; start one with: vantum serve"
            ) from error
        try:
            if response.status == 401:
                raise RequestError(_NO_TOKEN)
            if response.status >= 300:
                raise RequestError(msgspec.json.decode(text, type=_Problem).detail)
            return msgspec.json.decode(text, type=Followed)
        except msgspec.DecodeError:
            raise RequestError(f"{url} answered {response.status}; is it Vantum?") from None


async def follow(server: Server, to: str, agent: str | None, console: Console) -> Followed:
    """Place a call and say how it goes, until it is settled. Raises VantumError."""
    call = await server.place(to, agent)
    said = ""
    while True:
        if call.status != said:
            said = call.status
            at_s = (call.answered_at or call.placed_at) - call.placed_at
            after = f" after {at_s:.1f} s" if said == "in-progress" else ""
            console.print(f"  {_WORDS.get(said, said)}{after}", markup=False)
        if call.outcome is not None:
            return call
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            call = await server.look(call.id)
        except ServerUnreachable as error:
            raise ServerUnreachable(_STOPPED.format(id=call.id)) from error


_STOPPED: Final = (
    "the server stopped while call {id} ran; what came of the call is written in its data folder,"
    f" once a server runs again at the latest: grep {{id}} data/{FILE}"
)
_WORDS: Final = {"in-progress": "answered", "no-answer": "nobody answers", "completed": "over"}


def ask(to: str, agent: str | None, url: str, settings: Settings, console: Console) -> Followed:
    """Have a running server call somebody; print what comes of it. Raises VantumError."""

    async def asking() -> Followed:
        async with aiohttp.ClientSession() as http:
            return await follow(Server(url, token, http), to, agent, console)

    try:
        token = (settings.vantum_data_dir / TOKEN_FILE).read_text("ascii").strip()
    except OSError:
        token = ""  # on this machine none may be needed; else the server says so
    call = asyncio.run(asking())
    tell(call, settings.vantum_data_dir, console)
    return call


_MACHINES: Final = {
    "voicemail": "a voicemail",
    "screening": "a call screener",
    "ivr": "a menu",
    "hold": "a waiting line",
    "fax": "a fax",
}
_FRAGMENT_WORDS: Final = 3


def tell(call: Followed, data_dir: Path, console: Console) -> None:
    """Print what was said, and what came of it."""
    outcome = call.outcome
    if outcome is None:
        return
    _tell_talk(outcome, console)
    by = f", answered by: {outcome.answered_by}" if outcome.answered_by else ""
    why = f", {outcome.failure}" if outcome.failure else ""
    lasted = f", {outcome.lasted_s:.1f} s" if outcome.answered_at is not None else ""
    console.print(f"outcome: {outcome.outcome}{by}{why}{lasted}", markup=False)
    if outcome.recording:
        console.print(f"recording: {data_dir / outcome.recording}", markup=False)


def _tell_talk(outcome: Outcome, console: Console) -> None:
    taken_for = (*outcome.met, outcome.answered_by)
    machines = [_MACHINES[kind] for kind in taken_for if kind in _MACHINES]
    if machines:
        keys = f"; pressed {', then '.join(outcome.pressed)}" if outcome.pressed else ""
        console.print(f"  {', then '.join(machines)} answered{keys}", markup=False)
    only_begun = bool(machines)  # for a person, until the machine was found out
    for line in outcome.transcript:
        only_begun = only_begun and (line.who == "caller" or line.interrupted)
        begun = only_begun and len(line.text.split()) <= _FRAGMENT_WORDS
        broken = f" ({'taken back' if begun else 'interrupted'})" if line.interrupted else ""
        console.print(f"  {line.who:>6}: {line.text}{broken}", markup=False)


def was_reached(call: Followed) -> bool:
    """Somebody, or something, answered; one that was put through is not even over."""
    return call.answered_at is not None
