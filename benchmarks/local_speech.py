"""Local speech on recordings: word error rate and waits.

    uv run python -m benchmarks.local_speech DIR

DIR holds manifest.tsv (file, text, …) and mono 16-bit WAV files; the recordings run in real time.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

import jiwer

from vantum.audio import pcm as sound
from vantum.audio.resample import resampler
from vantum.conversation.events import SpeechStopped, Transcript
from vantum.providers.base import ListenOptions
from vantum.providers.local.client import LocalSpeech
from vantum.providers.local.speech import LocalSpeechToText

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBERS = {word: n for n, word in enumerate(ONES.split())}
NUMBERS |= {word: 10 * n for n, word in enumerate(TENS.split(), 2)}
TENS_WRITTEN = [str(10 * n) for n in range(2, 10)]


def words(text: str) -> str:
    """Comparable words: lower case, no punctuation, "2:30 p.m." as "2 30 p m", "ten" as "10"."""
    text = re.sub(r"\b([ap])\.?m\b\.?", r"\1 m", text.lower().replace("'", ""))
    out: list[str] = []
    for word in re.findall(r"[a-z]+|\d+", text):
        number = NUMBERS.get(word)
        if number and number < 10 and out and out[-1] in TENS_WRITTEN:
            out[-1] = str(int(out[-1]) + number)  # twenty five
        else:
            out.append(word if number is None else str(number))
    return " ".join(out)


def telephone(pcm: bytes, rate_hz: int) -> bytes:
    """What is left of the sound after a telephone line, at 8 kHz."""
    down = resampler(rate_hz, 8_000)
    return sound.decode_mulaw(sound.encode_mulaw(down.push(pcm) + down.flush()))


async def hear(speech: LocalSpeech, pcm: bytes, rate_hz: int) -> tuple[str, list[float]]:
    """The final text, and for each utterance the wait between its end and its words in seconds."""
    began = time.perf_counter()

    async def frames() -> AsyncIterator[bytes]:
        for n, at in enumerate(range(0, len(pcm), size := rate_hz // 50 * 2), 1):
            await asyncio.sleep(max(0.0, began + n * 0.02 - time.perf_counter()))
            yield pcm[at : at + size]

    texts, waits, end_s = [], [], 0.0
    async for event in LocalSpeechToText(speech).listen(frames(), ListenOptions(rate_hz)):
        if isinstance(event, SpeechStopped):
            end_s = event.at_s
        if isinstance(event, Transcript) and event.final:
            texts.append(event.text)
            waits.append(time.perf_counter() - began - end_s)
    return " ".join(texts), waits


async def main(folder: Path) -> None:
    rows = [line.split("\t")[:2] for line in (folder / "manifest.tsv").read_text().splitlines()[1:]]
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        speech = LocalSpeech(Path(tempfile.mkdtemp()) / "speech.sock", linger_s=0.5)
        running = tasks.create_task(speech.run())
        await speech.wait_ready(30)
        print(f"ready after {time.perf_counter() - began:.2f} s")
        for line in ("clean", "telephone"):
            heard, waits = [], []
            for name, _ in rows:
                with wave.open(str(folder / name)) as file:
                    rate_hz, pcm = file.getframerate(), file.readframes(file.getnframes())
                if line == "telephone":
                    rate_hz, pcm = 8_000, telephone(pcm, rate_hz)
                text, late = await hear(speech, pcm + sound.silence(1.0, rate_hz), rate_hz)
                heard.append(words(text))
                waits += late
            error = jiwer.wer([words(text) for _, text in rows], heard)
            print(
                f"{line}: {error:.1%} words wrong, words after {median(waits) * 1e3:.0f} ms median"
            )
        running.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    asyncio.run(main(parser.parse_args().folder))
