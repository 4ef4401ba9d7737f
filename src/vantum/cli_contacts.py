"""The commands about whom to call: `vantum contacts …`, `suppress` and `unsuppress`."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vantum.cli_records import new_id, with_records
from vantum.counted import counted
from vantum.errors import RequestError

if TYPE_CHECKING:
    from vantum.campaigns.importing import Report
    from vantum.store.database import Database
    from vantum.store.lists import ContactList, Lists

app = typer.Typer()
contacts = typer.Typer(help="Lists of people to call, from CSV files.", no_args_is_help=True)
app.add_typer(contacts, name="contacts")

Region = Annotated[
    str | None,
    typer.Option(help="Country of numbers that are written without its code, such as US."),
]
Number = Annotated[str, typer.Argument(help="With plus and country code, such as +15550100123.")]


def _e164(number: str, region: str | None = None) -> str:
    from vantum.dialing.numbers import number_of  # noqa: PLC0415 - other commands need none of it

    return number_of(number, region)


@contacts.command("import")
def import_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the new list is called.")],
    file: Annotated[Path, typer.Argument(help="CSV file; its first row names the columns.")],
    region: Region = None,
) -> None:
    """Make a list of a CSV file: all of it or, where it cannot be used, nothing."""
    from vantum.campaigns.importing import import_list  # noqa: PLC0415 - see above
    from vantum.store.lists import Lists  # noqa: PLC0415

    report = with_records(
        context,
        lambda database: import_list(
            name, file, region, lists=Lists(database), new_id=new_id(), now=database.now
        ),
    )
    if not report.good:
        _tell(report, counted(0, "contact"))
        raise RequestError(f"{file}: no row is good, so there is no list")
    what = f'{counted(report.good, "contact")} in the list "{name}"'
    _tell(report, what, see_all=f'vantum contacts show "{name}" --bad')


def _tell(report: Report, what: str, see_all: str = "") -> None:
    ending = report.ending
    typer.echo(f"{what}, {counted(report.bad, 'bad row')}")
    if see_all and ending.variables:
        typer.echo(f"variables for the agent: {', '.join(ending.variables)}")
    if ending.windows_1252:
        lines = f"{counted(ending.windows_1252, 'line')} from line {ending.windows_1252_from} on"
        typer.echo(f"not UTF-8, so read as Windows-1252: {lines}")
    for row in report.shown:
        typer.echo(f"  {row.told}")
    if report.bad > len(report.shown):
        see = f"; see all with: {see_all}" if see_all else ""
        typer.echo(f"  and {report.bad - len(report.shown)} more{see}")


@contacts.command("list")
def list_(context: typer.Context) -> None:
    """Print the lists there are, the newest first."""
    from vantum.store.lists import Lists  # noqa: PLC0415 - see above

    for one in with_records(context, lambda database: Lists(database).all()):
        counts = f"{counted(one.good, 'contact')}\t{counted(one.bad, 'bad row')}"
        typer.echo(f"{one.name}\t{counts}\tfrom {one.source}")


@contacts.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The list.")],
    *,
    bad: Annotated[bool, typer.Option("--bad", help="Its bad rows, not its contacts.")] = False,
) -> None:
    """Print a list as it is recorded: line, number, name, company and time zone."""
    with_records(context, lambda database: _show(database, name, bad=bad))


async def _known(lists: Lists, name: str) -> ContactList:
    found = await lists.named(name)
    if found is None:
        raise RequestError(f'There is no list "{name}"')
    return found


async def _show(database: Database, name: str, *, bad: bool) -> None:
    from vantum.store.lists import Lists  # noqa: PLC0415 - see above

    lists = Lists(database)
    found = await _known(lists, name)
    line = 0
    if bad:
        while rows := await lists.bad_rows(found.list_id, line):
            for row in rows:
                typer.echo(row.told)
            line = rows[-1].line
        return
    while people := await lists.contacts(found.list_id, line):
        for one in people:
            cells = (str(one.line), one.phone, one.name, one.company, one.timezone)
            typer.echo("\t".join(" ".join(cell.split()) for cell in cells))
        line = people[-1].line


@contacts.command()
def remove(context: typer.Context, name: Annotated[str, typer.Argument(help="The list.")]) -> None:
    """Take a list away that no campaign calls; wishes not to be called stay."""

    async def removed(database: Database) -> ContactList:
        lists = Lists(database)
        found = await _known(lists, name)
        await lists.remove(found.list_id)
        return found

    from vantum.store.lists import Lists  # noqa: PLC0415 - see above

    gone = with_records(context, removed)
    typer.echo(f'"{gone.name}" is removed: {counted(gone.good, "contact")}')


@contacts.command()
def erase(context: typer.Context, number: Number) -> None:
    """Forget whose number this is, in every list; their calls, too, with `vantum erase`."""
    from vantum.store.contacts import Contacts  # noqa: PLC0415 - see above

    phone = _e164(number)
    gone = with_records(
        context, lambda database: Contacts(database).erase(phone, database.now(), new_id())
    )
    typer.echo(f"erased: {counted(gone, 'contact')} with {phone}; the number stays suppressed")
    typer.echo(f"what was said in calls with them is still there: vantum erase {phone}")


@app.command()
def suppress(
    context: typer.Context,
    number: Annotated[str | None, typer.Argument(help="Such as +15550100123.")] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(help="CSV file of numbers: phone and, if need be, reason.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept on record.")] = None,
    region: Region = None,
) -> None:
    """Have a number, or those of a file, called no more by any campaign."""
    from vantum.campaigns.importing import import_suppressions  # noqa: PLC0415 - see above
    from vantum.store.contacts import UNSAID, Contacts  # noqa: PLC0415

    why = reason or UNSAID
    if (number is None) == (file is None):
        raise RequestError("Say one of the two: a number, or --file FILE")
    if file is not None:
        report = with_records(
            context,
            lambda database: import_suppressions(
                file, region, why, contacts=Contacts(database), now=database.now
            ),
        )
        _tell(report, f"suppressed: {counted(report.good, 'number')}")
        if not report.good:
            raise RequestError(f"{file}: no row is good, so nothing is suppressed")
        return
    phone = _e164(number or "", region)
    is_new = with_records(
        context, lambda database: Contacts(database).suppress(phone, database.now(), why)
    )
    typer.echo(f"{phone} is suppressed" if is_new else f"{phone} was suppressed already")


@app.command()
def unsuppress(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why it may be called again; kept on record.")],
    by: Annotated[str | None, typer.Option(help="Who decided it; you, if not said.")] = None,
) -> None:
    """Let a suppressed number be called again."""
    from vantum.store.contacts import Contacts  # noqa: PLC0415 - see above

    phone, who = _e164(number), by or getpass.getuser()

    async def lift(database: Database) -> bool:
        return await Contacts(database).unsuppress(phone, by=who, why=reason, now=database.now())

    lifted = with_records(context, lift)
    typer.echo(f"{phone} may be called again" if lifted else f"{phone} was not suppressed")
