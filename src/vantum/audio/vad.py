"""When the caller's voice begins, is meant and ends: decided from probabilities, in audio time.

Two thresholds keep one word from being reported as many: speech begins at a higher probability and
goes on at a lower one. A beginning costs little, since it only holds the agent's sound, so one
window is enough for it, and less certainty where it is suddenly louder; where several came to
nothing, as beside a street, more is asked for. The model that makes the probabilities runs
elsewhere.
"""

from __future__ import annotations

from math import ceil, inf, log10
from typing import Final

from msgspec import Struct

from vantum import limits
from vantum.conversation.events import SpeechStarted, SpeechStopped, SpeechSustained

VoiceEvent = SpeechStarted | SpeechSustained | SpeechStopped


class VadParams(Struct, frozen=True):
    """How sure, and for how long. Durations are rounded up to whole windows."""

    window_s: float = 0.032  # Silero judges 512 samples at 16 kHz
    start_probability: float = 0.5  # 98 of 100 clips of speech are there within 100 ms
    start_s: float = 0.032
    # Behind a silence the network wakes late: of clips on a quiet line 90 of 100 were there within
    # 100 ms, 98 with these two. A breath or a horn passes for one at times, and holds 0.2 s.
    rising_probability: float = 0.12
    rise_db: float = 15.0  # over the line's own noise
    sure_probability: float = 0.7  # spec §9: less is not meant
    wary_s: float = 0.064  # one window may be a click; a second, softer one before it is an onset
    false_starts: int = 3  # that make wary, within `remembered_s`
    remembered_s: float = 20.0
    keep_probability: float = 0.4  # vowels fade and stops fall silent within a word
    sustain_s: float = limits.SHORTEST_SPEECH_S
    stop_s: float = 0.2  # longer than the closure of a stop consonant, shorter than a pause
    agreed_s: float = 0.064  # where a recogniser says that it is over
    agreed_for_s: float = 0.3  # so long its word stands: the network hears a voice fade


WARY: Final = VadParams(start_probability=0.7, start_s=0.064)
"""Of beginnings that cost something."""

_FORGETS_DB: Final = 0.1  # a window: 3 dB a second; a sentence does not become the line's noise


class Rise:
    """How far sound rises over the noise that one line has without a voice."""

    def __init__(self) -> None:
        self._floor_db = inf

    def push(self, rms: int) -> float:
        """Decibels, 0 or more, of the next window; its root mean square is that of s16 samples."""
        level_db = 20 * log10(rms + 1)
        self._floor_db = min(level_db, self._floor_db + _FORGETS_DB)
        return level_db - self._floor_db


class _Least(Struct, frozen=True):
    """Windows that each of the durations takes."""

    start: int
    wary: int
    sustain: int
    remembered: int
    stop: int
    agreed: int
    agreed_for: int


def _least(params: VadParams) -> _Least:
    """Whole windows that last at least so long; a hair less is the float, not the sound."""

    def windows(length_s: float) -> int:
        return max(1, ceil(length_s / params.window_s - 1e-9))

    start, wary = windows(params.start_s), windows(params.wary_s)
    return _Least(
        start=start,
        wary=wary,
        sustain=max(start, wary, windows(params.sustain_s)),
        remembered=windows(params.remembered_s),
        stop=windows(params.stop_s),
        agreed=windows(params.agreed_s),
        agreed_for=windows(params.agreed_for_s),
    )


class VoiceActivity:
    """One recording's voice; a new recording begins with a new one. Times count judged audio."""

    def __init__(self, params: VadParams | None = None) -> None:
        self._params = params or VadParams()
        self._least = _least(self._params)
        self._false: list[int] = []  # windows at which speech ended that was none
        self._agreed_until = 0  # the last window for which a recogniser's word stands
        self._speaking = False
        self._now = 0  # windows judged so far
        self._ended = 0  # the window after its last speech
        self._spoken = 0  # its windows of speech; before it has begun, those that may be its onset
        self._sure = 0  # those of them at sure_probability or above

    @property
    def speaking(self) -> bool:
        """Between SpeechStarted and SpeechStopped."""
        return self._speaking

    def agree(self) -> None:
        """A recogniser says that speech is over: less silence will do to believe it."""
        self._agreed_until = self._now + self._least.agreed_for

    def push(self, probability: float, rise_db: float = 0.0) -> list[VoiceEvent]:
        """Judge the next window; not-a-number counts as silence."""
        self._now += 1
        louder = not self._speaking and rise_db >= self._params.rise_db
        if louder and probability >= self._params.rising_probability:
            probability = max(probability, self._params.start_probability)
        if probability >= self._params.keep_probability:
            wary = self._is_wary()
            least = self._params.sure_probability if wary else self._params.start_probability
            windows = self._least.wary if wary else self._least.start
            if not self._speaking and probability < least:
                return self._rising(windows)
            return self._voiced(windows, sure=probability >= self._params.sure_probability)
        if self._spoken:
            return self._silent()
        return []  # nearly every window of a call

    def _rising(self, start_windows: int) -> list[VoiceEvent]:
        """A soft onset counts once a window that may begin speech follows it; alone it is none."""
        self._spoken = min(self._spoken + 1, start_windows - 1)
        self._sure = 0
        return []

    def _voiced(self, start_windows: int, *, sure: bool) -> list[VoiceEvent]:
        self._ended = self._now
        self._spoken += 1
        self._sure += sure
        events: list[VoiceEvent] = []
        if not self._speaking and self._spoken >= start_windows:
            self._speaking = True
            events.append(SpeechStarted(at_s=self._s(self._now - self._spoken)))
        # only sure windows count: spec §9 asks for 0.7 over the whole 200 ms
        if sure and self._sure == self._least.sustain:
            events.append(SpeechSustained(at_s=self._s(self._now), speech_s=self._s(self._spoken)))
        return events

    def _silent(self) -> list[VoiceEvent]:
        quiet = self._now - self._ended
        agreed = self._now <= self._agreed_until
        if self._speaking and quiet < (self._least.agreed if agreed else self._least.stop):
            return []
        self._agreed_until = 0
        stopped = SpeechStopped(
            at_s=self._s(self._ended), speech_s=self._s(self._spoken), silence_s=self._s(quiet)
        )
        was_speaking, self._speaking = self._speaking, False
        if was_speaking and self._sure < self._least.sustain:
            self._remember()
        self._spoken = self._sure = 0
        return [stopped] if was_speaking else []

    def _is_wary(self) -> bool:
        of_late = self._now - self._false[0] <= self._least.remembered if self._false else False
        return of_late and len(self._false) == self._params.false_starts

    def _remember(self) -> None:
        """Speech began that was none."""
        self._false = [*self._false, self._now][-self._params.false_starts :]

    def _s(self, windows: int) -> float:
        return windows * self._params.window_s
