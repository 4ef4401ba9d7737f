"""Which media stream may carry which call: a token that is good once, for one call, for a minute.

The carrier's signature proves who connects, not which call it means; the token does (and it is
all that an attacker without the carrier's key would have to guess). Any process can check it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from msgspec import Struct

from vantum import sealing

_FIELDS: Final = 4


class Token(Struct, frozen=True):
    """What a token says."""

    call_id: str
    sid: str
    expires_at: int  # seconds since 1970
    nonce: str


def shared_key(auth_token: str) -> bytes:
    """A key that all processes of an installation have, and no stranger."""
    return hmac.digest(auth_token.encode(), b"vantum media token", hashlib.sha256)


def sealed(token: Token, key: bytes) -> str:
    """The token as it travels; printable, under 200 characters."""
    text = f"{token.call_id} {token.sid} {token.expires_at} {token.nonce}"
    return sealing.sealed(text.encode(), key)


def opened(sealed_token: str, sid: str, key: bytes, now: float) -> Token | None:
    """The token, if we made it, for this leg, and it is still good."""
    body = sealing.unsealed(sealed_token, key)
    fields = [] if body is None else body.decode("utf-8", "replace").split(" ")
    if len(fields) != _FIELDS:
        return None
    token = Token(fields[0], fields[1], int(fields[2]), fields[3])
    return token if token.sid == sid and now <= token.expires_at else None
