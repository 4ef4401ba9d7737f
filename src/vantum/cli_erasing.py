"""The command `vantum erase`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vantum.cli_records import new_id, with_records
from vantum.counted import counted

if TYPE_CHECKING:
    from vantum.campaigns.erasing import Erasure
    from vantum.store.database import Database

app = typer.Typer()


@app.command()
def erase(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Such as +15550100123.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Forget a person and their calls; `vantum contacts erase` forgets only whose number it is."""
    from vantum.campaigns.erasing import KEPT, erase  # noqa: PLC0415 - others need no records
    from vantum.dialing.numbers import recorded_number  # noqa: PLC0415

    phone = recorded_number(number)
    if not yes:
        question = f"Erase all that is known of {phone}? It cannot be brought back."
        typer.confirm(question, abort=True)
    folder = context.obj.settings().vantum_data_dir

    async def erased(database: Database) -> Erasure:
        return await erase(database, folder, phone, now=database.now(), new_id=new_id())

    gone = with_records(context, erased)
    typer.echo(
        f"removed: {counted(gone.contacts, 'contact')}, what was said in"
        f" {counted(gone.calls, 'call')}, {counted(gone.recordings, 'recording')},"
        f" {counted(gone.findings, 'finding')}, {counted(gone.lines, 'line')} of outcomes.jsonl,"
        f" {counted(gone.salts, 'salt')}"
    )
    for what in KEPT:
        typer.echo(f"kept: {what}")
