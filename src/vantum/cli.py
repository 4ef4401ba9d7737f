"""The `vantum` command: what its words and options mean. Each command's work is elsewhere."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from vantum import (
    __version__,
    cli_agents,
    cli_campaigns,
    cli_contacts,
    cli_erasing,
    cli_receipts,
    cli_tokens,
    cli_webhooks,
)
from vantum.cli_records import Surroundings, with_records
from vantum.env_file import values as env_values
from vantum.errors import VantumError
from vantum.settings import Settings, doubtful_lines, load_settings

app = typer.Typer(
    help="Voice agents that talk on the phone and in the browser.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


ENV_FILE: Final = Path(".env")

app.add_typer(cli_contacts.app)
app.add_typer(cli_campaigns.app, name="campaign")
app.add_typer(cli_webhooks.app, name="webhook")
app.add_typer(cli_receipts.app, name="receipts")
app.add_typer(cli_erasing.app)
app.add_typer(cli_tokens.app, name="token")
app.add_typer(cli_agents.app, name="agent")


@app.callback()
def every_command(context: typer.Context) -> None:
    """Tell the commands of other files where they run."""
    context.obj = Surroundings(_settings, _environ)


def _environ() -> dict[str, str]:
    """The environment on top of `.env`."""
    return {**env_values(ENV_FILE), **os.environ}


def _settings(**given: object) -> Settings:
    """Settings of the environment and `.env`, with what the command line says on top."""
    options = {name.upper(): str(value) for name, value in given.items() if value is not None}
    return load_settings({**os.environ, **options}, env_file=ENV_FILE)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that share the port: one a core.")
    ] = 1,
) -> None:
    """Serve calls, the page and the API on one port."""
    settings, doubts = _settings(host=host, port=port), doubtful_lines(ENV_FILE)
    if workers > 1:
        from vantum.web.workers import run_workers  # noqa: PLC0415 - see below

        raise typer.Exit(run_workers(settings, workers, doubts))
    from vantum.web.server import run_server  # noqa: PLC0415 - other commands need no web server

    run_server(settings, doubts)


@app.command()
def talk(
    audio: Annotated[list[Path], typer.Option(help="WAV file to say; repeat for more.")],
    url: Annotated[
        str, typer.Option(help="The server: its page's address, or its WebSocket.")
    ] = "http://127.0.0.1:3001",
    record: Annotated[Path | None, typer.Option(help="WAV file for what was answered.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a recording.")] = False,
) -> None:
    """Say recordings to a server as a browser would, and print what it answers."""
    from vantum.talk import run_talk  # noqa: PLC0415 - other commands need no client

    raise typer.Exit(run_talk(audio, url=url, record=record, as_json=as_json))


@app.command()
def call(
    number: Annotated[str, typer.Argument(help="Whom to call, such as +15550100100.")],
    agent: Annotated[
        str | None, typer.Option(help="Agent file; of a running server, the name of its agent.")
    ] = None,
    *,
    simulated: Annotated[
        bool, typer.Option("--simulate", help="Rehearse: carrier and callee are simulated here.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="The running server; by default on PORT of this machine.")
    ] = None,
) -> None:
    """Call somebody, follow the call, and print what was said and what came of it."""
    from vantum.calling import ask, was_reached  # noqa: PLC0415 - other commands need no client

    settings, console = _settings(), Console(highlight=False, soft_wrap=True)
    if simulated:
        from vantum.rehearsing import rehearse  # noqa: PLC0415 - nor a simulator

        done = rehearse(number, Path(agent) if agent else None, settings, _environ(), console)
    else:
        server = url or f"http://127.0.0.1:{settings.port}"
        done = ask(number, Path(agent).stem if agent else None, server, settings, console)
    raise typer.Exit(0 if was_reached(done) else 1)


@app.command()
def simulate(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 3002,
    seed: Annotated[int, typer.Option(help="Same seed, same delays and faults.")] = 0,
    profile: Annotated[str, typer.Option(help="How fast: fast, typical or bench.")] = "typical",
    api_key: Annotated[str, typer.Option(help="Refuse any other key; empty takes all.")] = "",
    account_sid: Annotated[
        str, typer.Option(help="The one account of the phone carrier.")
    ] = "AC00000000000000000000000000000001",
    auth_token: Annotated[str, typer.Option(help="The secret of that account.")] = "simulated",
    speech: Annotated[
        str, typer.Option(help="Who hears and speaks: canned, or local for real models.")
    ] = "canned",
) -> None:
    """Play Deepgram, OpenAI, Cartesia and Twilio on one port, with faults on demand."""
    # The server needs no simulator.
    from vantum.simulator.run import run_simulator  # noqa: PLC0415
    from vantum.simulator.stage import Account  # noqa: PLC0415

    run_simulator(
        host=host,
        port=port,
        seed=seed,
        profile=profile,
        api_key=api_key,
        account=Account(account_sid, auth_token),
        speech=speech,
        data_dir=_settings().vantum_data_dir,
    )


@app.command()
def worker() -> None:
    """Dial what the running campaigns have due; servers beside it carry the calls."""
    from vantum.campaigns.running import run_worker  # noqa: PLC0415 - other commands dial nobody

    run_worker(_settings())


@app.command()
def migrate(context: typer.Context) -> None:
    """Make the tables, or bring those of an older version up to date, before servers start."""

    async def nothing_more(_: object) -> None: ...

    with_records(context, nothing_more)
    typer.echo("the tables are up to date")


@app.command()
def doctor() -> None:
    """Look at keys, sound, telephone, clock and records, and say what to do."""
    from vantum.doctor import tell  # noqa: PLC0415 - other commands need none of it

    if not asyncio.run(tell(_settings(), Console(highlight=False, soft_wrap=True))):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command; what the operator can mend is one clear message and exit code 2."""
    try:
        app()
    except VantumError as error:
        # What a path or value holds in brackets is text, not markup.
        text = f"[bold red]vantum:[/] {escape(str(error))}"
        Console(stderr=True, soft_wrap=True).print(text, markup=True)
        raise SystemExit(2) from None
