"""How the simulated services really hear and speak: with the speech models of this machine."""

from __future__ import annotations

from contextlib import aclosing

from vantum.audio.resample import resampler
from vantum.limits import INTERNAL_RATE_HZ, SPEECH_CHARS, UTTERANCE_S
from vantum.providers.local.client import LocalSpeech
from vantum.providers.local.engine import VOICE_RATE_HZ
from vantum.simulator.talent import PCM_HZ


class Local:
    """Costs a core while somebody speaks; `speech` must run."""

    def __init__(self, speech: LocalSpeech) -> None:
        self._speech = speech

    async def words(self, pcm: bytes, rate_hz: int, heard: int) -> str:  # noqa: ARG002 - it heeds the sound
        """What is said in this sound, of any length. Raises ProviderError."""
        change = resampler(rate_hz, INTERNAL_RATE_HZ)
        pcm = change.push(pcm) + change.flush()
        size = 2 * int(UTTERANCE_S * INTERNAL_RATE_HZ)
        stream = self._speech.new_stream()
        parts = [
            await self._speech.recognise(pcm[at : at + size], stream=stream, interim=False)
            for at in range(0, len(pcm), size)
        ]
        return " ".join(part for part in parts if part)

    async def sound(self, text: str) -> bytes:
        """The text, spoken by the voice of this machine. Raises ProviderError."""
        to_talent = resampler(VOICE_RATE_HZ, PCM_HZ)
        async with aclosing(self._speech.speak(text[:SPEECH_CHARS])) as voice:
            parts = [to_talent.push(pcm) async for pcm in voice]
        return b"".join(parts) + to_talent.flush()
