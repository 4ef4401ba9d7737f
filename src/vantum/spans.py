"""Which spans a turn of a call becomes: one for the turn, and in it one for each thing waited for.

Names follow OpenTelemetry's conventions for generative AI where these have one. There is nothing in
them but numbers, names of models and agents, and words of our own: no speech, no phone number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from vantum.conversation.trail import Job, Turn
from vantum.costs import Party
from vantum.errors import Service

Value = str | int | float | bool


class Mark(Struct, frozen=True):
    """A moment within a span, in clock seconds."""

    name: str
    at: float
    attributes: Mapping[str, Value] = {}


class Span(Struct, frozen=True, kw_only=True):
    """From when to when something was done, in clock seconds."""

    name: str
    began: float
    ended: float
    attributes: Mapping[str, Value]
    marks: tuple[Mark, ...] = ()
    inside: tuple[Span, ...] = ()
    is_asked: bool = False  # of somebody else: a client's span
    trouble: str | None = None  # it failed


def turn_span(turn: Turn, parties: Mapping[Service, Party]) -> Span:
    """The span of a turn, with all that is in it."""
    attributes: dict[str, Value] = {
        "vantum.turn.number": turn.number,
        "vantum.turn.outcome": turn.outcome,
    }
    if turn.waited and turn.sent is not None:
        attributes["vantum.turn.waited_s"] = round(turn.sent - turn.began, 3)
    marks = tuple(
        Mark("setback", at.at, {"vantum.service": at.service, "error.type": at.trouble})
        for at in turn.stumbles
    )
    return Span(
        name="turn",
        began=turn.began,
        ended=turn.ended,
        attributes=attributes,
        marks=marks,
        inside=tuple(_parts(turn, parties)),
    )


def _parts(turn: Turn, parties: Mapping[Service, Party]) -> Iterator[Span]:
    if turn.waited and turn.decided is not None:
        words = turn.words if turn.words is not None and turn.words >= turn.began else None
        yield Span(
            name="speech_to_text",
            began=turn.began,
            ended=max(turn.began, turn.decided),
            attributes=_party(parties.get("stt")),
            marks=(Mark("final_words", words),) if words is not None else (),
            is_asked=True,
        )
    for job in turn.asked:
        yield _model(job, turn.ended, parties.get("llm"))
    for job in turn.voiced:
        attributes = _party(parties.get("tts")) | {"gen_ai.output.type": "speech"}
        yield _made("text_to_speech", "first_audio", job, turn.ended, attributes)
    if turn.sent is not None:
        heard: dict[str, Value] = {} if turn.heard_s is None else {"vantum.heard_s": turn.heard_s}
        yield Span(name="playout", began=turn.sent, ended=turn.ended, attributes=heard)


def _model(job: Job, turn_ended: float, party: Party | None) -> Span:
    attributes = _party(party) | {"gen_ai.operation.name": "chat", "vantum.guess": job.guess}
    if job.first is not None:
        attributes["gen_ai.response.time_to_first_chunk"] = round(job.first - job.began, 3)
    if job.prompt_tokens or job.completion_tokens:
        attributes["gen_ai.usage.input_tokens"] = job.prompt_tokens
        attributes["gen_ai.usage.output_tokens"] = job.completion_tokens
        attributes["gen_ai.usage.cache_read.input_tokens"] = job.cached_tokens
    name = f"chat {party.model}" if party is not None and party.model else "chat"
    return _made(name, "first_token", job, turn_ended, attributes)


def _made(
    name: str, first: str, job: Job, turn_ended: float, attributes: Mapping[str, Value]
) -> Span:
    """What was never finished ends with its turn."""
    return Span(
        name=name,
        began=job.began,
        ended=turn_ended if job.ended is None else job.ended,
        attributes=attributes,
        marks=() if job.first is None else (Mark(first, job.first),),
        is_asked=True,
        trouble=job.trouble,
    )


def _party(party: Party | None) -> dict[str, Value]:
    if party is None:
        return {}
    model: dict[str, Value] = {"gen_ai.request.model": party.model} if party.model else {}
    return {"gen_ai.provider.name": party.vendor} | model
