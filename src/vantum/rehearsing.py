"""How a whole call is rehearsed on one machine: server, carrier and callee in one program.

The carrier and whoever answers are simulated. So are the providers where neither keys are set nor
the local speech models installed; nothing then leaves the machine.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import uvicorn
import uvloop
from msgspec import Struct
from rich.console import Console
from sqlalchemy import make_url

from vantum.agents.schema import load_agent
from vantum.calling import Followed, Server, follow, tell
from vantum.dialing.numbers import number_of
from vantum.errors import RecordsError, SettingsError, VantumError
from vantum.providers.local import engine
from vantum.providers.local.client import LocalSpeech, socket_path
from vantum.scene import scene
from vantum.settings import Settings, load_settings
from vantum.simulator.app import simulator_server
from vantum.simulator.customer import carrier_settings, speech_settings
from vantum.simulator.latency import PROFILES, Profile
from vantum.simulator.local_talent import Local
from vantum.simulator.stage import Stage
from vantum.simulator.talent import Canned, Talent
from vantum.store.contact_pages import suppressions_page
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.telemetry import configure_log, server_log
from vantum.telephony.settled import FILE
from vantum.upkeep import HouseUpkeep
from vantum.web.access import TOKEN_FILE
from vantum.web.app import build_app
from vantum.web.server import check_data_dir, listening_sockets, server_config

FOLDER: Final = "rehearsals"  # in the data folder: nothing of a rehearsal is taken for a real call
LOADING_S: Final = 120.0  # a cold disk and a busy machine
RECORDING_S: Final = 60.0  # until it is an Opus file
_LOOK_EVERY_S: Final = 0.1
_AT_A_TIME: Final = 1_000


def rehearse(
    to: str, agent: Path | None, settings: Settings, environ: Mapping[str, str], console: Console
) -> Followed:
    """Call a simulated number and print what comes of it. Raises VantumError.

    `environ` is where `settings` came from; the server is given it with a carrier in its place.
    """
    to = number_of(to)
    if agent is not None:
        try:
            load_agent(agent)
        except SettingsError as error:
            raise SettingsError(f"--agent: {error}") from error
    data_dir = settings.vantum_data_dir / FOLDER
    check_data_dir(data_dir)
    configure_log(settings.model_copy(update={"log_level": "warn"}), sys.stderr)
    with scene(data_dir) as own, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        staged = {**environ, "DATABASE_URL": records_in(own)}
        runner.run(keep_wishes(settings.database, records_in(own)))
        try:
            call = runner.run(_rehearse(to, agent, data_dir, staged, console))
        finally:  # all but the sound is printed, and names nobody
            (data_dir / FILE).unlink(missing_ok=True)
    if isinstance(call, VantumError | SystemExit):
        raise call
    tell(call, data_dir, console)
    return call


def records_in(folder: Path) -> str:
    """The address of a rehearsal's own records."""
    return f"sqlite:///{folder}/vantum.db"


async def _rehearse(
    to: str, agent: Path | None, data_dir: Path, environ: Mapping[str, str], console: Console
) -> Followed | VantumError | SystemExit:
    """What became of the call. What ends it is given: a task group would wrap an error, and would
    not let the servers end in order where nobody reads what is printed any more (`| head`).
    """
    console.print(f"rehearsing a call to {to}; nobody is really called", markup=False)
    local = None if engine.missing_packages() else LocalSpeech(socket_path(data_dir))
    talent: Talent = Local(local) if local else Canned()
    async with house(data_dir, environ, agent, PROFILES["typical"], talent) as staged:
        try:
            if local is not None:
                console.print("  loading the speech models", markup=False)
                staged.upkeep.start("local-speech", local.run())
                await local.wait_ready(LOADING_S)
            async with aiohttp.ClientSession() as http:
                server = Server(staged.url, staged.token, http)
                call = await follow(server, to, None, console)
            await _recorded(call, data_dir)
        except (VantumError, SystemExit) as error:
            return error
        return call


async def keep_wishes(real: str, staged: str) -> None:
    """Whoever is not to be called by the real records is not called in a rehearsal, either.

    Raises SettingsError where the rehearsal's own cannot be made.
    """
    ours, theirs = Database(staged), None
    try:
        await ours.set_up()
        if not _are_there(real):
            return
        theirs, after = Database(real), None
        while page := await suppressions_page(theirs, _AT_A_TIME, after):
            reasons = {one.phone: one.reason for one in page}
            await Contacts(ours).suppress_all(reasons, page[-1].since)
            after = page[-1].phone
    except RecordsError as error:  # there are none yet, or the database is away
        server_log().warning("suppressions_not_read", why=str(error))
    finally:
        await ours.close()
        if theirs is not None:
            await theirs.close()


def _are_there(records: str) -> bool:
    url = make_url(records)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


class House(Struct, frozen=True):
    """A server and the carrier it is on, both in this program."""

    url: str
    carrier_url: str
    settings: Settings
    upkeep: HouseUpkeep

    @property
    def token(self) -> str:
        """Of the server's API."""
        return (self.settings.vantum_data_dir / TOKEN_FILE).read_text("ascii")


@asynccontextmanager
async def house(
    data_dir: Path,
    environ: Mapping[str, str],
    agent: Path | None,
    profile: Profile,
    talent: Talent,
) -> AsyncIterator[House]:
    """Run both. The providers are simulated as well, unless the talent is the local models'."""
    theirs, ours = (listening_sockets("127.0.0.1", 0) for _ in range(2))
    carrier_url, url = (_address(sockets) for sockets in (theirs, ours))
    staged = _staged(carrier_url, url, data_dir, vendors=isinstance(talent, Canned))
    if agent is not None:
        staged["VANTUM_AGENT"] = str(agent)
    settings = load_settings({**environ, **staged})
    upkeep = HouseUpkeep(server_log())
    app = build_app(settings)
    async with (
        upkeep.open(),
        _running(simulator_server(Stage(profile, talent)), theirs),
        _running(uvicorn.Server(server_config(app, settings)), ours),
    ):
        yield House(url, carrier_url, settings, upkeep)


def _staged(simulator_url: str, url: str, data_dir: Path, *, vendors: bool) -> dict[str, str]:
    """The settings of a server on the simulated carrier and, if so asked, simulated `vendors`."""
    served = {"VANTUM_DATA_DIR": str(data_dir), "RECORDING": "on", "PUBLIC_URL": url}
    speech = speech_settings(simulator_url) if vendors else {}
    return served | carrier_settings(simulator_url) | speech


def _address(sockets: list[socket.socket]) -> str:
    return "http://{}:{}".format(*sockets[0].getsockname()[:2])


@asynccontextmanager
async def _running(server: uvicorn.Server, sockets: list[socket.socket]) -> AsyncIterator[None]:
    """The server, from when it serves until it has ended."""
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve(sockets), name="serve")
        while not server.started:
            if serving.done():
                raise SettingsError("the server did not start; its log says why")
            await asyncio.sleep(_LOOK_EVERY_S)
        try:
            yield
        finally:
            server.should_exit = True


async def _recorded(call: Followed, data_dir: Path) -> None:
    """Wait until the recording can be listened to."""
    if call.outcome is None or not call.outcome.recording:
        return
    path = data_dir / call.outcome.recording
    try:
        async with asyncio.timeout(RECORDING_S):
            while not path.exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        return
