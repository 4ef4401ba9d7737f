"""A body that comes byte by byte, or never, holds nobody up for long; in virtual time."""

from __future__ import annotations

import asyncio

import pytest
from stage import play
from starlette.requests import Request
from starlette.types import Message

from vantum.bodies import BODY_S, body_of
from vantum.errors import RequestError


def request_of(*parts: bytes, every_s: float, ends: bool = True) -> Request:
    left = list(parts)

    async def receive() -> Message:
        await asyncio.sleep(every_s)
        if not left and not ends:
            return {"type": "http.disconnect"}
        more = len(left) > 1 or not ends
        return {"type": "http.request", "body": left.pop(0), "more_body": more}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (request_of(*[b"a"] * 100, every_s=1.0), "TOO_SLOW"),
        (request_of(*[b"a"] * 100, every_s=0.01), "TOO_LONG"),
        (request_of(b"a", every_s=0.01, ends=False), "INVALID_PAYLOAD"),
    ],
)
def test_what_does_not_come_as_it_should_is_refused(request_: Request, code: str) -> None:
    async def course() -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(RequestError) as refused:
            await body_of(request_, 50)
        assert refused.value.wire_code == code
        assert asyncio.get_running_loop().time() - began <= BODY_S + 0.1

    play(course())


def test_a_body_that_fits_is_taken_whole() -> None:
    async def course() -> None:
        assert await body_of(request_of(b"ab", b"cd", every_s=1.0), 4) == b"abcd"

    play(course())
