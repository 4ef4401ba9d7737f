"""Which agents there are: that of the default file, and those whose files lie beside it."""

from __future__ import annotations

from pathlib import Path

from vantum.agents.schema import Agent, load_agent
from vantum.errors import SettingsError


def agents_beside(default: Path) -> dict[str, Agent]:
    """The default agent and those beside it that can be read, by name. Raises SettingsError."""
    try:
        found = {default.stem: load_agent(default)}
    except SettingsError as error:
        raise SettingsError(f"VANTUM_AGENT: {error}") from error
    for path in sorted(default.parent.glob("*.yaml")):
        if path.stem in found:
            continue
        try:
            found[path.stem] = load_agent(path)
        except SettingsError:
            continue
    return found
