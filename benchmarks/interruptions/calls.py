"""One call of the real core in virtual time: the agent says a long answer, the caller a clip."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final, Literal

import numpy as np
from msgspec import Struct

from benchmarks.interruptions.corpus import HZ, Clip, Wave, voiced
from benchmarks.interruptions.ears import KnownWords, Opened, Said, local_ears
from benchmarks.interruptions.lines import (
    FRAME_S,
    Line,
    Microphone,
    PageLine,
    PhoneLine,
    Surroundings,
)
from vantum.audio import pcm as sound
from vantum.audio.resample import resampler
from vantum.call import Call, Cast, House
from vantum.conversation.policy import Policy
from vantum.conversation.utterances import sentences
from vantum.playback import PlayoutClock
from vantum.providers.base import Prompt, SpeechToText, Spoken, VoiceOptions
from vantum.providers.local import engine
from vantum.providers.local.activity import VadModel
from vantum.providers.local.alert import AlertSpeechToText
from vantum.session import Session
from vantum.telemetry import Metrics, server_log

PITCH: Final = (
    "We help sales teams call more people with less effort. Our agents dial your list, speak with"
    " everybody who picks up, and write down what was said. They book meetings straight into your"
    " calendar, and hand difficult calls over to your own colleagues. Most teams start within a"
    " week, and pay only for the minutes that they really use."
)
ASKS: Final = (
    "We help sales teams call more people with less effort. Would you like to see a short demo?"
    " Our agents dial your list, speak with everybody who picks up, and write down what was said."
    " Most teams start within a week, and pay only for the minutes that they really use."
)
ASKS_NUMBER: Final = "Gladly. What is the best phone number to reach you?"
ASKS_EMAIL: Final = "Gladly. What is your email address?"
DONE: Final = "Thank you, that is very good to know."
SENTENCE_GAP_S: Final = 0.25
FIRST_S, LAST_S = 0.8, 1.2  # of the answer, in which nothing is said into it
BEHIND_QUESTION_S: Final = 0.3  # people answer after 0.2 s; the agent goes on after 0.25
REPLY_AFTER_S: Final = 0.4  # to the question for an address
SETTLED_S: Final = 3.5  # after the caller's last word all has been decided
AFTERWARDS_S: Final = 2.0  # the agent has said all: nothing may be answered that was no turn
SHORT_FRAME_S: Final = 0.04  # the last frame of a sound may be so much shorter
STUCK_S: Final = 8.0  # an agent that says nothing for so long does not go on
LONGEST_S: Final = 60.0
DITHER: Final = 24  # of 32,768: no 10 ms of the agent's sound are like any others

LineKind = Literal["page", "phone"]


class Case(Struct, frozen=True):
    """One call: what is said into it, and where. `place` is 0..1 of where it may be."""

    number: int
    variant: str
    line: LineKind
    clip: Clip
    around: Surroundings
    place: float


class Course(Struct):
    """What came of it. Clock seconds from the first frame of the clip's speech, or counts."""

    case: Case
    answer: bytes = b""  # all that the agent had to say first
    heard: list[tuple[float, bytes]] = []
    turns: list[str] = []  # what the model was asked, after the opening
    held_s: float | None = None  # from the first frame of the clip
    held_before: int = 0  # times, without anybody speaking
    began: bool = False
    verbatim: bool = True  # the words were known beforehand
    line_width: int = 1
    rate_hz: int = 8_000


class _Mind:
    """Answers `answer` first, then thanks."""

    def __init__(self, answer: str) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        self.asked.append(prompt.messages[-1].content)
        for word in (self._answer if len(self.asked) == 1 else DONE).split(" "):
            yield word + " "


class _Voice:
    """The local voice at the line's own rate and coding; keeps what it has said."""

    def __init__(self, line: Line) -> None:
        self._rate_hz, self._encoding = line.rate_hz, line.encoding
        self.replies: list[bytearray] = []
        self.question_end: int | None = None  # of the first reply, in samples

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        del options
        said = bytearray()
        self.replies.append(said)
        random = np.random.default_rng(len(self.replies))
        number = 0
        async for text in pieces:
            for sentence in sentences(text):
                pcm = self._coded(sentence, random)
                said += pcm
                if sentence.endswith("?") and len(self.replies) == 1:
                    pause = round(SENTENCE_GAP_S * self._rate_hz)
                    self.question_end = len(said) // sound.sample_bytes(self._encoding) - pause
                size = self._rate_hz // 10 * sound.sample_bytes(self._encoding)
                for at in range(0, len(pcm), size):
                    part = pcm[at : at + size]
                    yield Spoken(number, part, self._rate_hz, encoding=self._encoding)
            yield Spoken(number, b"", self._rate_hz, last=True, encoding=self._encoding)
            number += 1

    def _coded(self, sentence: str, random: np.random.Generator) -> bytes:
        wave = np.concatenate((at_rate(voiced(sentence), self._rate_hz), _gap(self._rate_hz)))
        wave = wave + random.integers(-DITHER, DITHER + 1, wave.size) / sound.FULL_SCALE
        pcm = sound.from_float(wave)
        return sound.encode_mulaw(pcm) if self._encoding == "mulaw" else pcm


def _gap(rate_hz: int) -> Wave:
    return np.zeros(round(SENTENCE_GAP_S * rate_hz))


def at_rate(wave: Wave, rate_hz: int) -> Wave:
    """From HZ to the line's rate."""
    if rate_hz == HZ:
        return wave
    change = resampler(HZ, rate_hz)
    pcm = change.push(sound.from_float(wave)) + change.flush()
    return sound.to_float(pcm).astype(np.float64)


def answer_for(clip: Clip) -> str:
    """What the agent says, into which or behind which the clip is said."""
    if clip.kind == "dictation":
        return ASKS_EMAIL if " dot " in f" {clip.text} " else ASKS_NUMBER
    return ASKS if clip.kind == "answer" else PITCH


class Caller:
    """Waits for the place, says the clip and hangs up once all is settled."""

    def __init__(self, case: Case, line: Line, said: list[Said], voice: _Voice, mind: _Mind):
        self._case, self._line, self._said = case, line, said
        self._voice, self._mind = voice, mind
        self._mic = Microphone(case.around, line.rate_hz)
        self._waves = [at_rate(part, line.rate_hz) for part in case.clip.parts]
        self._mic.set_level(np.concatenate(self._waves))
        self._next = 0  # part to be said
        self._due: float | None = None  # clock time of it
        self.first_at: float | None = None
        self._quiet_from: float | None = None

    async def live(self) -> None:
        loop = asyncio.get_running_loop()
        began = tick = loop.time()
        while not self._over(tick, began):
            tick += FRAME_S
            await asyncio.sleep(tick - loop.time())
            played = self._line.take(tick)
            self._act(tick, tick - began - FRAME_S)
            await self._line.send(self._mic.take(played))
        self._line.hang_up()

    def _act(self, now: float, audio_s: float) -> None:
        if self._next == len(self._waves) or self._mic.speaking:
            return
        if self._due is None:
            self._due = now if self._next else self._first_due(now)
        if self._due is None or now < self._due:
            return
        wave = self._waves[self._next]
        lasts_s = wave.size / self._line.rate_hz
        self._said.append(Said(self._case.clip.texts[self._next], audio_s, audio_s + lasts_s))
        self._mic.say(wave)
        if self.first_at is None:
            self.first_at = now  # its first frame is sent now
        self._quiet_from = now + lasts_s
        if self._next < len(self._case.clip.pauses_s):
            self._due = self._quiet_from + self._case.clip.pauses_s[self._next]
        self._next += 1

    def _first_due(self, now: float) -> float | None:
        place = self._place()
        if place is None or self._played() < place:
            return None
        return now + (REPLY_AFTER_S if self._case.clip.kind == "dictation" else 0.0)

    def _place(self) -> float | None:
        """Sample of the first answer at which the clip begins."""
        rate_hz, case = self._line.rate_hz, self._case
        answer_s = self._answer_samples() / rate_hz
        if not answer_s:
            return None
        if case.clip.kind == "dictation":
            return answer_s * rate_hz
        if case.clip.kind == "answer":
            end = self._voice.question_end
            return None if end is None else end + BEHIND_QUESTION_S * rate_hz
        room_s = answer_s - LAST_S - FIRST_S - sum(map(len, self._waves)) / rate_hz
        return (FIRST_S + case.place * max(0.0, room_s)) * rate_hz

    def _answer_samples(self) -> int:
        replies = self._voice.replies
        return len(replies[0]) // sound.sample_bytes(self._line.encoding) if replies else 0

    def _played(self) -> int:
        """Samples of the agent's sound, those that were repeated included."""
        return self._line.heard_bytes // sound.sample_bytes(self._line.encoding)

    def _over(self, now: float, began: float) -> bool:
        if now - began > LONGEST_S:
            return True
        if self._quiet_from is None or self._next < len(self._waves):
            return False
        rate_hz = self._line.rate_hz
        if self._case.clip.kind == "nod" and len(self._mind.asked) < 2:
            last = self._line.heard[-1].at if self._line.heard else now
            all_heard = self._played() >= self._answer_samples() - SHORT_FRAME_S * rate_hz
            patience_s = AFTERWARDS_S if all_heard else STUCK_S
            return now > max(last, self._quiet_from) + patience_s
        return now > self._quiet_from + SETTLED_S


async def run(case: Case, house: House, vad: VadModel, decode: engine.Recognise | None) -> Course:
    """The whole call."""
    loop = asyncio.get_running_loop()
    log = server_log()
    line: Line = PhoneLine(log) if case.line == "phone" else PageLine(log)
    said: list[Said] = []
    ears: SpeechToText = (
        local_ears(vad, decode) if decode else AlertSpeechToText(KnownWords(said), vad)
    )
    mind, voice = _Mind(answer_for(case.clip)), _Voice(line)
    # without a pickup: the agent is spoken to at once, as in the middle of a call
    cast = Cast(Opened(ears), mind, voice, Policy())
    session = Session(f"case-{case.number}", "benchmark", loop.time(), loop.time())
    call = Call(cast, session, line.outlet, house, log)
    caller = Caller(case, line, said, voice, mind)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(caller.live(), name="caller")
        await call.run(line.listen(call), line.write())
    began_at = caller.first_at
    # a breath before it may hold the sound already
    held = [at for at in line.held_at if began_at is not None and at >= began_at]
    first_at = None if began_at is None else began_at + case.clip.onset_s
    return Course(
        case,
        answer=bytes(voice.replies[0]) if voice.replies else b"",
        heard=[(one.at - (first_at or 0.0), one.pcm) for one in line.heard],
        turns=mind.asked[1:],
        held_s=max(0.0, held[0] - first_at) if held and first_at is not None else None,
        held_before=len(line.held_at) - len(held),
        began=first_at is not None,
        verbatim=decode is None,
        line_width=sound.sample_bytes(line.encoding),
        rate_hz=line.rate_hz,
    )


async def run_all(
    cases: list[Case], decode: engine.Recognise | None, *, at_once: int = 40
) -> list[Course]:
    """All cases, so many at once, on one playout clock and one voice activity network."""
    clock, vad = PlayoutClock(), VadModel()
    house = House(clock, Metrics())
    ticking = asyncio.get_running_loop().create_task(clock.run(), name="playout")
    places = asyncio.Semaphore(at_once)

    async def one(case: Case) -> Course:
        async with places:
            return await run(case, house, vad, decode)

    try:
        return list(await asyncio.gather(*(one(case) for case in cases)))
    finally:
        ticking.cancel()
        vad.close()
