"""What `vantum token` does: the API's tokens are made, listed and revoked in the records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vantum.errors import RequestError
from vantum.roles import Role
from vantum.settings import Settings

if TYPE_CHECKING:
    from vantum.store.api_tokens import ApiTokens

Result = TypeVar("Result")


def token_commands(settings: Callable[[], Settings]) -> typer.Typer:
    """The commands below `vantum token`."""
    app = typer.Typer(help="Tokens for programs that use the API.", no_args_is_help=True)

    @app.command()
    def create(
        name: Annotated[str, typer.Argument(help="Whose it is, for the list.")],
        role: Annotated[
            Role, typer.Option(help="viewer reads, operator acts too, admin may all.")
        ] = "viewer",
    ) -> None:
        """Make a token and print it; it is not shown again."""
        _, secret = _with(settings(), lambda tokens: tokens.make(name, role, time.time()))
        typer.echo(secret)

    @app.command("list")
    def list_all() -> None:
        """Print the tokens, without what opens anything."""
        typer.echo(_line("id", "role", "created", "used", "revoked", "name"))
        for token in _with(settings(), lambda tokens: tokens.all()):
            times = (token.created_at, token.used_at, token.revoked_at)
            typer.echo(_line(token.id, token.role, *map(_told, times), token.name))

    @app.command()
    def revoke(token_id: Annotated[str, typer.Argument(help="As `list` shows it.")]) -> None:
        """Have a token open nothing any more."""
        token = _with(settings(), lambda tokens: tokens.revoke(token_id, time.time()))
        if token is None:
            raise RequestError(f"There is no token {token_id}; see: vantum token list")
        typer.echo(f"revoked: {token.name}")

    return app


def _with(settings: Settings, work: Callable[[ApiTokens], Awaitable[Result]]) -> Result:
    """Do something with the tokens of this installation. Raises SettingsError, RecordsError."""
    # Other commands need no database.
    from vantum.store.api_tokens import ApiTokens  # noqa: PLC0415
    from vantum.store.database import Database  # noqa: PLC0415

    async def working() -> Result:
        database = Database(settings.database)
        try:
            await database.set_up()
            return await work(ApiTokens(database))
        finally:
            await database.close()

    return asyncio.run(working())


def _line(*columns: str) -> str:
    widths = (36, 8, 17, 17, 17, 0)
    return "  ".join(text.ljust(width) for text, width in zip(columns, widths, strict=True))


def _told(at: float | None) -> str:
    """A time of day, in UTC."""
    return "-" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%MZ")
