"""A real `vantum serve` in a process of its own, for tests that come from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

SCRIPTED = dict.fromkeys(("STT_PROVIDER", "LLM_PROVIDER", "TTS_PROVIDER"), "scripted")
LOCAL = {"STT_PROVIDER": "local", "LLM_PROVIDER": "playbook", "TTS_PROVIDER": "local"}
READY_S = 90.0  # the speech models of a busy machine
POLL_S = 0.02


@contextmanager
def vantum_serve(folder: Path, settings: dict[str, str]) -> Iterator[str]:
    """Serve with only these settings; yields http://127.0.0.1:port once calls are taken."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "vantum", "serve", "--port", "0"],
            cwd=folder,
            env={**kept, "VANTUM_DATA_DIR": str(folder / "data"), **settings},
            stderr=output,
        )
    try:
        deadline = time.monotonic() + READY_S
        url = _address(server, log, deadline)
        _until_ready(url, deadline)
        yield url
        server.terminate()
        assert server.wait(30) == 0, "a bad end on SIGTERM"
    except BaseException as error:
        error.add_note(f"the server's log:\n{log.read_text()[-4000:]}")
        raise
    finally:
        server.kill()
        server.wait()


def _address(server: subprocess.Popen[bytes], log: Path, deadline: float) -> str:
    """Where the server's log says that it listens."""
    while time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                return f"http://127.0.0.1:{json.loads(line)['port']}"
        assert server.poll() is None, "the server has ended"
        time.sleep(POLL_S)
    raise TimeoutError("the server does not listen")


def _until_ready(url: str, deadline: float) -> None:
    while time.monotonic() < deadline:
        if httpx.get(f"{url}/ready").status_code == 200:
            return
        time.sleep(POLL_S)
    raise TimeoutError("the server does not become ready")
