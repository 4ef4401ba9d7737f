"""What `vantum token` does: the API's tokens are made, listed and revoked in the records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vantum.cli_records import with_records
from vantum.errors import RequestError
from vantum.roles import Role

if TYPE_CHECKING:
    from vantum.store.api_tokens import ApiToken, ApiTokens

Result = TypeVar("Result")
app = typer.Typer(help="Tokens for programs that use the API.", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose it is, for the list.")],
    role: Annotated[
        Role, typer.Option(help="viewer reads, operator acts too, admin may all.")
    ] = "viewer",
) -> None:
    """Make a token and print it; it is not shown again."""
    _, secret = _with(context, lambda tokens, now: tokens.make(name, role, now))
    typer.echo(secret)


@app.command("list")
def list_(context: typer.Context) -> None:
    """Print the tokens, without what opens anything."""
    typer.echo(_line("id", "role", "created", "used", "revoked", "name"))
    for token in _with(context, lambda tokens, _: tokens.all()):
        times = (token.created_at, token.used_at, token.revoked_at)
        typer.echo(_line(token.id, token.role, *map(_told, times), token.name))


@app.command()
def revoke(
    context: typer.Context,
    token_id: Annotated[str, typer.Argument(help="As `list` shows it.")],
) -> None:
    """Have a token open nothing any more."""

    async def revoked(tokens: ApiTokens, now: float) -> tuple[ApiToken | None, float]:
        return await tokens.revoke(token_id, now), now

    token, now = _with(context, revoked)
    if token is None:
        raise RequestError(f"There is no token {token_id}; see: vantum token list")
    typer.echo(f"revoked{'' if token.revoked_at == now else ' already'}: {token.name}")


def _with(context: typer.Context, work: Callable[[ApiTokens, float], Awaitable[Result]]) -> Result:
    from vantum.store.api_tokens import ApiTokens  # noqa: PLC0415 - other commands need none

    return with_records(context, lambda database: work(ApiTokens(database), database.now()))


def _line(*columns: str) -> str:
    widths = (36, 8, 17, 17, 17, 0)
    return "  ".join(text.ljust(width) for text, width in zip(columns, widths, strict=True))


def _told(at: float | None) -> str:
    """A time of day, in UTC."""
    return "-" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%MZ")
