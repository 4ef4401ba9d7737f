"""Who may use the API: the token's bearer, and this machine while nobody else can reach it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.requests import HTTPConnection

from vantum.web.access import TOKEN_FILE, api_token, may_use_api

TOKEN = "the-token"
HERE = "127.0.0.1"


def asked(peer: str | None = HERE, host: str = "localhost:3001", **headers: str) -> HTTPConnection:
    """A request from this address, with these headers."""
    named = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in named.items()]
    client = None if peer is None else (peer, 50_000)
    return HTTPConnection({"type": "http", "headers": raw, "client": client})


@pytest.mark.parametrize("public", [True, False])
def test_the_bearer_of_the_token_may_from_anywhere(public: bool) -> None:
    bearer = asked("203.0.113.5", "vantum.example", authorization=f"Bearer {TOKEN}")
    assert may_use_api(bearer, TOKEN, public=public)


@pytest.mark.parametrize(
    "given", ["Bearer guessed", "Bearer ", f"Basic {TOKEN}", TOKEN, "bearer é"]
)
def test_no_other_word_is_the_token(given: str) -> None:
    assert not may_use_api(asked("203.0.113.5", authorization=given), TOKEN, public=False)
    assert not may_use_api(asked(authorization=given), TOKEN, public=True)


def test_where_there_is_no_token_an_empty_one_opens_nothing() -> None:
    assert not may_use_api(asked(authorization="Bearer "), "", public=True)


@pytest.mark.parametrize(
    "near",
    [
        asked(),
        asked(host="127.0.0.1:3001", origin="http://127.0.0.1:3001"),
        asked("::1", "[::1]:3001"),
        asked("::1", "[::1]"),
        asked(host="localhost"),
    ],
)
def test_this_machine_may_until_the_port_is_reached_from_elsewhere(near: HTTPConnection) -> None:
    assert may_use_api(near, TOKEN, public=False)
    assert not may_use_api(near, TOKEN, public=True)


@pytest.mark.parametrize(
    "far",
    [
        asked("203.0.113.5"),
        asked(None),
        asked(host="evil.example:3001"),  # a name that was pointed here for a browser
        asked(host="localhost.evil.example"),
        asked(origin="https://evil.example"),
        asked(origin="http://localhost:9999"),
        asked(origin="null"),
        *(asked(**{name: "203.0.113.5"}) for name in ("forwarded", "x_forwarded_for", "x_real_ip")),
        asked(via="1.1 tunnel"),
    ],
)
def test_who_only_looks_near_may_not(far: HTTPConnection) -> None:
    assert not may_use_api(far, TOKEN, public=False)


def test_processes_that_start_together_have_one_token(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with ThreadPoolExecutor(8) as together:
        made = list(together.map(api_token, [folder] * 16))
    assert [is_new for _, is_new in made].count(True) == 1
    assert {token for token, _ in made} == {(folder / TOKEN_FILE).read_text("ascii")}
    assert stat.S_IMODE((folder / TOKEN_FILE).stat().st_mode) == 0o600


def test_a_token_file_that_was_left_empty_is_filled(tmp_path: Path) -> None:
    (tmp_path / TOKEN_FILE).touch()
    token, is_new = api_token(tmp_path)
    assert is_new
    assert len(token) > 20
    assert api_token(tmp_path) == (token, False)
