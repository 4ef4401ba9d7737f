"""What `vantum simulate` does: it builds a stage, says how to use it, and serves until a signal."""

from __future__ import annotations

import asyncio
import gc
import socket
from pathlib import Path
from shutil import which
from typing import Final

import uvicorn
import uvloop
from rich.console import Console

from vantum.errors import SettingsError
from vantum.providers.local import engine
from vantum.providers.local.client import LocalSpeech, socket_path
from vantum.simulator.app import simulator_server
from vantum.simulator.customer import OUR_NUMBER
from vantum.simulator.latency import PROFILES
from vantum.simulator.local_talent import Local
from vantum.simulator.stage import Account, Stage
from vantum.simulator.talent import Canned
from vantum.telemetry import server_log
from vantum.upkeep import HouseUpkeep, keep_what_is_there
from vantum.web.server import listening_sockets

SPEECH: Final = ("canned", "local")
_OLD_SELDOM: Final = 1_000  # collections of the less old, between two of all; Python has 10


def run_simulator(
    *,
    host: str,
    port: int,
    seed: int,
    profile: str,
    api_key: str,
    account: Account,
    speech: str,
    data_dir: Path,
) -> None:
    """Serve the vendors. Raises SettingsError for an option that cannot be used."""
    if profile not in PROFILES:
        raise SettingsError(f'--profile: got "{profile}", allowed is {", ".join(PROFILES)}')
    if speech not in SPEECH:
        raise SettingsError(f'--speech: got "{speech}", allowed is {", ".join(SPEECH)}')
    local = _local_speech(data_dir) if speech == "local" else None
    talent = Local(local) if local else Canned()
    stage = Stage(PROFILES[profile], talent, seed=seed, api_key=api_key, account=account)
    sockets = listening_sockets(host, port, named="--host, --port")
    url = "http://{}:{}".format(*sockets[0].getsockname()[:2])
    Console(soft_wrap=True, highlight=False).print(how_to_use(url, account), markup=False)
    keep_what_is_there()
    # It keeps its calls: to look through 100,000 objects takes 0.1 s, and dials that wait meanwhile
    # would count as made at once.
    gc.set_threshold(*gc.get_threshold()[:2], _OLD_SELDOM)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(simulator_server(stage), sockets, local))


async def _serve(
    server: uvicorn.Server, sockets: list[socket.socket], local: LocalSpeech | None
) -> None:
    upkeep = HouseUpkeep(server_log())
    async with upkeep.open():
        if local:
            upkeep.start("local-speech", local.run())
        await server.serve(sockets)


def _local_speech(data_dir: Path) -> LocalSpeech:
    if missing := engine.missing_packages():
        raise SettingsError(f"--speech local: {engine.how_to_install(missing)}")
    return LocalSpeech(socket_path(data_dir))


def how_to_use(url: str, account: Account) -> str:
    """What is printed at the start: lines that can be pasted as they are."""
    vantum = "vantum" if which("vantum") else "tools/uv.sh run --frozen --quiet vantum"
    return f"""Deepgram, OpenAI, Cartesia and Twilio are played on {url} (Ctrl-C ends it).
Unless started with --speech local they hear scripted sentences and speak in tones; --profile
says how fast they are. Start a server that lives on them, with a telephone:

  STT_PROVIDER=deepgram DEEPGRAM_BASE_URL={url} \\
  LLM_PROVIDER=openai OPENAI_BASE_URL={url}/v1 \\
  TTS_PROVIDER=cartesia CARTESIA_BASE_URL={url} \\
  TWILIO_BASE_URL={url} TWILIO_ACCOUNT_SID={account.sid} \\
  TWILIO_AUTH_TOKEN={account.token} TWILIO_PHONE_NUMBER={OUR_NUMBER} \\
  PUBLIC_URL=http://localhost:3001 RECORDING=on {vantum} serve

Talk to its agent at http://localhost:3001, or, in the same folder, have it call somebody:

  {vantum} call +15550100100

The last two digits of a number say who answers (00 a person, 01 busy, 02 nobody, 03 a voicemail),
GET {url}/simulator/callees lists them all; what they heard is at

  curl {url}/simulator/calls

For a campaign start `{vantum} worker` with the same settings, too: it is asked for consents as in
earnest, at a lawful hour. Have a range of numbers answered by a mix, most of it without sound, let
the account dial no faster than it may, and count what was dialled:

  curl {url}/simulator/mixes -d '{{"prefix": "+1212555"}}'
  curl {url}/simulator/limits -d '{{"calls_per_s": 20, "calls_at_once": 100}}'
  curl {url}/simulator/dials

Switch a fault on, and look: at what there is and what happened, and at what was asked:

  curl {url}/simulator/faults -d '{{"vendor": "openai", "fault": "slow_first_token"}}'
  curl {url}/simulator
  curl {url}/simulator/asked"""
