"""What Deepgram's Flux says and is told at /v2/listen, where the model itself ends turns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from vantum.wire.deepgram import CloseStream, Encoding, encode, gathered
from vantum.wire.fields import UNREADABLE


class FluxQuery(Struct, frozen=True, kw_only=True):
    """How a recording is to be heard; the vendor's names and defaults."""

    model: Literal["flux-general-en", "flux-general-multi"]
    encoding: Encoding
    sample_rate: Annotated[int, Meta(ge=1)]
    eot_threshold: Annotated[float, Meta(ge=0.5, le=1.0)] = 0.7  # of confidence; 1 is never reached
    eager_eot_threshold: Annotated[float, Meta(ge=0.3, le=0.9)] | None = None  # no eager ends
    eot_timeout_ms: Annotated[int, Meta(ge=500, le=60_000)] = 5_000
    keyterm: tuple[str, ...] = ()
    language_hint: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.eager_eot_threshold and self.eager_eot_threshold > self.eot_threshold:
            raise ValueError("eager_eot_threshold must not be above eot_threshold")
        if self.language_hint and self.model != "flux-general-multi":
            raise ValueError("language_hint is for flux-general-multi")


def changed(query: FluxQuery, order: Configure) -> FluxQuery:
    """The query after a change. Raises msgspec.ValidationError for one that cannot be."""
    given = msgspec.structs.asdict(order.thresholds) | {"keyterm": order.keyterms}
    new = {name: value for name, value in given.items() if value is not None}
    return msgspec.convert(msgspec.structs.asdict(query) | new, FluxQuery)


def read_query(pairs: Iterable[tuple[str, str]]) -> FluxQuery:
    """The query of an address; names it does not know pass. Raises msgspec.ValidationError."""
    return msgspec.convert(gathered(pairs), FluxQuery, strict=False)


# -- what the server says; sequence_id counts all its messages from 0 ------------------------------

TurnEvent = Literal["Update", "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"]


class Word(Struct, frozen=True, omit_defaults=True):
    """One recognised word as it is written, in seconds of the connection's audio."""

    word: str
    confidence: float
    start: float | None = None
    end: float | None = None


class Connected(Struct, frozen=True, tag=True):
    """The first message of every stream."""

    request_id: str
    sequence_id: int


class TurnInfo(Struct, frozen=True, kw_only=True, tag=True):
    """Where the current turn stands; `transcript` is all of it and may be revised until its end."""

    event: TurnEvent
    turn_index: int
    transcript: str
    audio_window_start: float
    audio_window_end: float
    words: tuple[Word, ...] = ()
    end_of_turn_confidence: float = 0.0
    trigger: str | UnsetType = UNSET  # of EndOfTurn: model, timeout, manual, or what is to come
    request_id: str = ""
    sequence_id: int = 0


class Thresholds(Struct, frozen=True, omit_defaults=True):
    """Those in use, or those to be changed."""

    eot_threshold: float | None = None
    eager_eot_threshold: float | None = None
    eot_timeout_ms: int | None = None


class ConfigureSuccess(Struct, frozen=True, tag=True):
    """A change was taken over."""

    request_id: str
    sequence_id: int
    thresholds: Thresholds
    keyterms: tuple[str, ...] = ()


class ConfigureFailure(Struct, frozen=True, tag=True):
    """A change was refused; all stays as it was."""

    request_id: str
    sequence_id: int
    code: str
    description: str


class Caution(Struct, frozen=True, tag="Warning"):
    """Something could not be done; all goes on."""

    request_id: str
    sequence_id: int
    code: str
    description: str


class Failure(Struct, frozen=True, tag="Error"):
    """The stream is over."""

    sequence_id: int
    code: str
    description: str


ServerMessage = Connected | TurnInfo | ConfigureSuccess | ConfigureFailure | Caution | Failure

_SERVER: Final[msgspec.json.Decoder[ServerMessage]] = msgspec.json.Decoder(ServerMessage)

NO_ACTIVE_TURN: Final = "FORCE_END_TURN_NO_ACTIVE_TURN"


def decode(text: str | bytes) -> ServerMessage | None:
    """A message of the server; None for what cannot be read or is of no known type."""
    try:
        return _SERVER.decode(text)
    except UNREADABLE:
        return None


# -- what the client says, always as text ----------------------------------------------------------


class ForceEndTurn(Struct, frozen=True, tag=True):
    """The turn is over, whatever the model thinks."""


class Configure(Struct, frozen=True, tag=True):
    """Change what may change on the way; what is left out stays as it is."""

    thresholds: Thresholds = Thresholds()
    keyterms: tuple[str, ...] | None = None


Order = CloseStream | ForceEndTurn | Configure

_ORDER: Final[msgspec.json.Decoder[Order]] = msgspec.json.Decoder(Order)


def read_order(text: str) -> Order | None:
    """What a client's text asks for; None for what cannot be read or is of no known type."""
    try:
        return _ORDER.decode(text)
    except UNREADABLE:
        return None


FORCE_END_TURN: Final = encode(ForceEndTurn())
