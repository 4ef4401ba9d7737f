"""What one caller waits for: greeting, answer, and silence after interrupting.

    uv run python -m benchmarks.one_call --url ws://127.0.0.1:3001/ws RECORDING.wav…

Every recording is said twice: once to be answered, once into that answer to interrupt it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from benchmarks.calibration import headline
from benchmarks.percentile import percentile
from vantum.talk import CHUNK_S, Caller, Microphone, Recording, read_recording
from vantum.wire.events import EVENTS, EXTENSIONS, SUBPROTOCOL

PATIENCE_S = 15.0
SPEECH_ABOVE = 0.15  # of the loudest frame: where a listener would say that somebody speaks


class Figures:
    """What was measured, in milliseconds."""

    def __init__(self) -> None:
        self.greeting: list[float] = []
        self.answer: list[float] = []
        self.held: list[float] = []


async def measure(url: str, recording: Recording, figures: Figures) -> None:
    loop = asyncio.get_running_loop()
    async with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=None) as socket:
        caller = Caller(socket)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(caller.read())
            await caller.until(lambda: caller.is_greeted, PATIENCE_S)
            begin = loop.time()
            await caller.send(EVENTS.audio.input.START, {"samplingRate": recording.rate_hz})
            microphone = Microphone(caller, recording.rate_hz)
            sending = group.create_task(microphone.run())
            if await caller.until(lambda: heard_at(caller, begin) is not None, PATIENCE_S):
                figures.greeting.append(1000 * ((heard_at(caller, begin) or begin) - begin))
            await caller.until(lambda: caller.state == "LISTENING", PATIENCE_S)
            await microphone.say(recording)
            spoke_until = microphone.spoke_until
            heard = await caller.until(
                lambda: heard_at(caller, spoke_until) is not None, PATIENCE_S
            )
            if heard:
                answered_at = heard_at(caller, spoke_until) or spoke_until
                figures.answer.append(1000 * (answered_at - spoke_until))
                await asyncio.sleep(0.4)  # into the answer
                figures.held.append(1000 * await interrupt(caller, microphone, recording))
            sending.cancel()
            reading.cancel()


def heard_at(caller: Caller, since: float) -> float | None:
    """When the first sound came of what the agent began to say after `since`."""
    utterance = caller.answer_since(since, asked=False)
    return None if utterance is None else utterance.first_sound


async def interrupt(caller: Caller, microphone: Microphone, recording: Recording) -> float:
    """Seconds from the first speech sent to the order to be silent received."""
    loop = asyncio.get_running_loop()
    said = asyncio.ensure_future(microphone.say(recording))
    speech_at = loop.time() + recording.first_speech_chunk(SPEECH_ABOVE) * CHUNK_S
    pauses = caller.count(EXTENSIONS.audio.output.PAUSE)
    await caller.until(lambda: caller.count(EXTENSIONS.audio.output.PAUSE) > pauses, PATIENCE_S)
    held_at = loop.time()
    await said
    return held_at - speech_at


def summary(name: str, figures: list[float]) -> str:
    if not figures:
        return f"{name}: none"
    p95 = percentile(figures, 95)
    each = [round(figure) for figure in sorted(figures)]
    return f"{name}: median {statistics.median(figures):.0f}  p95 {p95:.0f}  all {each}"


async def main(url: str, paths: list[Path]) -> None:
    print(headline())
    figures = Figures()
    for path in paths:
        await measure(url, read_recording(path), figures)
    print(summary("greeting ms", figures.greeting))
    print(summary("answer ms", figures.answer))
    print(summary("held ms", figures.held))
    print(headline())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="ws://127.0.0.1:3001/ws")
    parser.add_argument("recordings", nargs="+", type=Path)
    options = parser.parse_args()
    asyncio.run(main(options.url, options.recordings))
