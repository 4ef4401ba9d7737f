"""What comes out of a WebSocket, whoever is at its other end."""

from __future__ import annotations

from starlette.websockets import WebSocket


async def receive(socket: WebSocket) -> bytes | str | None:
    """The next message, None once the socket is closed."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        return None
    data: bytes | str | None = message.get("bytes")
    return data if data is not None else str(message.get("text", ""))
