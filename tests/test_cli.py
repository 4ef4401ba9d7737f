"""What an operator reads when a command cannot do its work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import wave
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["[/draft].yaml", "[draft].yaml"])
def test_brackets_in_a_value_are_shown_as_they_are(name: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "vantum", "serve", "--port", "0"],
        env={**os.environ, "VANTUM_AGENT": name},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, name in ended.stderr, "Traceback" in ended.stderr) == (2, True, False)


def vantum(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vantum", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_place_that_cannot_be_written_is_named_before_the_call(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "said.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(3_200))
    options = ["--audio", "said.wav", "--url", "ws://127.0.0.1:1/ws", "--record", "no/heard.wav"]
    ended = vantum(tmp_path, "talk", *options)
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert "no/heard.wav: cannot be written" in ended.stderr


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [("--speech", "loud", "canned, local"), ("--profile", "slow", "fast, typical, bench")],
)
def test_an_option_of_the_simulator_that_cannot_be_is_named(
    option: str, value: str, allowed: str, tmp_path: Path
) -> None:
    ended = vantum(tmp_path, "simulate", "--port", "0", option, value)
    assert ended.returncode == 2
    assert f'{option}: got "{value}", allowed is {allowed}' in ended.stderr


def test_a_port_that_is_taken_is_named_as_it_was_given(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = vantum(tmp_path, "simulate", "--port", port)
    assert ended.returncode == 2
    told = f"--host, --port: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    assert ended.stderr.endswith(told)


def test_a_bad_agent_of_a_rehearsal_is_told_by_the_option_that_named_it(tmp_path: Path) -> None:
    ended = vantum(tmp_path, "call", "+15550100100", "--simulate", "--agent", "nobody.yaml")
    assert ended.returncode == 2
    assert "--agent: nobody.yaml: no such agent file" in ended.stderr
    assert "VANTUM_AGENT" not in ended.stderr


def test_a_call_asks_the_server_on_the_port_that_is_set(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1\n")
    ended = vantum(tmp_path, "call", "+15550100100")
    assert (ended.returncode, "127.0.0.1:1" in ended.stderr) == (2, True), ended.stderr


def test_an_empty_file_of_receipts_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "receipts.jsonl").touch()
    ended = vantum(tmp_path, "receipts", "verify", "receipts.jsonl")
    assert (ended.returncode, "it is empty" in ended.stderr) == (2, True), ended.stderr


def test_a_token_is_made_listed_and_revoked(tmp_path: Path) -> None:
    made = vantum(tmp_path, "token", "create", "the [console]", "--role", "operator")
    secret = made.stdout.strip()
    assert (made.returncode, secret[:3], len(secret)) == (0, "vt_", 35)
    listed = vantum(tmp_path, "token", "list").stdout
    token_id, role, *_ = listed.splitlines()[1].split()
    assert (role, "the [console]" in listed, secret in listed) == ("operator", True, False)
    assert vantum(tmp_path, "token", "revoke", token_id).stdout == "revoked: the [console]\n"
    again = vantum(tmp_path, "token", "revoke", token_id).stdout
    assert again == "revoked already: the [console]\n"
    line = vantum(tmp_path, "token", "list").stdout.splitlines()[1]
    assert line.count("Z  ") == 2  # created and revoked, never used
    unknown = vantum(tmp_path, "token", "revoke", "nobody's")
    assert (unknown.returncode, "vantum token list" in unknown.stderr) == (2, True)
    assert vantum(tmp_path, "token", "create", "x", "--role", "king").returncode == 2
