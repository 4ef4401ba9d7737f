"""What `vantum talk` takes for an answer, what it prints, and that it always comes to an end."""

from __future__ import annotations

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from served import DEADLINE_S, Served, serving, tone
from test_http import SALES
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from vantum.errors import RequestError, SettingsError
from vantum.talk import Outcome, converse, read_recording, run_talk, socket_url
from vantum.wire.events import EVENTS, SUBPROTOCOL
from vantum.wire.frames import encode

pytestmark = pytest.mark.anyio

RATE_HZ = 16_000
HEARD = "hello, can you hear me"
ANSWER = "Yes, I can."
QUICK = {"nudges": ["Oh?"], "goodbye": "Bye.", "nudge_after_s": 0.2}


def wav(path: Path, pcm: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(pcm)
    return path


def agent(folder: Path, **changes: object) -> Path:
    """The agent that comes along, but for what is said here."""
    path = folder / "agent.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(SALES.read_text("utf-8")) | changes), "utf-8")
    return path


async def outcomes(server: Served, *paths: Path) -> list[Outcome]:
    said: list[Outcome] = []
    async with asyncio.timeout(DEADLINE_S):
        await converse(server.url, [read_recording(path) for path in paths], said.append, print)
    return said


async def test_a_question_is_answered_and_the_answer_told(tmp_path: Path) -> None:
    question = wav(tmp_path / "question.wav", tone(0.5))
    async with serving(vantum_agent=agent(tmp_path, greeting="Hi.")) as server:
        [first, second] = await outcomes(server, question, question)
    assert first.wait_ms is not None
    assert first == Outcome(str(question), HEARD, True, first.wait_ms, ANSWER)
    assert (second.transcript, second.answered, second.answer) == (HEARD, True, ANSWER)


@pytest.mark.parametrize("sound", [bytes(6_400), tone(0.1)], ids=["silence", "a click"])
async def test_what_the_agent_says_of_its_own_accord_is_no_answer(
    tmp_path: Path, sound: bytes
) -> None:
    nothing = wav(tmp_path / "nothing.wav", sound)
    quick = agent(tmp_path, greeting="Hi.", silence=QUICK)
    async with serving(vantum_agent=quick, stt_model="alert", stt_provider="staged") as server:
        [outcome] = await outcomes(server, nothing)
    assert outcome == Outcome(str(nothing), "", False, None, "")


async def test_a_muted_page_is_not_asked_whether_somebody_is_there(tmp_path: Path) -> None:
    quick = agent(tmp_path, greeting="Hi.", silence=QUICK | {"nudge_after_s": 0.01})
    async with serving(vantum_agent=quick) as server, server.connect(v2=True) as client:
        await client.asks("user.action.mute")
        await client.start()
        await client.hears_answer()
        await client.state("LISTENING")
        await asyncio.sleep(0.05)  # a nudge would come after a fifth of it
        await client.is_alive()
        assert len(client.all("audio.output.start")) == 1
        await client.asks("user.action.unmute")
        await client.hears_answer()


async def test_it_ends_when_the_server_closes_in_the_middle_of_a_recording(tmp_path: Path) -> None:
    long = wav(tmp_path / "long.wav", tone(3.0))
    hello = agent(tmp_path, greeting="Hi.")
    async with serving(vantum_agent=hello, session_age_s=1.2, session_sweep_s=0.02) as server:
        first, second = await outcomes(server, long, long)
    assert not first.answered
    assert not second.answered


async def test_who_finds_the_server_full_is_told_so_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = wav(tmp_path / "question.wav", tone(0.5))
    async with serving(max_sessions=1) as server, server.connect():
        with pytest.raises(RequestError, match="refused the call: All lines are busy"):
            await asyncio.to_thread(
                run_talk, [question], url=server.url, record=None, as_json=False
            )
    printed = capsys.readouterr()
    assert "question.wav" not in printed.out
    assert "Connected" not in printed.err


async def cut(caller: ServerConnection) -> None:
    caller.transport.abort()


async def stopped(caller: ServerConnection) -> None:
    await caller.close(1001, "shutdown")


async def full(caller: ServerConnection) -> None:
    busy = {"message": "All local voices are busy"}
    await caller.send(encode(EVENTS.system.status.BUSY, "1", "a-session", busy))
    await caller.wait_closed()


@asynccontextmanager
async def ending(end: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that greets, and ends it so once it is spoken to; its address."""

    async def greets(caller: ServerConnection) -> None:
        await caller.send(encode(EVENTS.connection.lifecycle.ACK, "0", "a-session", {}))
        await caller.recv()
        await end(caller)

    async with serve(greets, "127.0.0.1", 0, subprotocols=[Subprotocol(SUBPROTOCOL)]) as server:
        yield "http://127.0.0.1:{}".format(*next(iter(server.sockets)).getsockname()[1:])


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (cut, "The connection to the server was lost.\n"),
        (stopped, "The server closed the connection: shutdown\n"),
    ],
)
async def test_how_the_server_went_in_the_middle_is_told_last(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    end: Callable[[ServerConnection], Awaitable[None]],
    told: str,
) -> None:
    question = wav(tmp_path / "question.wav", tone(0.5))
    async with ending(end) as url:
        code = await asyncio.to_thread(run_talk, [question], url=url, record=None, as_json=False)
    printed = capsys.readouterr().err
    assert code == 1
    assert printed.endswith(told)
    assert "The server said" not in printed


async def test_a_recording_that_the_server_has_no_room_for_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = wav(tmp_path / "question.wav", tone(0.5))
    async with ending(full) as url:
        with pytest.raises(RequestError, match="refused the call: All local voices are busy"):
            await asyncio.to_thread(run_talk, [question], url=url, record=None, as_json=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("as_json", [True, False])
async def test_it_prints_what_was_heard_and_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    question = wav(tmp_path / "question.wav", tone(0.5))
    async with serving(vantum_agent=agent(tmp_path, greeting="Good morning.")) as server:
        url = f"http://127.0.0.1:{server.port}"
        code = await asyncio.to_thread(run_talk, [question], url=url, record=None, as_json=as_json)
    printed = capsys.readouterr()
    assert code == 0
    assert "greeting" in printed.err
    if as_json:
        [line] = [line for line in printed.out.splitlines() if line.startswith("{")]
        told = json.loads(line)  # the server in this process writes its log there, too
        assert set(told) == {"file", "transcript", "answered", "wait_ms", "answer"}
        assert (told["transcript"], told["answer"]) == (HEARD, ANSWER)
    else:
        assert HEARD in printed.out
        assert ANSWER in printed.out


async def test_one_recording_without_an_answer_is_exit_code_1(tmp_path: Path) -> None:
    nothing = wav(tmp_path / "nothing.wav", bytes(6_400))
    quick = agent(tmp_path, greeting="Hi.", silence=QUICK)
    async with serving(vantum_agent=quick) as server:
        code = await asyncio.to_thread(
            run_talk, [nothing], url=server.url, record=None, as_json=True
        )
    assert code == 1


async def test_an_answer_that_can_only_be_read_is_told_and_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = wav(tmp_path / "question.wav", tone(0.5))
    mute = {"tts_provider": "staged", "tts_model": "down"}
    async with serving(vantum_agent=agent(tmp_path, greeting="Hi."), **mute) as server:
        code = await asyncio.to_thread(
            run_talk, [question], url=server.url, record=None, as_json=False
        )
    assert code == 1
    printed = capsys.readouterr().out
    assert "ANSWERED AS TEXT ALONE" in printed
    assert ANSWER in printed


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    empty = wav(tmp_path / "empty.wav", b"")
    with pytest.raises(SettingsError, match=r"empty\.wav: holds no sound"):
        run_talk([empty], url="ws://127.0.0.1:1/ws", record=None, as_json=False)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://localhost:3001", "ws://localhost:3001/ws"),
        ("http://localhost:3001/", "ws://localhost:3001/ws"),
        ("https://voice.example.com", "wss://voice.example.com/ws"),
        ("WS://localhost:3001", "ws://localhost:3001/ws"),
        ("wss://voice.example.com/ws", "wss://voice.example.com/ws"),
        ("https://example.com/voice/ws?a=b", "wss://example.com/voice/ws?a=b"),
    ],
)
def test_the_address_of_the_page_will_do(given: str, meant: str) -> None:
    assert socket_url(given) == meant


@pytest.mark.parametrize("given", ["localhost:3001", "ftp://x/ws", "", "http://", "ws://[::1"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match=r"--url: .*http://localhost:3001"):
        socket_url(given)
