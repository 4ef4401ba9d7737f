"""What a simulated Nova writes of the sound it is sent, and when: pure, in audio time only.

Spans follow each other without gap. The current one is written again and again until it is final,
by silence, by length, or because the client asks; a final by length leaves its last half second,
of which the recogniser is not sure yet, to the next span.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from msgspec import Struct

from vantum.audio.vad import VoiceActivity
from vantum.conversation.events import SpeechStarted, SpeechStopped
from vantum.simulator.hearing import (
    ONSET_S,
    RUN_UP_S,
    WORDED,
    Closing,
    Sound,
    Speech,
    Steps,
    loudness_params,
    plain,
    so_far,
    timed,
)
from vantum.simulator.latency import Profile
from vantum.wire import deepgram as wire

LITTLE_S: Final = 0.1  # buffered audio below this is not worth an answer to Finalize
SETTLED_S: Final = 0.5  # without a word: those before are final, whatever noise goes on
SPAN_S: Final = 5.0  # a longer one is made final piece by piece
UNSURE_S: Final = 0.5  # at the end of a span that is cut by length
KEY_TERMS: Final = 100  # about 500 tokens, the vendor's limit

_SHA256_OF_NOTHING: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Said(Struct, frozen=True):
    """From when to when words were said."""

    from_s: float
    to_s: float


class Nova:
    """One connection to /v1/listen."""

    def __init__(
        self, query: wire.NovaQuery, profile: Profile, *, request_id: str, created: str
    ) -> None:
        self._query = query
        self._created = created
        self._source = wire.ResultsMetadata(
            request_id, request_id, wire.ModelInfo(query.model, "2026-01-01.0", "nova")
        )
        self._every_s = profile.interim_every_s
        silence_s = query.endpointing_s
        self._endpoints = silence_s is not None
        if silence_s is not None and profile.endpointing_s is not None:
            silence_s = profile.endpointing_s
        self._voice = VoiceActivity(loudness_params(SETTLED_S if silence_s is None else silence_s))
        # Where no encoding is named the sound is never judged: see `hear`.
        self._sound = Sound(query.encoding or "linear16", query.sample_rate or 16_000)
        self._span = _Span()
        self._number = 0  # of the utterance
        self._last_word_s: float | None = None  # for which an UtteranceEnd is owed

    @property
    def now_s(self) -> float:
        """How much sound came."""
        return self._sound.now_s

    def greet(self) -> Steps:
        """Nova waits for sound."""
        yield from ()

    def hear(self, audio: bytes) -> Steps:
        """Sound came; none at all closes the stream."""
        if not audio:
            yield from self._close()
            return
        if self._query.encoding is None:
            # Without an encoding a container is expected, and this recogniser opens none.
            yield Closing(1008, "DATA-0000: the payload cannot be decoded as audio")
            return
        for loudness in self._sound.windows(audio):
            yield from self._judge(loudness)

    def obey(self, text: str) -> Steps:
        """A text came."""
        order = wire.read_order(text)
        if isinstance(order, wire.Finalize):
            if self.now_s - self._span.begin_s >= LITTLE_S:
                yield from self._end_span(self.now_s, from_finalize=True)
        elif isinstance(order, wire.CloseStream):
            yield from self._close()
        elif isinstance(order, wire.Configure):
            yield self._configured(order)
        elif order is None:
            why = "Could not deserialize last text message"
            yield wire.Failure(why, variant="SchemaError", message=text)

    def failure(self) -> wire.Failure:
        """What is said when the server itself has failed."""
        return wire.Failure("Internal error", variant="InternalError")

    def _judge(self, loudness: int) -> Steps:
        now_s, span = self.now_s, self._span
        stopped = False
        for event in self._voice.push(float(loudness > WORDED / 2)):
            if isinstance(event, SpeechStarted) and self._query.vad_events:
                yield wire.SpeechStarted(event.at_s)
            stopped = isinstance(event, SpeechStopped)
        if loudness > WORDED and self._voice.speaking:
            span.says(now_s)
        else:
            span.paused_s = now_s
        if stopped:
            yield from self._end_span(now_s, speech_final=self._endpoints)
        elif now_s >= span.look_at_s(self._every_s):
            yield from self._look()
        yield from self._miss_words()

    def _look(self) -> Steps:
        """Time to write what is heard so far, and to settle what is old enough."""
        now_s, said = self.now_s, self._span.said
        self._span.looked_s = now_s
        if said is None:
            self._sound.forget(now_s)
        if self._query.interim_results:
            yield (yield from self._results(now_s, said))
        if said and now_s - said.to_s >= SETTLED_S:
            yield from self._end_span(now_s)
        elif now_s - self._span.begin_s >= SPAN_S:
            yield from self._end_span(self._span.cut_s(now_s))

    def _end_span(
        self, end_s: float, *, speech_final: bool = False, from_finalize: bool = False
    ) -> Steps:
        said, later = self._span.said, None
        if said and said.to_s > end_s:
            said, later = Said(said.from_s, end_s), Said(end_s, said.to_s)
        results = yield from self._results(
            end_s, said, final=True, speech_final=speech_final, from_finalize=from_finalize
        )
        yield results
        self._span = _Span(end_s, later)
        self._sound.forget(end_s)
        if results.best.words:
            self._number += 1
            self._last_word_s = results.best.words[-1].end

    def _miss_words(self) -> Steps:
        """Word timings tell an end that a noise hides from the energy."""
        last_s, patience_ms = self._last_word_s, self._query.utterance_end_ms
        if last_s is None or patience_ms is None or self._span.said:
            return
        if self.now_s - last_s >= patience_ms / 1000:
            self._last_word_s = None
            yield wire.UtteranceEnd(last_s)

    def _results(
        self,
        end_s: float,
        said: Said | None,
        *,
        final: bool = False,
        speech_final: bool = False,
        from_finalize: bool = False,
    ) -> Generator[Speech, str, wire.Results]:
        begin_s, text = self._span.begin_s, ""
        if said:
            pcm = self._sound.between(max(begin_s, said.from_s - RUN_UP_S), end_s)
            text = yield Speech(pcm, self._sound.rate_hz, self._number, whole=final)
            text = text if final else so_far(text, said.to_s - said.from_s)
        return wire.Results(
            channel=wire.Channel((self._reading(text, said),)),
            start=round(begin_s, 3),
            duration=round(end_s - begin_s, 3),
            is_final=final,
            speech_final=speech_final,
            from_finalize=from_finalize,
            metadata=self._source,
        )

    def _reading(self, text: str, said: Said | None) -> wire.Alternative:
        if said is None or not text:
            return wire.Alternative("")
        written = self._query.punctuate or self._query.smart_format
        words = tuple(
            wire.Word(plain(word.text), word.start_s, word.end_s, word.confidence, word.text)
            for word in timed(text, said.from_s, said.to_s)
        )
        transcript = " ".join(word.punctuated_word if written else word.word for word in words)
        confidence = sum(word.confidence for word in words) / len(words)
        return wire.Alternative(transcript, round(confidence, 4), words)

    def _close(self) -> Steps:
        if self._span.said:
            yield from self._end_span(self.now_s)
        yield wire.Metadata(
            request_id=self._source.request_id,
            duration=self.now_s,
            created=self._created,
            sha256=_SHA256_OF_NOTHING,
        )
        yield Closing()

    def _configured(self, order: wire.Configure) -> wire.ConfigureSuccess | wire.ConfigureFailure:
        why = ""
        if not wire.takes_key_terms(self._query.model):
            why = "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
        elif len(order.keyterms) > KEY_TERMS:
            why = "CONFIGURE_KEYTERM_LIMIT_EXCEEDED"
        if why:
            return wire.ConfigureFailure(self._source.request_id, why, "Keyterms stay as they were")
        return wire.ConfigureSuccess(self._source.request_id, order.keyterms)


class _Span:
    """The span that is not final yet."""

    def __init__(self, begin_s: float = 0.0, said: Said | None = None) -> None:
        self.begin_s = begin_s
        self.said = said
        self.looked_s = begin_s
        self.paused_s = begin_s  # when there was no word last

    def says(self, now_s: float) -> None:
        """A word sounds at `now_s`."""
        from_s = self.said.from_s if self.said else max(self.begin_s, now_s - ONSET_S)
        self.said = Said(from_s, now_s)

    def cut_s(self, now_s: float) -> float:
        """Where it is cut by length: between two words, if there was a pause of late."""
        if self.said and self.said.to_s < now_s - UNSURE_S / 2:
            return self.said.to_s
        late = self.paused_s > now_s - 2 * UNSURE_S
        return self.paused_s if late else now_s - UNSURE_S

    def look_at_s(self, every_s: float) -> float:
        """When the next interim is due."""
        return self.looked_s + every_s
