"""How a recording is streamed to Deepgram over one connection, whichever of its models listens.

What is said and how answers are read is the `Reader`'s; here are sockets and deadlines. Two things
run at once: a task sends sound as it comes, the generator receives. It never reconnects: whatever
goes wrong is a ProviderError that says whether trying again makes sense.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Protocol
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from vantum.alarm import Patience
from vantum.audio.resample import resampler
from vantum.conversation.events import Finalised, Hearing
from vantum.errors import ProviderError, ProviderTimeout, Trouble
from vantum.limits import Budgets
from vantum.providers.base import Finalise, ListenOptions, Sound
from vantum.providers.vendor_socket import Refused, opened
from vantum.settings import Settings
from vantum.websocket import LOST, Frames, Gone
from vantum.wire.deepgram import CLOSE_STREAM, Encoding

_MESSAGE_CHARS: Final = 200  # of what a vendor says about a refusal
_WARM_UP: Final = 2.0  # Nova: words lag by up to 1.2 s, and messages are a second apart
_POLICY_VIOLATION: Final = 1008  # DATA-0000: the same sound would be refused again


class Reader(Protocol):
    """How one of Deepgram's models is talked to. Pure: no clock, no socket."""

    patience_s: float  # without sound, then `meanwhile` is asked
    flushed: bool  # all that the last flush asked for was read

    def flush(self, sent_s: float) -> tuple[str | bytes, ...]:
        """What to send so that all words of the sound sent so far are delivered."""
        ...

    def meanwhile(self, sent_s: float) -> str | bytes | None:
        """What to send while no sound comes."""
        ...

    def read(self, text: str | bytes, sent_s: float) -> list[Hearing]:
        """What a message says. Raises ProviderError when it is the vendor's own failure."""
        ...


class Feed(Struct, frozen=True):
    """In which form a recording's sound is sent."""

    encoding: Encoding
    rate_hz: int
    convert: Callable[[bytes], bytes]

    @property
    def bytes_per_s(self) -> int:
        """Of the sound as it is sent."""
        return self.rate_hz * (2 if self.encoding == "linear16" else 1)


def feed_of(options: ListenOptions, settings: Settings) -> Feed:
    """The recording's own form where it can be; only s16le of another rate is converted."""
    if options.encoding == "mulaw":
        return Feed("mulaw", options.rate_hz, bytes)
    target_hz = settings.stt_target_sample_rate
    return Feed("linear16", target_hz, resampler(options.rate_hz, target_hz).push)


class Place(Struct, frozen=True):
    """Where Deepgram is, and the key that opens it; one's own server may need none."""

    url: str
    key: str
    model: str


def place_of(settings: Settings, path: str, query: list[tuple[str, str]], model: str) -> Place:
    """The address under the base URL."""
    key = settings.deepgram_api_key
    url = f"{settings.deepgram_base_url}{path}?{urlencode(query)}"
    return Place(url, key.get_secret_value() if key else "", model)


async def heard(
    audio: AsyncIterator[bytes | Finalise],
    place: Place,
    feed: Feed,
    reader: Reader,
    budgets: Budgets,
    *,
    again: bool = False,
) -> AsyncGenerator[Hearing, None]:
    """Report what is heard until the audio ends. Raises ProviderError."""
    async with _connected(place, budgets, again=again) as socket:
        line = _Line(socket, feed, reader, budgets)
        # Sound and words come independently and a generator can wait for one thing only; the task
        # lives no longer than this generator.
        sending = asyncio.create_task(line.send(audio), name="send-to-deepgram")
        sending.add_done_callback(line.sent)
        try:
            while not line.over:
                for event in await line.next_events():
                    yield event
        finally:
            line.close()
            sending.cancel()
            await asyncio.wait([sending])


async def knock(place: Place, budgets: Budgets) -> None:
    """Find out whether the door opens. Raises ProviderError."""
    async with _connected(place, budgets, again=False):
        pass


class _Line:
    """One connection: what was sent, what is owed, and until when."""

    def __init__(self, socket: Frames, feed: Feed, reader: Reader, budgets: Budgets) -> None:
        self.over = False
        self._socket = socket
        self._feed = feed
        self._bytes_per_s = feed.bytes_per_s
        self._reader = reader
        self._budgets = budgets
        self._sent = _Sent()
        self._silence = _Silence(budgets.stt_progress_s)
        self._flush_until_s: float | None = None
        self._close_until_s: float | None = None
        self._patience = Patience()
        self._trouble: BaseException | None = None  # that ended the sending

    # -- what goes out -------------------------------------------------------------------------

    async def send(self, audio: AsyncIterator[bytes | Finalise]) -> None:
        """Send all sound, then have the stream closed in order."""
        # What is sent to nobody is lost; the receiving side says why.
        with self._by_hand(audio):
            async for item in audio:
                if isinstance(item, Finalise):
                    await self._finalise()
                elif sound := self._converted(item):
                    await self._socket.send(sound)
        self._close_until_s = self._sent.now_s() + self._budgets.stt_finalise_s
        if self._sent.fresh:
            await self._flush()
        await self._socket.send(CLOSE_STREAM)

    @contextmanager
    def _by_hand(self, audio: AsyncIterator[bytes | Finalise]) -> Iterator[None]:
        """Sound that can be sent at once is: to wake a task for each frame costs as much again."""
        if not isinstance(audio, Sound):
            yield
            return
        audio.hand_to(self._take)
        try:
            yield
        finally:
            audio.hand_to(None)

    def _take(self, item: bytes | Finalise | None) -> bool:
        if not isinstance(item, bytes) or not self._socket.flows:
            return False
        try:
            if sound := self._converted(item):
                self._socket.send_at_once(sound)
        except Exception as error:  # noqa: BLE001 - it is not the trouble of who brings the sound
            self._trouble = error
            self._wake()
        return True

    def _converted(self, sound: bytes) -> bytes:
        """In the form in which it is sent; an empty frame would close the stream."""
        self._sent.fresh = True
        sound = self._feed.convert(sound)
        if sound:
            self._sent.audio_s += len(sound) / self._bytes_per_s
            self._grown(sound)
        return sound

    def _grown(self, sound: bytes) -> None:
        self._sent.at_s = self._sent.now_s()
        self._silence.grows(len(sound) / self._bytes_per_s, self._sent.at_s)

    async def _finalise(self) -> None:
        fresh, self._sent.fresh = self._sent.fresh, False
        self._flush_until_s = self._sent.now_s() + (self._budgets.stt_finalise_s if fresh else 0.0)
        if fresh:
            await self._flush()
        self._wake()

    async def _flush(self) -> None:
        for message in self._reader.flush(self._sent.audio_s):
            await self._socket.send(message)

    # -- what comes in -------------------------------------------------------------------------

    async def next_events(self) -> list[Hearing]:
        """What was heard next; nothing when it was only time to look at the clock."""
        events: list[Hearing] = []
        try:
            message = await self._patience.until(self._due_s(), self._socket.take())
        except TimeoutError:
            await self._look_at_clock()
        else:
            if isinstance(message, Gone):
                if self._close_until_s is None or not (self._reader.flushed or message.orderly):
                    raise _broken_off(message)
                self.over = True
            else:
                self._silence.ends()
                events = self._reader.read(message, self._sent.audio_s)
        self._look_at_trouble()
        return [*events, *self._finalised()]

    def _look_at_trouble(self) -> None:
        trouble, self._trouble = self._trouble, None
        try:
            if trouble is not None:
                raise trouble
        finally:
            del trouble  # it holds this frame from now on

    def _finalised(self) -> list[Hearing]:
        if self._flush_until_s is None:
            return []
        if not (self._reader.flushed or self.over or self._sent.now_s() >= self._flush_until_s):
            return []
        self._flush_until_s = None
        return [Finalised()]

    def sent(self, sending: asyncio.Task[None]) -> None:
        """All is sent, or sending has failed."""
        if not sending.cancelled():
            error = sending.exception()
            self._trouble = self._trouble or error
        self._wake()

    def _wake(self) -> None:
        """Something else than a message is to be looked at."""
        self._patience.hurry()

    def close(self) -> None:
        """Nobody asks for more."""
        self._patience.close()

    def _due_s(self) -> float:
        """When to look at the clock, if no message comes before."""
        if self._trouble is not None:
            return self._sent.now_s()
        if self._flush_until_s is not None or self._close_until_s is not None:
            known = (self._flush_until_s, self._close_until_s)
            return min(when for when in known if when is not None)
        return self._sent.at_s + self._reader.patience_s

    async def _look_at_clock(self) -> None:
        now_s = self._sent.now_s()
        if self._close_until_s is not None:
            self.over = now_s >= self._close_until_s
        elif self._flush_until_s is None and now_s >= self._sent.at_s + self._reader.patience_s:
            self._sent.at_s = now_s
            message = self._reader.meanwhile(self._sent.audio_s)
            if isinstance(message, bytes):
                self._grown(message)
            if message is not None:
                await self._socket.send(message)


class _Sent:
    """How far the sound is that was sent, and when something was sent last, by the loop's clock."""

    def __init__(self) -> None:
        self.now_s = asyncio.get_running_loop().time  # to ask which loop runs costs a system call
        self.audio_s = 0.0
        self.at_s = self.now_s()
        self.fresh = False  # there is sound after the last flush


class _Silence:
    """How long sound has flowed to the vendor, by the clock and by itself, without any answer."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = _WARM_UP * limit_s  # until the first message, which may be a second late
        self._usual_s = limit_s
        self._sound_s = 0.0
        self._since_s = self._sent_at_s = 0.0  # clock times of its first and of its last sound

    def grows(self, sound_s: float, now_s: float) -> None:
        """Sound is sent. Raises ProviderTimeout when so much was taken without a word."""
        if not self._sound_s or now_s - self._sent_at_s >= self._limit_s:
            self._sound_s, self._since_s = 0.0, now_s  # nothing flowed in between
        elif min(self._sound_s, now_s - self._since_s) >= self._limit_s:
            raise ProviderTimeout("Deepgram takes sound but says nothing", service="stt")
        self._sound_s += sound_s
        self._sent_at_s = now_s

    def ends(self) -> None:
        """A message came, whatever it says."""
        self._sound_s, self._limit_s = 0.0, self._usual_s


@asynccontextmanager
async def _connected(place: Place, budgets: Budgets, *, again: bool) -> AsyncIterator[Frames]:
    try:
        socket = await opened(
            place.url,
            {"Authorization": f"Token {place.key}"} if place.key else {},
            open_s=budgets.stt_reconnect_s if again else budgets.stt_connect_s,
            close_s=budgets.stt_finalise_s,
        )
    except TimeoutError:
        raise ProviderTimeout("Deepgram cannot be reached in time", service="stt") from None
    except Refused as answer:
        raise _refused(answer, place) from None
    except OSError:
        host = urlsplit(place.url).hostname
        raise ProviderError(f"Deepgram cannot be reached at {host}", service="stt") from None
    try:
        yield socket
    except ProviderError:
        socket.give_up()  # the caller goes on talking
        raise
    finally:
        socket.close()


def _refused(answer: Refused, place: Place) -> ProviderError:
    """Why the vendor did not let us in, and what to do about it."""
    status = answer.status
    said = answer.headers.get("dg-error", "")[:_MESSAGE_CHARS]
    known: dict[int, tuple[str, Trouble]] = {
        401: ("DEEPGRAM_API_KEY is not accepted by Deepgram", "fatal"),
        402: ("the Deepgram account of DEEPGRAM_API_KEY is out of credit", "quota"),
        403: (f"DEEPGRAM_API_KEY does not give access to {place.model}", "fatal"),
        429: ("Deepgram takes no more connections now", "throttled"),
        503: ("Deepgram is overloaded", "unavailable"),
    }
    if status in known:
        message, trouble = known[status]
    else:
        message = f"Deepgram refuses the connection: {status} {said}".strip()
        trouble = "server" if status >= 500 else "fatal"
    return ProviderError(
        message, service="stt", trouble=trouble, retry_after_s=_retry_after_s(answer)
    )


def _retry_after_s(answer: Refused) -> float | None:
    try:
        return float(answer.headers.get("retry-after", ""))
    except ValueError:
        return None


def _broken_off(gone: Gone) -> ProviderError:
    said = "" if gone.code == LOST else f" ({gone.code} {gone.reason[:_MESSAGE_CHARS]})"
    fatal = gone.code == _POLICY_VIOLATION
    return ProviderError(
        f"Deepgram broke off{said}", service="stt", trouble="fatal" if fatal else "network"
    )
