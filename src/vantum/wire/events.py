"""Which events exist between browser and server: one table, and everything derived from it.

Names are `domain.category.action`. The 44 base events form the tree EVENTS
(`EVENTS.audio.input.START`); the few that only `vantum.v2` clients know form EXTENSIONS. The ten
names of the original page stand in a second table, which is also the map from old to new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Final, Literal

from msgspec import Struct

from vantum.wire import payloads as p

Direction = Literal["client-to-server", "server-to-client", "bidirectional"]
Priority = Literal["critical", "high", "normal", "low"]

SUBPROTOCOL: Final = "vantum.v2"
BASE_VERSION: Final = "1.0.0"
EXTENSION_VERSION: Final = "1.1.0"
LEGACY_REMOVAL: Final = "2027-06-30"  # legacy names are answered until then at least


class EventInfo(Struct, frozen=True):
    """What is known of one event."""

    name: str
    direction: Direction
    priority: Priority
    payload: type[Struct]
    description: str
    version: str


class LegacyEvent(Struct, frozen=True):
    """A name of the original page, the event it stands for, and the fields that page knows."""

    name: str
    canonical: str
    fields: tuple[str, ...]


_IN: Final[Direction] = "client-to-server"
_OUT: Final[Direction] = "server-to-client"
_BOTH: Final[Direction] = "bidirectional"

_Rows = Mapping[str, Mapping[str, tuple[Direction, Priority, type[Struct], str]]]

_BASE: Final[_Rows] = {
    "connection.lifecycle": {
        "ack": (_OUT, "critical", p.ConnectionAck, "The connection is open; this is its session."),
        "heartbeat": (_BOTH, "high", p.Moment, "A sign of life; the server answers each."),
        "disconnect": (_BOTH, "high", p.Disconnect, "This side is about to close the connection."),
    },
    "connection.error": {
        "general": (_OUT, "high", p.Problem, "The connection or session cannot do what was asked."),
        "timeout": (_OUT, "high", p.Problem, "The session was idle or open for too long."),
        "auth_failed": (_OUT, "critical", p.Problem, "The client may not use this server."),
    },
    "audio.input": {
        "start": (_IN, "high", p.AudioInputStart, "A recording begins; acknowledged."),
        "chunk": (_IN, "normal", p.AudioInputChunk, "A piece of the recording; not acknowledged."),
        "stop": (_IN, "high", p.AudioInputStop, "The recording is over; acknowledged."),
    },
    "audio.output": {
        "start": (_OUT, "high", p.AudioOutputStart, "An answer begins; what still plays stops."),
        "chunk": (_OUT, "normal", p.AudioOutputChunk, "The next sound of the answer."),
        "complete": (_OUT, "normal", p.AudioOutputComplete, "All sound of the answer is sent."),
        "cancel": (_OUT, "high", p.AudioOutputCancel, "The answer and its queued sound stop."),
    },
    "audio.error": {
        "invalid_format": (_OUT, "high", p.Problem, "Audio or its description cannot be read."),
        "unsupported_rate": (_OUT, "high", p.Problem, "The rate is out of bounds, or changed."),
        "buffer_overflow": (_OUT, "high", p.Problem, "Audio came too fast; some was dropped."),
    },
    "transcript.interim": {
        "result": (_OUT, "normal", p.InterimResult, "What was understood so far."),
    },
    "transcript.final": {
        "result": (_OUT, "high", p.FinalResult, "What was understood."),
    },
    "transcript.error": {
        "low_confidence": (_OUT, "normal", p.LowConfidence, "Speech was hardly understood."),
        "stt_failed": (_OUT, "high", p.Problem, "Speech recognition is lost for this recording."),
    },
    "conversation.state": {
        "changed": (_OUT, "high", p.StateChanged, "The conversation is in another state."),
        "interrupted": (_OUT, "high", p.StateInterrupted, "The caller cut in on the answer."),
    },
    "conversation.response": {
        "start": (_OUT, "high", p.ResponseStart, "The answer begins, with its first sound."),
        "token": (_OUT, "normal", p.ResponseToken, "The next bit of the answer's text."),
        "complete": (_OUT, "high", p.ResponseComplete, "The whole answer has been written."),
    },
    "conversation.error": {
        "llm_timeout": (_OUT, "high", p.Problem, "The model took too long."),
        "llm_failed": (_OUT, "high", p.Problem, "The model broke off."),
        "context_too_long": (_OUT, "high", p.Problem, "The conversation no longer fits the model."),
    },
    "user.action": {
        "interrupt": (_IN, "high", p.Moment, "The person wants the answer to stop."),
        "end_call": (_IN, "critical", p.EndCall, "The person ends the call."),
        "mute": (_IN, "normal", p.Moment, "Audio is not to be forwarded from here."),
        "unmute": (_IN, "normal", p.Moment, "Audio is to be forwarded again."),
    },
    "user.feedback": {
        "sentiment": (_IN, "low", p.Feedback, "How the person liked it."),
    },
    "system.status": {
        "ready": (_OUT, "high", p.Moment, "The session can take audio."),
        "busy": (_OUT, "normal", p.Busy, "The server is full."),
        "maintenance": (_OUT, "critical", p.Maintenance, "The server is about to go away."),
    },
    "system.notification": {
        "rate_limit_warning": (
            _OUT,
            "normal",
            p.RateLimitWarning,
            "A provider's allowance runs low.",
        ),
        "quota_exceeded": (_OUT, "high", p.QuotaExceeded, "A provider's allowance is used up."),
    },
    "error.general": {
        "unknown": (_OUT, "high", p.Problem, "A request failed; no other name fits."),
        "internal_server_error": (_OUT, "critical", p.Problem, "The server is at fault."),
    },
    "error.service": {
        "stt_unavailable": (_OUT, "critical", p.Problem, "Hearing fails, or is being mended."),
        "llm_unavailable": (_OUT, "critical", p.Problem, "The model fails, or is being mended."),
        "tts_unavailable": (_OUT, "critical", p.Problem, "The voice fails, or is being mended."),
        "telephony_unavailable": (_OUT, "critical", p.Problem, "The carrier cannot be reached."),
    },
}

_EXTENSIONS: Final[_Rows] = {
    "audio.output": {
        "progress": (_IN, "normal", p.AudioOutputProgress, "How much was heard, every 200 ms."),
        "pause": (_OUT, "high", p.AudioOutputHold, "The answer falls silent; its sound is kept."),
        "resume": (_OUT, "high", p.AudioOutputHold, "The answer goes on from where it was held."),
    },
}


def _infos(rows: _Rows, version: str) -> Iterator[EventInfo]:
    for head, actions in rows.items():
        for action, (direction, priority, payload, description) in actions.items():
            name = f"{head}.{action}"
            yield EventInfo(name, direction, priority, payload, description, version)


_TABLE: Final = (*_infos(_BASE, BASE_VERSION), *_infos(_EXTENSIONS, EXTENSION_VERSION))

_LEGACY: Final = (
    LegacyEvent("connection.ack", "connection.lifecycle.ack", ("success",)),
    LegacyEvent(
        "voicechat.audio.start", "audio.input.start", ("samplingRate", "language", "voiceId")
    ),
    LegacyEvent("voicechat.audio.chunk", "audio.input.chunk", ("audio", "isMuted")),
    LegacyEvent("voicechat.audio.end", "audio.input.stop", ()),
    LegacyEvent("voicechat.response.start", "audio.output.start", ("utteranceId", "timestamp")),
    LegacyEvent(
        "voicechat.response.chunk", "audio.output.chunk", ("audio", "utteranceId", "sampleRate")
    ),
    LegacyEvent("voicechat.response.complete", "audio.output.complete", ("utteranceId",)),
    LegacyEvent(
        "voicechat.response.interrupt", "audio.output.cancel", ("utteranceId", "timestamp")
    ),
    LegacyEvent("voicechat.response.stop", "audio.output.cancel", ("utteranceId", "timestamp")),
    LegacyEvent("voicechat.error", "error.general.unknown", ("message",)),
)

# The protocol's own documents disagree on how a recording ends; both names are taken.
ALIASES: Final[Mapping[str, str]] = {"audio.input.end": "audio.input.stop"}

# The requests that are answered by an ack, once they are carried out.
ACKNOWLEDGED: Final = ("audio.input.start", "audio.input.stop")

EVENT_INFO: Final[Mapping[str, EventInfo]] = {info.name: info for info in _TABLE}
BASE_EVENTS: Final = tuple(i.name for i in _TABLE if i.version == BASE_VERSION)
EXTENSION_EVENTS: Final = tuple(i.name for i in _TABLE if i.version == EXTENSION_VERSION)
LEGACY_EVENTS: Final[Mapping[str, LegacyEvent]] = {legacy.name: legacy for legacy in _LEGACY}
LEGACY_TO_NEW: Final[Mapping[str, str]] = {legacy.name: legacy.canonical for legacy in _LEGACY}


def _tree(names: Iterable[str]) -> SimpleNamespace:
    root = SimpleNamespace()
    for name in names:
        domain, category, action = name.split(".")
        branch = vars(root).setdefault(domain, SimpleNamespace())
        twig = vars(branch).setdefault(category, SimpleNamespace())
        setattr(twig, action.upper(), name)
    return root


EVENTS: Final = _tree(BASE_EVENTS)
EXTENSIONS: Final = _tree(EXTENSION_EVENTS)
VOICECHAT_EVENTS: Final = SimpleNamespace(
    **{name.removeprefix("voicechat.").replace(".", "_").upper(): name for name in LEGACY_TO_NEW}
)


def event_domain(name: str) -> str:
    """First part of a known event's name, else ""."""
    return name.partition(".")[0] if name in EVENT_INFO else ""


def event_category(name: str) -> str:
    """Second part of a known event's name, else ""."""
    return name.split(".")[1] if name in EVENT_INFO else ""


def event_action(name: str) -> str:
    """Last part of a known event's name, else ""."""
    return name.rpartition(".")[2] if name in EVENT_INFO else ""


def is_client_event(name: str) -> bool:
    """Whether a client may send it; bidirectional events count."""
    info = EVENT_INFO.get(name)
    return info is not None and info.direction != _OUT


def is_server_event(name: str) -> bool:
    """Whether the server may send it; bidirectional events count."""
    info = EVENT_INFO.get(name)
    return info is not None and info.direction != _IN


def is_bidirectional(name: str) -> bool:
    """Whether both sides may send it."""
    info = EVENT_INFO.get(name)
    return info is not None and info.direction == _BOTH


def is_critical(name: str) -> bool:
    """Whether it must never be dropped or delayed."""
    info = EVENT_INFO.get(name)
    return info is not None and info.priority == "critical"


def events_of_domain(domain: str) -> tuple[str, ...]:
    """Names of the base events of a domain, in table order; empty for an unknown one."""
    return tuple(name for name in BASE_EVENTS if event_domain(name) == domain)


def client_events() -> tuple[str, ...]:
    """Names of the base events that a client may send."""
    return tuple(filter(is_client_event, BASE_EVENTS))


def server_events() -> tuple[str, ...]:
    """Names of the base events that the server may send."""
    return tuple(filter(is_server_event, BASE_EVENTS))
