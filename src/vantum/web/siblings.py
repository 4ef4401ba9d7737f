"""What several processes on one port tell together: each one's figures, under its number."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

_ANSWER_S: Final = 2.0  # one that is dead or stands still is left out
_LOOPBACK: Final = "127.0.0.1"
_ASKED: Final = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Siblings(Struct, frozen=True):
    """The processes of one port, as one of them knows them."""

    number: int  # its own
    ports: tuple[int, ...]  # where each is asked alone, on this machine

    @property
    def own_port(self) -> int:
        """Its own."""
        return self.ports[self.number]


def together(pages: Iterable[tuple[int, str]]) -> str:
    """The Prometheus pages of processes as one, in which `worker` says whose a figure is."""
    headers: dict[str, list[str]] = {}
    figures: dict[str, list[str]] = {}
    for number, page in pages:
        name = ""
        for line in page.splitlines():
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                headers[name] = []
            if line.startswith("#"):
                headers[name].append(line)
            else:
                figures.setdefault(name, []).append(_labelled(line, number))
    lines = (line for name in headers for line in (*headers[name], *figures.get(name, ())))
    return "".join(f"{line}\n" for line in lines)


def _labelled(line: str, number: int) -> str:
    """A sample, with one label more."""
    name, brace, labels = line.partition("{")
    if brace:
        return f'{name}{{worker="{number}",{labels}'
    name, _, value = line.partition(" ")
    return f'{name}{{worker="{number}"}} {value}'


async def figures_of_all(siblings: Siblings, ours: str) -> str:
    """Every process's figures; `ours` are known."""

    async def one(number: int) -> tuple[int, str]:
        return number, ours if number == siblings.number else await _asked(siblings.ports[number])

    return together(await asyncio.gather(*map(one, range(len(siblings.ports)))))


async def _asked(port: int) -> str:
    """One process's page; "" where it does not answer."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            reader, writer = await asyncio.open_connection(_LOOPBACK, port)
            try:
                writer.write(_ASKED)
                head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return ""
    return body.decode() if b" 200 " in head.partition(b"\r\n")[0] else ""
