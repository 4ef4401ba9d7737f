"""How a worker is put together and run: a process that dials, apart from those that carry sound."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from functools import partial
from typing import Final

import uvloop

from vantum import limits
from vantum.agents.schema import Agent
from vantum.agents.shelf import shelf_of
from vantum.campaigns.afterwards import RETENTION_S, new_day, tidy, works_of
from vantum.campaigns.dispatcher import Dispatcher
from vantum.campaigns.hooks import Telling
from vantum.campaigns.jobs import TIDY_S, Together, Work, work_once
from vantum.campaigns.law import law_of, of_campaigns
from vantum.campaigns.looking import missing
from vantum.campaigns.worker import (
    CLOSE_S,
    DIAL_S,
    FINISH_S,
    INQUIRE_S,
    JOBS_S,
    MAKE_S,
    NAMES_S,
    TAKE_OVER_S,
    TOGETHER_S,
)
from vantum.dialing.candidate import Decide
from vantum.dialing.pacing import Shares
from vantum.errors import RecordsError
from vantum.settings import Settings
from vantum.store.attempts import Attempts
from vantum.store.campaigns import Campaigns
from vantum.store.claims import Claims
from vantum.store.database import Database
from vantum.store.hooks import JOB as WEBHOOK
from vantum.store.hooks import Hooks
from vantum.store.jobs import Jobs
from vantum.store.lists import Lists
from vantum.store.phone_calls import PhoneCalls
from vantum.store.processes import ALIVE_S, HERE_S, Processes
from vantum.telemetry import Log, configure_log, server_log
from vantum.telephony.account import account_of
from vantum.telephony.legs import Legs
from vantum.telephony.twilio import TwilioCarrier
from vantum.transports.ids import Ids
from vantum.upkeep import HouseUpkeep, every, keep_what_is_there

_NOT_ALONE: Final = (
    f"Another worker was seen within {ALIVE_S:g} s: two on one SQLite file dial no faster than one,"
    " and on PostgreSQL any number share the work"
)
RING_S: Final = 30  # for an agent whose file is not here: as files have it that do not say


def shares_of(settings: Settings) -> Shares:
    """What all calls share, as the operator's contracts with the providers have it."""
    return Shares(
        streams=settings.stt_streams or None,
        contexts=settings.tts_contexts or None,
        tokens_per_min=settings.llm_tokens_per_minute or None,
        tokens_per_call_min=settings.llm_tokens_per_call_minute,
    )


def run_worker(settings: Settings) -> None:
    """Dial until a signal ends it. Raises SettingsError before it begins."""
    configure_log(settings, sys.stderr)
    keep_what_is_there()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, of_campaigns(law_of(settings))))


async def _run(settings: Settings, decide: Decide) -> None:
    account, log = account_of(settings), server_log()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    database = Database(settings.database)
    carrier = account.carrier()
    upkeep = HouseUpkeep(log)
    try:
        await database.set_up()
        async with upkeep.open():
            await say_if_not_alone(database, log)
            await work(settings, decide, database=database, carrier=carrier, upkeep=upkeep, log=log)
            await stopped.wait()
    finally:
        await carrier.close()
        await database.close()


async def _leave(processes: Processes) -> None:
    with suppress(RecordsError):  # who is not seen any more is forgotten anyway
        await processes.gone()


async def say_if_not_alone(database: Database, log: Log) -> None:
    """Limits hold all the same; but who starts two on one file expects what they do not get."""
    if database.is_file and not await missing(database, "worker"):
        log.warning("worker_not_alone", why=_NOT_ALONE)


def _agents(settings: Settings, log: Log) -> dict[str, Agent]:
    shelf = shelf_of(settings.vantum_agent)
    for event, told in shelf.complaints(end_silence_s=settings.vad_silence_threshold_s):
        log.warning(event, **told)
    return shelf.agents


async def work(
    settings: Settings,
    decide: Decide,
    *,
    database: Database,
    carrier: TwilioCarrier,
    upkeep: HouseUpkeep,
    log: Log,
) -> None:
    """Begin a worker's loops beside whatever else the process does. Raises RecordsError."""
    account, boot_id, agents = account_of(settings), Ids().new(), _agents(settings, log)
    calls = PhoneCalls(database, gather_s=NAMES_S)
    legs = Legs(carrier, calls, settings.vantum_data_dir, log=log, now=database.now)
    attempts, rate = Attempts(database, boot_id), settings.carrier_calls_per_s
    dispatcher = Dispatcher(
        Claims(database, boot_id),
        attempts,
        legs,
        account.line,
        boot_id=boot_id,
        dials_per_s=rate,
        ring_s=lambda name: agents[name].phone.ring_s if name in agents else RING_S,
        start=upkeep.start,
        log=log,
    )
    jobs, telling = Jobs(database, boot_id), Telling(Hooks(database), database.now, log)
    upkeep.at_end(telling.close)
    works: dict[str, Work | Together] = {WEBHOOK: telling.work}
    works |= works_of(settings, agents, attempts, database=database, upkeep=upkeep, log=log)
    processes = Processes(database, boot_id, "worker")
    upkeep.at_end(lambda: _leave(processes))
    shares = shares_of(settings)
    await processes.here(0, database.now())  # before anybody is told that it runs
    log.info("worker_runs", boot_id=boot_id, dials_per_s=rate)
    for name, period_s, doing in (
        ("dial", DIAL_S, lambda: dispatcher.dial(decide, shares)),
        ("finish", FINISH_S, lambda: attempts.finish(database.now())),
        ("close", CLOSE_S, lambda: attempts.close(database.now())),
        ("make", MAKE_S, Campaigns(database).go_on_making),
        ("take-over", TAKE_OVER_S, dispatcher.take_over),
        ("inquire", INQUIRE_S, dispatcher.inquire),
        ("here", HERE_S, lambda: processes.here(0, database.now())),
        ("clock", limits.CLOCK_S, database.compare_clocks),
        ("tidy", TIDY_S, lambda: tidy(jobs, Lists(database), database.now())),
        ("new-day", RETENTION_S, lambda: new_day(database, database.now())),
    ):
        upkeep.start(f"worker-{name}", every(period_s, doing, log))
    for kind, doing_it in works.items():  # apart: a model that is slow keeps no webhook waiting
        rounds = partial(work_once, jobs, kind, doing_it, database.now, log=log)
        upkeep.start(f"worker-{kind}", every(_look_s(doing_it), rounds, log))


def _look_s(work: Work | Together) -> float:
    return TOGETHER_S if isinstance(work, Together) else JOBS_S
