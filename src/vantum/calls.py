"""Which calls are live: admission, lookup, expiry, drain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from vantum import limits
from vantum.call import Call, House
from vantum.conversation.events import EndAsked
from vantum.errors import CapacityError
from vantum.playback import PlayoutClock
from vantum.providers.local.client import LocalSpeech
from vantum.session import Session
from vantum.settings import Settings
from vantum.strain import Strain
from vantum.telemetry import Log, Metrics, loop_lag
from vantum.transports.base import Outlet

if TYPE_CHECKING:  # loaded only where traces are on
    from vantum.tracing import Tracing

RESTART_S: Final = 60.0  # what clients are told; a process manager is back within seconds
# Whoever leads calls here asks /ready again within this, and has new ones go elsewhere. Until then
# they still come: a socket that the kernel has taken and nobody reads would be a dropped call.
ANNOUNCE_S: Final = 1.0


class Live(Struct, frozen=True):
    """One live call and the way to its client."""

    call: Call
    outlet: Outlet

    @property
    def session(self) -> Session:
        """Who it is."""
        return self.call.session


class Tally(Struct, frozen=True):
    """Sessions held now, and how many have ended since the start (spec §11)."""

    total: int
    idle: int
    active: int
    ended: int
    mean_duration_s: float


class Calls:
    """All calls of this process."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        log: Log,
        tracing: Tracing | None = None,
        *,
        local_speech: LocalSpeech | None = None,
    ) -> None:
        """`local_speech`: the models that hear the callers or speak to them, if these do."""
        self.house = House(PlayoutClock(), metrics, tracing)
        self.strain = Strain(loop_lag(metrics).observe)
        self.stopping = asyncio.Event()  # no call is admitted any more
        self._settings = settings
        self._log = log
        self._local_speech = local_speech
        self._by_session: dict[str, Live] = {}
        self._by_connection: dict[str, Live] = {}
        self._coming: dict[str, float] = {}  # let in, and until when their streams are waited for
        self._ended = 0
        self._ended_s = 0.0
        self._none_left = asyncio.Event()
        self._none_left.set()

    def __iter__(self) -> Iterator[Live]:
        return iter(tuple(self._by_session.values()))

    def __len__(self) -> int:
        return len(self._by_session)

    def by_session(self, session_id: str) -> Live | None:
        """The call of this session."""
        return self._by_session.get(session_id)

    def by_connection(self, connection_id: str) -> Live | None:
        """The call on this connection."""
        return self._by_connection.get(connection_id)

    @property
    def draining(self) -> bool:
        """No call is admitted any more; those that are on their way still come."""
        return self.stopping.is_set()

    @property
    def has_room(self) -> bool:
        """A further connection can be held."""
        return len(self) < self.capacity

    @property
    def capacity(self) -> int:
        """Connections that this process would hold in all."""
        if self.draining:
            return 0
        most = self._settings.max_sessions
        if self.strain.is_too_much:
            return min(most, len(self))
        return min(most, len(self) + self.more_voices)

    @property
    def phone_room(self) -> int:
        """Phone calls that this process would hold in all, beside the browsers that it holds."""
        browsers = sum(live.session.client == "browser" for live in self)
        return max(0, self.capacity - browsers)

    @property
    def beyond(self) -> int:
        """Calls above MAX_SESSIONS: admitted for the room of another process, they came here."""
        return max(0, len(self) - self._settings.max_sessions)

    @property
    def more_voices(self) -> int:
        """Callers who could begin to speak now: as many as like, or as local speech can carry."""
        if self._local_speech is None:
            return self._settings.max_sessions
        return self._local_speech.more_calls(asyncio.get_running_loop().time())

    def check_room(self) -> None:
        """Raise CapacityError when no further connection can be held."""
        if self.draining:
            raise CapacityError("The server is about to stop; please connect again in a minute")
        if len(self) + self._on_their_way() >= self.capacity:
            raise CapacityError("All lines are busy; please try again in a minute")

    def admit(self) -> None:
        """The same, and count who is refused."""
        try:
            self.check_room()
        except CapacityError:
            self.count_refusal()
            raise

    def count_refusal(self) -> None:
        """Somebody was not admitted, as there is no room."""
        self.house.metrics.refused.labels("draining" if self.draining else "full").inc()

    def expect(self, session_id: str) -> None:
        """Keep a place for a call whose stream is about to come."""
        now = asyncio.get_running_loop().time()
        self._coming[session_id] = now + limits.STREAM_COMES_S

    def _on_their_way(self) -> int:
        if not self._coming:
            return 0
        now = asyncio.get_running_loop().time()
        for session_id in [one for one, until in self._coming.items() if until <= now]:
            del self._coming[session_id]
        return len(self._coming)

    def add(self, live: Live) -> None:
        """Hold a call from now on."""
        self._coming.pop(live.session.session_id, None)
        self._by_session[live.session.session_id] = live
        self._by_connection[live.session.connection_id] = live
        self._none_left.clear()

    def remove(self, live: Live, now: float) -> None:
        """The call is over."""
        self._by_session.pop(live.session.session_id, None)
        self._by_connection.pop(live.session.connection_id, None)
        self._ended += 1
        self._ended_s += now - live.session.created_at
        self.house.metrics.ended.labels(live.session.end_reason).inc()
        if not self._by_session:
            self._none_left.set()

    def recording(self) -> int:
        """Calls whose caller is being listened to."""
        return sum(live.session.state == "active" for live in self)

    def tally(self) -> Tally:
        """Count the sessions."""
        states = [live.session.state for live in self]
        return Tally(
            total=len(states),
            idle=states.count("idle"),
            active=states.count("active"),
            ended=self._ended,
            mean_duration_s=self._ended_s / self._ended if self._ended else 0.0,
        )

    async def sweep(self) -> None:
        """End expired calls, for ever; the composition root owns the task."""
        settings = self._settings
        while True:
            await asyncio.sleep(settings.sweep_every_s)
            now = asyncio.get_running_loop().time()
            for live in self:
                if live.session.is_expired(
                    now, idle_s=settings.idle_limit_s, age_s=settings.age_limit_s
                ):
                    live.call.post(EndAsked("expired"))

    async def drain(self, patience_s: float) -> None:
        """Admit nothing more; give calls time to finish, then close them.

        A phone call that was answered before is on its way: its stream is still taken. Called again
        while it runs, it takes the new patience: 0 closes all calls now.
        """
        began, is_first = asyncio.get_running_loop().time(), not self.draining
        if is_first:
            self.stopping.set()
            self._log.info("stopping", calls=len(self), within_s=patience_s)
            for live in self:
                live.outlet.stopping(RESTART_S)
            await asyncio.sleep(min(ANNOUNCE_S, patience_s))
        await self._wait_until_empty(patience_s)
        for live in self:
            live.call.post(EndAsked("shutdown"))
        await self._wait_until_empty(limits.CLOSE_SOCKETS_S)
        if is_first:
            after_s = round(asyncio.get_running_loop().time() - began, 1)
            self._log.info("stopped", calls=len(self), after_s=after_s)

    async def _wait_until_empty(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._none_left.wait()
        except TimeoutError:
            self._log.info("calls_left", calls=len(self), waited_s=seconds)
