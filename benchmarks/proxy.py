"""A proxy before several servers: a new connection goes to the idlest that is ready, and stays.

    python -m benchmarks.proxy PORT BACKEND_PORT [BACKEND_PORT ...]

Everything is on this machine. As any proxy does, it asks `/ready` again and again, and tries the
next backend where one refuses.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

import uvloop

HERE: Final = "127.0.0.1"
ASK_EVERY_S: Final = 0.25  # a proxy in earnest asks every one or two, and is told by its cluster
CHUNK: Final = 65_536


class Proxy:
    """Leads connections to the ports of its backends."""

    def __init__(self, backends: list[int]) -> None:
        self._open = dict.fromkeys(backends, 0)  # connections, by port
        self._ready: set[int] = set()

    async def look(self) -> None:
        """Ask who is ready, for ever."""
        while True:
            answers = await asyncio.gather(*map(_is_ready, self._open))
            self._ready = {port for port, yes in zip(self._open, answers, strict=True) if yes}
            await asyncio.sleep(ASK_EVERY_S)

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        for port in sorted(self._ready, key=self._open.__getitem__):
            try:
                theirs, ours = await asyncio.open_connection(HERE, port)
            except OSError:
                continue
            self._open[port] += 1
            await asyncio.gather(_pass(reader, ours), _pass(theirs, writer))
            self._open[port] -= 1
            return
        writer.close()  # nobody is there


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What one side sends, until it ends: then the other has nothing to answer."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, RuntimeError):  # which uvloop says of a closed one
        pass
    finally:
        writer.close()


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(HERE, port)
            writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status


async def serve(port: int, backends: list[int]) -> None:
    """Until it is ended."""
    proxy = Proxy(backends)
    server = await asyncio.start_server(proxy.lead, HERE, port)
    async with server, asyncio.TaskGroup() as group:
        group.create_task(proxy.look(), name="look")
        await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
