"""What `vantum agent` does: agent files are read as a server would read them, and nobody called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vantum.counted import counted

if TYPE_CHECKING:
    from vantum.agents.schema import Agent

app = typer.Typer(help="Agent files.", no_args_is_help=True)


@app.callback()
def agents() -> None:
    """Agent files."""


@app.command()
def check(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Agent files, or names of those included.")],
) -> None:
    """Tell what each file holds and what it says in vain, or what is wrong, and in which line."""
    from vantum.agents.doubts import doubts  # noqa: PLC0415 - other commands need no agents
    from vantum.agents.schema import load  # noqa: PLC0415
    from vantum.errors import SettingsError  # noqa: PLC0415

    settings = context.obj.settings()
    bad = False
    for file in files:
        try:
            agent, source = load(file)
        except SettingsError as error:
            typer.echo(error, err=True)
            bad = True
            continue
        found = list(doubts(agent, source, end_silence_s=settings.vad_silence_threshold_s))
        language = agent.language or f"{settings.stt_language} (STT_LANGUAGE)"
        typer.echo(f"{source.path}: {_held(agent)}, {language}, {_count(len(found), 'warning')}")
        for doubt in found:
            typer.echo(f"  warning: {doubt}")
    raise typer.Exit(2 if bad else 0)


def _held(agent: Agent) -> str:
    book = agent.playbook
    asked, said = _count(len(book.questions), "question"), len(book.replies())
    return f"{agent.name} from {agent.company}, {asked}, {said} replies"


def _count(number: int, word: str) -> str:
    return counted(number, word) if number else f"no {word}s"
