"""Our provider asked over real sockets: at the simulator, or at a server of fixed bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from simulated import Simulator, simulating

from vantum.agents.schema import load_agent
from vantum.limits import Budgets
from vantum.providers import registry
from vantum.providers.base import Action, Message, Prompt, Usage
from vantum.providers.local.client import LocalSpeech
from vantum.providers.openai import OpenAIModel
from vantum.providers.resources import Resources
from vantum.settings import load_settings
from vantum.telemetry import server_log
from vantum.upkeep import HouseUpkeep

AGENT = load_agent("sales")
GREETING = Message("assistant", AGENT.greeting)
HELLO = (GREETING, Message("user", "Who is this?"))
GOODBYE = (GREETING, Message("user", "Goodbye!"))


@asynccontextmanager
async def asking(
    url: str, *, dialect: Any = None, budgets: Budgets | None = None, **environ: str
) -> AsyncIterator[OpenAIModel]:
    """The provider, built as for a call; its connections end with it."""
    settings = load_settings({"OPENAI_API_KEY": "a-key", "OPENAI_BASE_URL": url, **environ})
    upkeep = HouseUpkeep(server_log())
    async with upkeep.open():
        none = cast(LocalSpeech, None)  # not this provider's
        resources = Resources(settings, AGENT, none, upkeep, budgets or Budgets())
        if dialect is None:
            yield cast(OpenAIModel, registry.language_model("openai", resources))
        else:
            yield OpenAIModel(resources, dialect=dialect)


@asynccontextmanager
async def simulated(
    *, dialect: Any = "openai", budgets: Budgets | None = None, how: Any = None, **environ: str
) -> AsyncIterator[tuple[Simulator, OpenAIModel]]:
    """The provider and the simulator it asks."""
    async with (
        simulating(**(how or {})) as simulator,
        asking(f"{simulator.url}/v1", dialect=dialect, budgets=budgets, **environ) as model,
    ):
        yield simulator, model


async def reply(
    model: OpenAIModel, *messages: Message, system: str = "You are Alex."
) -> list[str | Action | Usage]:
    """The whole answer."""
    return [item async for item in model.reply(Prompt(system, messages or HELLO))]


def text_of(items: list[Any]) -> str:
    return "".join(item for item in items if isinstance(item, str))


@asynccontextmanager
async def saying(body: bytes, *, status: str = "200 OK", kind: str = "text/event-stream") -> Any:
    """A server that answers every request with these bytes and closes; yields its address."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield "http://{}:{}/v1".format(*server.sockets[0].getsockname()[:2])
