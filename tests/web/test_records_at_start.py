"""What a start tells of a database that is not there."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from test_shutdown import SCRIPTED, running, serving

from vantum.simulator.customer import carrier_settings

pytestmark = pytest.mark.anyio

NOWHERE = {"DATABASE_URL": "postgresql://us:secret@127.0.0.1:9/none"}


@pytest.mark.parametrize("words", [("serve",), ("serve", "--workers", "2")])
async def test_with_a_telephone_it_ends_with_one_line(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    phone = carrier_settings("http://127.0.0.1:9") | {"PUBLIC_URL": "https://vantum.example"}
    async with running(tmp_path, *words, **(SCRIPTED | phone | NOWHERE)) as process:
        assert await process.is_over(60) == 2
    [line] = process.raw.splitlines()
    assert line.startswith("vantum: DATABASE_URL: the records cannot be opened: ")
    assert "secret" not in line


async def test_without_a_telephone_it_serves_and_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path, **NOWHERE) as process:
        told = await process.read_until("records_not_opened")
        assert "DATABASE_URL" in str(told["why"])
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}") as http:
            health, ready = await http.get("/health"), await http.get("/ready")
            figures = (await http.get("/metrics")).text
    assert (health.status_code, ready.status_code) == (200, 200)
    body = health.json()
    assert (body["status"], body["records"]) == ("degraded", "away; the log says why")
    assert "vantum_records_reachable 0.0" in figures


async def test_a_file_of_records_is_not_opened_before_anybody_asks(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}") as http,
    ):
        body = (await http.get("/health")).json()
    assert (body["status"], body["records"]) == ("ok", "not asked yet")
