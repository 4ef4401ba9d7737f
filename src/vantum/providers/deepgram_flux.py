"""How Deepgram's Flux hears a caller: a model that itself decides when a turn is over.

It does so only while sound comes, so a turn that is open is fed silence where the caller's stream
has stopped. That silence is no part of the recording and is taken out of all times again.
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
from vantum.wire import deepgram_flux as wire
from vantum.wire.deepgram import written

_EAGER: Final = 0.4  # the vendor's example; earlier ones are taken back more often than not
_FILLS: Final = 3  # of silence before a model that says nothing to them is given up
_LAST_LOOK_S: Final = 0.3  # of silence: one Update (each 0.25 s), which has the last word too


class FluxSpeechToText:
    """Hears a caller through /v2/listen."""

    def __init__(self, settings: Settings, budgets: Budgets) -> None:
        self._settings = settings
        self._budgets = budgets

    async def prewarm(self) -> None:
        """Find out whether key and model are accepted. Raises ProviderError."""
        options = ListenOptions()
        query = query_of(options, feed_of(options, self._settings))
        place = place_of(self._settings, "/v2/listen", written(query), query.model)
        await knock(place, self._budgets)

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing, None]:
        """Report speech, words and ends of turns until the audio ends. Raises ProviderError."""
        feed = feed_of(options, self._settings)
        query = query_of(options, feed)
        place = place_of(self._settings, "/v2/listen", written(query), query.model)
        reader = FluxReader(feed, starved_s=self._budgets.stt_progress_s / _FILLS)
        hearing = heard(audio, place, feed, reader, self._budgets, again=options.again)
        async with aclosing(hearing) as events:
            async for event in events:
                yield event


def speech_to_text(resources: Resources) -> FluxSpeechToText:
    """Build the provider."""
    return FluxSpeechToText(resources.settings, resources.budgets)


def query_of(options: ListenOptions, feed: Feed) -> wire.FluxQuery:
    """What is asked; there is one model for English and one for all other languages."""
    language = options.language.partition("-")[0].lower()
    return wire.FluxQuery(
        model="flux-general-en" if language == "en" else "flux-general-multi",
        encoding=feed.encoding,
        sample_rate=feed.rate_hz,
        eager_eot_threshold=_EAGER,
        keyterm=options.key_terms,
        language_hint=() if language == "en" else (language,),
    )


class FluxReader:
    """What Flux's messages mean, in audio time of the recording."""

    def __init__(self, feed: Feed, *, starved_s: float) -> None:
        self.patience_s = starved_s
        self.flushed = True
        self._feed = feed
        self._filled: list[tuple[float, float]] = []  # silence we added: where it began, how long
        self._speech_s: float | None = None  # where the open turn began
        self._shown = ""  # its words, as they were reported last

    def flush(self, sent_s: float) -> tuple[str | bytes, ...]:
        """What to send so that all words of the sound sent so far are delivered."""
        self.flushed = False
        return (self._silence(_LAST_LOOK_S, sent_s), wire.FORCE_END_TURN)

    def meanwhile(self, sent_s: float) -> str | bytes | None:
        """What to send while no sound comes."""
        return None if self._speech_s is None else self._silence(self.patience_s, sent_s)

    def read(self, text: str | bytes, sent_s: float) -> list[Hearing]:
        """What a message says; one that cannot be read says nothing. Raises ProviderError."""
        message = wire.decode(text)
        if isinstance(message, wire.TurnInfo):
            return self._turn(message, sent_s)
        if isinstance(message, wire.Caution) and message.code == wire.NO_ACTIVE_TURN:
            self.flushed = True
        if isinstance(message, wire.Failure):
            raise ProviderError("Deepgram reports an error", service="stt", trouble="server")
        return []

    def _turn(self, turn: wire.TurnInfo, sent_s: float) -> list[Hearing]:
        found: list[Hearing] = []
        words = self._transcript(turn)
        if words.text and self._speech_s is None:
            self._speech_s = words.start_s
            found.append(SpeechStarted(words.start_s))
        if turn.event == "EndOfTurn":
            return [*found, *self._ended(words, sent_s)]
        # EagerEndOfTurn: these are all the words if the turn ends now; TurnResumed takes that back.
        if words.text and (words.eager or words.text != self._shown):
            self._shown = words.text
            found.append(words)
        return found

    def _ended(self, words: Transcript, sent_s: float) -> list[Hearing]:
        began_s, self._speech_s, self._shown = self._speech_s, None, ""
        self.flushed = True
        if began_s is None:
            return []
        stopped = SpeechStopped(
            words.end_s, max(0.0, words.end_s - began_s), max(0.0, sent_s - words.end_s)
        )
        return [stopped, words]

    def _transcript(self, turn: wire.TurnInfo) -> Transcript:
        words = turn.words
        start_s = words[0].start if words else None
        end_s = words[-1].end if words else None
        final = turn.event == "EndOfTurn"
        return Transcript(
            turn.transcript.strip(),
            final=final,
            confidence=sum(word.confidence for word in words) / len(words) if words else 1.0,
            start_s=self._recorded_s(turn.audio_window_start if start_s is None else start_s),
            end_s=self._recorded_s(turn.audio_window_end if end_s is None else end_s),
            end_of_turn=final,
            eager=turn.event == "EagerEndOfTurn",
        )

    def _silence(self, length_s: float, sent_s: float) -> bytes:
        at_s = sent_s + sum(length_s for _, length_s in self._filled)
        self._filled.append((at_s, length_s))
        count = round(length_s * self._feed.bytes_per_s) // 2 * 2
        return b"\xff" * count if self._feed.encoding == "mulaw" else bytes(count)

    def _recorded_s(self, line_s: float) -> float:
        """Audio time of the recording at a time of the connection."""
        added_s = (min(length_s, max(0.0, line_s - at_s)) for at_s, length_s in self._filled)
        return line_s - sum(added_s)
