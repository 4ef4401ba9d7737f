"""How an answer is spoken by Cartesia: what is asked of it, and over which shared sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from vantum.providers.base import Spoken, VoiceOptions
from vantum.providers.cartesia_answer import CONTEXT_REST_S, Answer
from vantum.providers.cartesia_sockets import shared_sockets
from vantum.providers.cartesia_voices import voice_id
from vantum.providers.resources import Resources
from vantum.settings import Settings
from vantum.wire.cartesia import RATES_HZ, GenerationConfig, GenerationRequest, OutputFormat


class CartesiaTextToSpeech:
    """Speaks with Cartesia's voices."""

    def __init__(self, resources: Resources, *, context_rest_s: float = CONTEXT_REST_S) -> None:
        self._settings = resources.settings
        self._budgets = resources.budgets
        self._sockets = shared_sockets(resources)
        self._context_rest_s = context_rest_s

    async def prewarm(self) -> None:
        """Have a socket open before the first answer. Raises ProviderError."""
        await self._sockets.prewarm()

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        """Yield sound and word times of each piece as they arrive. Raises ProviderError."""
        request = _request(self._settings, options)
        answer = Answer(self._sockets, request, self._budgets, rest_s=self._context_rest_s)
        # Pieces come when the model has written them, sound when it is made, and a generator can
        # wait for one thing only; the task lives no longer than this generator.
        feeding = asyncio.create_task(answer.feed(pieces), name="speak-cartesia")
        feeding.add_done_callback(answer.fed)
        try:
            while (sounds := await answer.next()) is not None:
                for sound in sounds:
                    yield sound
        finally:
            answer.close()
            feeding.cancel()
            await asyncio.wait([feeding])


def _request(settings: Settings, options: VoiceOptions) -> GenerationRequest:
    """All that stays the same within an answer."""
    speed = settings.tts_speed
    return GenerationRequest(
        model_id=settings.tts_model,
        transcript="",
        voice=voice_id(options.voice_id, settings.cartesia_voice_id),
        language=options.language.partition("-")[0].lower(),
        output_format=_output_format(settings, options),
        # Pieces are sentences already; by default the service would wait up to 3 s for more.
        max_buffer_delay_ms=0,
        add_timestamps=True,
        use_normalized_timestamps=False,  # "3 pm" is to be found again in what was written
        generation_config=None if speed == 1 else GenerationConfig(speed=speed),
    )


def _output_format(settings: Settings, options: VoiceOptions) -> OutputFormat:
    if options.encoding == "mulaw":
        return OutputFormat("pcm_mulaw", 8_000)
    wanted = settings.tts_sample_rate
    return OutputFormat("pcm_s16le", min(rate for rate in RATES_HZ if rate >= wanted))


def text_to_speech(resources: Resources) -> CartesiaTextToSpeech:
    """Build the provider."""
    return CartesiaTextToSpeech(resources)
