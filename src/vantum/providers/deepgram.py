"""How Deepgram's Nova hears a caller: what is asked of it, and what its messages mean.

An utterance may come in several final pieces; each is passed on once, as it comes. Silence by
energy (speech_final) ends it, and where a noise hides that, the gap between words (UtteranceEnd).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from vantum.conversation.events import Hearing, SpeechStarted, SpeechStopped, Transcript
from vantum.errors import ProviderError
from vantum.limits import Budgets
from vantum.providers.base import Finalise, ListenOptions
from vantum.providers.deepgram_line import Feed, feed_of, heard, knock, place_of
from vantum.providers.resources import Resources
from vantum.settings import Settings
from vantum.wire import deepgram as wire

_COVERS_S: Final = 0.1  # a final that ends so close to the sound's end has all of it
_NOISE_S: Final = 0.5  # after the start of a sound, a final without words says that it was none


class DeepgramSpeechToText:
    """Hears a caller through /v1/listen."""

    def __init__(self, settings: Settings, budgets: Budgets) -> None:
        self._settings = settings
        self._budgets = budgets

    async def prewarm(self) -> None:
        """Find out whether key and model are accepted. Raises ProviderError."""
        options = ListenOptions()
        query = query_of(self._settings, options, feed_of(options, self._settings))
        place = place_of(self._settings, "/v1/listen", wire.written(query), query.model)
        await knock(place, self._budgets)

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing, None]:
        """Report speech and words until the audio ends. Raises ProviderError."""
        feed = feed_of(options, self._settings)
        query = query_of(self._settings, options, feed)
        place = place_of(self._settings, "/v1/listen", wire.written(query), query.model)
        reader = NovaReader(self._budgets.stt_keepalive_s)
        hearing = heard(audio, place, feed, reader, self._budgets, again=options.again)
        async with aclosing(hearing) as events:
            async for event in events:
                yield event


def speech_to_text(resources: Resources) -> DeepgramSpeechToText:
    """Build the provider."""
    return DeepgramSpeechToText(resources.settings, resources.budgets)


def query_of(settings: Settings, options: ListenOptions, feed: Feed) -> wire.NovaQuery:
    """What is asked."""
    return wire.NovaQuery(
        model=settings.stt_model,
        language=options.language,
        encoding=feed.encoding,
        sample_rate=feed.rate_hz,
        interim_results=True,
        punctuate=True,
        smart_format=True,
        endpointing=str(round(settings.stt_endpointing_s * 1000)),
        vad_events=True,
        utterance_end_ms=1_000,  # the vendor's least: interims come about once a second
        keyterm=options.key_terms if wire.takes_key_terms(settings.stt_model) else (),
    )


class NovaReader:
    """What Nova's messages mean; times are those of the connection, which began with the sound."""

    def __init__(self, keepalive_s: float) -> None:
        self.patience_s = keepalive_s
        self.flushed = True
        self._flush_s = 0.0  # audio time up to which a flush was asked for
        self._speech_s: float | None = None  # since when somebody speaks
        self._said_to_s = 0.0  # where the last final word ends
        self._open = False  # the utterance has final words, but no end yet
        self._interim = False  # words were shown that no final has replaced

    def flush(self, sent_s: float) -> tuple[str | bytes, ...]:
        """What to send so that all words of the sound sent so far are delivered."""
        self._flush_s, self.flushed = sent_s, False
        return (wire.FINALIZE,)

    def meanwhile(self, sent_s: float) -> str | bytes | None:
        """What to send while no sound comes."""
        return wire.KEEP_ALIVE

    def read(self, text: str | bytes, sent_s: float) -> list[Hearing]:
        """What a message says; one that cannot be read says nothing. Raises ProviderError."""
        message = wire.decode(text)
        if isinstance(message, wire.Results):
            return self._final(message, sent_s) if message.is_final else self._shown(message)
        if isinstance(message, wire.SpeechStarted):
            return self._started(message.timestamp)
        if isinstance(message, wire.UtteranceEnd):
            return self._fell_silent(message.last_word_end, sent_s)
        if isinstance(message, wire.Failure):
            raise ProviderError("Deepgram reports an error", service="stt", trouble="server")
        return []

    def _shown(self, results: wire.Results) -> list[Hearing]:
        if not results.best.transcript.strip():
            return []
        self._interim = True
        return [_transcript(results, final=False)]

    def _final(self, results: wire.Results, sent_s: float) -> list[Hearing]:
        if results.from_finalize or results.end >= self._flush_s - _COVERS_S:
            self.flushed = True
        if text := results.best.transcript.strip():
            self._open, self._said_to_s = True, _span(results)[1]
        found: list[Hearing] = []
        ended = results.speech_final and self._open
        if ended:
            found += self._stopped(self._said_to_s, sent_s)
        elif not self._open:
            found += self._was_noise(results, sent_s)
        # One without words takes a wrong interim back, or ends an utterance whose words are known.
        if text or self._interim or ended:
            found.append(_transcript(results, final=True, end_of_turn=ended))
        self._interim = False
        self._open = self._open and not ended
        return found

    def _started(self, at_s: float) -> list[Hearing]:
        if self._speech_s is not None:
            return []
        self._speech_s = at_s
        return [SpeechStarted(at_s)]

    def _stopped(self, at_s: float, sent_s: float) -> list[Hearing]:
        began_s, self._speech_s = self._speech_s, None
        if began_s is None:
            return []
        return [SpeechStopped(at_s, max(0.0, at_s - began_s), max(0.0, sent_s - at_s))]

    def _was_noise(self, results: wire.Results, sent_s: float) -> list[Hearing]:
        began_s = self._speech_s
        if began_s is None or not (results.speech_final or results.end >= began_s + _NOISE_S):
            return []
        return self._stopped(began_s, sent_s)  # it lasted no time, as speech

    def _fell_silent(self, last_word_s: float, sent_s: float) -> list[Hearing]:
        at_s = last_word_s if last_word_s >= 0 else self._said_to_s
        found: list[Hearing] = []
        if self._speech_s is not None and self._speech_s <= at_s:
            found += self._stopped(at_s, sent_s)
        if self._open and not self._interim:
            self._open = False
            found.append(Transcript("", final=True, start_s=at_s, end_s=at_s, end_of_turn=True))
        return found


def _span(results: wire.Results) -> tuple[float, float]:
    words = results.best.words
    return (words[0].start, words[-1].end) if words else (results.start, results.end)


def _transcript(results: wire.Results, *, final: bool, end_of_turn: bool = False) -> Transcript:
    start_s, end_s = _span(results)
    best = results.best
    return Transcript(
        best.transcript.strip(),
        final=final,
        confidence=best.confidence,
        start_s=start_s,
        end_s=end_s,
        end_of_turn=end_of_turn,
    )
