"""Which consents count at a moment, and what is wrong with those that do not."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Final, Literal

from msgspec import Struct

from vantum.dialing.dial import Consent
from vantum.dialing.rules import ConsentKind, NeedsConsent, Purpose, Rule

_STRENGTH: Final[dict[ConsentKind, int]] = {"express": 1, "written": 2}

Trouble = Literal["no_consent", "consent_expired", "consent_revoked"]


class Standing(Struct, frozen=True):
    """The consents on record, sorted by whether they count."""

    good: tuple[Consent, ...] = ()
    expired: tuple[Consent, ...] = ()
    revoked: tuple[Consent, ...] = ()


def standing(consents: tuple[Consent, ...], now: float) -> Standing:
    """Revoking one revokes all that were given until then; one given in the future is none."""
    revoked_at = max(map(_revoked_at, consents), default=-inf)
    given = [one for one in consents if one.given_at <= now]
    lasting = [one for one in given if one.given_at > revoked_at]
    return Standing(
        good=tuple(one for one in lasting if lasts_until(one) > now),
        expired=tuple(one for one in lasting if lasts_until(one) <= now),
        revoked=tuple(one for one in given if one.given_at <= revoked_at),
    )


def _revoked_at(consent: Consent) -> float:
    return -inf if consent.revoked_at is None else consent.revoked_at


def strong(consents: Iterable[Consent], kind: ConsentKind) -> tuple[Consent, ...]:
    """Those that are at least of this kind, the longest lasting first."""
    enough = (one for one in consents if _STRENGTH[one.kind] >= _STRENGTH[kind])
    return tuple(sorted(enough, key=lasts_until, reverse=True))


def lasts_until(consent: Consent) -> float:
    """When it expires; inf for never."""
    return inf if consent.expires_at is None else consent.expires_at


def needed(rules: Iterable[Rule], purpose: Purpose) -> ConsentKind | None:
    """The strongest kind that any of these rules asks for; None where none speaks of it."""
    kinds = [
        rule.demand.needs
        for rule in rules
        if isinstance(rule.demand, NeedsConsent)
        and (not rule.demand.purposes or purpose in rule.demand.purposes)
    ]
    return max(kinds, key=_STRENGTH.__getitem__, default=None)


def trouble(found: Standing, kind: ConsentKind) -> Trouble:
    """Why no consent of this kind counts."""
    if strong(found.revoked, kind):
        return "consent_revoked"
    return "consent_expired" if strong(found.expired, kind) else "no_consent"
