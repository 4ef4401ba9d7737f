"""What an agent file says in vain: nothing is wrong with it, and yet nothing can come of it."""

from __future__ import annotations

from collections.abc import Iterator

from vantum.agents.lines import is_in, said_lines, texts_of
from vantum.agents.schema import Agent
from vantum.agents.source import Source
from vantum.conversation.segments import spoken_text


def doubts(agent: Agent, source: Source, *, end_silence_s: float) -> Iterator[str]:
    """Each with file, line and field. `end_silence_s` is what VAD_SILENCE_THRESHOLD_MS says."""
    for place, what in (*_never_waited(agent, end_silence_s), *_left_to_a_model(agent)):
        if source.has(place):
            yield source.told(place, what)


def _never_waited(agent: Agent, end_silence_s: float) -> Iterator[tuple[str, str]]:
    """`conversation.pace` takes the shorter behind a full answer, else the longer."""
    turns, threshold = agent.turns, f"VAD_SILENCE_THRESHOLD_MS ({round(1000 * end_silence_s)})"
    if turns.answer_s > end_silence_s:
        yield "turns.answer_s", f"has no effect: {threshold} is less, and the shorter one counts"
    for name in ("unfinished_s", "dictated_s", "longest_s"):
        if getattr(turns, name) < end_silence_s:
            yield f"turns.{name}", f"has no effect: {threshold} is more, and the longer one counts"
    if turns.flush_s >= turns.unheard_s:
        why = f"words are waited for no longer than turns.unheard_s ({turns.unheard_s:g})"
        yield "turns.flush_s", f"has no effect: {why}"


def _left_to_a_model(agent: Agent) -> Iterator[tuple[str, str]]:
    lines = said_lines(texts_of(agent))
    for number, line in enumerate(agent.must_hear):
        if not is_in(spoken_text(line), lines):
            why = "only a model is told this: it can be interrupted unless said word for word"
            yield f"must_hear[{number}]", why
