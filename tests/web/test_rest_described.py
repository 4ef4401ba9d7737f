"""The API is as its own description says, whatever is sent to it: schemathesis tries it out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from served import serving

from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.telephony.settled import Said, Talked, outcome_of
from vantum.web.access import TOKEN_FILE

pytestmark = pytest.mark.anyio

DEADLINE_S = 120.0  # 10 s on an idle machine
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
CALL = PhoneCall(
    call_id="call-1",
    direction="outbound",
    their_number="+15550100100",
    our_number="+15550199999",
    agent="sales",
    placed_at=1_800_000_000.0,
    news_at=1_800_000_000.0,
    ended_at=1_800_000_030.0,
)
TALKED = Talked(
    "agent_ended", "person", transcript=(Said("agent", "Hi"),), recording="recordings/call-1.opus"
)


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A server that others reach, with a telephone whose carrier is away, and a call."""
    settings = {
        "public_url": "https://vantum.example",
        "twilio_account_sid": "AC" + 32 * "0",
        "twilio_auth_token": "x",
        "twilio_base_url": "http://127.0.0.1:1",
    }
    async with serving(vantum_data_dir=tmp_path, **settings) as server:
        database = Database(f"sqlite:///{tmp_path}/vantum.db")
        outcome = msgspec.json.encode(outcome_of(CALL, TALKED)).decode()
        await PhoneCalls(database).add(replace(CALL, outcome=outcome))
        await database.close()
        yield f"http://127.0.0.1:{server.port}"


async def schemathesis(document: Path, url: str, *options: str) -> str:
    """What it says; the same requests each time."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", url),
        *("--checks", ",".join(CHECKS), "--generation-deterministic"),
        *("--phases", "examples,coverage,fuzzing"),
        *("--no-color", "--no-shrink", "--warnings", "off", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=document.parent,
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            said, _ = await program.communicate()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert program.returncode == 0, said.decode()
    return said.decode()


@pytest.mark.parametrize("has_token", [True, False])
async def test_the_api_is_as_it_says(url: str, tmp_path: Path, has_token: bool) -> None:
    token = (tmp_path / TOKEN_FILE).read_text("ascii")
    headers = {"authorization": f"Bearer {token}"}
    document = tmp_path / "openapi.json"
    async with httpx.AsyncClient(base_url=url) as http:
        document.write_bytes((await http.get("/api/openapi.json", headers=headers)).content)
    options = ["--max-examples", "5"]
    if has_token:
        options = ["--max-examples", "20", "--header", f"Authorization: Bearer {token}"]
    said = await schemathesis(document, url, *options)
    assert "No issues found" in said
