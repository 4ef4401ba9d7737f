"""When and how the voice activity network judges audio: off the event loop, several calls a run.

One run costs 160 us for one call and 57 us a call for forty (measured), so where many calls are
live, windows are gathered for a few milliseconds. What the probabilities mean is decided in
`vantum.audio.vad`.
"""

from __future__ import annotations

import asyncio
import audioop
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from vantum.audio import echo
from vantum.audio.echo import Played
from vantum.audio.resample import resampler
from vantum.audio.vad import Rise, VadParams, VoiceActivity, VoiceEvent
from vantum.providers.local import engine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from vantum import arrays as np

_GATHER_S: Final = 0.006  # 40 calls bring 7 windows in it; speech starts are due within 100 ms
_GATHER_FROM: Final = 8  # live recordings; below it waiting saves next to nothing
_SETTLED: Final = 10  # quiet windows after which the network has settled: 0.3 s
# Clear recordings scaled to a peak of 10 never reach the probability of a start, at 24 two of three
# do (a test holds the first); mu-law's first step is 8. Quieter sound is not shown to the network.
_QUIET_PEAK: Final = 8
_COMPARED: Final = round(echo.STRETCH_S * echo.RATE_HZ)
_STEPS: Final = 32  # windows of one recording a run: a burst of 1 s does not hold up the others


class VadStream:
    """What the network remembers of one recording."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.window = rate_hz // 500 * 16  # 512 samples at 16 kHz, 256 at 8 kHz: what it learned on
        self.rest = b""
        self.quiet = 0  # windows of next to nothing up to now
        self.forget()

    def forget(self) -> None:
        """As at the beginning of a recording."""
        # The end of the window before goes along: 64 samples at 16 kHz, 32 at 8 kHz.
        self.tail = np.zeros(self.window // 8, np.float32)
        self.state = np.zeros((2, 128), np.float32)


class _Wish(Struct, eq=False):
    """Windows of one recording to be judged one after the other."""

    stream: VadStream
    windows: NDArray[np.int16]
    judged: asyncio.Future[list[float]]
    probabilities: list[float] = []

    def next(self) -> NDArray[np.float32]:
        """The next window with the tail of the one before."""
        window = self.windows[len(self.probabilities)]
        loud = max(int(window.max()), -int(window.min())) > _QUIET_PEAK
        self.stream.quiet = 0 if loud else self.stream.quiet + 1
        return np.concatenate((self.stream.tail, window.astype(np.float32) / 32768))


class VadModel:
    """Judges the recordings of all calls of this process in one thread."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice-activity")
        self._network: engine.Activity | None = None
        self._streams: weakref.WeakSet[VadStream] = weakref.WeakSet()
        self._wishes: list[_Wish] = []  # at most one a recording, which waits for its answer
        self._busy = False

    async def load(self) -> None:
        """Load the network (50 ms). Raises ProviderUnavailable."""
        if self._network is None:
            loop = asyncio.get_running_loop()
            self._network = await loop.run_in_executor(self._thread, engine.load_activity)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False)

    def stream(self, rate_hz: int) -> VadStream:
        """The memory for one recording at 8000 or 16000 Hz."""
        if rate_hz not in (8_000, 16_000):
            raise ValueError(f"the network hears 8000 or 16000 Hz, not {rate_hz}")
        stream = VadStream(rate_hz)
        self._streams.add(stream)
        return stream

    async def probabilities(self, stream: VadStream, pcm: bytes) -> list[float]:
        """How likely each window now complete is speech; an incomplete one waits for more audio."""
        pcm = stream.rest + pcm
        size = 2 * stream.window
        whole = len(pcm) // size * size
        pcm, stream.rest = pcm[:whole], pcm[whole:]
        if not pcm:
            return []
        if stream.quiet >= _SETTLED and audioop.max(pcm, 2) <= _QUIET_PEAK:
            # Every recording begins with an empty memory, so what follows this silence is judged
            # as a first word is.
            stream.forget()
            return [0.0] * (whole // size)
        await self.load()
        loop = asyncio.get_running_loop()
        windows = np.frombuffer(pcm, "<i2").reshape(-1, stream.window)
        wish = _Wish(stream, windows, loop.create_future())
        self._wishes.append(wish)
        if not self._busy:
            self._busy = True
            if len(self._streams) >= _GATHER_FROM:
                loop.call_later(_GATHER_S, self._run, loop)
            else:
                self._run(loop)
        return await wish.judged

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        wishes, self._wishes = [wish for wish in self._wishes if not wish.judged.done()], []
        if not wishes or self._network is None:
            self._busy = False
            return

        def judged(run: asyncio.Future[None]) -> None:
            failure = run.exception()
            for wish in wishes:
                if wish.judged.done():
                    continue  # its recording was closed
                if failure:
                    wish.judged.set_exception(failure)
                elif len(wish.probabilities) == len(wish.windows):
                    wish.judged.set_result(wish.probabilities)
                else:
                    self._wishes.append(wish)
            self._run(loop)

        run = loop.run_in_executor(self._thread, _judge, self._network, wishes)
        run.add_done_callback(judged)


def _judge(network: engine.Activity, wishes: list[_Wish]) -> None:
    """Take every wish up to _STEPS windows further; at each step all of one rate in one run."""
    for _ in range(_STEPS):
        left = [wish for wish in wishes if len(wish.probabilities) < len(wish.windows)]
        if not left:
            return
        for rate_hz in {wish.stream.rate_hz for wish in left}:
            batch = [wish for wish in left if wish.stream.rate_hz == rate_hz]
            windows = np.stack([wish.next() for wish in batch])
            state = np.stack([wish.stream.state for wish in batch], axis=1)
            probabilities, after = network(windows, state, rate_hz)
            for n, wish in enumerate(batch):
                wish.stream.state = after[:, n]
                wish.stream.tail = windows[n, -wish.stream.tail.size :]
                wish.probabilities.append(float(probabilities[n]))


class Judgement(Struct, frozen=True):
    """What was decided on one window that ends at `now_s`, by how likely it is speech."""

    now_s: float
    probability: float
    events: list[VoiceEvent]


class SpeechDetector:
    """The voice activity of one recording at any rate: bytes in, speech events out.

    What only comes back of `played` is no speech.
    """

    def __init__(
        self,
        model: VadModel,
        rate_hz: int,
        params: VadParams | None = None,
        *,
        played: Played | None = None,
    ) -> None:
        network_hz = rate_hz if rate_hz in (8_000, 16_000) else 16_000
        self._model = model
        self._resampler = resampler(rate_hz, network_hz)
        self._stream = model.stream(network_hz)
        self._params = params or VadParams()
        self._activity = VoiceActivity(self._params)
        self._rise = Rise()
        self._rest = b""  # of a window that is not judged yet
        self._windows = 0
        self._played = played
        self._every = network_hz // echo.RATE_HZ  # sample that is compared with what was played
        self._heard = bytes(2 * _COMPARED)  # of late, at the rate of what was played

    def agree(self) -> None:
        """A recogniser says that speech is over: it is, as soon as this finds it quiet."""
        self._activity.agree()

    async def push(self, pcm: bytes) -> list[VoiceEvent]:
        """Judge more audio (s16le mono). Raises ProviderUnavailable."""
        return [event for one in await self.judge(pcm) for event in one.events]

    async def judge(self, pcm: bytes) -> list[Judgement]:
        """The same, window by window."""
        judgements: list[Judgement] = []
        network_pcm = self._resampler.push(pcm)
        self._rest += network_pcm
        size = 2 * self._stream.window
        for probability in await self._probabilities(network_pcm):
            self._windows += 1
            window, self._rest = self._rest[:size], self._rest[size:]
            rise_db = self._rise.push(audioop.rms(window, 2))
            events = self._activity.push(probability, rise_db)
            now_s = self._windows * self._params.window_s
            judgements.append(Judgement(now_s, probability, events))
        return judgements

    async def _probabilities(self, pcm: bytes) -> list[float]:
        probabilities = await self._model.probabilities(self._stream, pcm)
        if self._played is None:
            return probabilities
        samples = np.frombuffer(pcm, "<i2")[:: self._every]
        self._heard = (self._heard + samples.tobytes())[-2 * _COMPARED :]
        likely = max(probabilities, default=0.0) >= self._params.rising_probability
        if likely and self._played.resembles(self._heard):
            return [0.0] * len(probabilities)
        return probabilities
