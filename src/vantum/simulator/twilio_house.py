"""What all calls of the simulated carrier share."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from secrets import token_hex
from typing import Any, Final

from vantum.audio.pcm import encode_mulaw
from vantum.audio.resample import resampler
from vantum.simulator.callee_mixes import Mix, mix_of
from vantum.simulator.callees import Casting, usual
from vantum.simulator.room import Room
from vantum.simulator.stage import Stage
from vantum.simulator.talent import PCM_HZ
from vantum.simulator.ticker import Ticker
from vantum.simulator.twilio_limits import Turnstile
from vantum.simulator.twilio_web import Web
from vantum.wire.twilio import RATE_HZ

SOUNDS: Final = 512  # of texts that are kept; the oldest goes first


class House:
    """The carrier's building."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.web = Web(stage)
        self.ticker = Ticker()
        self.turnstile = Turnstile(stage.profile)
        self.rooms: dict[str, Room] = {}  # the conferences, by name
        self._castings: dict[str, Casting] = {}
        self._mixes: dict[str, Mix] = {}  # by prefix
        self._sounds: dict[str, bytes] = {}
        self._open = False

    def new_id(self, kind: str) -> str:
        """Two letters, 32 hexadecimal digits; never twice, whatever the seed and the process."""
        return kind + token_hex(16)

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside the requests."""
        if not self._open:
            self._open = True
            self.stage.upkeep.start("ticker", self.ticker.run())
        self.stage.upkeep.start(name, work)

    def cast(self, casting: Casting) -> None:
        """From now on this number is answered so."""
        self._castings[casting.number] = casting

    def mix(self, mix: Mix) -> None:
        """From now on all numbers that begin so are answered so."""
        self._mixes[mix.prefix] = mix

    def uncast(self) -> None:
        """Every number is answered as usual."""
        self._castings.clear()
        self._mixes.clear()

    def castings(self) -> Iterable[Casting]:
        """What was said of numbers."""
        return self._castings.values()

    def mixes(self) -> Iterable[Mix]:
        """What was said of ranges."""
        return self._mixes.values()

    def casting(self, number: str) -> Casting:
        """Who answers a number."""
        cast = self._castings.get(number)
        if cast is None and (mix := mix_of(number, self._mixes.values())) is not None:
            return mix.casting(number)
        return cast or usual(number)

    async def sounds(self, texts: Iterable[str]) -> dict[str, bytes]:
        """Each text, spoken, as mu-law at 8 kHz."""
        found = {}
        for text in texts:
            if (known := self._sounds.get(text)) is None:
                change = resampler(PCM_HZ, RATE_HZ)
                pcm = await self.stage.talent.sound(text)
                known = encode_mulaw(change.push(pcm) + change.flush())
                self.voice(text, known)
            found[text] = known
        return found

    def voice(self, text: str, mulaw: bytes) -> None:
        """From now on callers and callees who say this text sound so."""
        self._sounds[text] = mulaw
        if len(self._sounds) > SOUNDS:
            del self._sounds[next(iter(self._sounds))]
