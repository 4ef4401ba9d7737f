"""Who may use the API: the token's bearer, and this machine while nobody else can reach it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.requests import HTTPConnection

from vantum.web.access import TOKEN_FILE, api_token, given_token, is_local

TOKEN = "the-token"
HERE = "127.0.0.1"


def asked(peer: str | None = HERE, host: str = "localhost:3001", **headers: str) -> HTTPConnection:
    """A request from this address, with these headers."""
    named = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in named.items()]
    client = None if peer is None else (peer, 50_000)
    return HTTPConnection({"type": "http", "headers": raw, "client": client})


@pytest.mark.parametrize(
    ("header", "given"),
    [
        (f"Bearer {TOKEN}", TOKEN),
        (f"bearer {TOKEN}", TOKEN),
        ("Bearer guessed", "guessed"),
        ("Bearer ", ""),  # nothing that any token is, and not the same as none
        (f"Basic {TOKEN}", None),
        (TOKEN, None),
    ],
)
def test_what_was_given_as_a_token(header: str, given: str | None) -> None:
    assert given_token(asked(authorization=header)) == given


def test_who_gives_no_token_is_told_from_who_gives_a_wrong_one() -> None:
    assert given_token(asked()) is None


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
def test_this_machine_is_near(near: HTTPConnection) -> None:
    assert is_local(near)


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
def test_who_only_looks_near_is_not(far: HTTPConnection) -> None:
    assert not is_local(far)


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
