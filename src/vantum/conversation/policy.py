"""What one call may say unasked and how long it waits: fixed when the call begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from vantum import limits
from vantum.conversation.asking import Expected
from vantum.conversation.events import EndReason


class MenuKeys(Struct, frozen=True):
    """What to press where a menu says something like `when`."""

    when: str
    press: str


class TransferTo(Struct, frozen=True):
    """Whom the agent may put a caller through to, and what callers hear meanwhile and if it fails.

    "" as number: the agent may not; others may still ask for it.
    """

    number: str
    failed: str
    waiting: str = ""
    warm: bool = True
    again_s: float = 12.0  # between two times that a waiting caller is told so
    deadline_s: float = 60.0  # a colleague's phone rings 25 s, and a warm one hears who calls


class PickupPolicy(Struct, frozen=True):
    """A phone call: what is said to whom or what has answered, and how long it is waited for."""

    notice: str = ""  # what a person must hear before the greeting, such as that we record
    ends: EndReason | None = None  # a call that only tells something ends once that was heard
    message: str = ""  # left on voicemail; "" hangs up
    statement: str = ""  # who calls and why, for a call screener; "" hangs up
    again: str = ""  # in place of a greeting that was heard already, by whomever
    keys: tuple[MenuKeys, ...] = ()
    transfer: TransferTo | None = None

    # 16 CFR 310.4(b)(4): speak within 2 s of the end of the callee's own greeting. People who pick
    # up speak after about 0.7 s: the greeting often meets their hello, and is begun again then.
    greet_after_s: float = 0.5
    listen_s: float = 0.2  # to a stream that opens late: speech is noticed after about 0.1 s
    reversible_s: float = 1.2  # who speaks into more of the greeting than this answers it
    hello_silence_s: float = 0.3  # after a hello; within one, people pause for less
    announcement_s: float = 3.0  # longer than a hello: it may be a machine that pauses for breath
    announcement_silence_s: float = 1.0
    decide_s: float = 10.0  # after the answer: whoever is not known by then is a person
    # The wait for a beep: an announcement pauses up to 1.5 s inside, and lasts up to half a minute.
    beep_silence_s: float = 2.0
    beep_deadline_s: float = 30.0
    screening_s: float = 45.0  # the screened phone rings for 20 to 30 s
    hold_s: float = 120.0  # on hold, and in menus
    menu_silence_s: float = 0.8  # a menu has ended; between its points it pauses for less
    utterance_silence_s: float = 1.0  # what follows such a pause is something new


Seconds = Annotated[float, Meta(gt=0, le=600)]


def _means(meaning: str) -> Meta:
    return Meta(description=meaning)


class Silences(Struct, frozen=True, forbid_unknown_fields=True):
    """How long is waited for what in the caller's turn; `turns:` in the agent file.

    `docs/settings.md` is written from here. Unfinished sentences are gone on with after 0.2 to 1 s,
    digits come in groups a second apart, and people wait 1.5 s for a sign of being heard.
    """

    answer_s: Annotated[Seconds, _means("Silence behind what was asked for, answered in full.")] = (
        0.3
    )
    unfinished_s: Annotated[Seconds, _means('Behind half a sentence: "I would like to".')] = 1.2
    dictated_s: Annotated[Seconds, _means("Within a number, a spelled name or an address.")] = 1.6
    longest_s: Annotated[
        Seconds, _means("The most that a caller's habit of pausing can ask for.")
    ] = 1.2
    flush_s: Annotated[
        Seconds, _means("Speech without words: the recogniser is to deliver what it has.")
    ] = 0.6
    unheard_s: Annotated[Seconds, _means("Then it had none, and the caller is asked again.")] = 1.4
    words_s: Annotated[
        Seconds, _means("Behind a sound into the agent's words, until it goes on.")
    ] = 0.6
    floor_s: Annotated[
        Seconds,
        _means("Speech into the agent's words that takes the floor, though no word is known."),
    ] = 1.2
    held_s: Annotated[
        Seconds, _means("The agent's sound is held at most so long; at least 2 x `floor_s` + 0.6.")
    ] = 3.0
    noise_s: Annotated[
        Seconds,
        _means("A sound that goes on behind a sentence without a word; twice that behind half."),
    ] = 4.0
    radio_s: Annotated[
        Seconds, _means("A sound without any word that puts off a nudge; then it is a radio.")
    ] = 10.0
    echo_s: Annotated[Seconds, _means("So late may an echo of the last words be written down.")] = (
        1.5
    )
    longest_turn_s: Annotated[
        Seconds, _means("The caller's turn; then the agent says `cut_in`.")
    ] = 90.0


class Policy(Struct, frozen=True):
    """Texts and thresholds of a call; seconds throughout."""

    greeting: str = ""
    nudges: tuple[str, ...] = ()
    nudge_after_s: float = 8.0  # people take up to 6 s over a hard question
    goodbye: str = ""  # said when the last nudge stays unanswered
    # Spoken when the model fails once, twice, and for the third time, which ends the call.
    fallbacks: tuple[str, str, str] = (
        "Sorry, I missed that. Could you say it once more?",
        "I have a technical problem on my side, please bear with me.",
        "I am sorry, our connection is poor. We will call you back. Goodbye.",
    )
    broken_off: str = ""  # said behind an answer that breaks off
    deaf: str = ""  # said where the caller speaks and cannot be heard any more
    # Said when the answer keeps the caller waiting; none are repeated within a turn.
    fillers: tuple[str, ...] = ()
    filler_after_s: float = limits.FILLER_AFTER_S
    filler_again_s: float = limits.FILLER_AGAIN_S
    must_hear: tuple[str, ...] = ()  # an answer with one of them is not held and not cut off
    prerecorded: frozenset[str] = frozenset()  # lines that the voice has from a file, whole
    guesses: int = 0  # answers begun before the caller's turn is confirmed, at most so many a turn
    end_silence_s: float = limits.END_SILENCE_S
    silences: Silences = Silences()
    language: str = "en"
    questions: Mapping[str, Expected] = {}  # what the agent's own questions ask for
    cut_in: str = ""  # said into a turn without end
    unheard: tuple[str, ...] = ()  # said where the caller spoke and no words came, in turn
    finalise_deadline_s: float = limits.FINALISE_DEADLINE_S
    # A text client reads what a failed voice could not say, so it counts as heard.
    text_is_shown: bool = True
    sound_returns: bool = True  # from a phone's loudspeaker; a browser takes it out
    turn_chars: int = limits.TRANSCRIPT_CHARS  # kept of one turn of the caller
    max_lines: int = 50  # spec §7: prune to 50 messages, keep the session
    pickup: PickupPolicy | None = None  # a phone call; None in a browser, where a person waits
