"""A phone agent with Bolna, as its quickstart's server runs one, whose vendors are simulated.

    .peers/bolna/bin/python -m benchmarks.peers.phone_bolna --port PORT --simulator URL

Its server keeps agents in Redis and prompts in files; here both are handed over directly. It asks
Cartesia over TLS only, which is the one thing that is changed in it. A greeting it takes as a
recording, which its makers' own platform renders; there is none.
"""

from __future__ import annotations

import argparse
import logging
import os
from typing import Any

from bolna import providers
from bolna.agent_manager.assistant_manager import AssistantManager
from bolna.models import AgentModel
from bolna.synthesizer import CartesiaSynthesizer
from starlette.websockets import WebSocket

from benchmarks.peers.door_fastapi import serve
from benchmarks.peers.said import PROMPT, VOICE


class PlainCartesia(CartesiaSynthesizer):  # type: ignore[misc]
    """Without TLS."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.ws_url = vars(self)["ws_url"].replace("wss:", "ws:", 1)


def _agent() -> dict[str, Any]:
    voice = {"voice": "Alex", "voice_id": VOICE, "model": "sonic-3.5", "language": "en"}
    model = {"provider": "openai", "model": "gpt-4o-mini"}  # newer ones by another API
    pipeline = ["transcriber", "llm", "synthesizer"]
    task = {
        "task_type": "conversation",
        "toolchain": {"execution": "parallel", "pipelines": [pipeline]},
        "tools_config": {
            "input": {"provider": "twilio", "format": "wav"},
            "output": {"provider": "twilio", "format": "wav"},
            "transcriber": {
                "provider": "deepgram",
                "model": "nova-3",
                "language": "en",
                "stream": True,
            },
            "llm_agent": {
                "agent_type": "simple_llm_agent",
                "agent_flow_type": "streaming",
                "llm_config": model,
            },
            "synthesizer": {
                "provider": "cartesia",
                "provider_config": voice,
                "stream": True,
                "audio_format": "wav",
            },
        },
        "task_config": {},
    }
    agent = AgentModel(agent_name="Alex", tasks=[task])
    told: dict[str, Any] = agent.model_dump()
    return told


async def _talk(socket: WebSocket, simulator: str) -> None:
    await socket.accept()
    prompts = {"task_1": {"system_prompt": PROMPT}}
    calls = AssistantManager(
        _agent(), socket, "alex", prompt_responses=prompts, base_url=f"{simulator}/v1"
    )
    async for _ in calls.run(local=True):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--simulator", required=True)
    given = parser.parse_args()
    host = given.simulator.partition("://")[2]
    os.environ |= {
        "DEEPGRAM_AUTH_TOKEN": "peer",
        "DEEPGRAM_HOST": host,
        "DEEPGRAM_HOST_PROTOCOL": "ws",
        "OPENAI_API_KEY": "peer",
        "AZURE_OPENAI_API_KEY": "none",  # it wants a client for voicemails, of which there are none
        "AZURE_OPENAI_ENDPOINT": given.simulator,
        "CARTESIA_API_KEY": "peer",
        "CARTESIA_API_HOST": host,
    }
    logging.getLogger().setLevel(logging.WARNING)  # it would tell of each frame
    providers.SUPPORTED_SYNTHESIZER_MODELS["cartesia"] = PlainCartesia
    serve(given.port, lambda socket: _talk(socket, given.simulator))


if __name__ == "__main__":
    main()
