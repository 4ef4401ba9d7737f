"""What a conversation can ask for: the only way the core reaches the world.

Effects are orders to the shell, given in the order they are to be carried out. Notices are what the
client is told; each transport words them in its own protocol.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vantum.audio.pcm import Encoding
from vantum.conversation.events import EndReason, Kind, Timer
from vantum.conversation.states import State
from vantum.errors import Service, Trouble


class Line(Struct, frozen=True):
    """One turn of the talk as it was said and heard: the model's context and the transcript."""

    role: str  # "user" or "assistant"
    text: str
    interrupted: bool = False


class StateChanged(Struct, frozen=True):
    """The call moved on; it had been `lasted_s` seconds in the old state."""

    before: State
    after: State
    lasted_s: float


class Recognised(Struct, frozen=True):
    """The caller's words, still changing or final. `duration_s` is 0 where unknown."""

    text: str
    final: bool
    confidence: float
    duration_s: float = 0.0


class InputClosed(Struct, frozen=True):
    """The recording that the client ended is transcribed as far as it will be."""


class AnswerStarted(Struct, frozen=True):
    """The first sound of an answer, `waited_s` after the caller's last word.

    None where nobody waited: the agent spoke unasked.
    """

    turn: int
    waited_s: float | None


class AnswerToken(Struct, frozen=True):
    """The next bit of the answer's text."""

    turn: int
    text: str
    index: int


class AnswerCompleted(Struct, frozen=True):
    """The whole answer is written and, where there is a voice, made into sound."""

    turn: int
    text: str
    tokens: int
    sound_s: float


class AnswerInterrupted(Struct, frozen=True):
    """The caller cut the answer off after hearing `heard` of it."""

    turn: int
    heard: str


class Fault(Struct, frozen=True):
    """A part is down or failed; the call goes on without it as well as it can.

    `passing` where it is being mended and nothing was lost so far.
    """

    service: Service | Literal["setup"]
    message: str
    trouble: Trouble = "network"
    passing: bool = False


class AnswererKnown(Struct, frozen=True):
    """Who has answered the phone, as far as is known; later notices correct earlier ones."""

    kind: Kind


class OptedOut(Struct, frozen=True):
    """The caller wants no more calls; told once, as soon as it is understood."""


class Greeted(Struct, frozen=True):
    """Our first words begin to sound; None: that was for a machine, and who comes on waits anew."""

    after_s: float | None  # since their hello, or since they picked up


Notice = (
    StateChanged
    | Recognised
    | InputClosed
    | AnswerStarted
    | AnswerToken
    | AnswerCompleted
    | AnswerInterrupted
    | Fault
    | AnswererKnown
    | OptedOut
    | Greeted
)


class Ask(Struct, frozen=True):
    """Ask the model for reply `reply` of `turn`; replaces any earlier reply of that turn.

    A `guess` may never be heard: its sound is made at most `AHEAD_S` ahead until it is released.
    """

    turn: int
    reply: int
    lines: tuple[Line, ...]
    guess: bool = False


class Release(Struct, frozen=True):
    """The guess was right: its reply is the turn's."""

    turn: int
    reply: int


class Guessed(Struct, frozen=True):
    """How a guess turned out, and how many tokens it had by then; for the figures alone."""

    right: bool
    tokens: int


class Speak(Struct, frozen=True):
    """Hand the next piece of text to the voice; pieces are counted from 0."""

    turn: int
    reply: int
    piece: int
    text: str


class FinishSpeaking(Struct, frozen=True):
    """No more pieces will follow for this reply."""

    turn: int
    reply: int


class Play(Struct, frozen=True):
    """Queue sound towards the caller (mono)."""

    turn: int
    pcm: bytes
    rate_hz: int
    encoding: Encoding = "s16le"


class FinishPlaying(Struct, frozen=True):
    """All sound of the turn is queued; report PlayedOut once it was heard."""

    turn: int


class Hold(Struct, frozen=True):
    """Silence the agent now; what was not heard is kept."""

    turn: int


class Resume(Struct, frozen=True):
    """Go on exactly where the caller stopped hearing."""

    turn: int


class StopTurn(Struct, frozen=True):
    """Cancel model, voice and sound of the turn; answered by TurnStopped."""

    turn: int


class Finalise(Struct, frozen=True):
    """Have the recogniser deliver all pending words; answered by Finalised.

    `closes`: the recording is complete; else it goes on.
    """

    closes: bool = True


class PressKeys(Struct, frozen=True):
    """Send these keys down the line: 0-9, *, #, and w for half a second's pause."""

    digits: str


class Transfer(Struct, frozen=True):
    """Put the caller through to this number; answered by Disconnected, EndAsked, or TransferFailed.

    `warm`: somebody there is told first who is calling, and `summary`, what about.
    """

    to: str
    warm: bool
    summary: str = ""


class SetTimer(Struct, frozen=True):
    """Report TimerFired(name) at clock time `at`; replaces a timer of the same name."""

    name: Timer
    at: float


class CancelTimer(Struct, frozen=True):
    """Forget the timer."""

    name: Timer


class Notify(Struct, frozen=True):
    """Tell the client."""

    notice: Notice


class EndCall(Struct, frozen=True):
    """Close the transport with this reason; answered by Disconnected."""

    reason: EndReason


class Refused(Struct, frozen=True):
    """An event that has no meaning in this state was dropped; for the log alone."""

    state: State
    event: str


Effect = (
    Ask
    | Release
    | Guessed
    | Speak
    | FinishSpeaking
    | Play
    | FinishPlaying
    | Hold
    | Resume
    | StopTurn
    | Finalise
    | PressKeys
    | Transfer
    | SetTimer
    | CancelTimer
    | Notify
    | EndCall
    | Refused
)
