"""A call on simulated vendors, one of them struck by a fault; judged by the sound that arrives."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import yaml
from served import Client, Frame, eventually, serving, tone

sys.path.append(str(Path(__file__).resolve().parents[1] / "simulator"))
from simulated import Simulator, simulating

import vantum.agents
from vantum.limits import Budgets
from vantum.simulator.faults import Fault, Vendor
from vantum.simulator.latency import PROFILES, Delay
from vantum.simulator.talent import Canned

AGENT = Path(vantum.agents.__file__).parent / "files" / "sales.yaml"
GREETING = "Hi there."
QUESTIONS = ("What does it cost?", "How does it work?")
CHUNK_S = 0.1
# What a client is told of trouble with each vendor.
TROUBLE: dict[Vendor, re.Pattern[str]] = {
    "deepgram": re.compile(r"stt_|notification"),
    "openai": re.compile(r"llm_|notification"),
    "cartesia": re.compile(r"tts_|notification"),
}
PROMISE_S = 2.0  # of silence that nothing explains
# Struck while a connection is opened; all other faults strike one that stands.
AT_THE_DOOR: frozenset[Fault] = frozenset(
    {"refused", "unauthorized", "payment_required", "forbidden", "throttled", "unavailable"}
)
AS_IT_OPENS: frozenset[tuple[Vendor, Fault]] = frozenset({("deepgram", "stall_first")})


@dataclass
class Answer:
    """What the caller heard after a question."""

    waited_s: float  # from the last word to the first sound
    gap_s: float  # the longest silence inside
    text: str
    sound_s: float

    @property
    def silent_s(self) -> float:
        return max(self.waited_s, self.gap_s)

    @property
    def expected_s(self) -> float:
        """How long the simulated voice sounds for this text."""
        return sum(len(word) + 1 for word in self.text.split()) / 15


@dataclass
class Course:
    """What came of a call."""

    answers: list[Answer] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # events about trouble
    heard: list[str] = field(default_factory=list)  # the caller's words, as recognised
    said: str = ""  # all that the agent said
    ended: str = ""  # why, where the agent ended the call

    @property
    def outcome(self) -> str:
        """In the words of the table."""
        if "cannot hear" in self.said:
            return f"says that it cannot hear, ends the call ({self.ended})"
        if any(answer.sound_s < answer.expected_s - 1 for answer in self.answers):
            return "goes on in text"
        if "once more" in self.said or "technical problem" in self.said:
            return "asks to say it again"
        if "my thread" in self.said:
            return "excuses itself, offers to go on"
        fills = any(answer.sound_s > answer.expected_s + 1 for answer in self.answers)
        return "answers behind a filler" if fills or "One moment" in self.said else "answers"


class Caller:
    """Speaks and is silent in real time, as a microphone does."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loud = 0
        self._said = asyncio.Event()
        self.last_word_at = 0.0

    async def run(self) -> None:
        due = time.monotonic()
        quiet, loud = bytes(3_200), tone(CHUNK_S)
        while True:
            due += CHUNK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            speaks, self._loud = self._loud > 0, max(0, self._loud - 1)
            await self._client.send("audio.input.chunk", {"audio": loud if speaks else quiet})
            if speaks and not self._loud:
                self.last_word_at = time.monotonic()
                self._said.set()

    async def says_something(self) -> None:
        self._said.clear()
        self._loud = 12
        await self._said.wait()


def silences(frames: list[Frame]) -> tuple[float, float]:
    """The longest gap while sound plays, and how long it all sounds."""
    gap_s, ends_at, sound_s = 0.0, frames[0].at, 0.0
    for frame in frames:
        length_s = len(frame.payload["audio"]) / 2 / 48_000
        gap_s = max(gap_s, frame.at - ends_at)
        ends_at = max(ends_at, frame.at) + length_s
        sound_s += length_s
    return gap_s, sound_s


async def ask(client: Client, caller: Caller, patience_s: float) -> Answer | None:
    """Say something and hear all that follows; None when the call ended instead."""
    seen = len(client.events)
    await caller.says_something()
    asked_at = caller.last_word_at
    await client.until(lambda: _is_over(client.events[seen:]), "answer", patience_s)
    after = client.events[seen:]
    if any(frame.name == "connection.lifecycle.disconnect" for frame in after):
        return None
    texts = [f.payload["fullResponse"] for f in after if f.name == "conversation.response.complete"]
    begun = [f for f in after if f.name == "conversation.response.start" and f.at > asked_at]
    sound = [f for f in after if f.name == "audio.output.chunk" and f.at > asked_at]
    if not sound:
        return Answer(begun[0].at - asked_at, 0.0, " ".join(texts), 0.0)
    gap_s, sound_s = silences(sound)
    return Answer(sound[0].at - asked_at, gap_s, " ".join(texts), sound_s)


def _is_over(frames: list[Frame]) -> bool:
    """An answer to words that were heard is complete and played, or the call is over."""
    names = [frame.name for frame in frames]
    if "connection.lifecycle.disconnect" in names:
        return True
    states = [f.payload["to"] for f in frames if f.name == "conversation.state.changed"]
    answered = "THINKING" in states and "conversation.response.complete" in names
    return answered and states[-1] == "LISTENING"


@asynccontextmanager
async def stage(
    folder: Path, faster: float, *, api_key: str = ""
) -> AsyncIterator[tuple[Simulator, dict[str, object]]]:
    """The simulator, and the settings of a server that lives on it."""
    agent = yaml.safe_load(AGENT.read_text("utf-8")) | {"greeting": GREETING}
    path = folder / "agent.yaml"
    path.write_text(yaml.safe_dump(agent, sort_keys=False), "utf-8")
    profile = msgspec.structs.replace(
        PROFILES["fast"],
        endpointing_s=0.3 / faster,
        first_audio=Delay(0.1 / faster),
        tokens_per_s=100.0,
        sound_per_s=60.0,
        one_answer=True,
    )
    talent = Canned(QUESTIONS)
    async with simulating(profile=profile, talent=talent, api_key=api_key) as simulator:
        yield (
            simulator,
            {
                "stt_provider": "deepgram",
                "llm_provider": "openai",
                "llm_speculation": 0,  # else a guess may be struck, which nobody hears
                "llm_max_tokens": 12,  # two sentences: enough to stall in
                "tts_provider": "cartesia",
                "deepgram_base_url": simulator.url,
                "openai_base_url": f"{simulator.url}/v1",
                "cartesia_base_url": simulator.url,
                "vad_silence_threshold_ms": round(500 / faster),
                "vantum_agent": path,
                "budgets": Budgets().divided(faster),
            },
        )


async def rehearse(vendor: Vendor, fault: Fault, folder: Path, *, faster: float) -> Course:
    """One call with a greeting and two questions; the fault strikes once, in the first."""
    course = Course()
    strikes = {"seconds": 12.0 / faster} if fault == "slow_first_token" else {}
    if fault == "throttled":
        strikes = {"seconds": 5.0 / faster}
    async with stage(folder, faster) as (simulator, settings):
        at_the_door = fault in AT_THE_DOOR and vendor != "openai"
        at_the_door = at_the_door or (vendor, fault) in AS_IT_OPENS
        async with serving(**settings) as server, server.connect(v2=True) as client:
            await looked_at(simulator)
            if at_the_door:
                for connection in tuple(simulator.stage.connections):
                    connection.transport.abort()  # so that the door is needed again
                simulator.breaks(vendor, fault, **strikes)
            await client.start()
            caller = Caller(client)
            microphone = asyncio.get_running_loop().create_task(caller.run(), name="microphone")
            try:
                await client.until(lambda: _greeted(client), "greeting", 30.0)
                await _settled(simulator)
                if not at_the_door:
                    simulator.breaks(vendor, fault, **strikes)
                for _ in QUESTIONS:
                    answer = await ask(client, caller, patience_s=40.0)
                    if answer is None:
                        break
                    course.answers.append(answer)
            finally:
                microphone.cancel()
            assert simulator.stage.faults.struck == [(vendor, fault)], "the fault did not strike"
            course.told = sorted(
                {
                    f.name
                    for f in client.events
                    if ".error." in f.name or f.name.startswith("error.")
                }
                | {f.name for f in client.events if f.name.startswith("system.notification.")}
            )
            course.said = " ".join(
                f.payload["fullResponse"] for f in client.all("conversation.response.complete")
            )
            for frame in client.all("connection.lifecycle.disconnect"):
                course.ended = frame.payload["reason"]
            course.heard = [f.payload["text"] for f in client.all("transcript.final.result")]
    return course


async def looked_at(simulator: Simulator) -> None:
    """The server has asked every vendor, as it does at its start."""
    counts = simulator.stage.counts
    await eventually(lambda: counts["deepgram.streams"] and counts["cartesia.sockets"])


async def _settled(simulator: Simulator) -> None:
    """The agent's phrases are learnt; the fault is to strike the call, not them."""
    before, quiet = {}, 0
    while quiet < 5:
        await asyncio.sleep(0.3)
        now = dict(simulator.stage.counts)
        before, quiet = now, quiet + 1 if now == before else 0


def _greeted(client: Client) -> bool:
    """The greeting was said to its end, or could not be said at all."""
    states = [frame.payload["to"] for frame in client.all("conversation.state.changed")]
    return bool(client.all("conversation.response.complete")) and states[-1] == "LISTENING"
