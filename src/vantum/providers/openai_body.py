"""What the model is told: the conversation, and which options, by what its server understands."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, Literal, TypeVar
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType

from vantum.providers.base import Message, Prompt
from vantum.providers.openai_tools import tools_of
from vantum.settings import Settings
from vantum.wire.openai import ChatMessage, ChatRequest, Fault, StreamOptions, filled_form

Dialect = Literal["openai", "compatible"]
T = TypeVar("T")

# In the answer itself and at its end: templates of open models take no notes between the turns.
CUT_OFF: Final = " \u2014 [the caller cut in here]"
CHARS_PER_TOKEN: Final = 4  # of English, by OpenAI's own rule of thumb
# What a server may refuse and be asked again without.
OPTIONAL: Final = (
    "reasoning_effort",
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "stream_options",
    "tools",
    "response_format",
)
_REFUSING: Final = frozenset({400, 422, 500})  # 500 is llama.cpp's for tools


def dialect_of(base_url: str) -> Dialect:
    """OpenAI itself takes fields that its imitators refuse, and the reverse."""
    host = urlsplit(base_url).hostname or ""
    return "openai" if f".{host}".endswith(".api.openai.com") else "compatible"


def request_of(
    settings: Settings, prompt: Prompt, dialect: Dialect, refused: Collection[str] = ()
) -> ChatRequest:
    """The request for one answer, without the options that the server has refused.

    The instructions come first and vary in nothing, so that the vendor's cache knows them.
    """

    def option(name: str, value: T, *, when: bool = True) -> T | UnsetType:
        return value if when and name not in refused else UNSET

    own = dialect == "openai"
    effort = settings.llm_reasoning_effort
    thinks = own and bool(effort) and "reasoning_effort" not in refused
    tuned = not thinks  # models that think refuse to be tuned

    def tuning(name: str, value: float, default: float) -> float | UnsetType:
        return option(name, value, when=tuned and (value != default or not own))

    tools, form = tools_of(prompt.actions), prompt.form
    wanted = UNSET if form is None else filled_form(form.name, form.choices, form.texts)
    options = StreamOptions(include_usage=True, include_obfuscation=False if own else UNSET)
    return ChatRequest(
        model=settings.llm_model,
        messages=_messages(prompt, settings.llm_max_context_tokens),
        stream=True,
        stream_options=option("stream_options", options),
        max_completion_tokens=settings.llm_max_tokens if own else UNSET,
        max_tokens=UNSET if own else settings.llm_max_tokens,
        reasoning_effort=option("reasoning_effort", effort, when=thinks),
        temperature=tuning("temperature", settings.llm_temperature, 1),
        top_p=tuning("top_p", settings.llm_top_p, 1),
        frequency_penalty=tuning("frequency_penalty", settings.llm_frequency_penalty, 0),
        presence_penalty=tuning("presence_penalty", settings.llm_presence_penalty, 0),
        tools=option("tools", tools, when=bool(tools)),
        response_format=option("response_format", wanted),
    )


def _messages(prompt: Prompt, most_tokens: int) -> list[ChatMessage]:
    turns = [ChatMessage(turn.role, _said(turn)) for turn in prompt.messages]
    if most_tokens:
        turns = _newest(turns, most_tokens * CHARS_PER_TOKEN)
    return [ChatMessage("system", prompt.system), *turns]


def _said(turn: Message) -> str:
    return turn.content + CUT_OFF if turn.interrupted else turn.content


def _newest(turns: list[ChatMessage], most_chars: int) -> list[ChatMessage]:
    """The newest turns that fit, and the last in any case: it is what asks for an answer."""
    chars = 0
    for kept, turn in enumerate(reversed(turns)):
        chars += len(turn.text)
        if chars > most_chars:
            return turns[len(turns) - max(1, kept) :]
    return turns


def refused_option(status: int, fault: Fault, asked: ChatRequest) -> str | None:
    """The option because of which the server refused the request, if it says so."""
    if status not in _REFUSING:
        return None
    sent = [name for name in OPTIONAL if getattr(asked, name) is not UNSET]
    param = re.split(r"[.\[]", fault.param or "", maxsplit=1)[0]
    if param:
        return param if param in sent else None
    return next((n for n in sent if re.search(rf"\b{n.rstrip('s')}s?\b", fault.message)), None)
