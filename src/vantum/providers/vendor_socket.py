"""How a WebSocket to a vendor is opened, and what is said where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from picows import WSAutoPingStrategy, WSError, WSInvalidStatusError, WSListener, ws_connect
from python_socks import ProxyError

from vantum.errors import VantumError
from vantum.limits import MESSAGE_BYTES, PING_INTERVAL_S, PING_TIMEOUT_S
from vantum.websocket import BUFFER_BYTES, CALLED_OFF, NO_NEWS, Frames


class Refused(VantumError):  # noqa: N818 - names a state of the world
    """The vendor answered, but with something else than a WebSocket."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers  # names in any case
        self.body = body


async def opened(
    url: str,
    headers: Mapping[str, str],
    *,
    open_s: float,
    close_s: float,
    ping_s: float = PING_INTERVAL_S,
) -> Frames:
    """A connection. Raises Refused, TimeoutError, or OSError where there is no such server.

    `url` begins with http or https, as vendors' base URLs do.
    """
    frames = Frames(MESSAGE_BYTES, answer_s=close_s)
    listener: WSListener = frames
    asking = asyncio.create_task(
        _asked(lambda: listener, "ws" + url.removeprefix("http"), headers, open_s, ping_s),
        name="open-socket",
    )
    wanted = False  # it may be called off in the very moment in which it opens
    try:
        async with asyncio.timeout(open_s):
            await asyncio.shield(asking)
        wanted = frames.opened
    except WSInvalidStatusError as error:
        answer = error.response
        if answer is None:
            raise OSError(str(error)) from None
        raise Refused(int(answer.status), answer.headers, answer.body or b"") from None
    except (WSError, ProxyError, EOFError) as error:
        raise OSError(str(error)) from error
    finally:
        if not wanted:
            frames.give_up()
            # Nor is it where the vendor answers later; and picows may keep what it is given.
            listener = CALLED_OFF
            _LEFT.add(asking)
            asking.add_done_callback(_forget)
    if not wanted:
        raise OSError("hung up without an answer")
    return frames


# Called off, and left to end by themselves: one that is cancelled while uvloop connects keeps a
# timer of picows', whose error nobody would take.
_LEFT: Final[set[asyncio.Task[None]]] = set()


def _forget(asking: asyncio.Task[None]) -> None:
    _LEFT.discard(asking)
    if not asking.cancelled():
        asking.exception()  # taken, as nobody else does


async def _asked(
    listener: Callable[[], WSListener],
    url: str,
    headers: Mapping[str, str],
    open_s: float,
    ping_s: float,
) -> None:
    await ws_connect(
        listener,
        url,
        extra_headers=list(headers.items()),
        websocket_handshake_timeout=open_s,  # ends what is left of one that was called off
        enable_auto_ping=True,
        auto_ping_idle_timeout=ping_s,
        auto_ping_reply_timeout=min(ping_s, PING_TIMEOUT_S),
        auto_ping_strategy=WSAutoPingStrategy.PING_PERIODICALLY,
        max_frame_size=MESSAGE_BYTES,
        max_redirects=0,  # a key goes to nobody else
        proxy=_proxy_of(url),
        read_buffer_init_size=BUFFER_BYTES,
        logger_name=NO_NEWS,
        use_aiofastnet=False,  # uvloop's transports, as everywhere else
    )


def _proxy_of(url: str) -> str | None:
    """As the environment says, for addresses that it names."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    known = getproxies()
    return known.get("https") if parts.scheme == "wss" else known.get("http")
