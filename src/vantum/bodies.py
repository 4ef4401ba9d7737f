"""How the body of a request is read: so much of it at most, and within a time."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from vantum.errors import RequestError

BODY_S: Final = 10.0  # 64 KiB over the slowest line; a stranger who sends byte by byte is let go


async def body_of(request: Request, most_bytes: int) -> bytes:
    """The body. Raises RequestError for one that is too long, too slow, or broken off."""
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > most_bytes:
                    why = f"The body is longer than {most_bytes} bytes"
                    raise RequestError(why, code="TOO_LONG")
    except TimeoutError as error:
        raise RequestError(f"The body has not come within {BODY_S:g} s", code="TOO_SLOW") from error
    except ClientDisconnect as error:
        raise RequestError("The body has broken off") from error
    return body
