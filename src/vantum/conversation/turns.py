"""Has the caller finished? One arbiter over voice activity, words and silence.

Speech is measured in audio time, so a stalled network cannot shorten or lengthen a word. Silence
counts from the moment the last speech frame arrived, so a recogniser's delay is not waited twice.
"""

from __future__ import annotations

from vantum import limits
from vantum.conversation.events import SpeechStarted, SpeechStopped, SpeechSustained, Transcript
from vantum.conversation.policy import Policy

# Recognisers round the end of words; a final that ends this close to the speech end covers it.
_COVER_S = 0.25


class CallerTurn:
    """What the caller has said since the last answer was asked for."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._finals: list[str] = []
        self._interim: Transcript | None = None  # its final is still to come
        self.speaking = False
        self.owed = False  # words asked before, whose answer was called off unheard
        self._speech_end_s = 0.0  # audio time of the last speech frame
        self._covered_s = 0.0  # audio time up to which words are final
        self._taken_s = 0.0  # audio time up to which an answer was already asked for
        self._quiet_since: float | None = None  # clock time of the last speech frame
        self._finished = False  # the recogniser itself said the turn is over
        self._ripe = False  # the recogniser said that the turn may be over, or the same words twice
        self._sees_speech = False  # speech events come; otherwise words are the only sign of life

    @property
    def text(self) -> str:
        """All words so far; the last interim stands in where no final replaced it."""
        interim = [self._interim.text.strip()] if self._interim else []
        return " ".join([*self._finals, *interim])[: self._policy.turn_chars]

    @property
    def quiet_since(self) -> float | None:
        """Clock time at which the caller fell silent, where known."""
        return self._quiet_since

    @property
    def is_idle(self) -> bool:
        """Neither speech nor words are being waited for."""
        return not self.speaking and not self.text and self.over_at() is None

    @property
    def may_be_over(self) -> bool:
        """It is worth guessing: the words are there, and nothing speaks against an end."""
        quiet = not self.speaking and (self._sees_speech or self._interim is None)
        return bool(self.text) and (self._ripe or quiet)

    @property
    def closed(self) -> bool:
        """The caller, or the recogniser, said outright that the turn is over."""
        return self._finished

    def recording_began(self) -> None:
        """Audio time starts again at zero; words not yet answered stay."""
        self._speech_end_s = self._covered_s = self._taken_s = 0.0
        self.speaking = self._sees_speech = self._finished = False
        if not self.text:
            self._quiet_since = None

    def started(self, _event: SpeechStarted | SpeechSustained) -> None:
        """The caller speaks."""
        self.speaking = self._sees_speech = True
        self._quiet_since = None
        self._finished = False

    def stopped(self, event: SpeechStopped, now: float) -> None:
        """The caller pauses."""
        self.speaking = False
        self._quiet_since = now - event.silence_s
        # A cough has no words to wait for; if it has some after all, they count when they come.
        if event.speech_s >= limits.INTERRUPT_AFTER_S:
            self._speech_end_s = max(self._speech_end_s, event.at_s)

    def is_news(self, event: Transcript) -> bool:
        """Words not part of what was already answered."""
        known_place = event.end_s > 0
        return not (known_place and event.end_s <= self._taken_s + 0.05)

    def wrote(self, event: Transcript, now: float) -> None:
        """Words arrived."""
        text = event.text.strip()
        self._ripe = event.eager or self._is_repeated(event)
        if event.final:
            if text:
                self._finals.append(text)
            self._interim = None
            # A final of unknown place stands for all speech so far.
            self._covered_s = max(self._covered_s, event.end_s or self._speech_end_s)
            self._finished = self._finished or (event.end_of_turn and bool(self._finals))
        else:
            self._interim = event if text else None
        if text and not self.speaking and not (self._sees_speech and self._just_spoke(now)):
            self._sees_speech = False  # words are the only sign of this speech
            self._quiet_since = now

    def _is_repeated(self, event: Transcript) -> bool:
        before = self._interim
        return before is not None and not event.final and event.text.split() == before.text.split()

    def _just_spoke(self, now: float) -> bool:
        quiet = self._quiet_since
        return quiet is not None and now - quiet <= self._policy.finalise_deadline_s

    def close(self, now: float) -> None:
        """The recording is complete: nothing more is to be waited for."""
        self.fall_silent(now)
        self._finished = True

    def fall_silent(self, now: float) -> None:
        """Neither speech nor words will be reported any more."""
        self.speaking = False
        if self._quiet_since is None:
            self._quiet_since = now
        self.give_up()

    def give_up(self) -> None:
        """Wait no longer for the words of past speech; an interim is taken at its word."""
        self._covered_s = max(self._covered_s, self._speech_end_s)
        if self._interim is not None:
            self._covered_s = max(self._covered_s, self._interim.end_s)
            self._finals.append(self._interim.text.strip())
            self._interim = None

    def over_at(self) -> float | None:
        """Clock time at which the turn is to be taken as finished, on what is known now.

        None while the caller speaks or has said nothing.
        """
        if self.speaking or self._quiet_since is None:
            return None
        if self._interim is None and self._covered_s + _COVER_S >= self._speech_end_s:
            if not (self._finals or self.owed):
                return None
            if self._finished:
                return self._quiet_since
            return self._quiet_since + self._policy.end_silence_s
        # Speech whose words are still to come: wait for them, but not for ever.
        return self._quiet_since + self._policy.finalise_deadline_s

    def take(self) -> str:
        """Hand over the words for an answer and begin anew."""
        text = self.text
        self.give_up()
        self._taken_s = self._covered_s
        self._finals.clear()
        self._quiet_since = None
        self._finished = self._sees_speech = self.owed = self._ripe = False
        return text
