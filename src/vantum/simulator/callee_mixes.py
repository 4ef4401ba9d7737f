"""Who answers which number of a range, by shares: as on a list that is called. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from vantum.simulator.callees import STAYS_S, Casting, Kind

# A list that nobody has called yet, quickly over; few calls fail, or the campaign would pause.
CAMPAIGN: Final[Mapping[Kind, float]] = MappingProxyType(
    {
        "hangs_up": 0.20,
        "brief": 0.20,
        "no_answer": 0.30,
        "busy": 0.25,
        "unreachable": 0.05,
    }
)


class Mix(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All numbers that begin so; the same seed gives the same number the same callee."""

    prefix: str
    shares: dict[Kind, float] = field(default_factory=lambda: dict(CAMPAIGN))
    seed: int = 0
    stays_s: float = STAYS_S

    def __post_init__(self) -> None:
        if not self.shares or min(*self.shares.values(), self.stays_s) <= 0:
            raise ValueError(
                "stays_s and each of shares is above 0, and there is at least one share"
            )

    def casting(self, number: str) -> Casting:
        """Who answers it."""
        digest = blake2b(f"{self.seed}:{number}".encode(), digest_size=8).digest()
        left = int.from_bytes(digest) / 2**64 * sum(self.shares.values())
        for kind, share in self.shares.items():  # noqa: B007 - the last one where sums are not exact
            left -= share
            if left < 0:
                break
        return Casting(number=number, kind=kind, stays_s=self.stays_s)


def mix_of(number: str, mixes: Iterable[Mix]) -> Mix | None:
    """The one with the longest prefix, if any."""
    found = None
    for mix in mixes:
        if number.startswith(mix.prefix) and (not found or len(mix.prefix) > len(found.prefix)):
            found = mix
    return found
