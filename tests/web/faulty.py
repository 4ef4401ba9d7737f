"""A server that speaks to the original page as it should, but for one fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import msgspec
from websockets.sync.server import ServerConnection, serve

from vantum.transports.ids import Ids

CHUNK = bytes(9_600)  # 0.1 s at 48 kHz
LONG_CHUNK = bytes(960_000)  # 10 s: on a slow machine, too, it is cut before its end
START, PIECE, END = (f"voicechat.response.{what}" for what in ("start", "chunk", "complete"))


class FaultyServer:
    """Acks what it is asked and gives 0.2 s of silence for an answer."""

    def __init__(self, fault: str) -> None:
        self._fault = fault
        self._ids = Ids()
        self._session = self._ids.new()

    def __call__(self, socket: ServerConnection) -> None:
        """Serve one client until it closes."""
        self._send(socket, "connection.ack", {"success": True})
        heard = recording = False
        for message in socket:
            assert isinstance(message, bytes)
            request = msgspec.msgpack.decode(message, ext_hook=lambda _code, _data: None)
            name = request["eventType"]
            if name.endswith("chunk"):
                heard = heard or recording
                continue
            success = self._fault != "an ack that says no"
            self._send(socket, name, {"success": success}, request["eventId"])
            recording = name.endswith("start")
            if heard and not recording:
                heard = False
                self._answer(socket)

    def _answer(self, socket: ServerConnection) -> None:
        utterance, now = self._ids.new(), self._ids.now_ms()
        sound = LONG_CHUNK if self._fault.endswith("over sound") else CHUNK
        chunk = {"audio": sound, "utteranceId": utterance, "sampleRate": 48_000}
        again = {"utteranceId": self._ids.new(), "timestamp": float(now)}
        wrong: dict[str, list[tuple[str, Any]]] = {
            "half a sample": [(PIECE, chunk | {"audio": CHUNK + b"\0"})],
            "text for sound": [(PIECE, chunk | {"audio": "AAAA"})],
            "another rate": [(PIECE, chunk | {"sampleRate": 16_000})],
            "a start over sound": [(START, again)],
            "a stop over sound": [("voicechat.response.stop", again)],
            "an utterance for each piece": [(PIECE, chunk | {"utteranceId": self._ids.new()})],
            "sound after the end": [(END, {"utteranceId": utterance}), (PIECE, chunk)],
            "an error": [("voicechat.error", {"message": "boo"})],
        }
        timestamp = int(now) if self._fault == "a 64-bit integer" else float(now)
        self._send(socket, START, {"utteranceId": utterance, "timestamp": timestamp})
        if self._fault != "no sound":
            self._send(socket, PIECE, chunk)
            self._send(socket, PIECE, chunk)
        for name, payload in wrong.get(self._fault, []):
            self._send(socket, name, payload)
        if self._fault == "a text frame":
            socket.send("hello")
        if self._fault != "sound after the end":
            self._send(socket, END, {"utteranceId": utterance})

    def _send(
        self, socket: ServerConnection, name: str, payload: dict[str, Any], event_id: str = ""
    ) -> None:
        frame = {
            "eventType": name,
            "eventId": event_id or self._ids.new(),
            "sessionId": self._session,
            "payload": payload,
        }
        socket.send(msgspec.msgpack.encode(frame))


@contextmanager
def faulty_server(fault: str) -> Iterator[str]:
    """Serve on a free port; yields the ws:// address."""
    with serve(FaultyServer(fault), "127.0.0.1", 0, compression=None) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()
