"""What is known of a telephone number that bears on whether it may be called."""

from __future__ import annotations

from msgspec import Struct

from vantum.dialing.dial import Consent


class Known(Struct, frozen=True, kw_only=True):
    """Of one number; times are seconds since 1970."""

    address: str = ""
    timezone: str = ""
    consents: tuple[Consent, ...] = ()
    suppressed: str | None = None  # why, where it is
    earlier: tuple[float, ...] = ()  # when it was dialled before
    on_the_phone: bool = False  # with us, at this moment
