"""How other programs are told what has happened: signed, once or more, in any order.

Docs for whoever receives it: docs/webhooks.md.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any, Final

import aiohttp

import vantum
from vantum import limits
from vantum.campaigns.endpoints import is_inner
from vantum.errors import WebhookError
from vantum.store.hooks import Hook, Hooks
from vantum.store.jobs import Job
from vantum.telemetry import Log

SIGNATURE: Final = "Vantum-Signature"


def signature(secret: str, body: str, at: float) -> str:
    """What the header says: when, and the HMAC-SHA256 of that and the body, in hex."""
    moment = int(at)
    signed = hmac.new(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256)
    return f"t={moment},v1={signed.hexdigest()}"


def _outward(wanted: tuple[Any, ...]) -> socket.socket:
    """A socket for an address that a name was found to have, unless it is of an inner network.

    Here, and not where the name is looked up: what was looked up twice may have changed.
    """
    family, kind, protocol, _, address = wanted
    if is_inner(address[0]):
        raise PermissionError("its address is one of an inner network")
    return socket.socket(family, kind, protocol)


class Telling:
    """Sends webhooks for as long as it is open."""

    def __init__(self, hooks: Hooks, now: Callable[[], float], log: Log) -> None:
        self._hooks = hooks
        self._now = now
        self._log = log
        self._open = AsyncExitStack()
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Let go of the connections."""
        await self._open.aclose()

    async def work(self, job: Job) -> None:
        """Tell an endpoint what the job holds. Raises WebhookError where it does not take it."""
        hook = await self._hooks.by_id(job.subject.partition(":")[0])
        if hook is None or hook.off_at is not None:
            return  # nobody wants to know any more
        status = await self._send(hook, job.details)
        if status == HTTPStatus.GONE:
            await self._hooks.switch_off(hook.hook_id, self._now())
            self._log.warning("webhook_gone", hook_id=hook.hook_id)
        elif not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise WebhookError(f"it answered {status}")

    async def _send(self, hook: Hook, body: str) -> int:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Vantum/{vantum.__version__}",
            SIGNATURE: signature(hook.secret, body, self._now()),
        }
        try:
            session = await self._session(local=hook.local)
            async with session.post(
                hook.url, data=body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                return answer.status
        except TimeoutError as error:
            raise WebhookError(f"it did not answer within {limits.WEBHOOK_S:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise WebhookError(f"it cannot be reached: {_why(error)}") from error

    async def _session(self, *, local: bool) -> aiohttp.ClientSession:
        if local not in self._sessions:
            self._sessions[local] = await self._open.enter_async_context(
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(socket_factory=None if local else _outward),
                    timeout=aiohttp.ClientTimeout(total=limits.WEBHOOK_S),
                    cookie_jar=aiohttp.DummyCookieJar(),
                )
            )
        return self._sessions[local]


def _why(error: Exception) -> str:
    """In short: addresses may hold what is nobody's business."""
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return (inner.strerror if isinstance(inner, OSError) else None) or (
        str(inner) if isinstance(inner, PermissionError) else type(inner).__name__
    )
