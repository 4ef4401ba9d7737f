"""A whole call with the original page's libraries: sound heard, nothing cut, no error (CV-15)."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from faulty import faulty_server
from processes import LOCAL, SCRIPTED, vantum_serve
from speech import sentence, silence, write_wav

from vantum.providers.scripted import ANSWER, CHARS_PER_S, CHUNK_S

CLIENT = Path(__file__).resolve().parents[2] / "tools" / "legacy_client"
INSTALL = ["install", "--no-save", "--ignore-scripts", "--omit=optional", "--prefer-offline"]
CALL_S = 60.0


@pytest.fixture(scope="module")
def node() -> str:
    """Node with the client's libraries, installed once beside it.

    Not by `npm ci`: it wants the optional packages of every platform in the lock file.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("no Node")
    if not all((CLIENT / "node_modules" / name).is_dir() for name in ("msgpackr", "ws")):
        command = [npm, *INSTALL]
        done = subprocess.run(command, check=False, cwd=CLIENT, capture_output=True, timeout=100)
        if done.returncode:
            pytest.skip("npm cannot install msgpackr and ws")
    return node


def call(node: str, url: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and facts of one call."""
    command = [node, str(CLIENT / "client.mjs"), "--url", url, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=CALL_S)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_lock_file_names_no_registry() -> None:
    packages = json.loads((CLIENT / "package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert all(entry.get("integrity") for name, entry in packages.items() if name)


def socket_of(url: str) -> str:
    return url.replace("http", "ws", 1) + "/ws"


def test_two_turns_come_through_whole(node: str, tmp_path: Path) -> None:
    with vantum_serve(tmp_path, SCRIPTED) as url:
        code, facts = call(node, socket_of(url), "--turns", "2")
    assert (code, facts["problems"]) == (0, [])
    first, second = facts["answers"]
    assert first["utteranceId"] != second["utteranceId"]
    assert first["soundMs"] == second["soundMs"]
    # Every piece of the answer hums for its own length, rounded up to whole chunks.
    whole_ms = 1000 * CHUNK_S * math.ceil(len(ANSWER) / CHARS_PER_S / CHUNK_S)
    assert whole_ms <= first["soundMs"] <= whole_ms + 200
    # A shared machine may stall in one of them.
    assert min(answer["longestGapMs"] for answer in facts["answers"]) <= 100
    assert facts["names"]["voicechat.audio.start"] == facts["names"]["voicechat.audio.end"] == 3


@pytest.mark.local_speech
def test_a_spoken_question_is_answered_aloud(node: str, tmp_path: Path) -> None:
    question = sentence("Who are you?")
    said = write_wav(tmp_path / "question.wav", silence(0.3), question, silence(0.3))
    with vantum_serve(tmp_path, LOCAL) as url:
        code, facts = call(node, socket_of(url), "--turns", "1", "--wav", str(said))
    assert (code, facts["problems"]) == (0, [])
    assert facts["answers"][0]["soundMs"] > 2_000
    assert facts["names"]["transcript.final.result"] == 1


@pytest.mark.parametrize(
    ("fault", "noticed_as"),
    [
        ("none", ""),
        ("a text frame", "a text frame"),
        ("a 64-bit integer", "cannot be logged"),
        ("half a sample", "no s16 sound"),
        ("text for sound", "no s16 sound"),
        ("another rate", "no s16 sound"),
        ("a start over sound", "start cut"),
        ("a stop over sound", "stop cut"),
        ("an utterance for each piece", "before its start"),
        ("sound after the end", "after its end"),
        ("an error", "boo"),
        ("an ack that says no", "an ack of voicechat.audio.start"),
        ("no sound", "without sound"),
    ],
)
def test_the_client_notices(node: str, fault: str, noticed_as: str, tmp_path: Path) -> None:
    said = str(write_wav(tmp_path / "short.wav", silence(0.1)))
    patience_s = "0.5" if fault == "an ack that says no" else "10"
    with faulty_server(fault) as url:
        code, facts = call(node, url, "--wav", said, "--turns", "1", "--deadline", patience_s)
    assert code == (1 if noticed_as else 0)
    assert noticed_as in " ".join(facts["problems"])
