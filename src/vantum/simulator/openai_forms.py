"""What the simulated model writes into a form: an answer of which the client gave the JSON schema.

It finds what came of a call as the playbook that comes with Vantum does, from a transcript with
lines such as "Caller: Not interested." A model named "eager-…" takes the first of all choices and
says yes to all else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct
from starlette.responses import Response

from vantum.agents.findings import Ended, find
from vantum.agents.playbook import Said
from vantum.agents.schema import Agent
from vantum.simulator.openai_refusals import refusal
from vantum.wire.openai import ChatRequest, JsonSchema, ResponseFormat

_SPEAKERS: Final[Mapping[str, Literal["user", "assistant"]]] = {
    "Caller": "user",
    "Agent": "assistant",
}


class _Field(Struct):
    enum: list[str] = []


class _Object(Struct):
    """As much of JSON schema as a strict answer may have here: an object of texts."""

    type: str = ""
    properties: dict[str, _Field] = {}
    required: list[str] = []
    closed: bool | None = msgspec.field(name="additionalProperties", default=None)


def form_in(asked: ChatRequest) -> JsonSchema | None:
    """The form that the answer must fill in."""
    wanted = asked.response_format
    return wanted.json_schema if isinstance(wanted, ResponseFormat) else None


def refused_form(form: JsonSchema) -> Response | None:
    """How OpenAI refuses a schema that its strict mode does not take."""
    if not form.strict:
        return None
    wanted = _read(form)
    if wanted.type != "object":
        why = "schema must be a JSON Schema of 'type: \"object\"'."
    elif wanted.closed is not False:
        why = "In context=(), 'additionalProperties' is required to be supplied and to be false."
    elif missing := wanted.properties.keys() ^ set(wanted.required):
        why = (
            "In context=(), 'required' is required to be supplied and to be an array including "
            f"every key in properties. Missing '{min(missing)}'."
        )
    else:
        return None
    message = f"Invalid schema for response_format '{form.name}': {why}"
    return refusal(400, message, param="response_format")


def filled_in(form: JsonSchema, asked: ChatRequest, agent: Agent) -> str:
    """The form with what the transcript in the request tells."""
    found = _found("\n".join(m.text for m in asked.messages if m.role == "user"), agent)
    eager = asked.model.startswith("eager-")
    answer = {}
    for name, field in _read(form).properties.items():
        said = "yes" if eager else found.get(name.removeprefix("field_"), "")
        if field.enum and (eager or said not in field.enum):
            said = field.enum[0]
        answer[name] = said
    return msgspec.json.encode(answer).decode()


def _found(transcript: str, agent: Agent) -> dict[str, str]:
    lines = [line.partition(": ") for line in transcript.splitlines()]
    heard = tuple(
        Said(_SPEAKERS[who], said.removesuffix(" —"), said.endswith(" —"))
        for who, _, said in lines
        if who in _SPEAKERS
    )
    found = find(Ended("disconnected", 0.0, heard), agent, None)
    when = found.summary.partition(": ")[2] if found.disposition == "callback" else ""
    told = {"disposition": found.disposition, "summary": found.summary, "callback": when}
    return told | found.fields


def _read(form: JsonSchema) -> _Object:
    return msgspec.convert(form.schema, _Object)
