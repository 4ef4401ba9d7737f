"""`vantum doctor` finds what is wrong, and says what to do about it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path

import pytest
from campaign import numbers, stage
from phone import telephone
from rich.console import Console
from served import serving
from simulated import simulating

from vantum.doctor import Found, compared, examine, tell
from vantum.settings import Settings, load_settings
from vantum.simulator.customer import carrier_settings, speech_settings
from vantum.store.database import Database

pytestmark = pytest.mark.anyio

CLOUDS = {
    "recogniser": "DEEPGRAM_BASE_URL",
    "model": "OPENAI_BASE_URL",
    "voice": "CARTESIA_BASE_URL",
    "telephone": "TWILIO_BASE_URL",
}
SCRIPTED = dict.fromkeys(("STT_PROVIDER", "LLM_PROVIDER", "TTS_PROVIDER"), "scripted")
HERE = SCRIPTED | {"PORT": "1"}  # where nobody listens


def on(simulator: str, folder: Path, **more: str) -> Settings:
    """Settings of an installation whose vendors are simulated."""
    model = {"LLM_PROVIDER": "openai", "OPENAI_BASE_URL": f"{simulator}/v1"}
    given = carrier_settings(simulator) | speech_settings(simulator) | model
    return load_settings(given | {"VANTUM_DATA_DIR": str(folder)} | more)


async def found(settings: Settings) -> dict[str, Found]:
    known: list[Found] = []
    await examine(settings, known.append)
    return {one.what: one for one in known}


async def test_where_all_is_well_all_is_good(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        settings = on(phone.simulator.url, phone.data, PUBLIC_URL=phone.url)
        known = await found(settings)
    assert {what: one.how for what, one in known.items()} == {
        "data folder": "good",
        "agents": "good",
        "recogniser": "good",
        "model": "good",
        "voice": "good",
        "sound": "good",
        "telephone": "good",
        "public address": "good",
        "clock": "doubtful",  # this simulator is not run by uvicorn, which tells the time
        "records": "good",
        "processes": "off",  # no worker
    }
    assert 'heard "What does it cost for ten people?"' in known["sound"].told
    assert known["processes"].told == "vantum serve runs, vantum worker does not run"


async def test_a_key_that_is_refused_is_bad(tmp_path: Path) -> None:
    keys = dict.fromkeys(("DEEPGRAM_API_KEY", "OPENAI_API_KEY", "CARTESIA_API_KEY"), "wrong")
    async with simulating(api_key="right") as simulator:
        known = await found(on(simulator.url, tmp_path, TWILIO_AUTH_TOKEN="wrong", **keys))
    bad = {what for what, one in known.items() if one.how == "bad"}
    assert bad == {"recogniser", "model", "voice", "sound"}
    assert "DEEPGRAM_API_KEY" in known["recogniser"].told
    assert known["telephone"].how == "off"  # without an address it has not been asked


async def test_an_account_that_is_refused_and_an_address_that_leads_nowhere_are_bad(
    tmp_path: Path,
) -> None:
    async with simulating() as simulator:
        nowhere = {"PUBLIC_URL": "http://127.0.0.1:9", "TWILIO_AUTH_TOKEN": "wrong"}
        known = await found(on(simulator.url, tmp_path, **nowhere))
        lost = await found(on(simulator.url, tmp_path, PUBLIC_URL=simulator.url))
    assert "refuses TWILIO_ACCOUNT_SID" in known["telephone"].told
    assert (known["public address"].how, lost["public address"].how) == ("bad", "bad")
    assert "is not ours" in lost["public address"].told


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """Something that answers every request with these bytes; where it is."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", "häuser".encode("latin-1")])
async def test_a_page_of_bytes_that_are_no_text_is_not_ours(tmp_path: Path, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n"
    async with answering(head + body) as url:
        given = SCRIPTED | {"VANTUM_DATA_DIR": str(tmp_path), "PUBLIC_URL": url}
        known = await found(load_settings(given))
    assert known["public address"].how == "bad"
    assert "is not ours" in known["public address"].told


@pytest.mark.parametrize("date", ["yesterday", "Mon, 99 Foo 2026 25:00:00 GMT", "1"])
async def test_a_date_that_nobody_can_read_tells_no_time(tmp_path: Path, date: str) -> None:
    head = f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n"
    async with answering(head.encode()) as url:
        vendor = {"LLM_PROVIDER": "openai", "OPENAI_BASE_URL": url}
        given = SCRIPTED | {"VANTUM_DATA_DIR": str(tmp_path)} | vendor
        known = await found(load_settings(given))
    assert known["clock"].how == "doubtful"
    assert "told no time" in known["clock"].told


async def test_what_is_not_there_is_off_or_said_to_be_missing(tmp_path: Path) -> None:
    missing = {"STT_PROVIDER": "deepgram", "DATABASE_URL": "postgresql://127.0.0.1:9/none"}
    known = await found(load_settings(SCRIPTED | {"VANTUM_DATA_DIR": str(tmp_path)} | missing))
    assert known["recogniser"].told == "deepgram: DEEPGRAM_API_KEY is not set"
    assert (known["telephone"].how, known["clock"].how) == ("off", "off")
    assert known["records"].how == "bad"


async def test_who_is_not_reached_is_named_with_what_to_do(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    given = on(nowhere, tmp_path, PUBLIC_URL=nowhere, DATABASE_URL="postgresql://127.0.0.1:9/none")
    known = await found(given)
    assert {one.how for what, one in known.items() if what in CLOUDS} == {"bad"}
    for what, setting in CLOUDS.items():
        assert "reaches 127.0.0.1:9" in known[what].do, what
        assert setting in known[what].do
    assert "recogniser and voice first" in known["sound"].do
    assert "DATABASE_URL" in known["records"].do


async def test_records_are_looked_at_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "vantum.db"
    given = {"VANTUM_DATA_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{file}"}
    settings = load_settings(SCRIPTED | given)
    known = await found(settings)
    assert known["records"].told == f"a SQLite file, would be made at {file}"
    assert not file.parent.exists()
    file.parent.mkdir()
    file.touch()
    known = await found(settings)
    assert (known["records"].how, known["records"].do) == ("doubtful", "run `vantum migrate`")


async def test_a_server_without_a_telephone_is_found_where_it_listens(tmp_path: Path) -> None:
    async with serving(vantum_data_dir=tmp_path) as server:
        given = SCRIPTED | {"VANTUM_DATA_DIR": str(tmp_path), "PORT": str(server.port)}
        known = await found(load_settings(given))
    assert known["processes"].told == "vantum serve runs, vantum worker does not run"


async def test_a_campaign_that_nobody_dials_is_bad(tmp_path: Path) -> None:
    await starts_a_campaign(tmp_path)
    known = (await found(load_settings(HERE | {"VANTUM_DATA_DIR": str(tmp_path)})))["processes"]
    assert (known.how, known.do) == ("bad", "start vantum worker and vantum serve")
    assert known.told.endswith("; 1 running campaign: nobody is called")


async def test_a_campaign_beside_a_server_without_a_telephone_is_bad(tmp_path: Path) -> None:
    await starts_a_campaign(tmp_path)
    async with serving(vantum_data_dir=tmp_path) as server:
        given = HERE | {"VANTUM_DATA_DIR": str(tmp_path), "PORT": str(server.port)}
        known = (await found(load_settings(given)))["processes"]
    assert (known.how, known.do.partition(":")[0]) == ("bad", "The telephone is off")
    assert known.told.startswith("vantum serve runs, ")


async def starts_a_campaign(folder: Path) -> None:
    database = Database(f"sqlite:///{folder}/vantum.db")
    await database.set_up()
    await stage(database, numbers(2))
    await database.close()


async def test_local_speech_that_cannot_be_had_is_bad_with_each_way_to_have_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "moonshine_voice.py").write_text("raise ImportError('not here')", "utf-8")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "LLM_PROVIDER": "playbook"}
    doctor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vantum", "doctor"),
        env=environ,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    written = (await doctor.communicate())[0].decode()
    assert doctor.returncode == 1
    assert "bad      recogniser: " in written
    assert "bad      voice: " in written
    assert '--build-arg WITH="--group local"' in written
    assert "CARTESIA_API_KEY" in written


async def test_who_reads_no_further_is_shown_nothing_more(tmp_path: Path) -> None:
    read, write = os.pipe()
    read_on = [read]

    async def asked(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while read_on:  # by `| head -3`, say, until the doctor has got as far as the model
            os.close(read_on.pop())
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(asked, "127.0.0.1", 0) as server:
        url = "http://127.0.0.1:{}".format(*server.sockets[0].getsockname()[1:])
        vendor = {"LLM_PROVIDER": "openai", "OPENAI_API_KEY": "any", "OPENAI_BASE_URL": url}
        doctor = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "vantum", "doctor"),
            env={"PATH": os.environ["PATH"]} | SCRIPTED | vendor,
            cwd=tmp_path,
            stdout=write,
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(write)
        complaints = (await doctor.communicate())[1].decode()
    assert (doctor.returncode, complaints) == (1, "")
    assert not read_on


async def test_an_agent_that_cannot_be_read_ends_it(tmp_path: Path) -> None:
    agent = tmp_path / "mine.yaml"
    agent.write_text("name: [", "utf-8")
    settings = load_settings(SCRIPTED | {"VANTUM_AGENT": str(agent)})
    known = await found(settings)
    assert (known["agents"].how, "recogniser" in known) == ("bad", False)


@pytest.mark.parametrize(
    ("ahead_s", "how", "told"),
    [(1.0, "good", "right"), (5.0, "doubtful", "5 s ahead"), (-5.0, "doubtful", "5 s behind")],
)
async def test_a_clock_that_is_off_is_doubtful(ahead_s: float, how: str, told: str) -> None:
    known = compared("clock", ahead_s)
    assert (known.how, known.told) == (how, told)


async def test_the_worst_decides_and_each_is_a_line(tmp_path: Path) -> None:
    written = StringIO()
    settings = load_settings(SCRIPTED | {"VANTUM_DATA_DIR": str(tmp_path)})
    assert await tell(settings, Console(file=written, soft_wrap=True))
    lines = written.getvalue().splitlines()
    assert lines[0].startswith(f"good     data folder: {tmp_path}")
    assert "good     records: a SQLite file" in written.getvalue()
    bad = settings.model_copy(update={"stt_provider": "deepgram"})
    assert not await tell(bad, Console(file=written, soft_wrap=True))
