"""Who is called in the place of one that has gone.

Parts of a call that hold a method of it hold the call, and it holds them: memory that stays until
Python's collector looks, which is after thousands of calls.
"""

from __future__ import annotations


def nobody(*_: object) -> None:
    """Is told, or woken."""
