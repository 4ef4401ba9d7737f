"""How OpenAI words what it refuses: status, body and headers of each error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from vantum.simulator.faults import Armed, Fault

REQUEST_FAULTS: Final[tuple[Fault, ...]] = (
    "unauthorized",
    "payment_required",
    "forbidden",
    "throttled",
    "unavailable",
    "rate_limit",
    "quota",
)
RETRY_AFTER_S: Final = 1.0  # what a throttled client is told, unless the fault says otherwise

_DOCS: Final = "https://platform.openai.com"
_RATE: Final = (
    "Rate limit reached for {model} in organization org-simulated on requests per min (RPM): "
    "Limit 500, Used 500, Requested 1. Please try again in {wait_ms}ms. "
    f"Visit {_DOCS}/account/rate-limits to learn more."
)


def refusal(
    status: int,
    message: str,
    *,
    type_: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error in OpenAI's envelope."""
    error = {"message": message, "type": type_, "param": param, "code": code}
    return json_response(status, {"error": error}, headers)


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """Any JSON."""
    encoded = msgspec.json.encode(body)
    return Response(encoded, status, headers, media_type="application/json")


def unknown_key() -> Response:
    """401; the real message repeats parts of the key, which is nothing to repeat."""
    return refusal(
        401,
        f"Incorrect API key provided. You can find your API key at {_DOCS}/account/api-keys.",
        code="invalid_api_key",
    )


def unknown_model(model: str) -> Response:
    """404."""
    return refusal(
        404,
        f"The model `{model}` does not exist or you do not have access to it.",
        code="model_not_found",
    )


def context_exceeded(limit: int, tokens: int) -> Response:
    """400."""
    return refusal(
        400,
        f"This model's maximum context length is {limit} tokens. However, your messages resulted "
        f"in {tokens} tokens. Please reduce the length of the messages.",
        param="messages",
        code="context_length_exceeded",
    )


def refused_by(fault: Armed, model: str) -> Response:
    """What a fault of `REQUEST_FAULTS` answers."""
    wait_s = RETRY_AFTER_S if fault.seconds is None else fault.seconds
    match fault.fault:
        case "unauthorized":
            return unknown_key()
        case "payment_required":  # not OpenAI's own; this is what others sell its protocol with
            return refusal(402, "Insufficient Balance", type_="unknown_error")
        case "forbidden":
            return refusal(
                403,
                "Country, region, or territory not supported",
                type_="request_forbidden",
                code="unsupported_country_region_territory",
            )
        case "unavailable":
            return refusal(
                503,
                "The engine is currently overloaded, please try again later",
                type_="server_error",
            )
        case "quota":
            return refusal(
                429,
                "You exceeded your current quota, please check your plan and billing details. For "
                f"more information on this error, read the docs: {_DOCS}/docs/guides/error-codes.",
                type_="insufficient_quota",
                code="insufficient_quota",
            )
    headers = {"retry-after": f"{wait_s:g}"}
    if fault.fault == "rate_limit":
        headers |= {
            "retry-after-ms": str(round(wait_s * 1000)),
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": f"{wait_s:g}s",
        }
    message = _RATE.format(model=model, wait_ms=round(wait_s * 1000))
    return refusal(429, message, type_="requests", code="rate_limit_exceeded", headers=headers)
