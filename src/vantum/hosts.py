"""Which host names lead to this machine, whatever the network says."""

from __future__ import annotations

from typing import Final

THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
