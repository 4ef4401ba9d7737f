"""How the simulated Cartesia's sound comes: encoded, cut into chunks, paced, with word times."""

from __future__ import annotations

import asyncio
import audioop
from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from vantum.audio.pcm import encode_mulaw, to_float
from vantum.audio.resample import resampler
from vantum.providers.cartesia_voices import untagged
from vantum.simulator.stage import Stage
from vantum.simulator.talent import PCM_HZ
from vantum.wire.cartesia import BYTES_PER_SAMPLE, OutputFormat, WordTimestamps

CHUNK_S: Final = 0.1
ODD_BYTES: Final = 7  # no chunk is a whole number of carrier frames, nor of samples


class Part(Struct, frozen=True):
    """A chunk of a text's sound, and the words that begin in it, in seconds from the text's own."""

    data: bytes
    seconds: float
    words: WordTimestamps


async def performed(
    stage: Stage, text: str, output: OutputFormat, *, since: float
) -> AsyncIterator[Part]:
    """The text's sound as it becomes ready; it was asked for at `since` (loop time)."""
    loop = asyncio.get_running_loop()
    words = untagged(text)
    pcm = await stage.talent.sound(words)
    ready = max(loop.time(), since + stage.profile.first_audio.drawn(stage.dice))
    for part in _parts(pcm, words, output):
        await asyncio.sleep(ready - loop.time())
        yield part
        ready += part.seconds / stage.profile.sound_per_s


def _parts(pcm: bytes, text: str, output: OutputFormat) -> list[Part]:
    data, rate_hz = _encoded(pcm, output), output.sample_rate
    bytes_per_s = rate_hz * BYTES_PER_SAMPLE[output.encoding]
    size = round(CHUNK_S * bytes_per_s) + ODD_BYTES
    timed = _timed(text, len(data) / bytes_per_s)
    parts = []
    for at in range(0, len(data), size):
        chunk = data[at : at + size]
        begin_s, end_s = at / bytes_per_s, (at + len(chunk)) / bytes_per_s
        parts.append(Part(chunk, len(chunk) / bytes_per_s, _between(timed, begin_s, end_s)))
    return parts


def _encoded(pcm: bytes, output: OutputFormat) -> bytes:
    change = resampler(PCM_HZ, output.sample_rate)
    pcm = change.push(pcm) + change.flush()
    if output.encoding == "pcm_mulaw":
        return encode_mulaw(pcm)
    if output.encoding == "pcm_alaw":
        return audioop.lin2alaw(pcm, 2)
    return to_float(pcm).tobytes() if output.encoding == "pcm_f32le" else pcm


def _timed(text: str, length_s: float) -> list[tuple[str, float, float]]:
    """Each word takes its share of the characters, the pause behind it counted as one."""
    words = text.split()
    per_character_s = length_s / max(1, sum(len(word) + 1 for word in words))
    timed, at_s = [], 0.0
    for word in words:
        timed.append((word, at_s, at_s + len(word) * per_character_s))
        at_s += (len(word) + 1) * per_character_s
    return timed


def _between(timed: list[tuple[str, float, float]], begin_s: float, end_s: float) -> WordTimestamps:
    chosen = [word for word in timed if begin_s <= word[1] < end_s]
    words, start, end = zip(*chosen, strict=True) if chosen else ((), (), ())
    return WordTimestamps(words, start, end)
