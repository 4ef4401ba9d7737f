"""How a refusal is worded (RFC 9457), and which of HTTP's numbers an error has."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct
from starlette.responses import Response

from vantum.errors import CarrierError, RequestError, VantumError

MEDIA: Final = "application/problem+json"
_OF_REQUESTS: Final = {
    "NOT_FOUND": 404,
    "INVALID_STATE": 409,
    "TOO_SLOW": 408,
    "CHANGED": 412,
    "TOO_LONG": 413,
    "OTHER_MEDIA": 415,
    "NO_VERSION": 428,
}


class Problem(Struct, frozen=True):
    """Why a request is refused, and what would do."""

    title: str
    status: int
    detail: str


def problem(status: int, detail: str, **headers: str) -> Response:
    """A refusal."""
    body = msgspec.json.encode(Problem(HTTPStatus(status).phrase, status, detail))
    return Response(body, status, headers, media_type=MEDIA)


def refusal(error: VantumError | msgspec.DecodeError) -> Response:
    """What an error is answered with."""
    return problem(_status(error), str(error))


def _status(error: Exception) -> int:
    if isinstance(error, RequestError):
        return _OF_REQUESTS.get(error.wire_code, 422)
    if isinstance(error, msgspec.DecodeError):
        return 422 if isinstance(error, msgspec.ValidationError) else 400
    return 502 if isinstance(error, CarrierError) else 503
