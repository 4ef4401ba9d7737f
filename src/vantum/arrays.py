"""numpy, brought with the first that is asked of it.

A phone call whose speech is vendors' asks nothing of it, and it takes 13 MB and 70 ms (measured).
"""

from __future__ import annotations

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    found = globals()[name] = getattr(importlib.import_module("numpy"), name)
    return found
