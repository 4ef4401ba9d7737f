"""How the simulated carrier words a refusal of its REST interface, by the vendor's error codes."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, to_builtins
from starlette.responses import JSONResponse


class Refusal(Struct, frozen=True):
    """Why a request is refused; `status` is HTTP's."""

    code: int
    message: str
    status: int = 400

    def response(self) -> JSONResponse:
        """The refusal as the vendor sends it."""
        link = f"https://www.twilio.com/docs/errors/{self.code}"
        headers = {"Retry-After": "1"} if self.status in {429, 503} else {}
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return JSONResponse(to_builtins(self) | {"more_info": link}, self.status, headers)


class RefusedError(Exception):
    """A request that is not taken."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


UNAUTHORIZED: Final = Refusal(20003, "Authenticate", 401)
FORBIDDEN: Final = Refusal(20003, "Permission Denied", 403)
THROTTLED: Final = Refusal(20429, "Too Many Requests", 429)
CROWDED: Final = Refusal(10004, "Call concurrency limit exceeded", 429)
ERRED: Final = Refusal(20500, "Internal Server Error", 500)
UNAVAILABLE: Final = Refusal(20503, "Service unavailable", 503)
NO_TO: Final = Refusal(21201, "No 'To' number is specified")
NO_FROM: Final = Refusal(21213, "No 'From' number is specified")
NO_URL: Final = Refusal(21205, "Url parameter is required")
LONG_TWIML: Final = Refusal(20001, "Twiml must be at most 4000 characters")
NOT_RUNNING: Final = Refusal(21220, "Call is not in-progress. Cannot redirect.")


def not_found(path: str) -> Refusal:
    """No such thing here."""
    return Refusal(20404, f"The requested resource {path} was not found", 404)


def invalid_to(number: str) -> Refusal:
    """No telephone number."""
    return Refusal(21211, f"Invalid 'To' Phone Number: {_shortened(number)}")


def invalid_from(number: str) -> Refusal:
    """No telephone number."""
    return Refusal(21212, f"Invalid 'From' Phone Number: {_shortened(number)}")


def invalid_url(url: str) -> Refusal:
    """Nothing that can be fetched."""
    return Refusal(21205, f"Url is not a valid URL: {url}")


def invalid(name: str) -> Refusal:
    """A parameter that cannot be used."""
    return Refusal(20001, f"Invalid parameter: {name}")


def _shortened(number: str) -> str:
    """The vendor hides the last digits as well."""
    return number[:-4] + "XXXX"
