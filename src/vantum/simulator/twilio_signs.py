"""How the simulated carrier signs what it sends, as the vendor's own validator checks it."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable

HEADER = "X-Twilio-Signature"


def signature(token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """Base64 of the HMAC-SHA1 over the address and the sorted fields, without anything between."""
    text = url + "".join(name + value for name, value in sorted(set(form)))
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
