"""How a simulated Flux follows a caller's turns, and what it says of them: pure, in audio time.

Its confidence that a turn is over grows evenly with the silence after the last word and passes the
default threshold after the profile's delay. So turns end only while sound comes, and sound that
comes again in time takes an eager end back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Final

import msgspec

from vantum.audio.vad import VoiceActivity
from vantum.conversation.events import SpeechStarted
from vantum.providers.scripted import LOUD
from vantum.simulator.hearing import (
    ONSET_S,
    RUN_UP_S,
    WINDOW_S,
    WORDED,
    Closing,
    Sound,
    Speech,
    Steps,
    loudness_params,
    so_far,
    timed,
)
from vantum.wire import deepgram_flux as wire
from vantum.wire.deepgram import CloseStream

UPDATE_S: Final = 0.25
FORGET_S: Final = 1.0  # a noise without words began no turn; so much later nothing of it is left
WORD_PAUSE_S: Final = 0.1  # of silence: the word before it is complete
_USUAL_THRESHOLD: Final = 0.7
_NEVER_SURER: Final = 0.98


class Flux:
    """One connection to /v2/listen."""

    def __init__(
        self, query: wire.FluxQuery, end_s: Callable[[], float], *, request_id: str
    ) -> None:
        """`end_s` draws how long after the last word a turn ends."""
        self._query = query
        self._draw_end_s = end_s
        self._request_id = request_id
        self._sequence = 0
        self._voice = VoiceActivity(loudness_params(ONSET_S))
        self._sound = Sound(query.encoding, query.sample_rate)
        self._turn = _Turn(0, 0.0, end_s())

    @property
    def now_s(self) -> float:
        """How much sound came."""
        return self._sound.now_s

    def greet(self) -> Steps:
        """The connection is open."""
        yield wire.Connected(self._request_id, self._next())

    def hear(self, audio: bytes) -> Steps:
        """Sound came; none at all closes the stream."""
        if not audio:
            yield Closing()
        for loudness in self._sound.windows(audio):
            yield from self._judge(loudness)

    def obey(self, text: str) -> Steps:
        """A text came."""
        order = wire.read_order(text)
        if isinstance(order, wire.ForceEndTurn):
            yield self._forced()
        elif isinstance(order, wire.Configure):
            yield self._configured(order)
        elif isinstance(order, CloseStream):
            yield Closing()
        else:
            yield wire.Failure(self._next(), "UNPARSABLE_CLIENT_MESSAGE", "The text is no message")
            yield Closing(1008, "UNPARSABLE_CLIENT_MESSAGE")

    def failure(self) -> wire.Failure:
        """What is said when the server itself has failed."""
        return wire.Failure(self._next(), "INTERNAL_SERVER_ERROR", "Internal error")

    def _judge(self, loudness: int) -> Steps:
        now_s, turn = self.now_s, self._turn
        started = any(
            isinstance(event, SpeechStarted) for event in self._voice.push(float(loudness > LOUD))
        )
        if loudness > WORDED and self._voice.speaking:
            turn.says(now_s)
        if turn.eager and not turn.quiet_s(now_s):
            turn.eager = False
            yield from self._look("TurnResumed")
        elif now_s - turn.looked_s >= UPDATE_S or (started and not turn.open):
            yield from self._look("Update")
        if turn.open:
            yield from self._consider_end()
        elif turn.quiet_s(now_s) >= FORGET_S:
            turn.said = None

    def _look(self, event: wire.TurnEvent) -> Steps:
        """Transcribe what came; words open a turn."""
        turn = self._turn
        turn.looked_s = self.now_s
        if turn.said is None:
            self._sound.forget(self.now_s)
        whole = event == "EagerEndOfTurn" or turn.quiet_s(self.now_s) >= WORD_PAUSE_S
        turn.transcript = yield from self._words(whole=whole)
        if turn.transcript and not turn.open:
            turn.open, event = True, "StartOfTurn"
        yield self._info(event)

    def _consider_end(self) -> Steps:
        turn, query = self._turn, self._query
        confidence = self._confidence()
        if confidence >= query.eot_threshold:
            yield from self._end("model")
        elif turn.quiet_s(self.now_s) >= query.eot_timeout_ms / 1000:
            yield from self._end("timeout")
        elif not turn.eager and confidence >= (query.eager_eot_threshold or math.inf):
            turn.eager = True
            yield from self._look("EagerEndOfTurn")

    def _end(self, trigger: str) -> Steps:
        turn = self._turn
        if not turn.eager:
            turn.transcript = yield from self._words(whole=True)
        yield self._info("EndOfTurn", trigger)
        self._begin_next()

    def _forced(self) -> wire.TurnInfo | wire.Caution:
        if not self._turn.open:
            why = "There is no turn to end"
            return wire.Caution(self._request_id, self._next(), wire.NO_ACTIVE_TURN, why)
        ended = self._info("EndOfTurn", "manual")
        self._begin_next()
        return ended

    def _begin_next(self) -> None:
        self._turn = _Turn(self._turn.index + 1, self.now_s, self._draw_end_s())
        self._sound.forget(self.now_s)

    def _words(self, *, whole: bool) -> Generator[Speech, str, str]:
        """The turn's words; asked for only where more was said since."""
        turn, said = self._turn, self._turn.said
        if said is None:
            return ""
        from_s, to_s = said
        if (to_s, whole) != turn.asked:
            pcm = self._sound.between(max(turn.begin_s, from_s - RUN_UP_S), self.now_s)
            turn.words = yield Speech(pcm, self._sound.rate_hz, turn.index, whole)
            turn.asked = (to_s, whole)
        return turn.words if whole else so_far(turn.words, to_s - from_s)

    def _confidence(self) -> float:
        """That the turn is over."""
        turn = self._turn
        quiet_s = turn.quiet_s(self.now_s)
        return min(_NEVER_SURER, _USUAL_THRESHOLD * quiet_s / max(turn.end_s, WINDOW_S))

    def _info(self, event: wire.TurnEvent, trigger: str = "") -> wire.TurnInfo:
        turn = self._turn
        from_s, to_s = turn.said or (self.now_s, self.now_s)
        return wire.TurnInfo(
            event=event,
            turn_index=turn.index,
            transcript=turn.transcript,
            audio_window_start=round(turn.begin_s, 3),
            audio_window_end=round(self.now_s, 3),
            words=tuple(
                wire.Word(word.text, word.confidence, word.start_s, word.end_s)
                for word in timed(turn.transcript, from_s, to_s)
            ),
            end_of_turn_confidence=round(self._confidence(), 4),
            trigger=trigger or msgspec.UNSET,
            request_id=self._request_id,
            sequence_id=self._next(),
        )

    def _configured(self, order: wire.Configure) -> wire.ConfigureSuccess | wire.ConfigureFailure:
        try:
            self._query = wire.changed(self._query, order)
        except msgspec.ValidationError as error:
            return wire.ConfigureFailure(
                self._request_id, self._next(), "INVALID_CONFIGURATION", str(error)
            )
        query = self._query
        thresholds = wire.Thresholds(
            query.eot_threshold, query.eager_eot_threshold, query.eot_timeout_ms
        )
        return wire.ConfigureSuccess(self._request_id, self._next(), thresholds, query.keyterm)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1


class _Turn:
    """One turn of the caller, from the end of the one before."""

    def __init__(self, index: int, begin_s: float, end_s: float) -> None:
        self.index = index
        self.begin_s = begin_s
        self.end_s = end_s  # of silence, until the model is sure
        self.said: tuple[float, float] | None = None  # from when to when there were words
        self.open = False  # its StartOfTurn was sent
        self.eager = False  # an eager end was sent and not taken back
        self.transcript = ""  # as it was sent last
        self.words = ""  # all that were recognised, when `asked` was said
        self.asked: tuple[float, bool] | None = None
        self.looked_s = begin_s

    def says(self, now_s: float) -> None:
        """A word sounds at `now_s`."""
        from_s = self.said[0] if self.said else max(self.begin_s, now_s - ONSET_S)
        self.said = from_s, now_s

    def quiet_s(self, now_s: float) -> float:
        """How long there was no word."""
        return now_s - self.said[1] if self.said else 0.0
