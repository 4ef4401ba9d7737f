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

from a_call import phone_call
from vantum.store.database import Database
from vantum.store.findings import Findings, Found
from vantum.store.phone_calls import PhoneCalls
from vantum.store.receipts import Receipts
from vantum.telephony.settled import Said, Talked, outcome_of
from vantum.web.access import TOKEN_FILE

pytestmark = pytest.mark.anyio

DEADLINE_S = 120.0  # 12 s on an idle machine
# That nothing answers 500 is part of it: no route says that it may.
CHECKS = (
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
CALL = phone_call(1_800_000_000.0, ended_at=1_800_000_030.0)
TALKED = Talked(
    "agent_ended", "person", transcript=(Said("agent", "Hi"),), recording="recordings/call-1.opus"
)


CSV = "phone,name,plan\n+15550100100,Ann,gold\n12,Bo,none\n"
KNOWN = {"call_id": "call-1", "campaign_id": "spring", "list_id": "people", "name": "sales"}


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A server that others reach, with a telephone whose carrier is away, and with records."""
    settings = {
        "public_url": "https://vantum.example",
        "twilio_account_sid": "AC" + 32 * "0",
        "twilio_auth_token": "x",
        "twilio_phone_number": "+15550199999",
        "twilio_base_url": "http://127.0.0.1:1",
    }
    async with serving(vantum_data_dir=tmp_path, **settings) as server:
        database = Database(f"sqlite:///{tmp_path}/vantum.db")
        outcome = msgspec.json.encode(outcome_of(CALL, TALKED)).decode()
        await PhoneCalls(database).add(replace(CALL, outcome=outcome))
        finding = Found(
            call_id="call-1",
            disposition="interested",
            summary="Wants a demo.",
            fields={},
            callback_at=None,
            found_by="playbook",
            found_at=CALL.placed_at + 40,
        )
        await Findings(database).keep([finding])
        await Receipts(database).append({"call-1": '{"placed_at_ms":1}'})
        await database.close()
        url = f"http://127.0.0.1:{server.port}"
        await fill(url, tmp_path)
        yield url


async def fill(url: str, folder: Path) -> None:
    """A list, a campaign, an endpoint, and something that it is told."""
    token = (folder / TOKEN_FILE).read_text("ascii")
    async with httpx.AsyncClient(
        base_url=f"{url}/api/v1", headers={"authorization": f"Bearer {token}"}
    ) as http:
        csv = {"content-type": "text/csv"}
        for path, asked in (
            ("/lists?name=people", {"content": CSV, "headers": csv}),
            ("/campaigns", {"json": {"name": "spring", "list": "people"}}),
            ("/webhooks", {"json": {"url": "http://127.0.0.1:1"}}),
            ("/suppressions", {"json": {"phone": "+15550100109"}}),
        ):
            answer = await http.post(path, **asked)  # type: ignore[arg-type]
            assert answer.status_code == 201, answer.text


def with_known(document: bytes) -> bytes:
    """The same description, whose paths lead to what is there as often as to nothing."""
    described = msgspec.json.decode(document)
    for methods in described["paths"].values():
        for operation in methods.values():
            for one in operation["parameters"]:
                if one["in"] == "path" and one["name"] in KNOWN:
                    one["schema"] = {"type": "string", "enum": [KNOWN[one["name"]], "none"]}
    return msgspec.json.encode(described)


async def schemathesis(document: Path, url: str, *options: str) -> str:
    """What it says; the same requests each time."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", url),
        *("--checks", ",".join(CHECKS), "--generation-deterministic"),
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
        told = await http.get("/api/openapi.json", headers=headers)
        document.write_bytes(with_known(told.content))
    options = ["--phases", "fuzzing", "--max-examples", "1"]
    if has_token:
        bearer = f"Authorization: Bearer {token}"
        options = ["--phases", "coverage,fuzzing", "--max-examples", "5", "--header", bearer]
    said = await schemathesis(document, url, *options)
    assert "No issues found" in said
