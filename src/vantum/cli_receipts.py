"""The commands about receipts: `vantum receipts …`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vantum.cli_records import with_records
from vantum.counted import counted
from vantum.errors import RequestError

if TYPE_CHECKING:
    from vantum.store.database import Database

app = typer.Typer(help="What proves that calls were made rightly.", no_args_is_help=True)


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write: one line of JSON a receipt.")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Begin with the first call of that day (UTC)."),
    ] = None,
) -> None:
    """Write the chain of receipts to a file, which replaces one of that name."""
    from vantum.campaigns.exporting import export_receipts  # noqa: PLC0415 - others need no records

    async def written(database: Database) -> int:
        return await export_receipts(database, file, since)

    count = with_records(context, written)
    typer.echo(f"{counted(count, 'receipt')} written to {file}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A file that `export` has written.")],
) -> None:
    """Say whether each receipt of a file is as it was written, and none is missing."""
    from vantum.dialing.chain import Broken, verify  # noqa: PLC0415 - see above

    try:
        with file.open("rb") as lines:
            if not lines.peek(1):
                raise RequestError(f"{file}: it is empty; an export has a seal at least")
            found = verify(line.removesuffix(b"\n") for line in lines)
    except OSError as error:
        raise RequestError(f"{file}: cannot be read: {error.strerror}") from error
    if isinstance(found, Broken):
        typer.echo(f"{file}, line {found.line}: {found.sentence}")
        raise typer.Exit(1)
    if found.last < found.first:
        typer.echo(f"{file}: no receipts, and nothing is missing")
        return
    typer.echo(f"{file}: receipts {found.first} to {found.last} hold together")
    typer.echo(f"hash of the last: {found.hash}")
