"""Objects that hold each other, and so stay until the collector comes: seldom, in a server."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_THEIRS: Final = ("vantum.simulator", "vantum.wire")


@contextmanager
def no_collector() -> Iterator[Callable[[], Counter[str]]]:
    """Have none come by itself; what is handed out counts what of Vantum's waits for it, by type.

    The simulated vendors, who are here as well, do not count, nor the messages that both know; nor
    can circles of functions and coroutines alone, which have no type of ours in them.
    """
    gc.collect()
    gc.disable()
    try:
        yield _waiting
    finally:
        gc.enable()


def _waiting() -> Counter[str]:
    flags = gc.get_debug()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        modules = ((type(one).__module__, type(one).__qualname__) for one in gc.garbage)
        return Counter(
            f"{module}.{name}"
            for module, name in modules
            if module.startswith("vantum.") and not module.startswith(_THEIRS)
        )
    finally:
        gc.set_debug(flags)
        gc.garbage.clear()
