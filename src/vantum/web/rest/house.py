"""What the doors of the API work with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from vantum.errors import SettingsError
from vantum.settings import Settings
from vantum.store.database import Database

if TYPE_CHECKING:  # 30 MB that only the phone needs
    from vantum.telephony.exchange import Exchange


class House(Struct, frozen=True, kw_only=True):
    """What a process has."""

    database: Database
    exchange: Exchange | None
    settings: Settings
    now: Callable[[], float]  # seconds since 1970
    new_id: Callable[[], str]

    @property
    def data_dir(self) -> Path:
        """Where recordings lie, and what comes in waits."""
        return self.settings.vantum_data_dir

    def phone(self) -> Exchange:
        """The telephone. Raises SettingsError where there is none."""
        if self.exchange is None:
            raise SettingsError(self.settings.phone_off)
        return self.exchange
