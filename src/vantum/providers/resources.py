"""What a provider may be built from; every provider's factory takes just this."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from msgspec import Struct

from vantum.agents.schema import Agent
from vantum.limits import Budgets
from vantum.providers.local.client import LocalSpeech
from vantum.settings import Settings


class Upkeep(Protocol):
    """What providers keep between calls, such as open sockets; all of it ends with the process."""

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> Stoppable:
        """Run `work` beside the calls; a failure is logged and ends it alone."""
        ...

    def at_end(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have `close` awaited when the process ends."""
        ...


class Stoppable(Protocol):
    """Work that was started."""

    def cancel(self) -> object:
        """End it."""
        ...


class Resources(Struct, frozen=True):
    """Settings, the agent that is to speak, and what all calls of a process share."""

    settings: Settings
    agent: Agent
    local_speech: LocalSpeech
    upkeep: Upkeep
    budgets: Budgets = Budgets()
