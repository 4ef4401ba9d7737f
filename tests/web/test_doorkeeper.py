"""Who is let in how often, by address: strangers at a bounded rate, this machine always."""

from __future__ import annotations

import pytest
from starlette.websockets import WebSocket

from vantum import limits
from vantum.settings import load_settings
from vantum.web.socket import Doorkeeper


async def _nothing(*_: object) -> None:
    raise AssertionError("the doorkeeper only looks")


def visitor(address: str | None, **headers: str) -> WebSocket:
    scope = {
        "type": "websocket",
        "client": None if address is None else (address, 40_000),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return WebSocket(scope, _nothing, _nothing)


@pytest.fixture
def door() -> Doorkeeper:
    return Doorkeeper(load_settings({"FRONTEND_URL": "https://app.example/"}))


def enters(door: Doorkeeper, socket: WebSocket, now: float) -> bool:
    return not door.refusal(socket, now)


def test_one_address_is_let_in_so_often_a_second(door: Doorkeeper) -> None:
    let_in = [enters(door, visitor("203.0.113.7"), 5.0) for _ in range(100)]
    assert let_in == [True] * limits.SOCKETS_PER_S + [False] * (100 - limits.SOCKETS_PER_S)
    assert limits.SOCKETS_PER_S >= 20
    assert enters(door, visitor("203.0.113.8"), 5.0)
    assert not enters(door, visitor("203.0.113.7"), 5.9)
    assert enters(door, visitor("203.0.113.7"), 6.1)


def test_twenty_a_second_are_let_in_for_ever(door: Doorkeeper) -> None:
    assert all(enters(door, visitor("203.0.113.7"), n / 20) for n in range(400))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_is_exempt(door: Doorkeeper, address: str) -> None:
    assert all(enters(door, visitor(address), 5.0) for _ in range(1_000))


def test_the_memory_of_addresses_is_bounded_and_errs_on_letting_in(door: Doorkeeper) -> None:
    for number in range(limits.ADDRESSES + 10):
        assert enters(door, visitor(f"10.0.{number // 256}.{number % 256}"), 5.0)
    assert len(door._arrivals) <= limits.ADDRESSES + 1


def test_a_name_that_was_pointed_at_this_machine_does_not_make_a_page_ours(
    door: Doorkeeper,
) -> None:
    rebound = {"origin": "http://evil.example:3001", "host": "evil.example:3001"}
    assert not enters(door, visitor("127.0.0.1", **rebound), 5.0)
    ours = {"origin": "http://localhost:3001", "host": "localhost:3001"}
    assert enters(door, visitor("127.0.0.1", **ours), 5.0)
    by_a_proxy = {"x-forwarded-for": "203.0.113.7"}
    assert enters(door, visitor("127.0.0.1", **rebound, **by_a_proxy), 5.0)


def test_the_page_at_our_public_address_is_let_in_however_it_comes() -> None:
    door = Doorkeeper(load_settings({"PUBLIC_URL": "https://voice.example"}))
    page = {"origin": "https://voice.example", "host": "voice.example"}
    assert enters(door, visitor("127.0.0.1", **page), 5.0)


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("https://app.example", True),
        ("https://app.example/", True),
        ("https://vantum.example", True),  # the same as the Host
        ("https://app.example.evil.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("http://[x", False),
        ("", False),
    ],
)
def test_pages_of_other_origins_stay_outside(door: Doorkeeper, origin: str, welcome: bool) -> None:
    page = visitor("203.0.113.7", origin=origin, host="vantum.example")
    assert enters(door, page, 5.0) is welcome
