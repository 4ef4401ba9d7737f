"""How somebody on a simulated telephone goes through their script, 20 ms at a time. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Final

from msgspec import Struct

from vantum.limits import FRAME_S
from vantum.simulator.callee_acts import (
    HangUp,
    Interrupt,
    Menu,
    Music,
    Pause,
    Press,
    Say,
    Script,
    Tone,
    Wait,
)
from vantum.simulator.tones import music, pure_tone
from vantum.simulator.twilio_playout import QUIET
from vantum.wire.twilio import FRAME_BYTES, RATE_HZ

_STILL: Final = b"\xff\x7f"  # mu-law's two zeros: the pause behind the last word is no speech
KEY_S: Final = 0.2  # one key pressed and let go


class Said(Struct):
    """Something that was said, in seconds from the answer."""

    text: str
    from_s: float
    to_s: float | None = None  # while it is being said


class Callee:
    """One of them. `sounds` holds each text of the script as mu-law at 8 kHz."""

    def __init__(self, script: Script, sounds: Mapping[str, bytes]) -> None:
        self.said: list[Said] = []
        self.saying = False
        self.greeted = False  # the greeting is over, with its beep if it has one
        self.keys: deque[str] = deque()  # that were pressed here and are to be sent
        self.heard_keys = ""
        self._sounds = sounds
        self._loud = False  # the other side, in this tick
        self._tick = 0
        self._beeps = any(isinstance(act, Tone) for act in script)
        self._frames = self._perform(script)

    def tick(self, *, loud: bool) -> bytes | None:
        """The next 20 ms of what they say, None when they have left; `loud`: somebody speaks."""
        self._loud = loud
        self._tick += 1
        return next(self._frames, None)

    def leave(self) -> None:
        """They are cut off; what they were saying ends here."""
        self._frames.close()

    def hear_keys(self, digits: str) -> None:
        """The other side pressed keys."""
        self.heard_keys += digits

    @property
    def _now_s(self) -> float:
        return self._tick * FRAME_S

    def _perform(self, script: Script) -> Generator[bytes, None, None]:
        for act in script:
            match act:
                case HangUp():
                    return
                case Wait():
                    if not (yield from self._wait(act)) and act.otherwise is not None:
                        yield from self._perform(act.otherwise)
                        return
                case Menu():
                    yield from self._offer(act)
                    return
                case _:
                    yield from self._do(act)

    def _do(self, act: Say | Interrupt | Pause | Press | Tone | Music) -> Iterator[bytes]:
        match act:
            case Say():
                yield from self._say(act.text)
            case Interrupt():
                yield from self._let_speak(act)
            case Pause():
                yield from self._still(act.seconds)
            case Press():
                for digit in act.digits:
                    self.keys.append(digit)
                    yield from self._still(KEY_S)
            case Tone():
                yield from _frames(pure_tone(act.hz, act.seconds))
                self.greeted = True
            case Music():
                yield from _frames(music(act.seconds))

    def _say(self, text: str) -> Generator[bytes, None, None]:
        said = Said(text, round(self._now_s, 2))
        self.said.append(said)
        self.saying = True
        sound = self._sounds[text]
        spoken = sound.rstrip(_STILL)
        try:
            yield from _frames(spoken)
        finally:
            self.saying = False
            self.greeted = self.greeted or not self._beeps
            said.to_s = round(self._now_s, 2)
        yield from self._still((len(sound) - len(spoken)) / RATE_HZ)

    def _still(self, seconds: float) -> Generator[bytes, None, None]:
        for _ in range(round(seconds / FRAME_S)):
            yield QUIET

    def _wait(self, act: Wait) -> Generator[bytes, None, bool]:
        """Whether the other side spoke."""
        if not (yield from self._spoken_to(act.patience_s)):
            return False
        quiet_s = 0.0
        while quiet_s < act.silence_s:
            quiet_s = 0.0 if self._loud else quiet_s + FRAME_S
            yield QUIET
        return True

    def _let_speak(self, act: Interrupt) -> Iterator[bytes]:
        if (yield from self._spoken_to(act.patience_s)):
            yield from self._still(act.after_s)

    def _spoken_to(self, patience_s: float) -> Generator[bytes, None, bool]:
        for _ in range(round(patience_s / FRAME_S)):
            if self._loud:
                return True
            yield QUIET
        return False

    def _offer(self, menu: Menu) -> Iterator[bytes]:
        pressed_before = len(self.heard_keys)
        for _ in range(menu.times):
            for part in (self._say(menu.text), self._still(menu.patience_s)):
                with closing(part):
                    for frame in part:
                        for key in self.heard_keys[pressed_before:]:
                            if key in menu.choices:
                                part.close()
                                yield from self._perform(menu.choices[key])
                                return
                        yield frame


def _frames(sound: bytes) -> Iterator[bytes]:
    for at in range(0, len(sound), FRAME_BYTES):
        yield sound[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
