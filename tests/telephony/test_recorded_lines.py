"""What an author recorded is what the callee hears, and is accounted for as if it were spoken."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from own_recordings import agent_file, rustle, write_wav
from phone import Phone, telephone

from vantum.agents.schema import load_agent
from vantum.audio.pcm import to_float
from vantum.simulator.callee_acts import HangUp, Interrupt, Pause, Say
from vantum.telephony.settled import Outcome

pytestmark = pytest.mark.anyio

SALES = load_agent("sales")
PATIENCE_S = 60.0
VOICEMAIL = "+15550100103"
GREETING_S, MESSAGE_S = 8.0, 3.0
RATE_HZ = 8_000
PART = RATE_HZ // 4
FALL_IN = ("+15550100155", "+15550100156", "+15550100157")  # a shared machine may stall in one
SCRIPT = (
    Say("Hello?"),
    Interrupt(after_s=2.5),
    Say("Wait, who is this?"),
    Pause(1.0),
    HangUp(),
)


@pytest.fixture(scope="module")
async def calls(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Phone, dict[str, Outcome]]]:
    """A voicemail and people who interrupt, called at once by an agent with recordings."""
    folder: Path = tmp_path_factory.mktemp("recorded")
    write_wav(folder / "greeting.wav", rustle(GREETING_S, 48_000, seed=2), 48_000)
    write_wav(folder / "message.wav", rustle(MESSAGE_S, 8_000), 8_000)
    agent = agent_file(
        folder, (SALES.greeting, "greeting.wav"), (SALES.phone.voicemail, "message.wav")
    )
    async with telephone(folder / "data", vendors=True, vantum_agent=agent) as phone:
        for number in FALL_IN:
            await phone.casts(number=number, script=msgspec.to_builtins(SCRIPT))

        async def called(number: str) -> Outcome:
            return await phone.outcome(await phone.calls(number), PATIENCE_S)

        async with asyncio.TaskGroup() as group:
            tasks = {of: group.create_task(called(of)) for of in (VOICEMAIL, *FALL_IN)}
        yield phone, {number: task.result() for number, task in tasks.items()}


async def tape(phone: Phone, outcome: Outcome) -> NDArray[np.float32]:
    """What the callee heard."""
    with wave.open(io.BytesIO(await phone.carriers_recording(outcome.sid))) as file:
        assert file.getframerate() == RATE_HZ
        return to_float(file.readframes(file.getnframes()))[1::2]


def share_heard(heard: NDArray[np.float32], sound: NDArray[np.float32]) -> float:
    """How many of the quarter seconds of `sound` were heard; a stalled machine breaks some up."""
    size = 1 << (heard.size + PART).bit_length()
    spectrum = np.fft.rfft(heard, size)
    parts = sound[: sound.size // PART * PART].reshape(-1, PART)
    found = 0
    for part in parts:
        product = spectrum * np.conj(np.fft.rfft(part, size))
        at = int(np.argmax(np.fft.irfft(product)[: heard.size - PART]))
        found += np.corrcoef(part, heard[at : at + PART])[0, 1] > 0.95
    return found / len(parts)


async def test_a_voicemail_is_left_from_a_file(calls: tuple[Phone, dict[str, Outcome]]) -> None:
    phone, outcome = calls[0], calls[1][VOICEMAIL]
    assert outcome.outcome == "voicemail"
    assert [(line.who, line.text) for line in outcome.transcript][-1] == (
        "agent",
        SALES.phone.voicemail,
    )
    heard = await tape(phone, outcome)
    assert share_heard(heard, to_float(rustle(MESSAGE_S, RATE_HZ))) > 0.8


async def test_of_a_recording_that_is_interrupted_the_words_that_were_heard_are_kept(
    calls: tuple[Phone, dict[str, Outcome]],
) -> None:
    greeting = to_float(rustle(GREETING_S, 48_000, seed=2))[::6]
    heard_so_far = []
    for number in FALL_IN:
        outcome = calls[1][number]
        cut = next((line.text for line in outcome.transcript if line.interrupted), "")
        share = share_heard(await tape(calls[0], outcome), greeting)
        heard_so_far.append((cut, share))
    assert any(
        cut
        and SALES.greeting.startswith(cut)
        and 0 < share < 0.6
        # Somebody falls in after 2.5 s.
        and len(cut) / len(SALES.greeting) * GREETING_S < 5.0
        for cut, share in heard_so_far
    ), heard_so_far
