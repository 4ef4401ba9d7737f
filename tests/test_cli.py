"""What an operator reads when a command cannot do its work."""

from __future__ import annotations

import os
import subprocess
import sys
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


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [("--speech", "loud", "canned, local"), ("--profile", "slow", "fast, typical, bench")],
)
def test_an_option_of_the_simulator_that_cannot_be_is_named(
    option: str, value: str, allowed: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "vantum", "simulate", "--port", "0", option, value],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert f'{option}: got "{value}", allowed is {allowed}' in ended.stderr
