"""How a whole campaign is rehearsed on one machine: carrier, server, worker and callees.

The law is asked as in earnest, at an hour at which people may be called; what was retried after
hours is retried after seconds.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import uvloop
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console

from vantum.campaigns.law import law_of, of_campaigns
from vantum.campaigns.making import Made, Order, Wanted, make, plan_of
from vantum.campaigns.running import work
from vantum.campaigns.telling import follow, tell_made, write_report
from vantum.dialing.plan import Retry
from vantum.errors import VantumError
from vantum.rehearsing import FOLDER, house, keep_wishes, records_in
from vantum.scene import scene
from vantum.settings import Settings
from vantum.simulator.latency import PROFILES, Delay
from vantum.simulator.talent import Canned
from vantum.store.campaigns import Campaigns
from vantum.store.database import Database
from vantum.telemetry import configure_log, server_log
from vantum.telephony.account import account_of
from vantum.transports.ids import Ids
from vantum.web.server import check_data_dir

AGAIN_S: Final = 5.0  # in place of minutes and hours
DIALS_PER_S: Final = 10.0
# Callees that talk keep their own time; whoever rings or is busy need not.
TEMPO: Final = replace(PROFILES["fast"], ring=Delay(0.3))


class Rehearsal(Struct, frozen=True):
    """What is rehearsed: the order, with an agent's file where it names one, and whom to call."""

    order: Order
    contacts: Path
    region: str | None


def rehearse_campaign(
    wanted: Rehearsal, settings: Settings, environ: Mapping[str, str], console: Console
) -> None:
    """Rehearse a campaign and print what comes of it. Raises VantumError.

    `environ` is where `settings` came from; the server is given it with a carrier in its place.
    """
    folder = settings.vantum_data_dir / FOLDER
    check_data_dir(folder)
    configure_log(settings.model_copy(update={"log_level": "error"}), sys.stderr)
    name = re.sub(r"[^\w-]+", "-", wanted.order.name) or "campaign"
    with scene(folder) as own, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(keep_wishes(settings.database, records_in(own)))
        failed = runner.run(_rehearse(wanted, own, folder / f"{name}.jsonl", environ, console))
    if failed is not None:
        raise failed


async def _rehearse(
    wanted: Rehearsal, folder: Path, report: Path, environ: Mapping[str, str], console: Console
) -> VantumError | SystemExit | None:
    """What went wrong, or that nobody reads on, is given, as for a call."""
    agent = Path(wanted.order.agent) if wanted.order.agent else None
    own = {
        "DATABASE_URL": records_in(folder),
        "LLM_PROVIDER": "playbook",
        "CARRIER_CALLS_PER_S": str(DIALS_PER_S),
    }
    async with house(folder, {**environ, **own}, agent, TEMPO, Canned()) as staged:
        database = Database(staged.settings.database)
        carrier = account_of(staged.settings).carrier()
        try:
            made = await _make(database, wanted, staged.settings)
            tell_made(made, console)
            console.print("nobody is really called; who is called again waits for seconds")
            decide = of_campaigns(law_of(staged.settings))
            await work(
                staged.settings,
                decide,
                database=database,
                carrier=carrier,
                upkeep=staged.upkeep,
                log=server_log(),
            )
            await follow(database, made.campaign.name, console)
            await write_report(Campaigns(database), made.campaign, report)
            console.print(f"one line for each contact: {report}", markup=False)
        except (VantumError, SystemExit) as error:
            return error
        finally:
            await carrier.close()
            await database.close()
    return None


async def _make(database: Database, rehearsed: Rehearsal, settings: Settings) -> Made:
    order = rehearsed.order
    plan = plan_of(order, (settings.twilio_phone_number or "",))
    retries = {kind: Retry(AGAIN_S, retry.times) for kind, retry in plan.retries.items()}
    hurried = replace(plan, retries=retries, calls_per_s=DIALS_PER_S)
    wanted = Wanted(order.name, settings.vantum_agent.stem, hurried)
    file, region = rehearsed.contacts, rehearsed.region
    made = await make(database, wanted, file, region, ids=Ids().new, now=database.now)
    await Campaigns(database).put(made.campaign, "running", database.now())
    return made
