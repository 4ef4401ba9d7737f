"""What can happen to a call: every input the conversation core accepts.

Events are plain facts in the past tense. Audio times (`at_s`, `start_s`, `end_s`) count seconds of
caller audio received in the current recording, never wall time. Reply-side events carry the turn
and reply numbers they belong to; the machine drops every one that is not current.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from vantum.audio.pcm import Encoding, sample_bytes
from vantum.errors import Service, Trouble

EndReason = Literal[
    "caller_ended",  # the caller asked to end, or hung up politely through the page
    "agent_ended",  # the agent said goodbye
    "operator_ended",  # hung up by whoever runs the calls
    "disconnected",  # the peer vanished
    "silence",  # the caller did not answer the last nudge
    "faults",  # three failed replies in a row
    "expired",  # idle or age limit of the session
    "shutdown",  # the server stops
    "setup_failed",
    "voicemail",  # the message was left
    "no_message",  # a machine or a full mailbox answered, and none was left
    "screened_out",  # nobody came to the phone for whom a screener asked
    "ivr",  # the menus lead to nobody
    "hold",  # kept waiting for too long
    "no_speech",  # nobody said anything
    "loop",  # a machine says the same over and over
    "one_sided",  # they talk on, whatever is said to them
    "fax",
    "transferred",  # the caller is with somebody else now
    "briefed",  # a call that only tells something was heard to its end
    "opt_out",  # the caller wants no more calls
]

Kind = Literal["person", "voicemail", "screening", "ivr", "hold", "silence", "fax"]
"""Who or what has answered the phone; `silence` is a line on which nothing was said at all."""

Verdict = Literal[
    "human",
    "machine_start",
    "machine_end_beep",
    "machine_end_silence",
    "machine_end_other",
    "fax",
    "unknown",
]
"""What a carrier's own machine detection says, in Twilio's words."""


def verdict(word: str) -> Verdict:
    """A carrier's word for who has answered; one that is not known says nothing."""
    return next((known for known in get_args(Verdict) if known == word), "unknown")


class Ready(Struct, frozen=True):
    """The call has its agent and providers and can begin."""


class SetupFailed(Struct, frozen=True):
    """The call cannot begin."""

    message: str


class InputStarted(Struct, frozen=True):
    """A recording began; `automatic` turn detection or manual, and may the agent speak first?"""

    automatic: bool
    greets: bool


class InputEnded(Struct, frozen=True):
    """The client closed its recording: what was said is complete now."""


class SpeechStarted(Struct, frozen=True):
    """Voice activity began; reported as soon as it is believed."""

    at_s: float


class SpeechSustained(Struct, frozen=True):
    """Voice activity has gone on long enough to be meant (audio time)."""

    at_s: float
    speech_s: float


class SpeechStopped(Struct, frozen=True):
    """Voice activity ended at `at_s`; `silence_s` of quiet had passed when this was noticed."""

    at_s: float
    speech_s: float
    silence_s: float


class Transcript(Struct, frozen=True):
    """Words recognised between `start_s` and `end_s`.

    Interim text replaces the last interim; final text stands. `end_of_turn` is the recogniser's own
    opinion that the caller has finished, for recognisers that have one; `eager` that they may have,
    and that the words will not change if they have. Keys come as words, too: `keyed`.
    """

    text: str
    final: bool
    confidence: float = 1.0
    start_s: float = 0.0
    end_s: float = 0.0
    end_of_turn: bool = False
    eager: bool = False
    keyed: bool = False


class Finalised(Struct, frozen=True):
    """The recogniser has delivered all it will for the audio up to the last finalisation."""


class HearingFailed(Struct, frozen=True):
    """Speech recognition is lost for this recording; the call goes on."""

    message: str
    trouble: Trouble = "network"


class Setback(Struct, frozen=True):
    """A provider stumbled and it is being mended behind the scenes; the client is told.

    `unheard`: somebody may have spoken meanwhile, and waits.
    """

    service: Service
    trouble: Trouble
    message: str
    unheard: bool = False


class Token(Struct, frozen=True):
    """The next bit of the model's answer."""

    turn: int
    reply: int
    text: str


class ActionAsked(Struct, frozen=True):
    """The model asks for something to be done after this answer; `argument` says with what."""

    turn: int
    reply: int
    name: str
    argument: str = ""


class ReplyWritten(Struct, frozen=True):
    """The model has finished this answer."""

    turn: int
    reply: int


class ReplyFailed(Struct, frozen=True):
    """The model broke off: error, time-out, empty answer or cut stream."""

    turn: int
    reply: int
    message: str
    trouble: Trouble = "network"


class SpokenWord(Struct, frozen=True):
    """A word and when it sounds, in seconds from the beginning of its piece's sound."""

    text: str
    start_s: float
    end_s: float


class Speech(Struct, frozen=True):
    """Sound for piece number `piece` of the answer, in the voice's own rate and coding (mono).

    `words` are the timings that came with it, from voices that tell them.
    """

    turn: int
    reply: int
    piece: int
    pcm: bytes
    rate_hz: int
    words: tuple[SpokenWord, ...] = ()
    encoding: Encoding = "s16le"

    @property
    def lasts_s(self) -> float:
        """How long it sounds."""
        return len(self.pcm) / sample_bytes(self.encoding) / self.rate_hz


class PieceVoiced(Struct, frozen=True):
    """All sound of piece `piece` has been made."""

    turn: int
    reply: int
    piece: int


class VoiceFailed(Struct, frozen=True):
    """The voice cannot speak this answer; its text is still worth showing."""

    turn: int
    reply: int
    message: str
    trouble: Trouble = "network"


class PlayedOut(Struct, frozen=True):
    """The caller has heard the answer to its end."""

    turn: int


class TurnStopped(Struct, frozen=True):
    """Sound of the turn is stopped for good; the caller had heard `heard_s` seconds of it."""

    turn: int
    heard_s: float


Timer = Literal[
    "end_of_turn",  # the caller's turn is over, if nothing comes
    "flush",  # words are overdue
    "finalise",  # the last words of a recording that was ended
    "floor",  # speech into the agent's words has lasted
    "words",  # none have come behind a sound into the agent's words
    "hold",  # the sound was held for as long as it may be
    "silence",
    "long",  # a turn of the caller without end
    "filler",
    "pickup",
    "transfer",  # somebody was to take the call
    "waiting",  # for them, and is to hear that it goes on
    "opt_out",
    "ending",
]
"""What the machine waits for; `TIMES` in `machine.py` says what follows."""


class TimerFired(Struct, frozen=True):
    """A timer set by the machine came due."""

    name: Timer


class InterruptAsked(Struct, frozen=True):
    """The client pressed its interrupt button."""


class MuteChanged(Struct, frozen=True):
    """The client muted its microphone, or no longer does."""

    muted: bool


class Answered(Struct, frozen=True):
    """Sound flows; the phone was picked up `ago_s` ago. Who calls us (`inbound`) is a person."""

    inbound: bool
    ago_s: float = 0.0


class AnsweredBy(Struct, frozen=True):
    """The carrier's opinion of who has answered; it comes seconds later, or never."""

    verdict: Verdict


class Beeped(Struct, frozen=True):
    """A voicemail's beep has ended."""

    at_s: float


class Keyed(Struct, frozen=True):
    """The caller has pressed these keys, and no more."""

    digits: str


class TransferAsked(Struct, frozen=True):
    """Somebody outside of the talk wants the caller put through to this number."""

    to: str
    warm: bool
    summary: str = ""


class TransferFailed(Struct, frozen=True):
    """Nobody took the call that was to be put through; the caller is with us again."""

    message: str


class EndAsked(Struct, frozen=True):
    """Somebody with the right to do so wants the call over."""

    reason: EndReason


class Disconnected(Struct, frozen=True):
    """The peer is gone; nothing more can be said to it."""

    reason: EndReason = "disconnected"


Event = (
    Ready
    | SetupFailed
    | InputStarted
    | InputEnded
    | SpeechStarted
    | SpeechSustained
    | SpeechStopped
    | Transcript
    | Finalised
    | HearingFailed
    | Setback
    | Token
    | ActionAsked
    | ReplyWritten
    | ReplyFailed
    | Speech
    | PieceVoiced
    | VoiceFailed
    | PlayedOut
    | TurnStopped
    | TimerFired
    | InterruptAsked
    | MuteChanged
    | Answered
    | AnsweredBy
    | Beeped
    | Keyed
    | TransferAsked
    | TransferFailed
    | EndAsked
    | Disconnected
)

Hearing = SpeechStarted | SpeechSustained | SpeechStopped | Transcript | Finalised
"""What a recogniser may report."""
