"""Who may open `/ws`, and how a connection becomes a call and ends."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from urllib.parse import urlsplit

from starlette.websockets import WebSocket

from vantum import limits
from vantum.call import Call
from vantum.calls import Calls, Live
from vantum.casting import Casting
from vantum.conversation.events import EndAsked
from vantum.errors import CapacityError, RequestError, VantumError
from vantum.hosts import THIS_MACHINE
from vantum.session import Session
from vantum.settings import Settings
from vantum.telemetry import Log, session_log
from vantum.transports.browser import BrowserCall, Host
from vantum.transports.browser_outlet import BrowserOutlet, Closing
from vantum.transports.ids import Ids
from vantum.web.access import is_local, is_rebound
from vantum.web.passes import NO_LIMIT, Pass, Turnstile, offered
from vantum.web.turned_away import TurnedAway
from vantum.websocket import Frames, frames_of
from vantum.wire import payloads as p
from vantum.wire.events import EVENTS, SUBPROTOCOL
from vantum.wire.frames import encode

LEGACY_ACK = "connection.ack"
TOO_OFTEN = "an address that comes too often"


class Doorkeeper:
    """Decides which connections are let in."""

    def __init__(self, settings: Settings) -> None:
        pages = (settings.frontend_url, settings.public_url or "")
        self._pages = {url.rstrip("/") for url in pages if url}
        self._required = settings.session_tokens == "required"
        self._public = settings.public_url is not None
        self._arrivals: dict[str, deque[float]] = {}

    def refusal(self, socket: WebSocket, now: float) -> str:
        """Why one without a token stays outside; "" where it may enter.

        Same-origin pages, the configured ones and programs may, at a bounded rate.
        """
        if self.needs_pass(socket):
            return "no token"
        if not self.is_known(socket):
            return "a page of another site"
        return "" if self.in_pace(socket, now) else TOO_OFTEN

    def needs_pass(self, socket: WebSocket) -> bool:
        """Where tokens are required, all need one but who is at this machine, and it is no site."""
        return self._required and (self._public or not is_local(socket))

    def is_known(self, socket: WebSocket) -> bool:
        """It is no page, one of ours, or one that the settings name."""
        origin = socket.headers.get("origin")
        if origin is None or origin.rstrip("/") in self._pages:
            return True
        try:
            same = urlsplit(origin).netloc == socket.headers.get("host")
            return same and not is_rebound(socket)
        except ValueError:  # such as half an IPv6 address
            return False

    def in_pace(self, socket: WebSocket, now: float) -> bool:
        """Its address does not come too often."""
        address = _address(socket)
        if address in THIS_MACHINE:
            return True
        if len(self._arrivals) > limits.ADDRESSES:
            self._arrivals.clear()
        recent = self._arrivals.setdefault(address, deque(maxlen=limits.SOCKETS_PER_S))
        if len(recent) == recent.maxlen and now - recent[0] < 1.0:
            return False
        recent.append(now)
        return True


class SocketDoor:
    """The `/ws` endpoint."""

    def __init__(
        self,
        settings: Settings,
        calls: Calls,
        casting: Casting,
        *,
        turnstile: Turnstile,
        log: Log,
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._casting = casting
        self._log = log
        self._ids = Ids()
        self._doorkeeper = Doorkeeper(settings)
        self._turnstile = turnstile
        self._turned_away = TurnedAway(log)

    async def enter(self, socket: WebSocket) -> None:
        """One connection from the upgrade to its end."""
        now = asyncio.get_running_loop().time()
        entry = await self._entry(socket, now)
        if isinstance(entry, str):
            self._turned_away.note(entry, _address(socket), now)
            self._calls.house.metrics.refused.labels("door").inc()
            await socket.close(1008)  # before the upgrade: the peer sees HTTP 403
            return
        v2 = SUBPROTOCOL in socket.scope.get("subprotocols", ())
        await socket.accept(subprotocol=SUBPROTOCOL if v2 else None)
        session = self._session(socket, now)
        outlet = BrowserOutlet(session.session_id, self._ids, v2=v2)
        try:
            self._calls.admit()
        except CapacityError as error:
            await self._give_back(entry)
            self._refuse(outlet, str(error))
            await write(frames_of(socket), outlet)
            return
        outlet.put(self._hello(session.session_id, v2=v2))
        await self._serve(socket, session, outlet, entry, v2=v2)

    async def _entry(self, socket: WebSocket, now: float) -> Pass | str:
        """What the client may do; why not, for one that stays outside."""
        keeper, token = self._doorkeeper, offered(socket)
        if token is None:
            return keeper.refusal(socket, now) or NO_LIMIT
        if not keeper.in_pace(socket, now):
            return TOO_OFTEN
        origin, known = socket.headers.get("origin"), keeper.is_known(socket)
        try:
            entry = await self._turnstile.admitted(token, origin, known=known)
        except VantumError as error:
            self._log.error("session_token_not_checked", why=str(error))
            return "a token that nobody can check now"
        # Agent files may differ between the server that was asked for it and this one.
        if isinstance(entry, Pass) and entry.agent not in {"", *self._casting.agents}:
            await self._give_back(entry)
            return "a token for an agent that is not here"
        return entry

    async def _give_back(self, entry: Pass) -> None:
        """Who has got no call with it tries again with the same token."""
        try:
            await self._turnstile.give_back(entry)
        except VantumError as error:
            self._log.error("session_token_not_given_back", why=str(error))

    def _session(self, socket: WebSocket, now: float) -> Session:
        return Session(
            session_id=self._ids.new(),
            connection_id=self._ids.new(),
            created_at=now,
            last_activity=now,
            address=_address(socket),
            user_agent=socket.headers.get("user-agent", "")[:200],
        )

    def _hello(self, session_id: str, *, v2: bool) -> bytes:
        name = EVENTS.connection.lifecycle.ACK if v2 else LEGACY_ACK
        payload = p.ConnectionAck(success=True, session_id=session_id)
        return encode(name, self._ids.new(), session_id, payload)

    def _refuse(self, outlet: BrowserOutlet, message: str) -> None:
        tally = self._calls.tally()
        busy = p.Busy(tally.total, self._settings.max_sessions, message=message)
        outlet.event(EVENTS.system.status.BUSY, busy)
        outlet.put(Closing(1013, message))

    async def _serve(
        self, socket: WebSocket, session: Session, outlet: BrowserOutlet, entry: Pass, *, v2: bool
    ) -> None:
        log = session_log(session.session_id)
        cast = self._casting.chosen(entry.agent or None)
        call = Call(cast, session, outlet, self._calls.house, log)
        admit = partial(self._admit_recording, only=entry.agent)
        host = Host(admit, self._default_automatic(), log)
        browser = BrowserCall(call, outlet, self._ids, host, v2=v2)
        live = Live(call, outlet)
        self._calls.add(live)
        log.info("call_began", client="v2" if v2 else "legacy", address=session.address)
        loop, end = asyncio.get_running_loop(), None
        if entry.longest_s:  # what all calls are held to, `Calls.sweep` looks after
            end = loop.call_later(entry.longest_s, call.post, EndAsked("expired"))
        try:
            frames = frames_of(socket)
            await call.run(browser.listen(frames.receive), write(frames, outlet))
        finally:
            if end is not None:
                end.cancel()
            now = loop.time()
            self._calls.remove(live, now)
            lasted_s = round(now - session.created_at, 1)
            log.info("call_ended", reason=session.end_reason, lasted_s=lasted_s)

    def _default_automatic(self) -> bool | None:
        detection = self._settings.turn_detection
        return None if detection is None else detection == "automatic"

    def _admit_recording(
        self, call: Call, outlet: BrowserOutlet, start: p.AudioInputStart, *, only: str = ""
    ) -> None:
        """Local speech serves only so many callers well; more are told to wait.

        `only`: the one agent that the client may have.
        """
        if not self._calls.more_voices:
            self._calls.house.metrics.refused.labels("local_speech").inc()
            message = "All local voices are busy; please try again in a minute"
            busy = p.Busy(now := self._calls.recording(), now, message=message)
            outlet.event(EVENTS.system.status.BUSY, busy)
            raise CapacityError(message)
        if only and start.agent not in {None, only}:
            raise RequestError(f"This session is for the agent {only}", code="INVALID_STATE")
        if start.agent is not None and not call.recast(self._casting.chosen(start.agent)):
            text = "Another agent can be had only before anything was said"
            raise RequestError(text, code="INVALID_STATE")


def _address(socket: WebSocket) -> str:
    return socket.client.host if socket.client else ""


async def write(frames: Frames, outlet: BrowserOutlet) -> None:
    """Send what the outlet holds until it says to close, or the peer is gone."""
    while not isinstance(frame := await outlet.frames.get(), Closing):
        if not await frames.send(frame):
            return
    frames.close(frame.code, frame.reason[:100])  # RFC 6455: at most 123 bytes
