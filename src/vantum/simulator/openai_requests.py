"""Which requests the simulated OpenAI takes, and which it refuses as malformed or unsupported.

A model whose name begins with "strict-" is one of the servers that imitate OpenAI (Ollama, vLLM,
llama.cpp): unknown fields are refused, errors have no envelope, tool calls come whole. One named
"toolless-…" refuses tools, as Ollama does for models without them. "missing" does not exist.
"parrot-…" says what the caller said last, "silent-…" nothing, "declining-…" that it will not.
"formless-…" knows no answers by a schema; "eager-…" is explained in `openai_forms.py`.
"""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from vantum.simulator.openai_answers import prompt_tokens
from vantum.simulator.openai_forms import form_in, refused_form
from vantum.simulator.openai_refusals import (
    context_exceeded,
    json_response,
    refusal,
    unknown_model,
)
from vantum.wire.fields import UNREADABLE
from vantum.wire.openai import ChatRequest

CONTEXT_TOKENS: Final = 128_000

_COMMON: Final = (  # what imitators know
    "model messages stream stream_options max_tokens temperature top_p frequency_penalty "
    "presence_penalty tools tool_choice stop seed n user response_format logit_bias"
)
_OWN: Final = (  # what the vendor knows besides
    "max_completion_tokens reasoning_effort store metadata service_tier verbosity modalities audio "
    "prediction parallel_tool_calls logprobs top_logprobs functions function_call "
    "web_search_options prompt_cache_key prompt_cache_retention safety_identifier"
)
_COMMON_FIELDS: Final = frozenset(_COMMON.split())
_OWN_FIELDS: Final = _COMMON_FIELDS | frozenset(_OWN.split())
_REQUEST: Final = msgspec.json.Decoder(ChatRequest)
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_request(body: bytes) -> ChatRequest | Response:
    """The request, or how it is refused."""
    try:
        given = _FIELDS.decode(body)
    except UNREADABLE:
        return refusal(400, "We could not parse the JSON body of your request.")
    for name in ("model", "messages"):
        if name not in given:
            message, code = f"Missing required parameter: '{name}'.", "missing_required_parameter"
            return refusal(400, message, param=name, code=code)
    try:
        asked = _REQUEST.decode(body)
    except UNREADABLE as error:
        return refusal(400, f"Invalid type: {error}", code="invalid_type")
    if asked.model.startswith("strict-"):
        refused = _refused_by_imitator(given)
    else:
        refused = _refused_by_vendor(asked, given)
    tokens = prompt_tokens(asked)
    if refused is None and (form := form_in(asked)):
        refused = refused_form(form)
    if refused is None and tokens > CONTEXT_TOKENS:
        refused = context_exceeded(CONTEXT_TOKENS, tokens)
    return refused or asked


def _refused_by_imitator(given: dict[str, msgspec.Raw]) -> Response | None:
    unknown = sorted(given.keys() - _COMMON_FIELDS)
    if b"include_obfuscation" in bytes(given.get("stream_options", b"")):
        unknown = ["include_obfuscation"]
    if not unknown:
        return None
    message = f"[{{'type': 'extra_forbidden', 'loc': ('body', '{unknown[0]}')}}]"
    error = {"object": "error", "message": message, "type": "BadRequestError", "code": 400}
    return json_response(400, error)  # as vLLM words it


def _refused_by_vendor(asked: ChatRequest, given: dict[str, msgspec.Raw]) -> Response | None:
    if unknown := sorted(given.keys() - _OWN_FIELDS):
        message, code = f"Unknown parameter: '{unknown[0]}'.", "unknown_parameter"
        return refusal(400, message, param=unknown[0], code=code)
    if asked.model.startswith("gpt-4") and "reasoning_effort" in given:
        return refusal(400, "Unrecognized request argument supplied: reasoning_effort")
    if asked.model.startswith("toolless-") and "tools" in given:
        return refusal(400, f"{asked.model} does not support tools", type_="api_error")
    if asked.model.startswith("formless-") and "response_format" in given:
        message = "'response_format' of type 'json_schema' is not supported with this model."
        return refusal(400, f"Invalid parameter: {message}", param="response_format")
    return unknown_model(asked.model) if asked.model == "missing" else None
