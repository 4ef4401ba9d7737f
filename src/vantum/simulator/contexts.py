"""What a simulated speech context does with text: gather, speak, flush, expire, end. Pure."""

from __future__ import annotations

import re
from collections import deque
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from vantum.wire.cartesia import GenerationRequest

BUFFER_DELAY_MS: Final = 3_000  # what the service takes when a client says nothing
_TO_SENTENCE_END: Final = re.compile(r".*[.!?…][\"')\]]*(?=\s|\Z)", re.DOTALL)


class Say(Struct, frozen=True):
    """Text to be spoken, released at `at_s`."""

    text: str
    flush_id: int
    at_s: float


class Flush(Struct, frozen=True):
    """Everything before this has been spoken."""

    flush_id: int


class Context:
    """One context. `now` is any clock that only goes forward, in seconds."""

    def __init__(self, request: GenerationRequest, *, expires_after_s: float) -> None:
        self.terms = _terms(request)
        self.jobs: deque[Say | Flush] = deque()  # bounded by what the client sends
        self.sounded_s = 0.0
        self.closing = False
        self.expired = False
        self._expires_after_s = expires_after_s
        self._sounded_at: float | None = None
        self._gathered = ""
        self._gathering_since = 0.0
        self._flush_id = 1

    def takes(self, request: GenerationRequest) -> bool:
        """Whether this input may follow those before."""
        return not self.closing and _terms(request) == self.terms

    def add(self, request: GenerationRequest, now: float) -> None:
        """Take more text."""
        if request.transcript and not self._gathered:
            self._gathering_since = now
        self._gathered += request.transcript
        self.closing = not request.continue_
        if self.closing:
            self._release(self._gathered, now)
        elif request.flush or (request.transcript and not self._delay_s):
            # Without a delay each input is flushed by the service itself (pipecat's logs show it).
            self._release(self._gathered, now)
            self.jobs.append(Flush(self._flush_id))
            self._flush_id += 1
        elif sentences := _TO_SENTENCE_END.match(self._gathered):
            self._release(sentences[0], now)

    def cancel(self) -> None:
        """Drop what has not begun; the text that is being spoken goes on to its end."""
        self.jobs.clear()
        self._gathered = ""
        self.closing = True

    def sounded(self, seconds: float, now: float) -> None:
        """So much sound was sent just now."""
        self.sounded_s += seconds
        self._sounded_at = now

    def wakes_at(self) -> float | None:
        """When something happens though nothing is asked: text leaves, or the context expires."""
        if self._gathered:
            return self._gathering_since + self._delay_s
        return None if self._sounded_at is None else self._sounded_at + self._expires_after_s

    def wake(self, now: float) -> None:
        """Let that happen if it is time."""
        at = self.wakes_at()
        if at is None or now < at or self.jobs:
            return
        if self._gathered:
            self._release(self._gathered, now)
        else:
            self.closing = self.expired = True

    @property
    def ended(self) -> bool:
        """Nothing more is to come."""
        return self.closing and not self.jobs

    @property
    def _delay_s(self) -> float:
        asked = self.terms.max_buffer_delay_ms
        return (BUFFER_DELAY_MS if asked is None else asked) / 1_000

    def _release(self, text: str, now: float) -> None:
        self._gathered = self._gathered[len(text) :]
        self._gathering_since = now
        if text.strip():
            self.jobs.append(Say(text, self._flush_id, now))


def _terms(request: GenerationRequest) -> GenerationRequest:
    """All that must stay the same within a context."""
    return replace(request, transcript="", continue_=None, flush=None)
