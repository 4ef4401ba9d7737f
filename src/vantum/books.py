"""What is written down of one call: what its client was told, how long each answer took, what the
call used, and what that cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from vantum.audio.pcm import MULAW_HZ, Encoding, sample_bytes
from vantum.audio.waits import quiet_before
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.waterfall import Stopwatch, Waterfall
from vantum.costs import Party, Used, cost, shipped_tariffs
from vantum.errors import Service
from vantum.telemetry import Log, Metrics, write_down

if TYPE_CHECKING:  # loaded only where traces are on
    from vantum.tracing import CallTrace


class Books:
    """The books of one call; the metrics are all calls'."""

    def __init__(
        self,
        parties: Mapping[Service, Party],
        metrics: Metrics,
        log: Log,
        rate_hz: int = MULAW_HZ,
        encoding: Encoding = "mulaw",
        *,
        trace: CallTrace | None = None,
    ) -> None:
        """`rate_hz` and `encoding` are those of the frames that are sent."""
        self.timed: list[Waterfall] = []  # each turn whose caller waited
        self._parties = parties
        self._metrics = metrics
        self._log = log
        self._line = (rate_hz, encoding)
        self._stopwatch = Stopwatch()
        self._trace = trace
        self._heard_s = 0.0
        self._characters = 0
        self._asked = Used()

    def note(self, notice: do.Notice) -> None:
        """The client is told something."""
        write_down(notice, self._log)
        self._metrics.note(notice)

    def listened(self, position_s: float, now: float) -> None:
        """The caller's sound has come up to here."""
        self._stopwatch.heard(position_s, now)

    def took(self, event: ev.Event, now: float) -> None:
        """The conversation is given an event."""
        token_s = self._stopwatch.took(event, now)
        if token_s is not None:
            self.timed[-1] = msgspec.structs.replace(self.timed[-1], token_s=token_s)
            self._metrics.thought(token_s)
        if self._trace is not None:
            self._trace.took(event, now)

    def gave(self, effect: do.Effect, now: float) -> None:
        """It has ordered something."""
        self._stopwatch.gave(effect, now)
        if self._trace is not None:
            self._trace.gave(effect, now)

    def sent(self, turn: int, frame: bytes, now: float) -> None:
        """A frame of sound went out."""
        if not self._stopwatch.awaits(turn):
            return
        rate_hz, encoding = self._line
        lasts_s = len(frame) / sample_bytes(encoding) / rate_hz
        timed = self._stopwatch.sent(lasts_s, quiet_before(frame, rate_hz, encoding), now)
        if timed is not None:
            self.timed.append(timed)
            self._metrics.timed(timed)
            self._log.info("turn_timed", **msgspec.structs.asdict(timed))
            if self._trace is not None:
                self._trace.timed(timed, self._stopwatch.timed_from)

    def guessed(self, guess: do.Guessed) -> None:
        """An answer was begun before the caller's turn was confirmed."""
        self._metrics.guessed(guess)

    def heard(self, seconds: float) -> None:
        """The recogniser was given sound."""
        self._heard_s += seconds

    def said(self, text: str) -> None:
        """The voice was given text; what it says from memory or a file is counted, too."""
        self._characters += len(text)

    def asked(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int) -> None:
        """The model has written an answer."""
        if self._trace is not None:
            self._trace.spent(prompt_tokens, completion_tokens, cached_tokens)
        so_far = self._asked
        self._asked = Used(
            prompt_tokens=so_far.prompt_tokens + prompt_tokens,
            completion_tokens=so_far.completion_tokens + completion_tokens,
            cached_tokens=so_far.cached_tokens + cached_tokens,
        )

    def close(self, agent: str, reason: str, now: float) -> None:
        """The call is over: write down what it used, and what that cost where prices are known."""
        if self._trace is not None:
            self._trace.close(agent, reason, now)
        used: dict[Service, Used] = {
            "stt": Used(seconds=self._heard_s),
            "llm": self._asked,
            "tts": Used(characters=self._characters),
        }
        self._metrics.used(used)
        costs = {
            service: f"{amount.value:.6f} {amount.currency}"
            for service, party in self._parties.items()
            if (amount := cost(party.vendor, party.model, used[service], shipped_tariffs()))
        }
        self._log.info(
            "call_used",
            heard_s=round(self._heard_s, 1),
            characters=self._characters,
            prompt_tokens=self._asked.prompt_tokens,
            completion_tokens=self._asked.completion_tokens,
            costs=costs,
        )
