"""Every error Vantum raises on purpose, and whose it is to mend.

VantumError
├── SettingsError          the operator's: a setting or agent file cannot be used
├── ServerUnreachable      the operator's: the server that a command should talk to is not there
├── RequestError           the client's: a frame or call that is refused, nothing changed
├── CapacityError          nobody's: full now, try again later
├── CarrierError           the phone carrier's: a leg cannot be placed, changed or asked about
├── RecordsError           the database's: records cannot be read or changed now
├── WebhookError           the endpoint's: it does not take what it is told
└── ProviderError          a provider's: hearing, answering or speaking broke off
    ├── ProviderUnavailable    not installed, not configured, not reachable
    └── ProviderTimeout        it did not answer in time
"""

from __future__ import annotations

from typing import Literal

Service = Literal["stt", "llm", "tts", "telephony"]
Trouble = Literal[
    "fatal",  # the same request would fail again: wrong key, unknown model, malformed
    "network",  # not reached, broken off, or silent
    "server",  # 500, 502, 504: the vendor erred
    "unavailable",  # 503: the vendor is overloaded
    "throttled",  # 429: too many at once, or too fast
    "quota",  # 402, or 429 for an empty account: only the operator can mend it
]


class VantumError(Exception):
    """Root of the tree; never raised itself."""


class SettingsError(VantumError):
    """A setting or file of the operator cannot be used; the message names it and the cure."""


class RequestError(VantumError):
    """What the client asked cannot be done; nothing was changed by asking."""

    def __init__(self, message: str, *, code: str = "INVALID_PAYLOAD") -> None:
        super().__init__(message)
        self.wire_code = code


class ServerUnreachable(VantumError):  # noqa: N818 - names a state of the world
    """The server that a command should talk to does not answer."""


class CapacityError(VantumError):
    """No room for this call now; running calls stay good."""


class CarrierError(VantumError):
    """The phone carrier refuses or cannot be reached; `code` is its own, 0 where it gave none."""

    def __init__(
        self,
        message: str,
        *,
        trouble: Trouble = "network",
        code: int = 0,
        wrong_number: bool = False,
    ) -> None:
        super().__init__(message)
        self.trouble: Trouble = trouble
        self.code = code
        self.wrong_number = wrong_number  # the number itself is at fault: never call it again

    @property
    def is_busy(self) -> bool:
        """The carrier had no time, and says so itself: what was asked is not done, later may do."""
        return self.trouble in {"throttled", "unavailable"}

    @property
    def leaves_doubt(self) -> bool:
        """What was asked may be done all the same."""
        return self.trouble in {"network", "server"}


class RecordsError(VantumError):
    """The database does not answer, or not as it should; the same may work later."""


class WebhookError(VantumError):
    """An endpoint of another program cannot be reached, or does not take a webhook."""


class ProviderError(VantumError):
    """A provider broke off."""

    def __init__(
        self,
        message: str,
        *,
        service: Service,
        trouble: Trouble = "network",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.service: Service = service
        self.trouble: Trouble = trouble
        self.retry_after_s = retry_after_s  # what the vendor asked for, where it did

    @property
    def may_retry(self) -> bool:
        """The same request may succeed later."""
        return self.trouble not in {"fatal", "quota"}


class ProviderUnavailable(ProviderError):  # noqa: N818 - names a state of the world
    """The provider is not installed, not configured or not reachable."""


class ProviderTimeout(ProviderError):  # noqa: N818 - names a state of the world
    """The provider did not answer in time."""
