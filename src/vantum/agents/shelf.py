"""Which agents there are: that of the default file, and those whose files lie beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from vantum.agents.doubts import doubts
from vantum.agents.schema import Agent, load
from vantum.agents.source import Source
from vantum.errors import RequestError, SettingsError

# Other YAML lies about too: a file with one of these is meant as an agent's.
_MEANT_AS_AGENT: Final = re.compile(rb"^(greeting|playbook|silence)\s*:", re.MULTILINE)


class Shelf(Struct, frozen=True):
    """Agents by name, and of the files that are none of them what is wrong, with file and line."""

    agents: dict[str, Agent]
    sources: dict[str, Source]
    broken: dict[str, str]

    def no_such(self, name: str) -> RequestError:
        """Why there is none of that name."""
        if name in self.broken:
            return RequestError(
                f'The file of the agent "{name}" has a mistake; tell its author to run: '
                f"vantum agent check {name}.yaml"
            )
        return RequestError(f'There is no agent "{name}"; known: {", ".join(self.agents)}')

    def complaints(self, *, end_silence_s: float) -> Iterator[tuple[str, dict[str, str]]]:
        """What to log at the start: files that are left out, and what others say in vain.

        `end_silence_s` is what VAD_SILENCE_THRESHOLD_MS says.
        """
        for name, why in self.broken.items():
            todo = f"correct it and start again; to check it: vantum agent check {name}.yaml"
            yield "agent_left_out", {"agent": name, "why": why, "todo": todo}
        for name, agent in self.agents.items():
            for why in doubts(agent, self.sources[name], end_silence_s=end_silence_s):
                yield "agent_says_in_vain", {"agent": name, "why": why}


def shelf_of(default: Path) -> Shelf:
    """The default agent and those beside it. Raises SettingsError for a mistake in the default."""
    try:
        agent, source = load(default)
    except SettingsError as error:
        raise SettingsError(f"VANTUM_AGENT: {error}") from error
    shelf = Shelf({default.stem: agent}, {default.stem: source}, {})
    for path in sorted(default.parent.glob("*.yaml")):
        if path.stem in shelf.agents or not _is_meant_as_agent(path):
            continue
        try:
            shelf.agents[path.stem], shelf.sources[path.stem] = load(path)
        except SettingsError as error:
            shelf.broken[path.stem] = str(error).replace(str(path), path.name)
    return shelf


def _is_meant_as_agent(path: Path) -> bool:
    try:
        return _MEANT_AS_AGENT.search(path.read_bytes()) is not None
    except OSError:
        return True  # what cannot be read is told when it is loaded
