"""How many examples a property is tried with here, where all tests together take two seconds."""

from __future__ import annotations

from hypothesis import settings

HOUSE = 100  # hypothesis' own number, which the house profile keeps


def at_most(count: int) -> settings:
    """So many, unless somebody hunts: `--hypothesis-profile=hunt` tries as many as it says."""
    wanted = settings.default.max_examples if settings.default else HOUSE
    return settings(max_examples=wanted if wanted > HOUSE else count)
