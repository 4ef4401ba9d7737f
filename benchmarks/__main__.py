"""`make bench`: the parts of a call, its recording, then one call with local speech."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from benchmarks import one_call, parts, recording
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


def main() -> None:
    print(headline())
    parts.main()
    recording.main()
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


if __name__ == "__main__":
    main()
