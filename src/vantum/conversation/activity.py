"""Does somebody speak, and if not, since when? What a speech detector reports, less its clicks."""

from __future__ import annotations

from msgspec import Struct

from vantum import limits
from vantum.conversation.events import SpeechStarted, SpeechStopped, SpeechSustained


class Activity(Struct):
    """One side's; audio in seconds, silence by the clock."""

    speaking: bool = False
    seen: bool = False  # speech events come; otherwise words are the only sign of life
    quiet_since: float | None = None  # None while they speak, and before they first did
    noticed_at: float = 0.0  # clock time at which the latest silence was noticed
    began_s: float = 0.0  # audio time at which they began to speak
    spoken_s: float = 0.0  # audio time of the last speech frame
    _before: float | None = None  # clock time since which it was quiet, before this sound

    def started(self, event: SpeechStarted | SpeechSustained) -> bool:
        """They speak; False where that is known already."""
        begins = not self.speaking
        if begins:
            self.began_s, self._before = event.at_s, self.quiet_since
        self.speaking = self.seen = True
        self.quiet_since = None
        return begins

    def stopped(
        self, event: SpeechStopped, now: float, shortest_s: float = limits.SHORTEST_SPEECH_S
    ) -> bool:
        """They pause; False where it was a cough or a click, which breaks no silence."""
        self.speaking = False
        if event.speech_s < shortest_s and self._before is not None:
            self.quiet_since = self._before
            return False
        self.quiet_since, self.noticed_at = now - event.silence_s, now
        if event.speech_s < shortest_s:
            return False
        self.spoken_s = max(self.spoken_s, event.at_s)
        return True
