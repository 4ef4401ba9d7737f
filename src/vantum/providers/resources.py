"""What a provider may be built from; every provider's factory takes just this."""

from __future__ import annotations

from msgspec import Struct

from vantum.agents.schema import Agent
from vantum.providers.local.client import LocalSpeech
from vantum.settings import Settings


class Resources(Struct, frozen=True):
    """Settings, the agent that is to speak, and what all calls of a process share."""

    settings: Settings
    agent: Agent
    local_speech: LocalSpeech
