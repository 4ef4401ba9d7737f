"""What chat completions look like on the wire: OpenAI's own, and those of servers much like it.

Read generously, since servers differ: a field that is missing, null or new is no error. Facts:
https://platform.openai.com/docs/api-reference/chat, and what Ollama, vLLM and llama.cpp send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from vantum.wire.fields import UNREADABLE

DONE: Final = b"[DONE]"

# -- what is asked -------------------------------------------------------------------------------


class Part(Struct, frozen=True):
    """A part of a message that is not plain text alone; only text is of interest."""

    type: str
    text: str = ""


class ChatMessage(Struct, frozen=True):
    """One line of the conversation; a message that only calls tools has no content."""

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """All of its text."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class Function(Struct, frozen=True, omit_defaults=True):
    """A function the model may call; `parameters` is a JSON schema."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


class Tool(Struct, frozen=True):
    """Something the model may do besides talking."""

    function: Function
    type: str = "function"


def texts(**told: str) -> dict[str, Any]:
    """A JSON schema of arguments that are all texts and may be missing, each with its meaning."""
    properties = {name: {"type": "string", "description": what} for name, what in told.items()}
    return {"type": "object", "properties": properties}


class JsonSchema(Struct, frozen=True):
    """The schema that an answer keeps to; `strict` servers make sure of it."""

    name: str
    schema: dict[str, Any]
    strict: bool = True


class ResponseFormat(Struct, frozen=True, omit_defaults=True):
    """What an answer looks like where it is no plain text."""

    type: str
    json_schema: JsonSchema | None = None


def filled_form(
    name: str, choices: Mapping[str, Sequence[str]], texts: Mapping[str, str]
) -> ResponseFormat:
    """An object with one of several words, or with a text, in each of its fields.

    OpenAI's strict mode wants every field required, and no others:
    https://platform.openai.com/docs/guides/structured-outputs
    """
    fields: dict[str, Any] = {
        field: {"type": "string", "enum": list(words)} for field, words in choices.items()
    }
    fields |= {field: {"type": "string", "description": what} for field, what in texts.items()}
    schema = {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
    return ResponseFormat("json_schema", JsonSchema(name, schema))


class StreamOptions(Struct, frozen=True):
    """What a stream carries besides the answer."""

    include_usage: bool | UnsetType = UNSET
    include_obfuscation: bool | UnsetType = UNSET


class ChatRequest(Struct, frozen=True, kw_only=True):
    """The body of POST /chat/completions, as far as we write or read it; UNSET is not sent."""

    model: str
    messages: list[ChatMessage]
    stream: bool | UnsetType | None = UNSET
    stream_options: StreamOptions | UnsetType | None = UNSET
    max_completion_tokens: int | UnsetType | None = UNSET
    max_tokens: int | UnsetType | None = UNSET
    reasoning_effort: str | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    top_p: float | UnsetType | None = UNSET
    frequency_penalty: float | UnsetType | None = UNSET
    presence_penalty: float | UnsetType | None = UNSET
    tools: list[Tool] | UnsetType | None = UNSET
    response_format: ResponseFormat | UnsetType | None = UNSET


# -- what is answered ----------------------------------------------------------------------------


class FunctionPiece(Struct):
    """Part of a function's name or arguments."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ToolPiece(Struct):
    """Part of a tool call; the pieces of one call share its index."""

    index: int | None = None
    id: str | None = None
    function: FunctionPiece | None = None


class Delta(Struct):
    """What a chunk adds to the answer."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolPiece] | None = None


class Choice(Struct):
    """One of the answers asked for; we ask for one."""

    delta: Delta | None = None
    finish_reason: str | None = None


class PromptDetails(Struct):
    """Where the prompt's tokens came from."""

    cached_tokens: int | None = None


class TokenUsage(Struct):
    """What an answer has cost."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None


class Fault(Struct, frozen=True):
    """An error as the server words it."""

    message: str = ""
    type: str | None = None
    param: str | None = None
    code: str | int | None = None

    def is_called(self, *names: str) -> bool:
        """Whether its code or its type is one of `names`."""
        return self.code in names or self.type in names


class ToolCall(Struct, frozen=True):
    """A whole call of a tool; the arguments ought to be a JSON object, and may be anything."""

    name: str
    arguments: str


_NOTHING: Final = msgspec.Raw(b"null")


class _Chunk(Struct):
    choices: list[Choice] | None = None
    usage: TokenUsage | None = None
    error: msgspec.Raw = _NOTHING
    message: msgspec.Raw = _NOTHING  # only in errors without their envelope
    detail: msgspec.Raw = _NOTHING  # the same, of servers written with FastAPI


_CHUNK: Final = msgspec.json.Decoder(_Chunk)
_FAULT: Final = msgspec.json.Decoder(Fault, strict=False)
_FAULT_CHARS: Final = 500  # a proxy's error page is longer than anybody reads


def read_fault(body: bytes) -> Fault:
    """The error in the body of a refused request: OpenAI's envelope, plain JSON, or text."""
    try:
        chunk = _CHUNK.decode(body)
    except UNREADABLE:
        return Fault(_clipped(body))
    return _fault_in(chunk, body) or Fault(_clipped(body))


def _fault_in(chunk: _Chunk, data: bytes) -> Fault | None:
    raw = bytes(chunk.error)
    if raw == b"null":
        if chunk.choices is not None or chunk.message == chunk.detail:
            return None
        raw = data
    try:
        fault = _FAULT.decode(raw)
    except UNREADABLE:
        return Fault(_clipped(raw).strip('"'))
    return fault if fault.message else Fault(_clipped(raw), fault.type, fault.param, fault.code)


def _clipped(text: bytes) -> str:
    return text[:_FAULT_CHARS].decode(errors="replace").strip()


class Answer:
    """A streamed answer as far as it has come."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.fault: Fault | None = None
        self.refused = False  # the model declined; its words are not an answer
        self.done = False  # the server said that nothing follows
        self.usage: TokenUsage | None = None
        self.unreadable = 0  # events that made no sense
        self._calls: dict[int, _Call] = {}

    @property
    def calls(self) -> list[ToolCall]:
        """The tools called, in the order in which the model began to."""
        return [ToolCall(call.name, call.arguments) for call in self._calls.values()]

    def take(self, data: bytes) -> str:
        """Take an event's data; returns the text that it adds."""
        if data == DONE:
            self.done = True
            return ""
        try:
            chunk = _CHUNK.decode(data)
        except UNREADABLE:
            self.unreadable += 1
            return ""
        if chunk.usage is not None:
            self.usage = chunk.usage
        if not chunk.choices:  # the usage chunk, an error, or Azure's first one
            self.fault = _fault_in(chunk, data) or self.fault
            return ""
        return self._choose(chunk.choices[0])

    def _choose(self, choice: Choice) -> str:
        self.finish_reason = choice.finish_reason or self.finish_reason
        delta = choice.delta
        if delta is None:
            return ""
        self.refused = self.refused or bool(delta.refusal)
        for piece in delta.tool_calls or ():
            self._add(piece)
        return delta.content or ""

    def _add(self, piece: ToolPiece) -> None:
        given = piece.function or FunctionPiece()
        call = self._call_of(piece, begins=bool(given.name))
        call.id = call.id or piece.id or ""
        call.name = call.name or given.name or ""
        arguments = given.arguments
        if isinstance(arguments, dict):  # whole, and not packed into a string
            arguments = msgspec.json.encode(arguments).decode()
        call.arguments += arguments or ""

    def _call_of(self, piece: ToolPiece, *, begins: bool) -> _Call:
        """The call that a piece belongs to: that of its index, or the last where servers omit it.

        A name begins a new call under another id, since some servers number all their calls 0.
        """
        index = next(reversed(self._calls), 0) if piece.index is None else piece.index
        call = self._calls.get(index)
        if call is not None:
            other = piece.id != call.id if piece.id and call.id else piece.index is None
            if not (begins and other and call.name):
                return call
            index = max(self._calls) + 1
        return self._calls.setdefault(index, _Call())


class _Call(Struct):
    id: str = ""
    name: str = ""
    arguments: str = ""
