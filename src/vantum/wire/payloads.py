"""What each browser event carries: field names, types and bounds.

A field with a default is optional: it is left out when it says nothing. The description of a bound
completes the sentence "<field> must be …", for error messages and for the protocol document.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from vantum.limits import RATE_MAX_HZ, RATE_MIN_HZ, SESSION_AGE_S

NAME_CHARS: Final = 128  # ids and names are 36 characters or less; this keeps their echo small
REASON_CHARS: Final = 1_000  # a sentence or two for the record, never a document

Rate = Annotated[
    int,
    Meta(
        ge=RATE_MIN_HZ,
        le=RATE_MAX_HZ,
        description=f"a whole number of Hz from {RATE_MIN_HZ} to {RATE_MAX_HZ}",
    ),
]
Language = Annotated[
    str, Meta(pattern="^[a-z]{2}-[A-Z]{2}$", description="a language in the form en-US")
]
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=NAME_CHARS,
        description=f"text of 1 to {NAME_CHARS} characters",
    ),
]
Reason = Annotated[
    str, Meta(max_length=REASON_CHARS, description=f"text of at most {REASON_CHARS} characters")
]
Text = Annotated[str, Meta(description="text")]
Pcm = Annotated[bytes, Meta(description="bytes (16-bit little-endian mono PCM)")]
Flag = Annotated[bool, Meta(description="true or false")]
Instant = Annotated[float, Meta(description="a number of milliseconds since 1970")]
Count = Annotated[int, Meta(ge=0, description="a whole number from 0")]
Span = Annotated[float, Meta(ge=0, description="a number of milliseconds from 0")]
# Bounded by the longest session, so that NaN and infinity never reach the playout sums.
PlayedSpan = Annotated[
    float,
    Meta(
        ge=0,
        le=SESSION_AGE_S * 1000,
        description=f"a number of milliseconds from 0 to {SESSION_AGE_S * 1000:.0f}",
    ),
]
Confidence = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
CloseCode = Annotated[
    int, Meta(ge=1000, le=4999, description="a WebSocket close code from 1000 to 4999")
]
TurnDetection = Annotated[
    Literal["manual", "automatic"], Meta(description='"manual" or "automatic"')
]
Sentiment = Annotated[
    Literal["positive", "neutral", "negative"],
    Meta(description='"positive", "neutral" or "negative"'),
]
State = Literal[
    "INITIALIZING", "LISTENING", "THINKING", "RESPONDING", "INTERRUPTED", "ENDING", "ENDED"
]
Service = Literal["stt", "llm", "tts", "telephony"]


class Problem(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What went wrong, for a person; `code` for a program."""

    message: Text
    code: Text | None = None


class Moment(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Nothing but when it happened."""

    timestamp: Instant | None = None


class ConnectionAck(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The connection is open and this is its session."""

    success: Flag
    session_id: Name | None = None


class Disconnect(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Why the connection is about to be closed."""

    reason: Reason | None = None
    code: CloseCode | None = None


class AudioInputStart(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How a recording is sent, and who is to answer it."""

    sampling_rate: Rate = 16_000
    language: Language | None = None
    voice_id: Name | None = None
    agent: Name | None = None
    turn_detection: TurnDetection | None = None


class AudioInputChunk(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A piece of the recording."""

    audio: Pcm
    is_muted: Flag = False
    timestamp: Instant | None = None


class AudioInputStop(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The recording is complete."""

    reason: Reason | None = None


class AudioOutputStart(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An answer begins; everything still playing stops."""

    utterance_id: Name
    timestamp: Instant | None = None
    sampling_rate: Rate | None = None
    text_length: Count | None = None


class AudioOutputChunk(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The next sound of the answer."""

    audio: Pcm
    utterance_id: Name
    sample_rate: Rate
    timestamp: Instant | None = None


class AudioOutputComplete(Struct, frozen=True, rename="camel", omit_defaults=True):
    """All sound of the answer has been sent."""

    utterance_id: Name
    duration: Span | None = None
    total_chunks: Count | None = None


class AudioOutputCancel(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The answer is over before its end."""

    reason: Literal["interrupt", "stop"]
    utterance_id: Name
    timestamp: Instant | None = None


class AudioOutputHold(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The answer that is to fall silent, or to go on from there."""

    utterance_id: Name
    timestamp: Instant | None = None


class AudioOutputProgress(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How much of the answer has been heard."""

    utterance_id: Name
    played_ms: PlayedSpan
    timestamp: Instant | None = None


class InterimResult(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What was understood so far; it may still change."""

    text: Text
    confidence: Confidence
    is_final: Flag


class FinalResult(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What was understood; it stands."""

    text: Text
    confidence: Confidence
    is_final: Flag
    duration: Span | None = None
    timestamp: Instant | None = None
    language: Language | None = None


class LowConfidence(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Something was heard but hardly understood."""

    message: Text
    confidence: Confidence
    code: Text | None = None


class StateChanged(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The conversation moved from one state to another."""

    from_state: State = field(name="from")
    to_state: State = field(name="to")
    timestamp: Instant


class StateInterrupted(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The caller cut in; this much of the answer had been heard."""

    partial_response: Text
    timestamp: Instant


class ResponseStart(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The model begins to answer, and how long the caller has waited for it."""

    timestamp: Instant
    utterance_id: Name | None = None
    waited_ms: Span | None = None


class ResponseToken(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The next bit of the answer's text."""

    token: Text
    index: Count


class ResponseComplete(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The whole answer as written."""

    full_response: Text
    token_count: Count
    duration: Span


class EndCall(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Why the person ends the call."""

    reason: Reason | None = None


class Feedback(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How the person at the page liked it."""

    sentiment: Sentiment
    timestamp: Instant | None = None


class Busy(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How full the server is."""

    active_sessions: Count
    max_sessions: Count
    message: Text | None = None


class Maintenance(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The server goes away for about this long."""

    estimated_downtime: Span


class RateLimitWarning(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A provider's allowance is nearly used up."""

    service: Service
    remaining_quota: Count


class QuotaExceeded(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A provider's allowance is used up, and when it is renewed, where that is known."""

    service: Service
    reset_at: Instant | None = None
