"""Who answers which simulated number, and what they do; without an entry here, a person."""

from __future__ import annotations

from typing import Final, Literal, get_args

from msgspec import Struct

from vantum.simulator.callee_acts import (
    HangUp,
    Interrupt,
    Menu,
    Music,
    Pause,
    Say,
    Script,
    Tone,
    Wait,
)
from vantum.simulator.talent import CALLER_LINES

Kind = Literal[
    "person",
    "busy",
    "no_answer",
    "voicemail",
    "screening",
    "ivr",
    "hold",
    "silent",
    "hangs_up",
    "unreachable",
    "interrupts",
    "screened_out",
    "brief",
    "unheard",
    "unheard_machine",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

# By the last two digits of the number; all others are people.
BY_NUMBER: Final[dict[str, Kind]] = {f"{number:02}": kind for number, kind in enumerate(KINDS)}

ALONE_S: Final = 60.0  # a voicemail records so long, and nobody is silent for longer
STAYS_S: Final = 0.3  # somebody brief; the verdict of the fast profile comes before
UNHEARD: Final[frozenset[Kind]] = frozenset({"unheard", "unheard_machine"})

_AT_THE_EAR: Final = Pause(0.7)  # where a telephone is half a second after it was picked up
PERSON: Final[Script] = (
    _AT_THE_EAR,
    Say("Hello?"),
    *(act for line in CALLER_LINES for act in (Wait(), Say(line))),
    Wait(patience_s=5.0),
    HangUp(),
)
_GREETING: Final = (
    "Hi, you have reached the voicemail of Sam Miller. I cannot take your call right now. "
    "Please leave your name, your number and a short message after the tone."
)
_SCREENING: Final = (
    "Hi, the person you are calling is using a screening service. "
    "Please say your name and why you are calling."
)
_MENU: Final = "Thank you for calling Acme. For sales, press 1. For an operator, press 0."
_HOLD: Final = "Please hold. Your call is important to us."

SCRIPTS: Final[dict[Kind, Script]] = {
    "person": PERSON,
    "voicemail": (_AT_THE_EAR, Say(_GREETING), Pause(0.3), Tone(), Pause(ALONE_S)),
    "screening": (
        _AT_THE_EAR,
        Say(_SCREENING),
        Wait(silence_s=1.0, patience_s=12.0, otherwise=(Say("Goodbye."), HangUp())),
        Say("Thank you. Please stay on the line."),
        Pause(2.0),
        *PERSON[1:],
    ),
    "ivr": (
        _AT_THE_EAR,
        Menu(_MENU, {"1": PERSON, "0": PERSON}),
    ),
    "hold": (*(Say(_HOLD), Music(5.0)) * 3, *PERSON),
    "silent": (Pause(ALONE_S),),
    "hangs_up": (*PERSON[:2], Interrupt(after_s=1.0), HangUp()),
    "interrupts": (
        *PERSON[:2],
        Interrupt(after_s=1.5),
        Say("Wait, who is this?"),
        *PERSON[2:],
    ),
    "brief": (Pause(STAYS_S), HangUp()),
    "screened_out": (
        _AT_THE_EAR,
        Say(_SCREENING),
        Wait(silence_s=1.0, patience_s=12.0),
        Say("The person you are calling cannot take your call. Goodbye."),
        HangUp(),
    ),
}


class Verdict(Struct, frozen=True):
    """What answering machine detection makes of somebody, by how it was asked to look."""

    at_once: str  # MachineDetection=Enable
    at_end: str  # DetectMessageEnd: a machine is told when its greeting is over


_HUMAN: Final = Verdict("human", "human")
_UNKNOWN: Final = Verdict("unknown", "unknown")
VERDICTS: Final[dict[Kind, Verdict]] = {
    "voicemail": Verdict("machine_start", "machine_end_beep"),
    "screening": Verdict("machine_start", "machine_end_silence"),
    "screened_out": Verdict("machine_start", "machine_end_silence"),
    "ivr": Verdict("machine_start", "machine_end_other"),
    "unheard_machine": Verdict("machine_start", "machine_end_beep"),
    "hold": _UNKNOWN,
    "silent": _UNKNOWN,
}


def verdict(kind: Kind, *, at_end: bool) -> str:
    """The `AnsweredBy` of somebody."""
    found = VERDICTS.get(kind, _HUMAN)
    return found.at_end if at_end else found.at_once


class Weather(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the network does to the sound that the callee sends."""

    jitter_s: float = 0.0  # a frame comes up to so much late
    burst_share: float = 0.0  # of frames at which a stall begins; what it held back comes at once
    burst_s: float = 0.2  # how long one lasts
    loss_share: float = 0.0  # of frames that never come


class Casting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers a number."""

    number: str
    kind: Kind = "person"
    script: Script | None = None  # in place of the kind's own
    stays_s: float = STAYS_S  # one of UNHEARD
    ring_s: float | None = None  # before they answer; None: as the profile has it
    weather: Weather = Weather()

    @property
    def is_unheard(self) -> bool:
        """Whether they neither say nor hear anything: no sound is carried for them."""
        return self.kind in UNHEARD and self.script is None

    @property
    def acts(self) -> Script:
        """What they do when they answer."""
        return SCRIPTS.get(self.kind, ()) if self.script is None else self.script


def usual(number: str) -> Casting:
    """Who answers where nothing else was said."""
    return Casting(number=number, kind=BY_NUMBER.get(number[-2:], "person"))
