"""Which agents there are, and with which wording a call was held."""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec import Struct

from vantum.agents.shelf import shelf_of
from vantum.agents.versions import Version, version, versions_of
from vantum.errors import RequestError
from vantum.settings import Settings
from vantum.store.agent_versions import AgentVersions
from vantum.web.rest.house import House
from vantum.web.rest.route import Route, route

ROOT: Final = "/api/v1/agents"


class ShownAgent(Struct, frozen=True, kw_only=True):
    """An agent, as its file has it now."""

    name: str  # by which calls and campaigns name it
    called: str  # how it introduces itself
    company: str
    product: str
    goal: str
    language: str  # "": as the server has it
    columns: tuple[str, ...]  # of contacts, that it speaks of
    fields: tuple[str, ...]  # that are noted after a call
    is_default: bool
    version: str  # SHA-256 of the file


class AgentFile(Struct, frozen=True):
    """The text of an agent's file; `digest` is its SHA-256."""

    digest: str
    name: str
    text: str


class ShownAgents(Struct, frozen=True):
    """The agents that servers know, the default one first, and whose files have a mistake."""

    items: list[ShownAgent]
    broken: list[str]


class AgentDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._settings = house.settings
        self._versions = AgentVersions(house.database)

    async def list(self) -> ShownAgents:
        """The agents there are."""
        # On a thread: files are read, and calls may be live.
        return await asyncio.to_thread(_shown, self._settings)

    async def look(self, name: str) -> AgentFile:
        """One agent's file, as it is now."""
        return _file(await asyncio.to_thread(_read, name, self._settings))

    async def as_was(self, digest: str) -> AgentFile:
        """A wording that calls were held with; receipts name it by its digest."""
        found = await self._versions.of([digest])
        if digest not in found:
            raise RequestError("No call was held with such a wording", code="NOT_FOUND")
        return _file(found[digest])


def _shown(settings: Settings) -> ShownAgents:
    default = settings.vantum_agent
    shelf = shelf_of(default)
    versions = versions_of(default, shelf.agents)
    items = [
        ShownAgent(
            name=name,
            called=agent.name,
            company=agent.company,
            product=agent.product,
            goal=agent.goal,
            language=agent.language,
            columns=agent.columns,
            fields=tuple(one.name for one in agent.fields),
            is_default=name == default.stem,
            version=versions[name].digest,
        )
        for name, agent in shelf.agents.items()
    ]
    return ShownAgents(items, list(shelf.broken))


def _read(name: str, settings: Settings) -> Version:
    default = settings.vantum_agent
    if name not in shelf_of(default).agents:  # also: nothing that leads out of their folder
        raise RequestError("There is no agent of this name", code="NOT_FOUND")
    return version(name, default if name == default.stem else default.parent / f"{name}.yaml")


def _file(found: Version) -> AgentFile:
    return AgentFile(found.digest, found.name, found.text)


def routes(house: House) -> tuple[Route, ...]:
    """The routes about agents."""
    doors = AgentDoors(house)
    return (
        route("GET", ROOT, "viewer", doors.list),
        route("GET", f"{ROOT}/{{name}}", "viewer", doors.look),
        route("GET", "/api/v1/agent-versions/{digest}", "viewer", doors.as_was),
    )
