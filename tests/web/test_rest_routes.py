"""What follows from how a route is stated: its way, its parameters, its answers, its document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import pytest
from msgspec import Meta, Struct
from rest import Clock, desk_serving
from served import eventually

from vantum.errors import CapacityError, CarrierError, RequestError
from vantum.roles import Caller
from vantum.store.answers import KEPT_S
from vantum.store.database import Database
from vantum.web.rest.once import SLOWEST_LONG_S, SLOWEST_S
from vantum.web.rest.openapi import document
from vantum.web.rest.page import page
from vantum.web.rest.paging import Paged, cursor, cut, place
from vantum.web.rest.route import Route, route

pytestmark = pytest.mark.anyio


class Thing(Struct, frozen=True):
    """What is edited here."""

    name: str
    version: int


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=10)]


class Filter(Paged, frozen=True, kw_only=True):
    least: int | None = None
    really: bool = False
    kind: Literal["even", "odd"] | None = None


class Found(Struct, frozen=True):
    items: list[int]
    next: str | None


class Doors:
    """A thing that can be read and edited, and things that can be done."""

    def __init__(self) -> None:
        self.thing = Thing("first", 1)
        self.done: list[str] = []
        self.going = asyncio.Event()
        self.going.set()
        self.error: Exception | None = None

    async def look(self) -> Thing:
        """Read it."""
        return self.thing

    async def change(self, body: Change, version: int | None) -> Thing:
        """Edit it."""
        if version not in {None, self.thing.version}:
            raise RequestError("It was changed meanwhile; read it again", code="CHANGED")
        self.thing = Thing(body.name, self.thing.version + 1)
        return self.thing

    async def forget(self, number: int) -> None:
        """Remove a number."""
        self.done.append(f"forgot {number}")

    async def find(self, query: Filter, caller: Caller) -> Found:
        """Numbers.

        As many as are wanted.
        """
        after = place(query, int) or 0
        rest = [n for n in range(1, 11) if n > after and n >= (query.least or 0)]
        return Found(*cut(rest[: query.limit + 1], query, lambda n: n))

    async def act(self, body: Change) -> Thing:
        """Do something."""
        await self.going.wait()
        self.done.append(body.name)
        if self.error is not None:
            raise self.error
        return Thing(body.name, len(self.done))

    def routes(self) -> tuple[Route, ...]:
        return (
            route("GET", "/api/v1/thing", "viewer", self.look),
            route("PATCH", "/api/v1/thing", "operator", self.change),
            route("DELETE", "/api/v1/numbers/{number}", "operator", self.forget, 204),
            route("GET", "/api/v1/numbers", "viewer", self.find),
            route("POST", "/api/v1/acts", "operator", self.act, 201),
            route("POST", "/api/v1/plans", "operator", self.act, 201, takes_long=True),
            route("POST", "/api/v1/secrets", "operator", self.act, 201, is_secret=True),
        )


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def http(doors: Doors, clock: Clock, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with process(f"sqlite:///{tmp_path}/any.db", doors, clock) as client:
        yield client


@pytest.fixture
async def keeper(doors: Doors, clock: Clock, database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """One that keeps its answers in either kind of database."""
    async with process(database_url, doors, clock) as client:
        yield client


@asynccontextmanager
async def process(url: str, doors: Doors, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    database = Database(url)
    await database.set_up()
    async with desk_serving(database, clock, *doors.routes()) as client:
        yield client
    await database.close()


# -- edits ----------------------------------------------------------------------------------------


async def test_an_edit_names_the_version_that_it_was_made_of(http: httpx.AsyncClient) -> None:
    tag = (await http.get("/api/v1/thing")).headers["etag"]
    edit = {"name": "second"}
    changed = await http.patch("/api/v1/thing", json=edit, headers={"if-match": tag})
    assert (changed.status_code, changed.json()) == (200, {"name": "second", "version": 2})
    late = await http.patch("/api/v1/thing", json=edit, headers={"if-match": tag})
    assert late.status_code == 412
    again = {"if-match": changed.headers["etag"]}
    assert (await http.patch("/api/v1/thing", json=edit, headers=again)).status_code == 200


@pytest.mark.parametrize(
    ("tag", "status"),
    [(None, 428), ("*", 200), ('W/"1"', 200), ("1", 412), ('"x"', 412), ('"1", "2"', 412)],
)
async def test_an_edit_of_an_unknown_version_is_refused(
    http: httpx.AsyncClient, doors: Doors, tag: str | None, status: int
) -> None:
    headers = {} if tag is None else {"if-match": tag}
    answer = await http.patch("/api/v1/thing", json={"name": "second"}, headers=headers)
    assert answer.status_code == status
    assert (doors.thing.name == "second") is (status == 200)


# -- requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "why"),
    [
        ("GET /numbers?limit=0", 422, "limit: expected a whole number of at least 1; known"),
        ("GET /numbers?limit=0", 422, "known parameters: limit, after, least, really, kind"),
        ("GET /numbers?kind=odds", 422, "did you mean `odd`? allowed: even, odd; known"),
        ("GET /numbers?limit=many", 422, "limit"),
        ("GET /numbers?colour=blue", 422, "unknown field `colour`"),
        ("GET /numbers?limit=2&limit=3", 422, "twice"),
        ("GET /numbers?after=%00", 422, "NUL"),
        ("GET /numbers?after=x", 422, "`next` of the page before"),
        ("GET /numbers?after=%C3%A9", 422, "`next` of the page before"),
        ("GET /numbers?after=InRleHQi", 422, "`next` of the page before"),
        ("GET /numbers?least=3&really=true", 200, ""),
        ("DELETE /numbers/x", 422, "int"),
        ("DELETE /numbers/3", 204, ""),
        ("DELETE /numbers", 405, "allowed: GET"),
        ("PUT /thing", 405, "allowed: GET, PATCH"),
        ("GET /things", 404, "nothing at /api/v1/things"),
    ],
)
async def test_what_is_asked_is_understood_or_refused_with_the_reason(
    http: httpx.AsyncClient, asked: str, status: int, why: str
) -> None:
    method, _, path = asked.partition(" ")
    answer = await http.request(method, f"/api/v1{path}")
    assert answer.status_code == status, answer.text
    assert why in answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"", 400, "The body is empty; known fields: name"),
        (b'{"name": "\xff"}', 400, "The body is no JSON: 'utf-8' codec"),
        (b"{", 400, "The body is no JSON: Input data was truncated; known fields: name"),
        (b'{"name": 3}', 422, "known fields: name"),
        (b'{"name": "far too long"}', 422, "length of at most 10"),
        (b'{"name": "a", "colour": 1}', 422, "colour"),
        (b'{"name": "\\u0000"}', 422, "NUL"),
        (b'{"name": "\\ud800"}', 400, "truncated"),
        (b'{"name": "' + b"x" * 70_000 + b'"}', 413, "longer than 65536 bytes"),
    ],
)
async def test_a_body_that_is_wrong_is_refused_with_the_reason(
    http: httpx.AsyncClient, doors: Doors, body: bytes, status: int, why: str
) -> None:
    answer = await http.post("/api/v1/acts", content=body)
    assert (answer.status_code, why in answer.json()["detail"]) == (status, True), answer.text
    assert doors.done == []


async def test_pages_lead_from_one_to_the_next(http: httpx.AsyncClient) -> None:
    shown: list[int] = []
    after = {}
    while True:
        answer = (await http.get("/api/v1/numbers", params={"limit": 4, **after})).json()
        shown += answer["items"]
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert shown == list(range(1, 11))
    assert (await http.get("/api/v1/numbers?limit=10")).json()["next"] is None


@pytest.mark.parametrize("of", [[1.5, "é"], ["a/b+c", 0.1 + 0.2], 7])
def test_a_place_is_read_as_it_was_written(of: Any) -> None:
    assert place(Paged(after=cursor(of)), type(of)) == of


# -- once -----------------------------------------------------------------------------------------

KEY = {"idempotency-key": "order 1"}


async def test_what_is_asked_again_under_its_key_is_not_done_again(
    keeper: httpx.AsyncClient, doors: Doors, clock: Clock
) -> None:
    answers = [await keeper.post("/api/v1/acts", json={"name": "a"}, headers=KEY) for _ in range(3)]
    assert {(one.status_code, one.text) for one in answers} == {(201, '{"name":"a","version":1}')}
    assert [one.headers.get("idempotent-replayed") for one in answers] == [None, "true", "true"]
    assert [one.headers.get("etag") for one in answers] == ['"1"'] * 3
    other = await keeper.post("/api/v1/acts", json={"name": "b"}, headers=KEY)
    assert (other.status_code, "another request" in other.text) == (422, True)
    assert doors.done == ["a"]
    await keeper.post("/api/v1/acts", json={"name": "a"}, headers={"idempotency-key": "order 2"})
    await keeper.post("/api/v1/acts", json={"name": "a"})
    assert doors.done == ["a", "a", "a"]
    clock.now += KEPT_S + 1
    await keeper.post("/api/v1/acts", json={"name": "b"}, headers=KEY)
    assert doors.done[3:] == ["b"]


async def test_what_is_asked_at_once_under_one_key_is_done_once_by_any_process(
    keeper: httpx.AsyncClient, doors: Doors, clock: Clock, database_url: str
) -> None:
    async with process(database_url, doors, clock) as other:
        doors.going.clear()
        order = {"name": "a"}
        loop = asyncio.get_running_loop()
        asked = [
            loop.create_task(client.post("/api/v1/acts", json=order, headers=KEY), name="asks")
            for client in (keeper, other) * 3
        ]
        await eventually(lambda: sum(task.done() for task in asked) == 5)
        doors.going.set()
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    assert (statuses, doors.done) == ([201] + [409] * 5, ["a"])


@pytest.mark.parametrize(
    ("error", "status", "done_again"),
    [
        (RequestError("no"), 422, True),
        (CapacityError("full"), 503, True),
        (CarrierError("silent"), 502, False),  # it may ring all the same
    ],
)
async def test_what_was_refused_may_be_asked_again_and_what_may_have_been_done_is_not(
    keeper: httpx.AsyncClient, doors: Doors, error: Exception, status: int, done_again: bool
) -> None:
    doors.error = error
    order = {"name": "a"}
    refused = await keeper.post("/api/v1/acts", json=order, headers=KEY)
    assert refused.status_code == status
    doors.error = None
    again = await keeper.post("/api/v1/acts", json=order, headers=KEY)
    assert again.status_code == (201 if done_again else status)
    assert again.headers["content-type"].endswith("/json" if done_again else "/problem+json")
    assert doors.done == ["a"] * (2 if done_again else 1)


@pytest.mark.parametrize(("path", "slowest_s"), [("acts", SLOWEST_S), ("plans", SLOWEST_LONG_S)])
async def test_a_request_whose_process_died_is_not_done_by_another(
    keeper: httpx.AsyncClient, doors: Doors, clock: Clock, path: str, slowest_s: float
) -> None:
    doors.error = ZeroDivisionError()  # as good as dead: nothing is written down any more
    order, url = {"name": "a"}, f"/api/v1/{path}"
    assert (await keeper.post(url, json=order, headers=KEY)).status_code == 500
    doors.error = None
    clock.now += slowest_s - 1
    soon = await keeper.post(url, json=order, headers=KEY)
    clock.now += 2
    later = await keeper.post(url, json=order, headers=KEY)
    assert (soon.status_code, "is being done" in soon.text) == (409, True)
    assert (later.status_code, "answer was lost" in later.text) == (409, True)
    assert doors.done == ["a"]


async def test_a_secret_is_never_kept(keeper: httpx.AsyncClient, doors: Doors) -> None:
    answer = await keeper.post("/api/v1/secrets", json={"name": "a"}, headers=KEY)
    assert (answer.status_code, doors.done) == (422, [])
    assert (await keeper.post("/api/v1/secrets", json={"name": "a"})).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_is_none_is_refused(
    keeper: httpx.AsyncClient, doors: Doors, key: str
) -> None:
    headers = {"idempotency-key": key}
    answer = await keeper.post("/api/v1/acts", json={"name": "a"}, headers=headers)
    assert (answer.status_code, doors.done) == (422, [])


# -- how it is stated, and told -------------------------------------------------------------------


def test_a_door_that_does_not_fit_its_path_is_told_at_the_start(doors: Doors) -> None:
    with pytest.raises(TypeError, match="number"):
        route("DELETE", "/api/v1/numbers", "operator", doors.forget)
    with pytest.raises(TypeError, match="of"):
        route("GET", "/api/v1/things/{of}", "viewer", doors.look)


def test_the_document_says_what_the_routes_say(doors: Doors) -> None:
    told: Any = document(doors.routes(), "1.2.3")
    edit = told["paths"]["/api/v1/thing"]["patch"]
    assert [(one["name"], one["required"]) for one in edit["parameters"]] == [("If-Match", True)]
    assert {"200", "401", "403", "412", "413", "428"} <= set(edit["responses"])
    find = told["paths"]["/api/v1/numbers"]["get"]
    assert (find["summary"], find["x-vantum-role"]) == ("Numbers.", "viewer")
    assert "As many as are wanted." in find["description"]
    schemas = {one["name"]: one["schema"] for one in find["parameters"]}
    assert schemas["least"] == {"type": "integer"}
    assert (schemas["limit"]["minimum"], schemas["limit"]["default"]) == (1, 100)
    keyed = [one["name"] for one in told["paths"]["/api/v1/acts"]["post"]["parameters"]]
    assert keyed == ["Idempotency-Key"]
    assert told["paths"]["/api/v1/secrets"]["post"]["parameters"] == []
    gone = told["paths"]["/api/v1/numbers/{number}"]["delete"]["responses"]["204"]
    assert "content" not in gone
    assert {"Thing", "Change", "Found", "Problem"} == set(told["components"]["schemas"])


def test_the_page_tells_of_every_route_and_needs_nothing_from_elsewhere(doors: Doors) -> None:
    told = page(doors.routes(), "/api/docs.css")
    for one in doors.routes():
        assert f"{one.method} {one.path}" in told
    assert "<script" not in told
    assert "http" not in told
