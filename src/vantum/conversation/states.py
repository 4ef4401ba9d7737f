"""Which states a call can be in and which moves between them are allowed."""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """What the call is doing, as the client sees it."""

    INITIALIZING = "INITIALIZING"
    LISTENING = "LISTENING"
    THINKING = "THINKING"
    RESPONDING = "RESPONDING"
    INTERRUPTED = "INTERRUPTED"
    ENDING = "ENDING"
    ENDED = "ENDED"


S = State
_OVER = frozenset({S.ENDING, S.ENDED})
ANSWERING: Final = frozenset({S.THINKING, S.RESPONDING})
"""The turn is the agent's; whoever speaks now speaks into it."""

MOVES: Final[dict[State, frozenset[State]]] = {
    S.INITIALIZING: frozenset({S.LISTENING}) | _OVER,
    # RESPONDING straight from LISTENING: the agent speaks unasked (greeting, nudge).
    S.LISTENING: frozenset({S.THINKING, S.RESPONDING}) | _OVER,
    # Back to LISTENING: the caller goes on, or the answer failed with nothing to say.
    S.THINKING: frozenset({S.RESPONDING, S.LISTENING}) | _OVER,
    S.RESPONDING: frozenset({S.LISTENING, S.INTERRUPTED}) | _OVER,
    S.INTERRUPTED: frozenset({S.LISTENING}) | _OVER,
    S.ENDING: frozenset({S.ENDED}),
    S.ENDED: frozenset(),
}


class MoveRefused(ValueError):  # noqa: N818 - reads as the fact it states
    """A move between states that the table does not allow; names both and the session."""

    def __init__(self, before: State, after: State, session_id: str) -> None:
        super().__init__(f"session {session_id}: {before.value} may not become {after.value}")
        self.before = before
        self.after = after


def check_move(before: State, after: State, session_id: str) -> None:
    """Raise MoveRefused unless the table allows the move."""
    if after not in MOVES[before]:
        raise MoveRefused(before, after, session_id)
