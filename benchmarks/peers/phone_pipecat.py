"""A phone agent with Pipecat, as its Twilio example has it, whose vendors are simulated.

    .peers/pipecat/bin/python -m benchmarks.peers.phone_pipecat --port PORT --simulator URL
                                                                --ears local|flux

`local`: Deepgram's Nova with the defaults, Silero's voice activity and the smart turn model, whose
weights are in the package. `flux`: Deepgram's Flux, whose turns Pipecat follows, and nothing local.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.cartesia.tts import CartesiaTTSService
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner
from starlette.websockets import WebSocket

from benchmarks.peers.door_fastapi import serve
from benchmarks.peers.said import GREETING, MODEL, PROMPT, RATE_HZ, VOICE


def _ears(ears: str, simulator: str) -> tuple[Any, LLMUserAggregatorParams]:
    """The recogniser, and who says where a turn begins and ends."""
    if ears == "flux":
        listen = f"{simulator.replace('http', 'ws', 1)}/v2/listen"
        # The service itself recommends the strategies that follow its turns.
        return DeepgramFluxSTTService(api_key="peer", url=listen), LLMUserAggregatorParams()
    stt = DeepgramSTTService(api_key="peer", base_url=simulator)
    return stt, LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())


async def _talk(socket: WebSocket, simulator: str, ears: str) -> None:
    await socket.accept()
    _, call = await parse_telephony_websocket(socket)
    serializer = TwilioFrameSerializer(
        stream_sid=call["stream_id"],
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    transport = FastAPIWebsocketTransport(
        websocket=socket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=serializer
        ),
    )
    stt, user_params = _ears(ears, simulator)
    llm = OpenAILLMService(
        api_key="peer",
        base_url=f"{simulator}/v1",
        settings=OpenAILLMService.Settings(model=MODEL, system_instruction=PROMPT),
    )
    tts = CartesiaTTSService(
        api_key="peer",
        url=f"{simulator.replace('http', 'ws', 1)}/tts/websocket",
        settings=CartesiaTTSService.Settings(voice=VOICE),
    )
    user, assistant = LLMContextAggregatorPair(LLMContext(), user_params=user_params)
    worker = PipelineWorker(
        Pipeline([transport.input(), stt, user, llm, tts, transport.output(), assistant]),
        params=PipelineParams(
            audio_in_sample_rate=RATE_HZ,
            audio_out_sample_rate=RATE_HZ,
            enable_metrics=True,
            enable_usage_metrics=True,
        ),
    )

    async def greet(_transport: Any, _client: Any) -> None:
        await worker.queue_frames([TTSSpeakFrame(GREETING)])

    async def leave(_transport: Any, _client: Any) -> None:
        await worker.cancel()

    transport.add_event_handler("on_client_connected", greet)
    transport.add_event_handler("on_client_disconnected", leave)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--ears", choices=("local", "flux"), required=True)
    given = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    serve(given.port, lambda socket: _talk(socket, given.simulator, given.ears))


if __name__ == "__main__":
    main()
