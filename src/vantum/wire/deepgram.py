"""What Deepgram's Nova says and is told at /v1/listen: addresses, messages, tolerant reading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from vantum.wire.fields import UNREADABLE

Encoding = Literal["linear16", "mulaw"]  # raw sound; the vendor takes others that we never send


class NovaQuery(Struct, frozen=True, kw_only=True):
    """How a recording is to be heard; the vendor's names and defaults."""

    model: Annotated[str, Meta(pattern=r"^(nova|enhanced|base|whisper)(-[a-z0-9]+)*$")]
    language: Annotated[str, Meta(pattern=r"^(multi|[a-z]{2,3}(-[A-Za-z0-9]+)*)$")] = "en"
    encoding: Encoding | None = None  # None: the sound brings a container that says so
    sample_rate: Annotated[int, Meta(ge=1)] | None = None
    channels: Literal[1] = 1
    interim_results: bool = False
    punctuate: bool = False
    smart_format: bool = False
    endpointing: Annotated[str, Meta(pattern="^([0-9]+|false)$")] = "10"  # ms of silence
    vad_events: bool = False
    utterance_end_ms: Annotated[int, Meta(ge=1)] | None = None
    keyterm: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.encoding and not self.sample_rate:
            raise ValueError("sample_rate is required with encoding")
        if self.utterance_end_ms and not self.interim_results:
            raise ValueError("utterance_end_ms needs interim_results")
        if self.keyterm and not takes_key_terms(self.model):
            raise ValueError("keyterm is for Nova-3 models")

    @property
    def endpointing_s(self) -> float | None:
        """Silence that ends an utterance; None where silence is not to be heeded."""
        return None if self.endpointing == "false" else int(self.endpointing) / 1000


def takes_key_terms(model: str) -> bool:
    """Only the newest family knows them."""
    return model.startswith("nova-3")


def written(query: Struct) -> list[tuple[str, str]]:
    """A query as names and values for an address; nothing is left to the vendor's defaults."""
    pairs: list[tuple[str, str]] = []
    for name, value in msgspec.structs.asdict(query).items():
        if isinstance(value, tuple):
            pairs += [(name, str(one)) for one in value]
        elif isinstance(value, bool):
            pairs.append((name, "true" if value else "false"))
        elif value is not None:
            pairs.append((name, str(value)))
    return pairs


def gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Names and values of an address by name; what may be repeated as a list."""
    found: dict[str, str | list[str]] = {}
    for name, value in pairs:
        if name in {"keyterm", "language_hint"}:
            several = found.setdefault(name, [])
            assert isinstance(several, list)
            several.append(value)
        else:
            found[name] = value
    return found


def read_query(pairs: Iterable[tuple[str, str]]) -> NovaQuery:
    """The query of an address; names it does not know pass. Raises msgspec.ValidationError."""
    return msgspec.convert(gathered(pairs), NovaQuery, strict=False)


# -- what the server says ----------------------------------------------------------------------


class Word(Struct, frozen=True):
    """One recognised word, in seconds of the connection's audio."""

    word: str
    start: float
    end: float
    confidence: float = 0.0
    punctuated_word: str = ""


class Alternative(Struct, frozen=True):
    """One reading of a span of sound."""

    transcript: str
    confidence: float = 0.0
    words: tuple[Word, ...] = ()


class Channel(Struct, frozen=True):
    """Readings, best first."""

    alternatives: tuple[Alternative, ...]


class ModelInfo(Struct, frozen=True):
    """Which model heard."""

    name: str
    version: str
    arch: str


class ResultsMetadata(Struct, frozen=True):
    """Where a result comes from."""

    request_id: str
    model_uuid: str
    model_info: ModelInfo


class Results(Struct, frozen=True, kw_only=True, tag=True):
    """What was heard in a span; `is_final` spans are never revised."""

    channel: Channel
    start: float
    duration: float
    is_final: bool = False
    speech_final: bool = False
    from_finalize: bool = False
    channel_index: tuple[int, int] = (0, 1)
    metadata: ResultsMetadata | None = None

    @property
    def best(self) -> Alternative:
        """The likeliest reading, which may be blank."""
        alternatives = self.channel.alternatives
        return alternatives[0] if alternatives else Alternative("")

    @property
    def end(self) -> float:
        """Where the span ends."""
        return self.start + self.duration


class SpeechStarted(Struct, frozen=True, tag=True):
    """Somebody speaks, or something is as loud."""

    timestamp: float
    channel: tuple[int, int] = (0, 1)


class UtteranceEnd(Struct, frozen=True, tag=True):
    """No word for so long as was asked for; -1 where there was none before."""

    last_word_end: float
    channel: tuple[int, int] = (0, 1)


class Metadata(Struct, frozen=True, kw_only=True, tag=True):
    """The last message of a stream that was closed in order."""

    request_id: str
    duration: float
    created: str = ""
    sha256: str = ""
    channels: int = 1
    transaction_key: str = "deprecated"


class ConfigureSuccess(Struct, frozen=True, tag=True):
    """A change was taken over."""

    request_id: str
    keyterms: tuple[str, ...] = ()


class ConfigureFailure(Struct, frozen=True, tag=True):
    """A change was refused; all stays as it was."""

    request_id: str
    code: str
    description: str


class Failure(Struct, frozen=True, tag="Error"):
    """Something went wrong; `message` repeats what the client sent."""

    description: str
    variant: str = ""
    message: str = ""


ServerMessage = (
    Results
    | SpeechStarted
    | UtteranceEnd
    | Metadata
    | ConfigureSuccess
    | ConfigureFailure
    | Failure
)

_SERVER: Final[msgspec.json.Decoder[ServerMessage]] = msgspec.json.Decoder(ServerMessage)


def decode(text: str | bytes) -> ServerMessage | None:
    """A message of the server; None for what cannot be read or is of no known type."""
    try:
        return _SERVER.decode(text)
    except UNREADABLE:
        return None


# -- what the client says, always as text: a binary frame would be taken for sound -----


class KeepAlive(Struct, frozen=True, tag=True):
    """There is no sound now, but there will be."""


class Finalize(Struct, frozen=True, tag=True):
    """Deliver what is pending."""


class CloseStream(Struct, frozen=True, tag=True):
    """There will be no more sound: deliver what is pending and close."""


class Configure(Struct, frozen=True, tag=True):
    """Change what may change on the way."""

    keyterms: tuple[str, ...] = ()


Order = KeepAlive | Finalize | CloseStream | Configure

_ORDER: Final[msgspec.json.Decoder[Order]] = msgspec.json.Decoder(Order)


def read_order(text: str) -> Order | None:
    """What a client's text asks for; None for what cannot be read or is of no known type."""
    try:
        return _ORDER.decode(text)
    except UNREADABLE:
        return None


def encode(message: Struct) -> str:
    """A message of either side as the text of a frame."""
    return msgspec.json.encode(message).decode()


KEEP_ALIVE: Final = encode(KeepAlive())
FINALIZE: Final = encode(Finalize())
CLOSE_STREAM: Final = encode(CloseStream())
