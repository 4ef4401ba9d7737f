"""What `vantum simulate` does: it builds a stage, says how to use it, and serves until a signal."""

from __future__ import annotations

from rich.console import Console

from vantum.errors import SettingsError
from vantum.simulator.app import simulator_server
from vantum.simulator.latency import PROFILES
from vantum.simulator.stage import Stage
from vantum.simulator.talent import Canned
from vantum.web.server import listening_sockets


def run_simulator(*, host: str, port: int, seed: int, profile: str, api_key: str) -> None:
    """Serve the vendors. Raises SettingsError for a profile or port that cannot be used."""
    if profile not in PROFILES:
        raise SettingsError(f'--profile: got "{profile}", allowed is {", ".join(PROFILES)}')
    stage = Stage(PROFILES[profile], Canned(), seed=seed, api_key=api_key)
    sockets = listening_sockets(host, port)
    url = "http://{}:{}".format(*sockets[0].getsockname()[:2])
    Console(soft_wrap=True, highlight=False).print(_how_to_use(url), markup=False)
    simulator_server(stage).run(sockets)


def _how_to_use(url: str) -> str:
    return f"""Deepgram, OpenAI and Cartesia are played on {url} (Ctrl-C ends it).
Talk to an agent that lives on them:

  STT_PROVIDER=deepgram DEEPGRAM_BASE_URL={url} \\
  LLM_PROVIDER=openai OPENAI_BASE_URL={url}/v1 \\
  TTS_PROVIDER=cartesia CARTESIA_BASE_URL={url} vantum serve

Switch a fault on, and look at what happened:

  curl {url}/simulator/faults -d '{{"vendor": "openai", "fault": "slow_first_token"}}'
  curl {url}/simulator"""
