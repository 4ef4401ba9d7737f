"""Files of contacts and of numbers over REST, who is on them, and who wants to be left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import serving

from vantum.campaigns.erasing import KEPT
from vantum.store.database import Database
from vantum.store.schema import IMPORTS, LIFTED
from vantum.web.rest.uploads import AT_ONCE, FILE_BYTES

pytestmark = pytest.mark.anyio

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CSV = {"content-type": "text/csv; charset=utf-8"}
ROWS = 3_000
FILE_CHARS = 64 * 1024  # the longest body of JSON


class Server:
    """One that others do not reach, its records, and where files wait."""

    def __init__(self, port: int, folder: Path, url: str, http: httpx.AsyncClient) -> None:
        self.port = port
        self.folder = folder
        self.database_url = url
        self.http = http

    async def brings(self, file: object, name: str = "people", **headers: str) -> httpx.Response:
        """Somebody brings a file of contacts."""
        content: Any = file
        path = f"/lists?name={name}&region=US"
        return await self.http.post(path, content=content, headers=CSV | headers)

    async def items(self, path: str, **query: str | int) -> tuple[list[dict[str, Any]], str | None]:
        """A page."""
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"], answer.json()["next"]


@pytest.fixture
async def server(anyio_backend: object, tmp_path: Path, database_url: str) -> AsyncIterator[Server]:
    async with serving(vantum_data_dir=tmp_path, database_url=database_url) as serves:
        url = f"http://127.0.0.1:{serves.port}/api/v1"
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Server(serves.port, tmp_path, database_url, http)


def long_file() -> Iterator[str]:
    yield "phone,name,plan\n"
    for n in range(ROWS):
        yield f"+1555010{n:04},Number {n},{'gold' * 5}\n"
    yield "12,Cy,none\n"


async def in_parts(file: Iterator[str]) -> AsyncIterator[bytes]:
    for line in file:
        yield line.encode()


async def test_a_file_of_any_length_becomes_a_list(server: Server) -> None:
    assert len("".join(long_file())) > FILE_CHARS
    made = await server.brings(in_parts(long_file()))
    assert made.status_code == 201, made.text
    listed, report = made.json()["list"], made.json()["report"]
    assert (listed["name"], listed["good"], report["bad"]) == ("people", ROWS, 1)
    assert report["ending"]["variables"] == ["plan"]
    bad, _ = await server.items(f"/lists/{listed['list_id']}/bad-rows")
    assert bad == report["shown"]
    assert bad[0]["line"] == ROWS + 2
    first, following = await server.items("/contacts", list="people", limit=2)
    second, _ = await server.items("/contacts", list="people", limit=2, after=following or "")
    assert [one["line"] for one in first + second] == [2, 3, 4, 5]
    [found], none = await server.items("/contacts", phone="+15550100007")
    assert (found["name"], found["variables"], none) == ("Number 7", {"plan": "gold" * 5}, None)
    alone = await server.http.get(f"/contacts/{found['contact_id']}")
    assert alone.json() == found
    assert (await server.items("/contacts", list="nobody"))[0] == []
    assert (await server.http.get("/contacts/nobody")).status_code == 404


async def test_lists_are_shown_the_newest_first(server: Server) -> None:
    for name in ("one", "two", "three"):
        assert (await server.brings("phone\n+15550100100\n", name)).status_code == 201
    shown, following = await server.items("/lists", limit=2)
    rest, none = await server.items("/lists", limit=2, after=following or "")
    assert ([one["name"] for one in shown + rest], none) == (["three", "two", "one"], None)
    again = await server.brings("phone\n+15550100100\n", "two")
    assert (again.status_code, "already" in again.text) == (409, True)
    for status in (204, 404):
        assert (await server.http.delete("/lists/two")).status_code == status
    assert [one["name"] for one in (await server.items("/lists"))[0]] == ["three", "one"]


@ON_SQLITE
async def test_the_same_file_under_its_key_is_read_once(server: Server) -> None:
    key = {"idempotency-key": "the file of may"}
    answers = [await server.brings("phone\n+15550100100\n", **key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert [one.headers.get("idempotent-replayed") for one in answers] == [None, "true"]
    other = await server.brings("phone\n+15550100101\n", **key)
    assert (other.status_code, "another request" in other.text) == (422, True)


async def test_numbers_are_called_no_more_until_somebody_answers_for_it(server: Server) -> None:
    http, number = server.http, "/suppressions/+15550100100"
    assert (await http.get(number)).status_code == 404
    asked = {"phone": "+1 555 010-0100", "reason": "wrote to us"}
    added = await http.post("/suppressions", json=asked)
    assert (added.status_code, added.json()["phone"]) == (201, "+15550100100"), added.text
    await http.post("/suppressions", json={"phone": "+15550100100", "reason": "again"})
    assert (await http.get(number)).json()["reason"] == "wrote to us"
    file = "phone,reason\n(555) 010-0101,a letter\n5550100102,\n1,\n"
    brought = await http.post("/suppressions/import?region=US", content=file, headers=CSV)
    assert (brought.json()["good"], brought.json()["bad"]) == (2, 1), brought.text
    shown, following = await server.items("/suppressions", limit=2)
    rest, _ = await server.items("/suppressions", limit=2, after=following or "")
    assert [(one["phone"][-3:], one["reason"]) for one in shown + rest] == [
        ("100", "wrote to us"),
        ("101", "a letter"),
        ("102", "no reason given"),
    ]
    assert (await http.post(f"{number}/lift", json={"reason": "asked again"})).status_code == 422
    lift = {"reason": "asked again", "by": "ann"}
    assert (await http.post(f"{number}/lift", json=lift)).status_code == 204
    assert (await http.post(f"{number}/lift", json=lift)).status_code == 404
    assert (await http.get(number)).status_code == 404
    assert await lifted(server.database_url) == [
        ("wrote to us", "asked again", "ann (the installation's token)")
    ]
    assert (await http.get("/suppressions/many")).status_code == 422


async def lifted(database_url: str) -> list[tuple[str, str, str]]:
    database = Database(database_url)
    async with database.reading() as connection:
        rows = (await connection.execute(LIFTED.select())).all()
    await database.close()
    return [(row.reason, row.why, row.lifted_by) for row in rows]


@ON_SQLITE
async def test_a_person_is_forgotten_on_request(server: Server) -> None:
    await server.brings("phone,name\n+15550100100,Ann\n+15550100101,Bo\n")
    answer = await server.http.post("/erasures", json={"phone": "+15550100100"})
    assert (answer.status_code, answer.json()["gone"]["contacts"]) == (200, 1), answer.text
    assert answer.json()["kept"] == list(KEPT)
    only = {"phone": "+15550100101", "only_contacts": True}
    answer = await server.http.post("/erasures", json=only)
    assert (answer.json()["gone"]["contacts"], len(answer.json()["kept"])) == (1, 2)
    assert "with what was said" in answer.json()["kept"][0]
    shown, _ = await server.items("/contacts")
    assert [(one["name"], one["erased_at"] is None) for one in shown] == [("", False)] * 2
    assert (await server.http.get("/suppressions/+15550100100")).status_code == 200


# -- what is no such file -------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def empty(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    """A server on which nothing comes into being."""
    folder = tmp_path_factory.mktemp("data")
    async with (
        serving(vantum_data_dir=folder) as serves,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{serves.port}/api/v1", timeout=30) as http,
    ):
        yield Server(serves.port, folder, f"sqlite:///{folder}/vantum.db", http)


@pytest.mark.parametrize(
    ("file", "headers", "status", "why"),
    [
        ("", {}, 422, "the file: it is empty"),
        ("name\nAnn\n", {}, 422, 'there is no column "phone"'),
        ("phone\n12\n", {}, 422, 'so there is no list; line 2, column "phone", has'),
        ("phone\n+15550100100\n", {"content-type": "multipart/form-data"}, 415, "Send the file"),
        ("phone\n+15550100100\n", {"content-type": ""}, 415, "Content-Type: text/csv"),
    ],
)
async def test_what_is_no_file_of_contacts_is_refused_and_nothing_is_kept(
    empty: Server, file: str, headers: dict[str, str], status: int, why: str
) -> None:
    answer = await empty.brings(file, **headers)
    assert (answer.status_code, why in answer.json()["detail"]) == (status, True), answer.text
    assert (await empty.items("/lists"))[0] == []


async def test_a_file_that_breaks_off_leaves_nothing(empty: Server) -> None:
    before = sorted(path.name for path in empty.folder.iterdir())
    reader, writer = await begins(empty, 999_999)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert (await empty.items("/lists"))[0] == []
    assert await imports(empty.database_url) == 0
    assert sorted(path.name for path in empty.folder.iterdir()) == before


async def test_a_file_that_is_too_long_is_refused_before_it_is_sent(empty: Server) -> None:
    reader, writer = await begins(empty, FILE_BYTES + 1)
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()


async def test_no_more_files_are_taken_than_can_be_read(empty: Server) -> None:
    coming = [await begins(empty, 999_999) for _ in range(AT_ONCE)]

    async def until(status: int) -> None:
        async with asyncio.timeout(10):
            while (await empty.brings("phone\n1\n")).status_code != status:
                pass

    await until(503)
    for _, writer in coming:
        writer.close()
    await until(422)


async def begins(server: Server, size: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Somebody sends the first lines of a file of so many bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = "POST /api/v1/lists?name=half HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    writer.write(f"{head}Content-Length: {size}\r\n\r\nphone\n+15550100100\n".encode())
    await writer.drain()
    return reader, writer


async def imports(database_url: str) -> int:
    database = Database(database_url)
    async with database.reading() as connection:
        count = len((await connection.execute(IMPORTS.select())).all())
    await database.close()
    return count
