"""numpy, brought with the first that is asked of it.

A phone call that comes in, with vendors' speech, asks nothing of it, and it takes 13 MB and 70 ms
(measured), once in a process. What plays to callers is sent 0.2 s ahead and goes on meanwhile.
"""

from __future__ import annotations

from importlib import import_module
from threading import Lock
from typing import Any, Final

_FIRST: Final = Lock()


def bring() -> None:
    """Have it now: two threads that are its first break it, and others import it, too."""
    with _FIRST:
        import_module("numpy")


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)  # the import machinery asks whether this is a package
    with _FIRST:
        found = globals()[name] = getattr(import_module("numpy"), name)
    return found
