"""Which media streams are let in, and how one becomes a call and ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from starlette.datastructures import ImmutableMultiDict
from starlette.websockets import WebSocket

from vantum import limits
from vantum.agents.contacts import known_of
from vantum.call import Call, Cast
from vantum.calls import Calls, Live
from vantum.casting import Casting
from vantum.conversation.events import Answered
from vantum.errors import RecordsError
from vantum.recording.files import FOLDER, finished
from vantum.recording.recorder import Recorder
from vantum.recording.recordings import Recordings
from vantum.session import Session
from vantum.store.phone_calls import PhoneCall
from vantum.telemetry import Log, session_log
from vantum.telephony.exchange import Exchange
from vantum.telephony.settled import Talked, Turn, met, since, transcript_of, turns_of
from vantum.telephony.signatures import Signatures
from vantum.transports.twilio import TwilioCall
from vantum.transports.twilio_outlet import HangUp, TwilioOutlet
from vantum.websocket import Frames, frames_of
from vantum.wire import twilio as wire

PATH: Final = "/twilio/media"
_POLICY: Final = 1008  # RFC 6455 §7.4.1
_BEFORE_START: Final = 3  # `connected`, `start`, and one that is not known yet


class MediaDoor:
    """The `/twilio/media` endpoint."""

    def __init__(
        self,
        exchange: Exchange,
        signatures: Signatures,
        calls: Calls,
        casting: Casting,
        *,
        recordings: Recordings | None,
        log: Log,
    ) -> None:
        self._exchange = exchange
        self._signatures = signatures
        self._calls = calls
        self._casting = casting
        self._recordings = recordings
        self._log = log

    async def enter(self, socket: WebSocket) -> None:
        """One stream from the upgrade to its end."""
        query = f"?{socket.url.query}" if socket.url.query else ""
        nothing = ImmutableMultiDict[str, str]()
        if not self._signatures.genuine(socket.headers, PATH + query, nothing, stream=True):
            self._refused(socket, "not signed by the carrier")
            await socket.close(_POLICY)  # before the upgrade: the peer sees HTTP 403
            return
        await socket.accept()
        start = await _start(socket)
        record = None if start is None else await self._joined(start)
        if start is None or record is None:
            self._refused(socket, "no token that is good for this call")
            await socket.close(_POLICY)
            return
        await self._serve(socket, start, record)

    async def _joined(self, start: wire.StartDetails) -> PhoneCall | None:
        try:
            token = start.custom_parameters.get("token", "")
            return await self._exchange.join(token, start.call_sid)
        except RecordsError as error:
            self._log.error("records_not_read", why=str(error))
            return None

    def _refused(self, socket: WebSocket, why: str) -> None:
        self._calls.house.metrics.refused.labels("media").inc()
        peer = socket.client.host if socket.client else ""
        self._log.warning("media_refused", peer=peer, why=why)

    def _cast(self, record: PhoneCall) -> Cast:
        if record.for_call:
            return self._casting.briefing(record.agent, record.briefing)
        return self._casting.on_the_phone(record.agent, known_of(record.facts))

    async def _serve(self, socket: WebSocket, start: wire.StartDetails, record: PhoneCall) -> None:
        now = asyncio.get_running_loop().time()
        session = Session(
            session_id=record.call_id,
            connection_id=start.stream_sid,
            created_at=now,
            last_activity=now,
            client="twilio",
        )
        log = session_log(session.session_id)
        recorder = None
        cast = self._cast(record)
        if self._recordings is not None and cast.recorded:
            recorder = self._recordings.begin(record.call_id, datetime.now(UTC), now, log)
        outlet = TwilioOutlet(start.stream_sid, recorder)
        call = Call(cast, session, outlet, self._calls.house, log)
        picked_up_at = record.answered_at
        answered = Answered(
            inbound=record.direction == "inbound",
            ago_s=0.0 if picked_up_at is None else self._exchange.legs.now() - picked_up_at,
        )
        phone = TwilioCall(call, outlet, log, answered=answered, recorder=recorder)
        live = Live(call, outlet)
        self._calls.add(live)
        self._exchange.carry(record, live)
        outlet.on_transfer = lambda order: self._exchange.transfers.begin(record, order)
        outlet.on_news = lambda news: self._exchange.noted(record, news)
        log.info("call_began", client="twilio", direction=record.direction)
        try:
            await _talk(call, phone, outlet, frames_of(socket))
        finally:
            log.info("call_ended", reason=session.end_reason)
            if recorder is not None:
                recorder.close()
            try:
                talked = self._talked(record.agent, call, outlet, recorder, log)
                await self._exchange.ended(record, talked, hang_up=not phone.stopped)
            finally:
                self._calls.remove(live, asyncio.get_running_loop().time())

    def _talked(
        self, agent: str, call: Call, outlet: TwilioOutlet, recorder: Recorder | None, log: Log
    ) -> Talked:
        talk, session = call.conversation.talk, call.session
        pickup = talk.aside.pickup
        return Talked(
            session.end_reason,
            answered_by=outlet.answered_by,
            met=met(outlet.answerers),
            pressed=tuple(outlet.pressed),
            transcript=transcript_of(talk, session.created_at),
            recording=f"{FOLDER}/{finished(session.session_id)}" if recorder is not None else "",
            turns=self._turns(call, recorder, log),
            opted_out_s=since(talk.aside.opted_out_at, session.created_at),
            agent_version=self._casting.versions[agent].digest,
            greeted_after_s=pickup.greeted_after_s if pickup else None,
        )

    def _turns(self, call: Call, recorder: Recorder | None, log: Log) -> tuple[Turn, ...]:
        """How long the caller waited for each answer, and how far our clock was off."""
        turns = turns_of(call.books.timed, {} if recorder is None else recorder.waits())
        for turn in turns:
            if turn.recorded:
                self._calls.house.metrics.recorded(turn.waited_s)
                log.info(
                    "turn_recorded",
                    turn=turn.stages.turn,
                    waited_s=turn.waited_s,
                    clocked_s=turn.stages.sound_s,
                    way_s=turn.way_s,
                )
        return turns


async def _start(socket: WebSocket) -> wire.StartDetails | None:
    """Which call the stream says that it carries."""
    frames = frames_of(socket)
    try:
        async with asyncio.timeout(limits.STREAM_START_S):
            for _ in range(_BEFORE_START):
                text = await frames.receive()
                if text is None:
                    return None
                message = wire.from_carrier(text)
                if isinstance(message, wire.Start):
                    return message.start
    except (TimeoutError, wire.MessageError):
        pass
    return None


async def _talk(call: Call, phone: TwilioCall, outlet: TwilioOutlet, frames: Frames) -> None:
    """Live the call; sound passes without waiting meanwhile, where it can."""
    frames.take_at_once, outlet.messages.send_at_once = phone.take_at_once, frames.send_at_once
    try:
        await call.run(phone.listen(frames.receive), _write(frames, outlet))
    finally:
        frames.take_at_once = outlet.messages.send_at_once = None


async def _write(frames: Frames, outlet: TwilioOutlet) -> None:
    """Send what the outlet holds until the call is over, or the peer is gone."""
    while not isinstance(message := await outlet.messages.get(), HangUp):
        if not await frames.send(message):
            return
    frames.close(reason=message.reason)
