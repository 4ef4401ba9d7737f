"""What the doors of the API work with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from vantum.errors import SettingsError
from vantum.store.database import Database

if TYPE_CHECKING:  # 30 MB that only the phone needs
    from vantum.telephony.exchange import Exchange


class House(Struct, frozen=True, kw_only=True):
    """What a process has."""

    database: Database
    exchange: Exchange | None
    phone_off: str  # why there is no exchange
    data_dir: Path
    now: Callable[[], float]  # seconds since 1970

    def phone(self) -> Exchange:
        """The telephone. Raises SettingsError where there is none."""
        if self.exchange is None:
            raise SettingsError(self.phone_off)
        return self.exchange
