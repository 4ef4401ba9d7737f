"""Which addresses of other programs may be told of what happens, and how one comes into being."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from vantum.errors import RequestError
from vantum.hosts import THIS_MACHINE
from vantum.store.hooks import Hook
from vantum.wire.hooks import EVENTS, Kind

SECRET: Final = "whsec_"  # what secrets begin with, so that they are known for what they are
_SECRET_BYTES: Final = 32
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address within one of version 6


def new_hook(url: str, events: Sequence[str], *, local: bool, new_id: str, now: float) -> Hook:
    """An endpoint that is told of these events, of all where none is named; with a fresh secret.

    Raises RequestError for an address or event that will not do.
    """
    return Hook(
        hook_id=new_id,
        url=url,
        secret=SECRET + secrets.token_urlsafe(_SECRET_BYTES),
        events=checked_events(events),
        created_at=now,
        local=checked_url(url, local=local),
    )


def checked_url(url: str, *, local: bool) -> bool:
    """Whether the endpoint may be in a network of our own, as one on this machine always may.

    Raises RequestError for one that must not be told of anybody.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise RequestError(f"{url}: no web address") from error
    if parts.scheme not in {"http", "https"} or not host or parts.fragment:
        raise RequestError(f"{url}: no web address, such as https://example.com/vantum")
    if parts.username is not None:
        raise RequestError(f"{url}: holds a password; whoever is told checks the signature instead")
    here = host in THIS_MACHINE
    if parts.scheme != "https" and not here:
        raise RequestError(f"{url}: not https, and what it is told is about people")
    if not local and not here and is_inner(host):
        cure = 'say --local (over the API "local": true) where that is meant'
        raise RequestError(f"{url}: in a network of its own; {cure}")
    return local or here


def checked_events(words: Sequence[str]) -> tuple[Kind, ...]:
    """The events of these names; all, where none is named. Raises RequestError."""
    for word in words:
        if word not in EVENTS:
            raise RequestError(f"{word}: no such event; there are {', '.join(EVENTS)}")
    return tuple(kind for kind in EVENTS if not words or kind in words)


def is_inner(host: str) -> bool:
    """An address that is not of the internet; names are none."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:  # a name; where that leads to is seen when it is used
        return False
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            within = IPv4Address(int(address) & 0xFFFF_FFFF)
        address = within or address
    return not address.is_global or address.is_multicast
