"""The commands about campaigns: `vantum campaign …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from vantum.cli_records import new_id, with_records
from vantum.counted import counted
from vantum.errors import RequestError

if TYPE_CHECKING:
    from vantum.campaigns.making import Order
    from vantum.store.campaigns import Campaign, State
    from vantum.store.database import Database

app = typer.Typer(help="Call the people on a list.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The campaign.")]


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


Hours = Annotated[
    str | None,
    typer.Option(help='In their zone, such as "mon-fri 09:00-17:00"; by default as the law says.'),
]
Region = Annotated[
    str | None, typer.Option(help="Country of numbers without its code, such as US.")
]


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called, and the list of its file.")],
    contacts: Annotated[
        Path | None, typer.Option(help="CSV file; its first row names the columns.")
    ] = None,
    from_list: Annotated[
        str | None, typer.Option("--list", help="In place of a file: a list that is there.")
    ] = None,
    *,
    agent: Annotated[str | None, typer.Option(help="Agent file, or the name of one.")] = None,
    caller_id: Annotated[
        list[str] | None, typer.Option(help="Our number to call from; repeat for more.")
    ] = None,
    hours: Hours = None,
    calls_per_second: Annotated[float | None, typer.Option(help="Dials a second; 1.")] = None,
    at_once: Annotated[int | None, typer.Option(help="Calls at once; 10.")] = None,
    attempts: Annotated[int | None, typer.Option(help="Calls to one contact at most; 4.")] = None,
    region: Region = None,
    simulated: Annotated[
        bool, typer.Option("--simulate", help="Rehearse all of it now; nobody is really called.")
    ] = False,
) -> None:
    """Make a campaign of a CSV file or a list; `start` begins to call."""
    from vantum.campaigns.making import Order, week_of  # noqa: PLC0415 - others need none of it

    order = Order(
        name=name,
        agent=agent,
        caller_ids=tuple(caller_id or ()),
        plan={
            "hours": week_of(hours) if hours else None,
            "calls_per_s": calls_per_second,
            "at_once": at_once,
            "attempts": attempts,
        },
    )
    if contacts is None and simulated:
        raise RequestError("A rehearsal reads a file: --contacts FILE")
    if (contacts is None) == (from_list is None):
        raise RequestError("Say one of the two: --contacts FILE, or --list NAME")
    if contacts is None:
        _make(context, order, from_list or "", region)
    else:
        (_rehearse if simulated else _make)(context, order, contacts, region)


def _make(context: typer.Context, order: Order, whom: Path | str, region: str | None) -> None:
    """`whom` is a file, or a list by its name."""
    from msgspec.structs import replace  # noqa: PLC0415 - see above

    from vantum.campaigns.looking import slowed  # noqa: PLC0415
    from vantum.campaigns.making import agent_of, make, make_of_list, ordered  # noqa: PLC0415
    from vantum.campaigns.telling import tell_made, tell_next  # noqa: PLC0415

    settings, console = context.obj.settings(), _console()
    if order.agent:
        order = replace(order, agent=agent_of(order.agent, settings))
    wanted = ordered(order, settings)
    if isinstance(whom, Path):
        file = whom
        made = with_records(
            context,
            lambda database: make(database, wanted, file, region, ids=new_id, now=database.now),
        )
        campaign = made.campaign
        tell_made(made, console)
    else:
        name = whom

        async def made_of_list(database: Database) -> tuple[Campaign, int]:
            now = database.now()
            return await make_of_list(database, wanted, name, new_id=new_id(), now=now)

        campaign, contacts = with_records(context, made_of_list)
        if campaign.state != "making":
            console.print(f'campaign "{order.name}": {counted(contacts, "contact")}', markup=False)
    if slower := slowed(wanted.plan, settings):
        console.print(slower, markup=False)
    tell_next(campaign, console)


def _rehearse(context: typer.Context, order: Order, file: Path, region: str | None) -> None:
    from vantum.rehearsing_campaigns import Rehearsal, rehearse_campaign  # noqa: PLC0415

    around = context.obj
    rehearsal = Rehearsal(order, file, region)
    rehearse_campaign(rehearsal, around.settings(), around.environ(), _console())


def _put(context: typer.Context, name: str, state: State) -> Campaign:
    async def put(database: Database) -> Campaign:
        from vantum.campaigns.looking import named  # noqa: PLC0415 - see above
        from vantum.store.campaigns import Campaigns  # noqa: PLC0415

        campaigns = Campaigns(database)
        return await campaigns.put(await named(campaigns, name), state, database.now())

    return with_records(context, put)


@app.command()
def start(context: typer.Context, name: Name) -> None:
    """Begin to call, or go on."""
    settings = context.obj.settings()
    campaign = _put(context, name, "running")

    async def hindered(database: Database) -> tuple[str, ...]:
        from vantum.campaigns.looking import hindrances  # noqa: PLC0415 - see above

        return await hindrances(database, campaign.plan, settings)

    found = with_records(context, hindered)
    typer.echo(f'"{name}" is started' + ("; but:" if found else ""))
    for why in found:
        typer.echo(f"  {why}")


@app.command()
def pause(context: typer.Context, name: Name) -> None:
    """Dial nobody until it is started again; calls that run go on."""
    _put(context, name, "paused")
    typer.echo(f'"{name}" is paused')


@app.command()
def stop(context: typer.Context, name: Name) -> None:
    """End it for good: who was not reached yet is called no more."""
    _put(context, name, "stopped")
    typer.echo(f'"{name}" is stopped')


@app.command()
def status(
    context: typer.Context,
    name: Name,
    *,
    once: Annotated[bool, typer.Option("--once", help="Print it once and end.")] = False,
) -> None:
    """Show how far it is, while it runs."""

    async def show(database: Database) -> None:
        from vantum.campaigns.looking import look  # noqa: PLC0415 - see above
        from vantum.campaigns.telling import follow, picture  # noqa: PLC0415

        if not once:
            await follow(database, name, _console())
            return
        _console().print(picture(await look(database, name)))

    with_records(context, show)


@app.command("list")
def list_(context: typer.Context) -> None:
    """Print the campaigns there are, the newest first."""

    async def show(database: Database) -> None:
        from vantum.store.campaigns import Campaigns  # noqa: PLC0415 - see above

        campaigns = await Campaigns(database).all()
        for one in campaigns:
            typer.echo(f"{one.name}\t{one.state}\t{one.agent}")
        if not campaigns:
            typer.echo("none yet; see: vantum campaign create --help", err=True)

    with_records(context, show)


@app.command()
def report(
    context: typer.Context,
    name: Name,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON line for each contact.")] = False,
) -> None:
    """Print each contact: how often they were called, and what came of it."""

    async def show(database: Database) -> None:
        import msgspec  # noqa: PLC0415 - see above

        from vantum.campaigns.looking import named, rows  # noqa: PLC0415
        from vantum.campaigns.telling import line_of  # noqa: PLC0415
        from vantum.store.campaigns import Campaigns  # noqa: PLC0415

        campaigns = Campaigns(database)
        async for row in rows(campaigns, await named(campaigns, name)):
            typer.echo(msgspec.json.encode(row).decode() if as_json else line_of(row))

    with_records(context, show)
