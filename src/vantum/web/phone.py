"""How the telephone is put together where an account for it is set."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from vantum.calls import Calls
from vantum.casting import Casting
from vantum.errors import SettingsError
from vantum.recording.recordings import Recordings
from vantum.settings import Settings
from vantum.store.phone_calls import PhoneCalls
from vantum.telemetry import Log
from vantum.telephony.exchange import Exchange
from vantum.telephony.legs import Legs
from vantum.telephony.line import Line
from vantum.telephony.media_door import PATH, MediaDoor
from vantum.telephony.signatures import Signatures
from vantum.telephony.tokens import shared_key
from vantum.telephony.twilio import TwilioCarrier
from vantum.telephony.webhooks import Webhooks
from vantum.upkeep import HouseUpkeep
from vantum.web.records import Records


@asynccontextmanager
async def telephone(
    app: FastAPI,
    settings: Settings,
    calls: Calls,
    casting: Casting,
    records: Records,
    *,
    upkeep: HouseUpkeep,
    log: Log,
) -> AsyncIterator[Exchange]:
    """Open the carrier's doors for as long as the process serves. Raises SettingsError."""
    account, key, url = settings.twilio_account_sid, settings.twilio_auth_token, settings.public_url
    if account is None or key is None or url is None:
        raise SettingsError(settings.phone_off)
    secret = key.get_secret_value()
    carrier = TwilioCarrier(settings.twilio_base_url, account, secret)
    known = PhoneCalls(await records.opened())
    legs = Legs(carrier, known, settings.vantum_data_dir, log=log, now=time.time)
    line = Line(url, settings.twilio_phone_number or "", shared_key(secret))
    exchange = Exchange(line, legs, calls, casting, start=upkeep.start, log=log)
    signatures = Signatures(url, secret)
    recordings = Recordings(settings.vantum_data_dir, log) if settings.recording == "on" else None
    hooks = Webhooks(exchange, signatures, metrics=calls.house.metrics, log=log)
    app.include_router(hooks.router())
    door = MediaDoor(exchange, signatures, calls, casting, recordings=recordings, log=log)
    app.add_api_websocket_route(PATH, door)
    tasks = [
        upkeep.start("obey", exchange.talks.run()),
        upkeep.start("sweep-legs", legs.sweep()),
    ]
    if recordings is not None:
        tasks.append(upkeep.start("make-recordings", recordings.run()))
    try:
        yield exchange
    finally:
        await legs.withdraw(exchange.talks.worker)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await carrier.close()
