"""How a number of things is told."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """1 contact, 2 contacts."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
