"""The commands about other programs that are told what happens: `vantum webhook …`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from vantum.cli_records import new_id, with_records
from vantum.errors import RequestError

if TYPE_CHECKING:
    from vantum.store.database import Database
    from vantum.store.hooks import Hook
    from vantum.store.jobs import Jobs

app = typer.Typer(help="Tell other programs what happens.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where to send it, such as https://example.com/in.")],
    events: Annotated[
        str, typer.Option(help="Which, with commas, such as call.settled,call.found; else all.")
    ] = "",
    *,
    local: Annotated[
        bool, typer.Option("--local", help="It may be in a network of our own.")
    ] = False,
) -> None:
    """Add an endpoint, and print the secret that signs what it is told: shown this once."""
    from vantum.campaigns.endpoints import new_hook  # noqa: PLC0415 - other commands need none
    from vantum.store.hooks import Hooks  # noqa: PLC0415

    words = [word.strip() for word in events.split(",") if word.strip()]

    async def added(database: Database) -> Hook:
        hook = new_hook(url, words, local=local, new_id=new_id(), now=database.now())
        await Hooks(database).add(hook)
        return hook

    hook = with_records(context, added)
    typer.echo(f"{hook.hook_id} is told of {', '.join(hook.events)}")
    typer.echo(f"secret, shown only now: {hook.secret}")


@app.command(name="list")
def show(context: typer.Context) -> None:
    """Show every endpoint, and what it is told of."""
    from vantum.store.hooks import Hooks  # noqa: PLC0415 - see above

    for hook in with_records(context, lambda database: Hooks(database).all()):
        state = "on" if hook.off_at is None else f"off since {_moment(hook.off_at)}"
        typer.echo(f"{hook.hook_id}  {state}  {hook.url}  {','.join(hook.events)}")


@app.command()
def off(
    context: typer.Context, hook: Annotated[str, typer.Argument(help="Its id; see list.")]
) -> None:
    """Tell an endpoint nothing any more, not even what waits for it."""
    from vantum.store.hooks import Hooks  # noqa: PLC0415 - see above

    known = with_records(context, lambda database: Hooks(database).switch_off(hook, database.now()))
    _unless(known, f"{hook}: no endpoint that is on; `vantum webhook list` shows them")
    typer.echo(f"{hook} is told nothing any more")


@app.command()
def failed(context: typer.Context) -> None:
    """Show what was tried for a day and is not tried any more."""
    for job in with_records(context, lambda database: _jobs(database).dead("webhook")):
        hook = job.subject.partition(":")[0]
        told = f"{job.job_id}  {_moment(job.due_at)}  endpoint {hook}  {job.tries} tries"
        typer.echo(f"{told}: {job.error}")


@app.command()
def again(
    context: typer.Context, job: Annotated[str, typer.Argument(help="Its id; see failed.")]
) -> None:
    """Try one of these anew."""
    known = with_records(context, lambda database: _jobs(database).again(job, database.now()))
    _unless(known, f"{job}: nothing that has failed; `vantum webhook failed` shows what has")


def _jobs(database: Database) -> Jobs:
    from vantum.store.jobs import Jobs  # noqa: PLC0415 - see above

    return Jobs(database, "")


def _unless(known: bool, message: str) -> None:
    if not known:
        raise RequestError(message)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
