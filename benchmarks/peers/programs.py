"""Which peers there are, each in a virtual environment of its own, brought when it is asked for.

The environments are in `.peers/` and no part of the project's own; the versions below are what is
measured.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.capacity.programs import CORES, Program, Start, relay, running, vantum
from benchmarks.ports import free_port

ROOT: Final = Path(__file__).resolve().parent.parent.parent
HOME: Final = ROOT / ".peers"
PYTHON: Final = "3.11"
# The event loop is the fastest that each can use, as ours is.
REQUIREMENTS: Final[dict[str, tuple[str, ...]]] = {
    "pipecat": (
        "pipecat-ai[cartesia,deepgram,openai,silero,websocket]==1.14.0",
        "deepgram-sdk==7.17.0",
        "fastapi==0.165.0",
        "onnxruntime==1.32.0",
        "openai==3.57.0",
        "uvicorn==0.54.0",
        "uvloop==0.23.0",
    ),
    "bolna": ("bolna==0.11.9", "uvloop==0.23.0"),
    "livekit": (
        "livekit-agents==1.8.9",
        "livekit-plugins-cartesia==1.8.9",
        "livekit-plugins-deepgram==1.8.9",
        "livekit-plugins-openai==1.8.9",
        "aiohttp==3.14.5",
        "openai==3.57.0",
        "uvloop==0.23.0",
    ),
}
# None asks anybody for anything at its start: there is nobody to be asked on a lonely machine.
SETTINGS: Final = {
    "PYTHONPATH": str(ROOT),
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


def python_of(peer: str) -> Path:
    """The interpreter that has the peer, installed where it is not."""
    wanted = "\n".join(REQUIREMENTS[peer])
    home = HOME / peer
    python, mark = home / "bin" / "python", home / "installed.txt"
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        print(f"installing {peer} into {home.relative_to(ROOT)}; this happens once", flush=True)
        uv = str(ROOT / "tools" / "uv.sh")
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", PYTHON, str(home)], check=True
        )
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
        subprocess.run([*install, *REQUIREMENTS[peer]], check=True)
        mark.write_text(wanted, "utf-8")
    return python


def _peer(peer: str, **options: str) -> Start:
    """A peer's own program with these options."""

    @contextmanager
    def started(simulated: str) -> Iterator[Program]:
        port = free_port()
        words = [f"benchmarks.peers.phone_{peer}", "--port", str(port), "--simulator", simulated]
        for name, value in options.items():
            words += [f"--{name}", value]
        python = str(python_of(peer))
        with running(words, port, SETTINGS, CORES[0], python=python) as program:
            yield program

    return started


AS_IT_COMES: Final = {"LLM_SPECULATION": "1"}
PROGRAMS: Final[dict[str, Start]] = {
    "relay": relay,
    "vantum": vantum(**AS_IT_COMES),
    "vantum with Flux": vantum(**AS_IT_COMES, STT_PROVIDER="deepgram-flux"),
    "vantum with local VAD": vantum(**AS_IT_COMES, VAD="local"),
    "pipecat with Flux": _peer("pipecat", ears="flux"),
    "pipecat with local models": _peer("pipecat", ears="local"),
    "livekit without local models": _peer("livekit", ears="stt"),
    "livekit with local models": _peer("livekit", ears="local"),
    "bolna": _peer("bolna"),
}
"""What is compared, in the order of a round."""

WHAT: Final[dict[str, str]] = {
    "relay": "only passes sound and words on: the least that a call costs. It takes no turns",
    "vantum": "as it comes: Deepgram's Nova says where turns begin and end, answers are speculated",
    "vantum with Flux": "the same with Deepgram's Flux, which says itself when a turn is over",
    "vantum with local VAD": "the first with `VAD=local`: Silero's voice activity",
    "pipecat with Flux": "Deepgram's Flux, whose turns Pipecat follows; nothing local",
    "pipecat with local models": "its defaults: Silero's voice activity and the smart turn model",
    "livekit without local models": (
        "its AgentSession on the carrier's media stream; Deepgram's Nova says where turns begin "
        "and end, and LiveKit's wait after that is set to none"
    ),
    "livekit with local models": (
        "the same with its defaults: Silero's voice activity, its own turn model, and its waits"
    ),
    "bolna": "its defaults with Deepgram's Nova; it has no local models",
}
"""How each is set."""


def versions(names: Iterable[str]) -> dict[str, str]:
    """Of the peers among these programs."""
    found = {}
    for peer, required in REQUIREMENTS.items():
        if any(name.startswith(peer) for name in names):
            package, _, version = required[0].partition("==")
            found[peer] = f"{package.partition('[')[0]} {version}"
    return found


MISSING: Final[tuple[str, ...]] = (
    "LiveKit's calls come without its own server and SIP bridge, whose CPU would come on top: the "
    "server is no Python package.",
    "Bolna greets with a recording only, so it was not asked to; it took `gpt-4o-mini`, as newer "
    "models are asked by an API that is not simulated, and Cartesia without TLS.",
)
"""What could not be measured, and why."""
