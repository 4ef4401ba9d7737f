"""What a telephone number looks like, wherever somebody writes one."""

from __future__ import annotations

import re
from typing import Final

from vantum.errors import RequestError

E164: Final = r"^\+[1-9][0-9]{6,14}$"  # ITU-T E.164; the shortest that are in use have 7 digits
_E164: Final = re.compile(E164)


def check_number(number: str) -> None:
    """Raise RequestError for what is no telephone number."""
    if not _E164.fullmatch(number):
        raise RequestError("The number must be like +15550100123: a plus, country code, number")
