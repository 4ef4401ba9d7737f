"""How the telephone is put together where an account for it is set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from vantum.calls import Calls
from vantum.campaigns.law import law_of
from vantum.campaigns.permission import Permission
from vantum.casting import Casting
from vantum.errors import RecordsError
from vantum.recording.recordings import Recordings
from vantum.settings import Settings
from vantum.store.agent_versions import AgentVersions
from vantum.store.contacts import Contacts
from vantum.store.numbers import Numbers
from vantum.store.phone_calls import PhoneCalls
from vantum.store.processes import ALIVE_S, HERE_S, Processes
from vantum.telemetry import Log
from vantum.telephony.account import account_of
from vantum.telephony.exchange import Exchange
from vantum.telephony.legs import Legs
from vantum.telephony.media_door import PATH, MediaDoor
from vantum.telephony.signatures import Signatures
from vantum.telephony.sweeping import sweep
from vantum.telephony.webhooks import Webhooks
from vantum.upkeep import HouseUpkeep
from vantum.web.records import Records


@asynccontextmanager
async def telephone(
    app: Starlette,
    settings: Settings,
    calls: Calls,
    casting: Casting,
    records: Records,
    *,
    upkeep: HouseUpkeep,
    log: Log,
) -> AsyncIterator[Exchange]:
    """Open the carrier's doors for as long as the process serves. Raises SettingsError."""
    account = account_of(settings)
    carrier, database = account.carrier(), await records.opened()
    casting.pulses["telephony"] = carrier.pulse
    legs = Legs(carrier, PhoneCalls(database), settings.vantum_data_dir, log=log, now=database.now)
    await AgentVersions(database).keep(casting.versions.values(), legs.now())
    exchange = Exchange(
        account.line,
        legs,
        calls,
        casting,
        contacts=Contacts(database),
        may_call=Permission(law_of(settings), Numbers(database), legs.now).check,
        others_have_room=lambda: processes.others_have_room(
            legs.now() - ALIVE_S, beyond=calls.beyond
        ),
        start=upkeep.start,
        log=log,
    )
    signatures = Signatures(account.public_url, account.secret)
    recordings = Recordings(settings.vantum_data_dir, log) if settings.recording == "on" else None
    hooks = Webhooks(exchange, signatures, metrics=calls.house.metrics, log=log)
    door = MediaDoor(exchange, signatures, calls, casting, recordings=recordings, log=log)
    app.routes.extend([*hooks.routes(), WebSocketRoute(PATH, door.enter)])
    processes = Processes(database, exchange.talks.worker, "serve")
    tasks = [
        upkeep.start("obey", exchange.talks.run()),
        upkeep.start("sweep-legs", sweep(legs, log)),
        upkeep.start("here", _here(processes, calls, legs.now, log)),
    ]
    if recordings is not None:
        tasks.append(upkeep.start("make-recordings", recordings.run()))
    try:
        yield exchange
    finally:
        await _leave(processes, legs, exchange.talks.worker)
        await _end(tasks)
        await carrier.close()


async def _leave(processes: Processes, legs: Legs, worker: str) -> None:
    """Who rings because of us is answered by another process, where there is one."""
    handed_over = False
    with suppress(RecordsError):  # who is not seen any more is forgotten anyway
        await processes.gone()
        handed_over = await processes.others_take_calls(legs.now() - ALIVE_S)
    if not handed_over:
        await legs.withdraw(worker)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def _here(processes: Processes, calls: Calls, now: Callable[[], float], log: Log) -> None:
    """Tell those who dial, again and again, that this process carries phone calls, and how many."""
    while True:
        try:
            await processes.here(calls.phone_room, now())
        except RecordsError as error:
            log.warning("records_not_read", why=str(error))
        with suppress(TimeoutError):
            async with asyncio.timeout(HERE_S):
                # That it stops is told at once, and then again and again.
                await (asyncio.sleep(HERE_S) if calls.draining else calls.stopping.wait())
