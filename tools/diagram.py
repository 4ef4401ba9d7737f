"""Writes docs/states.md from the conversation's tables; --check says whether it is old."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

from vantum.conversation.machine import REPLY_TABLE, TABLE
from vantum.conversation.states import MOVES, State

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "states.md"

# Why a call moves; MOVES says which moves there are, and a missing reason stops this tool.
REASONS: Final[dict[tuple[State, State], str]] = {
    (State.INITIALIZING, State.LISTENING): "ready",
    (State.LISTENING, State.THINKING): "the caller has finished",
    (State.LISTENING, State.RESPONDING): "the agent speaks unasked",
    (State.THINKING, State.RESPONDING): "the answer is heard",
    (State.THINKING, State.LISTENING): "the caller goes on",
    (State.RESPONDING, State.LISTENING): "heard to the end",
    (State.RESPONDING, State.INTERRUPTED): "the caller takes the floor",
    (State.INTERRUPTED, State.LISTENING): "the sound is off",
    (State.ENDING, State.ENDED): "the peer is gone",
}

ENDS: Final = {
    State.ENDING: "somebody ends it, or the goodbye was heard",
    State.ENDED: "the peer is gone",
}

INTRODUCTION: Final = """\
# The states of a call

Drawn from `MOVES` in `src/vantum/conversation/states.py` and the tables in `machine.py` by
`tools/diagram.py`; change it there.

Holding the sound while somebody makes a noise is no state: the call stays `RESPONDING`.
"""

EVENTS: Final = """\
## What each state listens to

All other pairs are refused: logged, and nothing changes.
"""

REPLIES: Final = """\
Events of the answer being given pass one guard in place of the table: they must name the current
turn and reply, else they are dropped; those of a guess are kept until it counts. They are
{names}.
"""


def diagram() -> list[str]:
    """Return the moves as a mermaid state diagram; what every live state may do is drawn once."""
    over = [State.ENDING, State.ENDED]
    live = [state for state in MOVES if state not in over]
    moves = [(before, after) for before in live for after in MOVES[before].difference(over)]
    moves.sort(key=list(REASONS).index)
    ends = [after for after in over if all(after in MOVES[before] for before in live)]
    return [
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> call",
        "    state call {",
        "        [*] --> INITIALIZING",
        *(f"        {move[0].value} --> {move[1].value}: {REASONS[move]}" for move in moves),
        "    }",
        *(f"    call --> {after.value}: {ENDS[after]}" for after in ends),
        f"    ENDING --> ENDED: {REASONS[State.ENDING, State.ENDED]}",
        "    ENDED --> [*]",
        "```",
    ]


def table() -> list[str]:
    """Each event, and the rule that it meets in each state."""
    rules: defaultdict[str, dict[State, str]] = defaultdict(dict)
    for state, row in TABLE.items():
        for event, rule in row.items():
            rules[event.__name__][state] = rule.__name__.strip("_")
    lines = [
        "| event | " + " | ".join(state.value for state in TABLE) + " |",
        "| --- |" + " --- |" * len(TABLE),
    ]
    for name, met in rules.items():
        cells = (f"`{met[state]}`" if state in met else "" for state in TABLE)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def page() -> str:
    """The whole page."""
    names = ", ".join(f"`{event.__name__}`" for event in REPLY_TABLE)
    parts = [INTRODUCTION, *diagram(), "", EVENTS, *table(), "", REPLIES.format(names=names)]
    return "\n".join(parts)


def main() -> int:
    """Write the page, or check it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page())
        return 0
    if PAGE.exists() and PAGE.read_text() == page():
        return 0
    print(f"{PAGE.name} is old: run tools/diagram.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
