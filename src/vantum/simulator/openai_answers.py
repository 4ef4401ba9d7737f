"""What the simulated model answers, and how its answer is worded as events of a stream."""

from __future__ import annotations

import re
from functools import cache
from random import Random
from typing import Final

import msgspec
from msgspec import Struct

from vantum.agents.playbook import Answer, Said, answer
from vantum.agents.schema import Agent, load_agent
from vantum.conversation.utterances import sentences
from vantum.simulator.openai_forms import filled_in, form_in
from vantum.wire.openai import DONE, ChatRequest, Function, StreamOptions, Tool, ToolCall

CHARS_PER_TOKEN: Final = 4
_MARKER: Final = "||BREAK||"
# A word is about a token; a marker is several, so that clients meet it in pieces.
_TOKEN: Final = re.compile(r"\s*(?:\w+|[^\w\s]{1,2})|\s+$")
_ONE_ANSWER: Final = (
    "Thanks, I will be quick. We build agents that make the first sales call for a team. They "
    "dial, they answer questions, and they book a meeting when there is interest. Does your team "
    "make outbound calls today?"
)
_PAD: Final = "aZ8kQ2vLr0Xw7Tn4"
_PIECE_CHARS: Final = 12  # of a tool's arguments in one event
_CACHED_FROM: Final = 1_024  # tokens; shorter prompts are not cached
_CACHED_STEP: Final = 128


class Reply(Struct, frozen=True):
    """An answer before it is sent."""

    tokens: tuple[str, ...]
    call: ToolCall | None
    prompt_tokens: int
    cached_tokens: int = 0
    cut: bool = False  # by the limit that the client set
    declined: bool = False  # the text says why there is no answer

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.tokens)

    def finish_reason(self, *, own: bool) -> str:
        """Why it ends; servers other than OpenAI's `own` say "stop" for tools too."""
        if self.cut:
            return "length"
        return "tool_calls" if self.call is not None and own else "stop"

    def usage(self) -> dict[str, object]:
        """What it costs."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": len(self.tokens),
            "total_tokens": self.prompt_tokens + len(self.tokens),
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


class Model:
    """The simulated model: a salesperson by the playbook that comes with Vantum, or one answer."""

    def __init__(self, *, one_answer: bool) -> None:
        self._one_answer = one_answer
        self._seen: set[int] = set()  # system prompts that are cached by now

    def reply(self, request: ChatRequest) -> Reply:
        """The answer to this conversation."""
        system = "".join(m.text for m in request.messages if m.role in {"system", "developer"})
        given = self._answer(request)
        text, tool = given.text, given.does or ("end_call" if given.ends_call else "")
        if _MARKER in system and not self._one_answer:
            text = _marked(text)
        tokens = tuple(_TOKEN.findall(text))
        limit = request.max_completion_tokens or request.max_tokens or len(tokens)
        call = _called(request.tools, tool, given) if limit >= len(tokens) else None
        return Reply(
            tokens[:limit],
            call,
            prompt_tokens=prompt_tokens(request),
            cached_tokens=self._cached(system),
            cut=limit < len(tokens),
            declined=request.model.startswith("declining-"),
        )

    def _answer(self, request: ChatRequest) -> Answer:
        if request.model.startswith("silent-"):
            return Answer("")
        if request.model.startswith("parrot-"):
            said = (m.text for m in reversed(request.messages) if m.role == "user")
            return Answer(next(said, ""))
        if request.model.startswith("declining-"):
            return Answer("I'm sorry, I can't help with that.")
        if form := form_in(request):
            return Answer(filled_in(form, request, _agent()))
        return Answer(_ONE_ANSWER) if self._one_answer else _from_playbook(request)

    def _cached(self, system: str) -> int:
        tokens = len(system) // CHARS_PER_TOKEN
        known = hash(system) in self._seen
        self._seen.add(hash(system))
        return tokens // _CACHED_STEP * _CACHED_STEP if known and tokens >= _CACHED_FROM else 0


def prompt_tokens(request: ChatRequest) -> int:
    """What was asked, in tokens, by rule of thumb."""
    return sum(len(m.text) for m in request.messages) // CHARS_PER_TOKEN


@cache
def _agent() -> Agent:
    return load_agent("sales")


def _from_playbook(request: ChatRequest) -> Answer:
    said = tuple(
        Said("user" if message.role == "user" else "assistant", message.text)
        for message in request.messages
        if message.role in {"user", "assistant"} and message.text
    )
    given = answer(_agent(), said, may_transfer="transfer_call" in _offered(request.tools))
    # Models write apostrophes as typographers do, which takes three bytes.
    return msgspec.structs.replace(given, text=given.text.replace("'", "\u2019"))


def _marked(text: str) -> str:
    parts = sentences(text)
    pairs = (" ".join(parts[at : at + 2]) for at in range(0, len(parts), 2))
    return f" {_MARKER} ".join(pairs)


def _offered(tools: object) -> dict[str, Function]:
    if not isinstance(tools, list):
        return {}
    return {tool.function.name: tool.function for tool in tools if isinstance(tool, Tool)}


def _called(tools: object, name: str, given: Answer) -> ToolCall | None:
    """A call of this tool, if it was offered, each of its arguments filled with what was said."""
    function = _offered(tools).get(name)
    if function is None:
        return None
    arguments = dict.fromkeys(function.parameters.get("properties", ()), given.text)
    if given.summary:
        arguments["summary"] = given.summary
    return ToolCall(name, msgspec.json.encode(arguments).decode())


class Wording:
    """Words one answer in the dialect of OpenAI (`own`), or of the servers that imitate it."""

    def __init__(self, request: ChatRequest, *, answer_id: str, created: int, dice: Random) -> None:
        options = request.stream_options
        asked = options if isinstance(options, StreamOptions) else StreamOptions()
        self.own = not request.model.startswith("strict-")
        self._usage = asked.include_usage is True
        self._obfuscates = self.own and asked.include_obfuscation is not False
        self._head = {"id": answer_id, "created": created, "model": request.model}
        self._dice = dice

    def start(self) -> bytes:
        """The role, before there is any text."""
        return (
            self._chunk({"role": "assistant", "content": "", "refusal": None}) if self.own else b""
        )

    def token(self, text: str, *, declined: bool = False) -> bytes:
        """Some text."""
        piece: dict[str, object] = {"refusal" if declined else "content": text}
        return self._chunk(piece if self.own else {"role": "assistant", **piece})

    def call(self, called: ToolCall) -> list[bytes]:
        """A tool call, in pieces or whole."""
        call_id = f"call_{self._dice.randbytes(12).hex()}"
        whole = {"id": call_id, "type": "function"}
        arguments = called.arguments
        if not self.own:
            function = {"name": called.name, "arguments": arguments}
            return [self._chunk({"tool_calls": [{**whole, "function": function}]})]
        first = {"index": 0, **whole, "function": {"name": called.name, "arguments": ""}}
        pieces: list[dict[str, object]] = [
            {"index": 0, "function": {"arguments": arguments[at : at + _PIECE_CHARS]}}
            for at in range(0, len(arguments), _PIECE_CHARS)
        ]
        return [self._chunk({"tool_calls": [piece]}) for piece in (first, *pieces)]

    def end(self, reply: Reply) -> bytes:
        """Why the answer ends, what it cost, and the end of the stream."""
        reason = reply.finish_reason(own=self.own)
        if not self.own:
            usage = {"usage": reply.usage()} if self._usage else {}
            return self._chunk({}, reason, **usage) + event(DONE)
        cost = self._chunk(None, usage=reply.usage()) if self._usage else b""
        return self._chunk({}, reason) + cost + event(DONE)

    def whole(self, reply: Reply) -> bytes:
        """The answer to a client that wants no stream."""
        message: dict[str, object] = {
            "role": "assistant",
            "content": None if reply.declined else reply.text,
            "refusal": reply.text if reply.declined else None,
            "annotations": [],
        }
        if reply.call is not None:
            function = {"name": reply.call.name, "arguments": reply.call.arguments}
            call_id = f"call_{self._dice.randbytes(12).hex()}"
            message["tool_calls"] = [{"id": call_id, "type": "function", "function": function}]
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": reply.finish_reason(own=self.own),
        }
        body = {**self._head, "object": "chat.completion", "choices": [choice]}
        return msgspec.json.encode({**body, "usage": reply.usage(), "service_tier": "default"})

    def _chunk(
        self, delta: dict[str, object] | None, reason: str | None = None, **more: object
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        body: dict[str, object] = {
            **self._head,
            "object": "chat.completion.chunk",
            "choices": [] if delta is None else [choice],
        }
        if self.own:
            body |= {"service_tier": "default", "system_fingerprint": "fp_simulated"}
            if self._usage:
                body["usage"] = None
        if self._obfuscates:
            body["obfuscation"] = _PAD[: self._dice.randint(1, len(_PAD))]
        return event(msgspec.json.encode(body | more))


def event(data: bytes) -> bytes:
    """One event of a stream."""
    return b"data: " + data + b"\n\n"
