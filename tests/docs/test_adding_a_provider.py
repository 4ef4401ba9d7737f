"""The tutorial's code is run as its reader would: module, entry point, test, and a whole call."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adding-a-provider.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)

RULES = ("--config", str(ROOT / "pyproject.toml"))

# Lets the new module be found beside the installed ones, as if it had been written there.
CONFTEST = """
import vantum.providers
vantum.providers.__path__.append({folder!r})
"""

A_CALL = """
import asyncio, sys
sys.path.insert(0, {web!r})
from served import alone

async def main():
    settings = dict(stt_provider="counting", llm_provider="scripted", tts_provider="scripted")
    async with alone(v2=True, **settings) as client:
        await client.start(turnDetection="automatic")
        await client.is_silent(0.5)
        await client.says(1.0)
        await client.is_silent(1.5)
        heard = await client.hears("transcript.final.result")
        print("heard", heard.payload["text"])
        await client.hears("audio.output.chunk")

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader has after following the page."""
    found = tmp_path_factory.mktemp("reader")
    [(_, module), (_, line), (_, test)] = BLOCKS
    (found / "counting.py").write_text(module, "utf-8")
    (found / "test_counting.py").write_text(test, "utf-8")
    (found / "conftest.py").write_text(CONFTEST.format(folder=str(found)), "utf-8")
    points = tomllib.loads(line)["project"]["entry-points"]
    metadata = found / "counting-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n")
    [(group, names)] = points.items()
    [(name, where)] = names.items()
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {where}\n")
    return found


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_test_on_the_page_passes(folder: Path) -> None:
    assert "3 passed" in run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", ".")


def test_the_provider_on_the_page_takes_part_in_a_call(folder: Path) -> None:
    code = CONFTEST.format(folder=str(folder)) + A_CALL.format(web=str(ROOT / "tests" / "web"))
    assert "heard 0.9 seconds" in run(folder, "-c", code)


def test_the_module_on_the_page_keeps_the_rules_of_the_house(folder: Path) -> None:
    run(folder, "-m", "ruff", "check", *RULES, "counting.py")
    run(folder, "-m", "ruff", "format", "--check", *RULES, "counting.py", "test_counting.py")
