"""How often tokens may be tried that are none: each is looked up in the records.

For all who ask together, since behind a proxy all have one address. Whose token was good before
goes on as if nothing were.
"""

from __future__ import annotations

import hashlib
from collections import deque
from typing import Final

WRONG_PER_S: Final = 200  # a twentieth of a core; who guesses 192 bits needs more than that
KNOWN: Final = 1_000  # good ones that are remembered; forgotten together


class Guesses:
    """What was tried of late, in one process."""

    def __init__(self, wrong_per_s: int = WRONG_PER_S) -> None:
        self._wrong: deque[float] = deque(maxlen=wrong_per_s)
        self._good: set[bytes] = set()

    def may_try(self, token: str, now: float) -> bool:
        """It was good before, or few were wrong within a second."""
        few = len(self._wrong) < (self._wrong.maxlen or 0) or now - self._wrong[0] >= 1.0
        return few or _digest(token) in self._good

    def tried(self, token: str, now: float, *, good: bool) -> None:
        """What came of one."""
        if not good:
            self._wrong.append(now)
            self._good.discard(_digest(token))
            return
        if len(self._good) >= KNOWN:
            self._good.clear()
        self._good.add(_digest(token))


def _digest(token: str) -> bytes:
    """No token is kept itself."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
