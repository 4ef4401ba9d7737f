"""Nobody comes to any route of the API but by the rule of who may, and with the role for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from served import Served, serving
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.routing import Route as AnyRoute

from vantum.roles import ROLES, Role
from vantum.settings import load_settings
from vantum.store.api_tokens import ApiTokens
from vantum.store.database import Database
from vantum.transports.ids import Ids
from vantum.web.access import TOKEN_FILE
from vantum.web.rest.house import House
from vantum.web.rest.route import Route
from vantum.web.rest.table import routes

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
TWILIO = {"twilio_account_sid": "AC" + 32 * "0", "twilio_auth_token": "x"}
# What lies beside the door of the API: open to all, or guarded in its own way (signatures, tokens).
BESIDE = {"/health", "/ready", "/metrics", "/choices", "/ws", ""}
CARRIERS = {"/twilio/voice", "/twilio/status", "/twilio/amd", "/twilio/media"}


# The doors of a house are the same whatever is in it.
TABLE = routes(
    House(
        database=Database("sqlite:///:memory:"),
        exchange=None,
        settings=load_settings({}),
        now=lambda: NOW,
        new_id=Ids().new,
    )
)
NAMES = [f"{route.method} {route.path}" for route in TABLE]
DESCRIBING = {"GET /api/openapi.json", "GET /api/docs", "GET /api/docs.css"}
GUARDED = [route for route in TABLE if f"{route.method} {route.path}" not in DESCRIBING]
GUARDED_NAMES = [f"{route.method} {route.path}" for route in GUARDED]


def paths_of(app: Starlette) -> list[str]:
    """Every path that the application serves, and those that others are mounted at."""
    return sorted(str(getattr(route, "path", route)) for route in app.routes)


class Asker:
    """The server as programs with various rights see it."""

    def __init__(self, server: Served, folder: Path, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http
        self.ours = (folder / TOKEN_FILE).read_text("ascii")
        self.secrets: dict[str, str] = {}

    async def asks(self, route: Route, token: str | None, **headers: str) -> httpx.Response:
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        path = route.path.format(**dict.fromkeys(route.in_path, "x"))
        return await self.http.request(route.method, path, headers=headers)


async def asker(folder: Path, **settings: object) -> AsyncIterator[Asker]:
    database = Database(f"sqlite:///{folder}/vantum.db")
    await database.set_up()
    tokens = ApiTokens(database)
    async with serving(vantum_data_dir=folder, **settings) as server:
        url = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=url) as http:
            found = Asker(server, folder, http)
            for role in ROLES:
                found.secrets[role] = (await tokens.make(role, role, NOW))[1]
            revoked, found.secrets["revoked"] = await tokens.make("gone", "admin", NOW)
            await tokens.revoke(revoked.id, NOW)
            yield found
    await database.close()


@pytest.fixture(scope="module")
async def public(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Asker]:
    """A server that others reach, with a telephone."""
    folder = tmp_path_factory.mktemp("public")
    async for found in asker(folder, public_url="https://vantum.example", **TWILIO):
        yield found


@pytest.fixture(scope="module")
async def local(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Asker]:
    """A server for this machine alone, without a telephone."""
    async for found in asker(tmp_path_factory.mktemp("local")):
        yield found


async def test_all_that_lies_under_api_lies_behind_its_door(public: Asker, local: Asker) -> None:
    assert paths_of(application(public)) == sorted([*BESIDE, *CARRIERS, "/api"])
    assert paths_of(application(local)) == sorted([*BESIDE, "/api"])


def application(asker: Asker) -> Starlette:
    app = asker.server.uvicorn.config.app
    assert isinstance(app, Starlette)
    return app


def test_a_door_beside_the_one_of_the_api_is_seen() -> None:
    unguarded, anything = AnyRoute("/api/v1/unguarded", print), Mount("/", routes=[])
    assert paths_of(Starlette(routes=[unguarded, anything, anything])) == [
        *("", ""),
        "/api/v1/unguarded",
    ]


async def test_the_document_tells_of_every_route_and_of_no_other(public: Asker) -> None:
    answer = await public.http.get("/api/openapi.json", headers=bearer(public.ours))
    told = {
        f"{method.upper()} {path}"
        for path, methods in answer.json()["paths"].items()
        for method in methods
    }
    assert told | DESCRIBING == set(NAMES)
    assert told == set(GUARDED_NAMES)


async def test_a_browser_without_a_token_sees_what_the_api_is_and_nothing_else(
    public: Asker,
) -> None:
    loaded = ["/api/docs"]
    for path in loaded:
        answer = await public.http.get(path, headers={"host": "vantum.example"})
        assert answer.status_code == 200
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        for secret in (public.ours, *public.secrets.values(), TWILIO["twilio_account_sid"]):
            assert secret not in answer.text
        if "html" in answer.headers["content-type"]:
            loaded += [urljoin(path, to) for to in re.findall('(?:href|src)="(.*?)"', answer.text)]
    assert {f"GET {path}" for path in loaded} == DESCRIBING
    for path in DESCRIBING:
        is_refused(await public.http.post(path.removeprefix("GET ")))
        is_refused(await public.http.get(path.removeprefix("GET ") + "/"))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("route", GUARDED, ids=GUARDED_NAMES)
async def test_strangers_are_refused_on_every_route_but_the_description(
    public: Asker, route: Route
) -> None:
    for token in (None, "guessed", "vt_guessed", public.ours + "x", public.secrets["revoked"]):
        refused = await public.asks(route, token)
        is_refused(refused)
        assert ("is needed" in refused.text) == (token is None)
    wrong_scheme = {"authorization": f"Basic {public.ours}"}
    is_refused(await public.asks(route, None, **wrong_scheme))


def is_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("route", TABLE, ids=NAMES)
async def test_every_route_asks_for_its_role(public: Asker, route: Route) -> None:
    for role in ROLES:
        answer = await public.asks(route, public.secrets[role])
        expected = ROLES.index(role) < ROLES.index(route.role)
        assert (answer.status_code == 403) is expected, role
        assert answer.status_code not in {401, 500}
    assert (await public.asks(route, public.ours)).status_code not in {401, 403, 500}


@pytest.mark.parametrize("route", TABLE, ids=NAMES)
def test_who_only_reads_changes_nothing(route: Route) -> None:
    least: Role = "viewer" if route.method == "GET" else "operator"
    if "/tokens" in route.path:
        least = "admin"
    assert ROLES.index(route.role) >= ROLES.index(least)


@pytest.mark.parametrize("route", GUARDED, ids=GUARDED_NAMES)
async def test_this_machine_needs_no_token_while_nobody_else_comes_here(
    local: Asker, route: Route
) -> None:
    assert (await local.asks(route, None)).status_code not in {401, 403, 500}
    for strange in (
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"x-forwarded-for": "203.0.113.5"},
        {"forwarded": "for=203.0.113.5"},
    ):
        is_refused(await local.asks(route, None, **strange))


async def test_who_gives_a_token_is_who_its_bearer_is_even_here(local: Asker) -> None:
    [listing] = [route for route in TABLE if route.method == "GET" and "/tokens" in route.path]
    assert (await local.asks(listing, local.secrets["viewer"])).status_code == 403
    assert (await local.asks(listing, local.secrets["admin"])).status_code == 200
    is_refused(await local.asks(listing, "guessed"))


async def test_a_path_of_nothing_is_no_way_in(public: Asker, local: Asker) -> None:
    for end in ("v1/nothing", "", "v2/calls", "/v1/calls", "v1/calls/", "%0A", "v1/calls%0A"):
        path = f"/api/{end}"
        is_refused(await public.http.get(path))
        answer = await local.http.get(path)
        assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_a_token_opens_the_api_until_it_is_revoked(public: Asker) -> None:
    async def asks(method: str, path: str, token: str, body: Any = None) -> httpx.Response:
        return await public.http.request(method, f"/api/v1{path}", json=body, headers=bearer(token))

    made = await asks("POST", "/tokens", public.ours, {"name": "ann", "role": "operator"})
    assert made.status_code == 201
    token, secret = made.json()["token"], made.json()["secret"]
    assert (await asks("GET", "/calls", secret)).status_code == 200
    listed = await asks("GET", "/tokens", public.ours)
    [shown] = [one for one in listed.json()["items"] if one["id"] == token["id"]]
    assert (shown["name"], shown["role"], shown["used_at"] is None) == ("ann", "operator", False)
    assert secret not in listed.text
    for _ in range(2):
        gone = await asks("DELETE", f"/tokens/{token['id']}", public.ours)
        assert (gone.status_code, gone.json()["revoked_at"] is None) == (200, False)
    assert (await asks("GET", "/calls", secret)).status_code == 401
    assert (await asks("DELETE", "/tokens/nobody", public.ours)).status_code == 404
