"""Whether a request comes from the carrier: its signature over our public address and the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

HEADER: Final = "x-twilio-signature"


class Signatures:
    """Checks what was signed with the account's key.

    The address is the one that we gave the carrier, never the Host that a request claims.
    """

    def __init__(self, public_url: str, auth_token: str) -> None:
        self._public_url = public_url
        self._validator = RequestValidator(auth_token)

    def genuine(
        self,
        headers: Mapping[str, str],
        path: str,
        form: ImmutableMultiDict[str, str],
        *,
        stream: bool = False,
    ) -> bool:
        """`path` with its query; a stream's address begins with ws instead of http."""
        signature = headers.get(HEADER, "")
        base = "ws" + self._public_url.removeprefix("http") if stream else self._public_url
        return bool(signature) and bool(self._validator.validate(base + path, form, signature))
