"""When the caller's voice begins, is meant and ends: decided from probabilities, in audio time.

Two thresholds keep one word from being reported as many: speech begins at a high probability and
goes on at a lower one. The model that makes the probabilities runs elsewhere.
"""

from __future__ import annotations

from math import ceil

from msgspec import Struct

from vantum import limits
from vantum.conversation.events import SpeechStarted, SpeechStopped, SpeechSustained

VoiceEvent = SpeechStarted | SpeechSustained | SpeechStopped


class VadParams(Struct, frozen=True):
    """How sure, and for how long. Durations are rounded up to whole windows."""

    window_s: float = 0.032  # Silero judges 512 samples at 16 kHz
    start_probability: float = 0.7  # spec §9: less does not interrupt
    keep_probability: float = 0.4  # vowels fade and stops fall silent within a word
    start_s: float = 0.064  # one window may be a click; a second, softer one before it is an onset
    sustain_s: float = limits.INTERRUPT_AFTER_S
    stop_s: float = 0.2  # longer than the closure of a stop consonant, shorter than a pause


class VoiceActivity:
    """One recording's voice; a new recording begins with a new one. Times count judged audio."""

    def __init__(self, params: VadParams | None = None) -> None:
        self._params = params or VadParams()
        self._start_windows = self._windows(self._params.start_s)
        self._sustain_windows = max(self._start_windows, self._windows(self._params.sustain_s))
        self._stop_windows = self._windows(self._params.stop_s)
        self._speaking = False
        self._now = 0  # windows judged so far
        self._ended = 0  # the window after its last speech
        self._spoken = 0  # its windows of speech; before it has begun, those that may be its onset
        self._sure = 0  # those of them at start_probability or above

    @property
    def speaking(self) -> bool:
        """Between SpeechStarted and SpeechStopped."""
        return self._speaking

    def push(self, probability: float) -> list[VoiceEvent]:
        """Judge the next window; not-a-number counts as silence."""
        self._now += 1
        sure = probability >= self._params.start_probability
        if sure or probability >= self._params.keep_probability:
            return self._voiced(sure=sure) if sure or self._speaking else self._rising()
        if self._spoken:
            return self._silent()
        return []  # nearly every window of a call

    def _rising(self) -> list[VoiceEvent]:
        """A soft onset counts once a sure window follows it; alone it is never speech."""
        self._spoken = min(self._spoken + 1, self._start_windows - 1)
        self._sure = 0
        return []

    def _voiced(self, *, sure: bool) -> list[VoiceEvent]:
        self._ended = self._now
        self._spoken += 1
        self._sure += sure
        events: list[VoiceEvent] = []
        if not self._speaking and self._spoken == self._start_windows:
            self._speaking = True
            events.append(SpeechStarted(at_s=self._s(self._now - self._spoken)))
        # only sure windows count: spec §9 asks for 0.7 over the whole 200 ms
        if sure and self._sure == self._sustain_windows:
            events.append(SpeechSustained(at_s=self._s(self._now), speech_s=self._s(self._spoken)))
        return events

    def _silent(self) -> list[VoiceEvent]:
        quiet = self._now - self._ended
        if self._speaking and quiet < self._stop_windows:
            return []
        stopped = SpeechStopped(
            at_s=self._s(self._ended), speech_s=self._s(self._spoken), silence_s=self._s(quiet)
        )
        was_speaking, self._speaking = self._speaking, False
        self._spoken = self._sure = 0
        return [stopped] if was_speaking else []

    def _s(self, windows: int) -> float:
        return windows * self._params.window_s

    def _windows(self, length_s: float) -> int:
        """Whole windows that last at least `length_s`; a hair less is the float, not the sound."""
        return max(1, ceil(length_s / self._params.window_s - 1e-9))
