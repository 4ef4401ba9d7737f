"""Has the caller finished? One arbiter over voice activity, words and silence.

Speech is measured in audio time, so a stalled network cannot shorten or lengthen a word. Silence
counts from the moment the last speech frame arrived, so a recogniser's delay is not waited twice.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from vantum import limits
from vantum.conversation.activity import Activity
from vantum.conversation.events import SpeechStarted, SpeechStopped, SpeechSustained, Transcript
from vantum.conversation.pace import Pace
from vantum.conversation.policy import Policy

_NOTICED_S = 0.3  # silence is noticed so late as a rule
_FADES_S = 0.4  # behind the last word, where its end was known: so long a voice is heard fading
_YEP_S = 0.15  # behind a question that asks for no more a clipped "yep" counts


Ended = Literal["", "likely", "outright"]
"""Whether the recogniser holds the turn to be over, or the client said that it is."""


class _Reach(Struct):
    """Up to where something is known: audio times, but for the one that ends in `_at`."""

    written_s: float = 0.0  # words are final
    final_s: float = 0.0  # final words came, by the recogniser's own word for where they end
    taken_s: float = 0.0  # an answer was already asked for
    settled_s: float = 0.0  # speech without words was dealt with
    goes_on: bool = False  # there were words already when this sound began
    worded_at: float = 0.0  # clock time of the latest new word
    taken_early: tuple[str, ...] = ()  # words of an interim that was taken for a final


def _plain(word: str) -> str:
    return word.casefold().strip(".,;:!?")


class CallerTurn:
    """What the caller has said since the last answer was asked for. Written to only in here."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._finals: list[str] = []
        self._interim: Transcript | None = None  # its final is still to come
        self._activity = Activity()
        self.owed = False  # words asked before, whose answer was called off unheard
        self.pace = Pace()
        self._reach = _Reach()
        self._ended: Ended = ""
        self._taken_back: Ended = ""  # what was held of the turn before this sound began
        self._flushed = True  # the words of all speech so far were asked for
        self._ripe = False  # the recogniser said that the turn may be over, or the same words twice

    @property
    def text(self) -> str:
        """All words so far; the last interim stands in where no final replaced it."""
        interim = [self._interim.text.strip()] if self._interim else []
        return " ".join([*self._finals, *interim])[: self._policy.turn_chars]

    @property
    def speaking(self) -> bool:
        """The caller speaks at this moment."""
        return self._activity.speaking

    @property
    def quiet_since(self) -> float | None:
        """Clock time of the last speech frame, where known."""
        return self._activity.quiet_since

    @property
    def is_idle(self) -> bool:
        """Neither speech nor words are being waited for."""
        return not (self.speaking or self.text or self.owed or self.owes_words)

    @property
    def may_be_over(self) -> bool:
        """It is worth guessing: the words are there, and nothing speaks against an end."""
        quiet = not self.speaking and (self._activity.seen or self._interim is None)
        if not self.text or not (self._ripe or (quiet and not self.owes_words)):
            return False
        return self.pace.ending(self.text, self._policy) in {"answer", "whole"}

    @property
    def closed(self) -> bool:
        """The caller, or the recogniser, said that the turn is over."""
        return bool(self._ended)

    def recording_began(self) -> None:
        """Audio time starts again at zero; words not yet answered stay."""
        self._reach = _Reach()
        self._activity = Activity(quiet_since=self.quiet_since if self.text else None)
        self._ended = self._taken_back = ""

    def started(self, event: SpeechStarted | SpeechSustained) -> None:
        """The caller speaks."""
        if self._activity.started(event):
            self.pace.gap_s = event.at_s - self._activity.spoken_s
            self._reach.goes_on = bool(self.text)
            self._taken_back = self._ended
        self._ended = ""

    def stopped(self, event: SpeechStopped, now: float) -> None:
        """The caller pauses."""
        # A cough has no words to wait for; if it has some after all, they count when they come.
        shortest_s = _YEP_S if self.pace.expected == "yes_no" else limits.SHORTEST_SPEECH_S
        if self._activity.stopped(event, now, shortest_s):
            if self._reach.goes_on:  # the pause before it was one within their turn
                self.pace.went_on()
            self._flushed = False
        else:  # nor does it take back that the turn was over
            self._ended = self._ended or self._taken_back
        self._taken_back = ""

    def news_of(self, event: Transcript) -> Transcript | None:
        """What of these words is not part of what was already answered.

        Of words that were taken as they stood, the final ones may be more.
        """
        old_s = max(self._reach.taken_s, self._reach.final_s if event.text.strip() else 0.0)
        if not 0 < event.end_s <= old_s + 0.05:
            return event
        before, self._reach.taken_early = self._reach.taken_early, ()
        said = event.text.split()
        begins = tuple(map(_plain, said[: len(before)])) == before
        if not (event.final and before and begins and said[len(before) :]):
            self._reach.taken_early = before if not event.final else ()
            return None
        return replace(event, text=" ".join(said[len(before) :]))

    def wrote(self, event: Transcript, now: float) -> None:
        """Words arrived."""
        text = event.text.strip()
        self._ripe = event.eager or self._is_repeated(event)
        if text and not self._is_repeated(event):
            self._reach.worded_at = now
        if event.final:
            if text:
                self._finals.append(text)
                self._reach.final_s = max(self._reach.final_s, event.end_s)
            self._interim = None
            # A final of unknown place stands for all speech so far.
            until_s = event.end_s or self._activity.spoken_s
            self._reach.written_s = max(self._reach.written_s, until_s)
            if event.end_of_turn and self._finals and not self._ended:
                self._ended = "likely"
        else:
            self._interim = event if text else None
        if text:
            self._live(now)

    def pressed(self, text: str, now: float) -> None:
        """Keys were pressed: words that take nothing from those that are on their way."""
        self._finals.append(text)
        self._ended = self._ended or "likely"
        self._live(now)

    def _live(self, now: float) -> None:
        if not self.speaking and not (self._activity.seen and self._just_spoke(now)):
            self._activity.seen = False  # words are the only sign of this speech
            self._activity.quiet_since = now

    def _is_repeated(self, event: Transcript) -> bool:
        before = self._interim
        return before is not None and not event.final and event.text.split() == before.text.split()

    def _just_spoke(self, now: float) -> bool:
        quiet = self.quiet_since
        return quiet is not None and now - quiet <= self._policy.finalise_deadline_s

    def close(self, now: float) -> None:
        """The recording is complete: nothing more is to be waited for."""
        self.fall_silent(now)
        self._ended = "outright"

    def fall_silent(self, now: float) -> None:
        """Neither speech nor words will be reported any more."""
        self._activity.speaking = False
        if self.quiet_since is None:
            self._activity.quiet_since = now
        self.give_up()

    def give_up(self) -> None:
        """Wait no longer for the words of past speech; an interim is taken at its word."""
        reach, spoken_s = self._reach, self._activity.spoken_s
        reach.written_s, reach.settled_s = max(reach.written_s, spoken_s), spoken_s
        if self._interim is not None:
            self._reach.written_s = max(self._reach.written_s, self._interim.end_s)
            self._finals.append(self._interim.text.strip())
            self._interim = None

    def dismiss(self, now: float) -> None:
        """All speech so far was none of the caller's, and neither are its late words."""
        self.fall_silent(now)
        self.take()
        self._reach.taken_s = max(self._reach.taken_s, self._activity.spoken_s)

    def lose_stop(self) -> None:
        """Speech that would have been sustained or stopped by now is over."""
        self._activity.speaking = False

    def goes_on(self) -> None:
        """They were not finished when an answer was asked for, or a noise was taken for words."""
        self.pace.went_on()
        self.owed = True

    def cut_in(self, *, owed: bool) -> None:
        """They took the floor; `owed`: what they asked before is still to be answered."""
        self.owed = owed

    def heard(self, text: str, *, answered: bool) -> None:
        """These words of the agent have reached them, and an answer among them or not."""
        self.owed = self.owed and not answered
        if text:
            self.pace.asked(text, self._policy)

    def over_at(self) -> float | None:
        """Clock time at which the turn is to be taken as finished, on what is known now.

        None while the caller speaks or has said nothing.
        """
        if self.speaking or self.quiet_since is None:
            return self._over_in_noise_at() if self.speaking else None
        if self.owes_words:  # they are waited for, but not for ever
            # Where sound comes faster than it was spoken, the recogniser has had no time yet.
            since = max(self.quiet_since, self._activity.noticed_at - _NOTICED_S)
            return since + self._policy.silences.unheard_s
        if not (self._finals or self.owed):
            unheard = self._activity.spoken_s > self._reach.settled_s
            return self.quiet_since + self._policy.silences.unheard_s if unheard else None
        if self._ended == "outright":
            return self.quiet_since
        text, policy = self.text, self._policy
        if self._ended == "likely" and self.pace.ending(text, policy) in {"answer", "whole"}:
            return self.quiet_since
        return self.quiet_since + self.pace.silence_s(text, policy)

    def _over_in_noise_at(self) -> float | None:
        """A sound goes on, but no word has come with it: a noise, or an end that was lost."""
        if not self.text:
            return None
        silences, worded_at = self._policy.silences, self._reach.worded_at
        whole = self.pace.ending(self.text, self._policy) in {"answer", "whole"}
        if self._interim is not None or not whole:  # more was to come
            return worded_at + 2 * silences.noise_s
        return worded_at + (silences.floor_s if self._ended else silences.noise_s)

    @property
    def owes_words(self) -> bool:
        """Speech was heard whose final words are still to come."""
        covered_s = self._reach.written_s + (_FADES_S if self._ended else limits.COVER_S)
        return self._interim is not None or covered_s < self._activity.spoken_s

    def flush_at(self) -> float | None:
        """Clock time at which to have words delivered that are overdue; None if none are."""
        quiet = None if self.speaking or self._flushed else self.quiet_since
        return quiet + self._policy.silences.flush_s if quiet and self.owes_words else None

    @property
    def awaits_flush(self) -> bool:
        """Overdue words were asked for, and nobody has spoken since."""
        return self._flushed and not self.speaking and self.owes_words

    def flushed(self) -> None:
        """They were asked for."""
        self._flushed = True

    def forget(self) -> None:
        """The words so far were nothing that is to be answered."""
        self.give_up()
        self._finals.clear()
        self._ended = self._taken_back = ""

    def take(self) -> str:
        """Hand over the words for an answer and begin anew."""
        text, reach = self.text, self._reach
        # Of words taken as they stood the final ones may end later; final words are all of theirs.
        early = self._interim.text.split() if self._interim else []
        reach.taken_early = tuple(map(_plain, early))
        self.give_up()
        reach.taken_s = reach.written_s if early else max(reach.taken_s, reach.final_s)
        self._activity.speaking = False
        self._finals.clear()
        self._activity.quiet_since = None
        self._activity.seen = self.owed = self._ripe = False
        self._ended = self._taken_back = ""
        return text
