"""What kind of trouble a server's refusal is, and what the operator is told about it.

Nothing that the server wrote is repeated but its codes: some repeat parts of the key, and some what
was said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vantum.errors import ProviderError, Trouble
from vantum.wire.openai import Fault

_EMPTY_ACCOUNT: Final = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_TOO_LONG: Final = ("context_length_exceeded", "exceed_context_size_error")  # OpenAI, llama.cpp
_CODE: Final = re.compile(r"[\w.\-]{1,60}")
_WAIT: Final = re.compile(r"\d{1,6}(\.\d{1,6})?")


def error_of(status: int, fault: Fault, headers: Mapping[str, str]) -> ProviderError:
    """The error for a refused request."""
    trouble = _trouble(status, fault)
    return ProviderError(
        _message(status, fault, trouble),
        service="llm",
        trouble=trouble,
        retry_after_s=_retry_after_s(headers) if trouble in {"throttled", "unavailable"} else None,
    )


def error_in_stream(fault: Fault) -> ProviderError:
    """The error for a stream that had begun well; gateways say there which status it would be."""
    return error_of(fault.code if isinstance(fault.code, int) else 500, fault, {})


def is_too_long(fault: Fault) -> bool:
    """Whether the conversation exceeds what the model can read."""
    return fault.is_called(*_TOO_LONG) or "maximum context length" in fault.message


def _trouble(status: int, fault: Fault) -> Trouble:
    if status == 402 or fault.is_called(*_EMPTY_ACCOUNT):
        return "quota"
    if status == 429 or fault.is_called("rate_limit_exceeded"):
        return "throttled"
    if status == 503:
        return "unavailable"
    if status == 408:
        return "network"
    return "fatal" if 300 <= status < 500 else "server"


def _message(status: int, fault: Fault, trouble: Trouble) -> str:
    if is_too_long(fault):
        return "the conversation exceeds the model's context; LLM_MAX_CONTEXT_TOKENS can limit it"
    if trouble == "quota":
        return f"the account at the model's server has nothing left ({status})"
    match status:
        case 401:
            return "the model's server does not accept OPENAI_API_KEY (401)"
        case 403:
            return "the model's server denies access to this key, organisation or country (403)"
        case 404:
            return "the model's server knows no such LLM_MODEL, or OPENAI_BASE_URL is wrong (404)"
    named = (fault.code, fault.type, fault.param)
    said = ", ".join(str(name) for name in named if name and _CODE.fullmatch(str(name)))
    return f"the model's server answered {status}" + (f" ({said})" if said else "")


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    for name, per_s in (("retry-after-ms", 1000), ("retry-after", 1)):
        if _WAIT.fullmatch(value := headers.get(name, "").strip()):
            return float(value) / per_s
    return None
