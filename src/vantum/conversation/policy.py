"""What one call may say unasked and how long it waits: fixed when the call begins."""

from __future__ import annotations

from msgspec import Struct

from vantum import limits


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
    guesses: int = 0  # answers begun before the caller's turn is confirmed, at most so many a turn
    end_silence_s: float = limits.END_SILENCE_S
    finalise_deadline_s: float = limits.FINALISE_DEADLINE_S
    # A hold that nothing resolves: speech events are lost, so the agent goes on.
    hold_deadline_s: float = 3.0
    # A text client reads what a failed voice could not say, so it counts as heard.
    text_is_shown: bool = True
    turn_chars: int = limits.TRANSCRIPT_CHARS  # kept of one turn of the caller
    max_lines: int = 50  # spec §7: prune to 50 messages, keep the session
