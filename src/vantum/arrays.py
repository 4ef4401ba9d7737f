"""numpy, brought with the first that is asked of it.

A phone call whose speech is vendors' asks nothing of it, and it takes 13 MB and 70 ms (measured).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def bring() -> None:
    """Have it now: where threads are to ask for it, since two that are its first break it."""
    import_module("numpy")


def __getattr__(name: str) -> Any:
    found = globals()[name] = getattr(import_module("numpy"), name)
    return found
