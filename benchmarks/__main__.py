"""`make bench`: the parts of a call, one call with local speech, then every bar."""

from __future__ import annotations

import argparse
import ast
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

from benchmarks import one_call, parts
from benchmarks.calibration import headline
from vantum.providers.local.engine import load_voice

QUESTIONS = (
    "What does it cost for a team of ten people?",
    "Who are you, and where are you calling from?",
    "We already have a tool for that.",
    "Could we speak on Tuesday afternoon?",
    "How does it work?",
)
VOICE_HZ = 24_000
# Programs that are measured or needed by what is listed, which gives them their ports.
BEGUN_BY_OTHERS = ("capacity.relay", "fuzzing.feed", "peers.phone_", "proxy")


def spoken(folder: Path) -> list[Path]:
    """The questions, spoken by the local voice into WAV files."""
    speak = load_voice()
    paths = []
    for number, text in enumerate(QUESTIONS):
        path = folder / f"question-{number}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, VOICE_HZ, 0, "NONE", ""))
            file.writeframes(b"".join(speak(text)))
        paths.append(path)
    return paths


def listed() -> str:
    """Everything that can be run by itself, with what it does."""
    told = ["each of these by itself: python -m benchmarks.NAME", ""]
    for name, source in sorted(_modules()):
        if 'if __name__ == "__main__":' in source and not name.startswith(BEGUN_BY_OTHERS):
            says = ast.get_docstring(ast.parse(source)) or ""
            told.append(f"  {name:16} {says.splitlines()[0]}")
    return "\n".join(told)


def _modules() -> Iterator[tuple[str, str]]:
    """Each but this one, by its name below `benchmarks`, and its source."""
    here = Path(__file__).parent
    for path in here.glob("**/*.py"):
        if path != Path(__file__):
            name = ".".join(path.relative_to(here).with_suffix("").parts)
            yield name.removesuffix(".__main__"), path.read_text("utf-8")


def main() -> int:
    """Run those that need nothing but this machine, or tell of all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=listed(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    print(headline())
    parts.main()
    with tempfile.TemporaryDirectory() as folder:
        recordings = spoken(Path(folder))
        command = [sys.executable, "-m", "vantum", "serve", "--port", "0"]
        environ = {**os.environ, "VANTUM_DATA_DIR": folder}
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as server:
            try:
                assert server.stderr is not None
                port = next(
                    found.group(1)
                    for line in server.stderr
                    if (found := re.search(r'"port": (\d+)', line))
                )
                asyncio.run(one_call.main(f"ws://127.0.0.1:{port}/ws", recordings))
            finally:
                server.terminate()
    return subprocess.run([sys.executable, "-m", "benchmarks.bars"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
