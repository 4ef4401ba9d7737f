"""A page opens a call with a token that its site has asked for: once, soon, and as it was told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some
from served import Client, Served, eventually, serving
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from vantum import limits
from vantum.agents.schema import FILES
from vantum.store.database import Database
from vantum.store.passes import Passes
from vantum.web.access import TOKEN_FILE
from vantum.web.passes import PREFIX, Pass, pass_of, token_of

pytestmark = pytest.mark.anyio

SHOP = "https://shop.example"
OURS = "https://vantum.example"
KEY = bytes(32)


class Site:
    """A site with calls from its pages: its own server, and what its visitors' browsers do."""

    def __init__(self, server: Served, folder: Path, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http
        self.folder = folder
        self.token = (folder / TOKEN_FILE).read_text("ascii")

    async def asks(self, body: Any, token: str | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {token or self.token}"}
        return await self.http.post("/api/v1/sessions", json=body, headers=headers)

    async def token_for(self, **body: Any) -> str:
        answer = await self.asks({"origin": SHOP} | body)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert made["subprotocol"] == PREFIX + made["token"]
        return str(made["token"])

    @asynccontextmanager
    async def page(
        self, token: str | None, origin: str | None = SHOP, address: str | None = None
    ) -> AsyncIterator[Client]:
        offered = [Subprotocol("vantum.v2")]
        if token is not None:
            offered.append(Subprotocol(PREFIX + token))
        async with connect(
            self.server.url,
            subprotocols=offered,
            origin=None if origin is None else Origin(origin),
            additional_headers={"X-Forwarded-For": address} if address else None,
            compression=None,
        ) as socket:
            assert socket.subprotocol == "vantum.v2"
            client = Client(socket, v2=True)
            await client.until(lambda: client.events, "connection ack")
            yield client
            await client.leaves()

    async def is_refused(
        self, token: str | None, origin: str | None = SHOP, address: str | None = None
    ) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with self.page(token, origin, address):
                pass
        assert refused.value.response.status_code == 403


@asynccontextmanager
async def site(folder: Path, **settings: object) -> AsyncIterator[Site]:
    given = {"vantum_data_dir": folder, "public_url": OURS} | settings
    async with (
        serving(**given) as server,  # type: ignore[arg-type]
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http,
    ):
        yield Site(server, folder, http)


@pytest.fixture(scope="module")
async def shop(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """A server that strangers reach, and that wants a token of each."""
    async with site(tmp_path_factory.mktemp("shop"), session_tokens="required") as found:
        yield found


async def test_a_page_of_another_site_calls_with_a_token_and_only_once(
    shop: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    token = await shop.token_for()
    async with shop.page(token) as client:
        await client.is_alive()
    await shop.is_refused(token)
    await eventually(lambda: not len(shop.server.calls))
    log = "".join(capfd.readouterr())
    assert "call_ended" in log
    assert token not in log


@pytest.mark.parametrize("origin", ["https://evil.example", OURS, None, "null", SHOP + ".evil"])
async def test_a_token_is_good_for_its_page_alone_and_is_not_used_up_by_another(
    shop: Site, origin: str | None
) -> None:
    token = await shop.token_for()
    await shop.is_refused(token, origin)
    async with shop.page(token) as client:
        await client.is_alive()


async def test_a_token_that_met_a_full_house_is_good_when_there_is_room(tmp_path: Path) -> None:
    async with site(tmp_path, session_tokens="required", max_sessions=1) as small:
        first, second = await small.token_for(), await small.token_for()
        async with small.page(first) as held:
            for _ in range(2):
                async with small.page(second) as turned_away:
                    assert await turned_away.is_closed() == 1013
            await held.is_alive()
        await small.server.is_empty()
        async with small.page(second) as client:
            await client.is_alive()
        await small.is_refused(second)


async def test_without_an_origin_it_is_for_pages_that_may_connect_anyway(shop: Site) -> None:
    token = await shop.token_for(origin=None)
    await shop.is_refused(token)
    async with shop.page(token, OURS) as client:
        await client.is_alive()


async def test_an_expired_token_opens_nothing(shop: Site) -> None:
    await shop.token_for()  # there is a key now
    database = Database(f"sqlite:///{shop.folder}/vantum.db")
    key = await Passes(database).key()  # as another process of the installation has it
    await database.close()
    now = int(time.time())
    old = Pass(nonce="old", expires_at=now - 5, api_token="", origin=SHOP)
    good = Pass(nonce="good", expires_at=now + 60, api_token="", origin=SHOP)
    await shop.is_refused(token_of(old, key))
    async with shop.page(token_of(good, key)) as client:
        await client.is_alive()


@pytest.mark.parametrize(
    "garbled", ["x", "a.b", "", "." * 50, "A" * 3_000, "e30.e30", "ﬃ".encode().hex()]
)
async def test_what_we_have_not_made_opens_nothing(shop: Site, garbled: str) -> None:
    await shop.is_refused(garbled)
    token = await shop.token_for()
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    await shop.is_refused(changed)


async def test_a_token_is_needed_and_refusals_are_counted(shop: Site) -> None:
    refused = shop.server.calls.house.metrics.refused.labels("door")
    before = refused._value.get()
    for origin in (None, OURS, SHOP):
        await shop.is_refused(None, origin)
    assert refused._value.get() == before + 3


async def test_strangers_without_a_token_lock_nobody_of_their_address_out(shop: Site) -> None:
    office = "203.0.113.7"  # of many, behind one router
    tokens = [await shop.token_for() for _ in range(2)]
    async with asyncio.TaskGroup() as strangers:
        for _ in range(2 * limits.SOCKETS_PER_S):
            strangers.create_task(shop.is_refused(None, OURS, office))
    async with shop.page(tokens[0], SHOP, office) as client:
        await client.is_alive()


@pytest.mark.parametrize(
    ("believed", "told"), [("127.0.0.0/8", "203.0.113.7"), ("192.0.2.0/24", "127.0.0.1")]
)
async def test_a_proxy_is_believed_who_calls_where_the_settings_name_its_network(
    tmp_path: Path, believed: str, told: str
) -> None:
    async with (
        site(tmp_path, forwarded_allow_ips=believed) as behind,
        behind.page(None, OURS, "203.0.113.7"),
    ):
        [live] = behind.server.calls
        assert live.session.address == told


async def test_whose_api_token_was_revoked_has_no_calls_left(shop: Site) -> None:
    headers = {"authorization": f"Bearer {shop.token}"}
    body = {"name": "shop", "role": "operator"}
    made = (await shop.http.post("/api/v1/tokens", json=body, headers=headers)).json()
    asked = [await shop.asks({"origin": SHOP}, made["secret"]) for _ in range(2)]
    first, second = (answer.json()["token"] for answer in asked)
    async with shop.page(first) as client:
        await client.is_alive()
    await shop.http.delete(f"/api/v1/tokens/{made['token']['id']}", headers=headers)
    await shop.is_refused(second)
    assert (await shop.asks({"origin": SHOP}, made["secret"])).status_code == 401


async def test_who_may_only_look_gets_none(shop: Site) -> None:
    headers = {"authorization": f"Bearer {shop.token}"}
    body = {"name": "looker", "role": "viewer"}
    made = (await shop.http.post("/api/v1/tokens", json=body, headers=headers)).json()
    assert (await shop.asks({}, made["secret"])).status_code == 403


async def test_a_token_may_be_for_one_agent(shop: Site) -> None:
    async with shop.page(await shop.token_for(agent="sales")) as client:
        refused = await client.start(agent="another")
        assert refused.is_error
        assert "for the agent sales" in refused.payload["message"]
        assert (await client.start(agent="sales")).payload == {"success": True}


async def test_a_server_without_the_tokens_agent_leaves_it_to_one_that_has_it(
    tmp_path: Path, database_url: str
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text((FILES / "sales.yaml").read_text("utf-8"), "utf-8")
    both = {"database_url": database_url}
    async with (
        site(tmp_path / "here", vantum_agent=str(mine), **both) as here,
        site(tmp_path / "there", **both) as there,
    ):
        token = await here.token_for(agent="mine")
        await there.is_refused(token)
        async with here.page(token) as client:
            await client.is_alive()
        await here.is_refused(token)


async def test_a_token_may_say_how_long_a_call_lasts(shop: Site) -> None:
    async with shop.page(await shop.token_for(longest_s=1)) as client:
        await client.is_closed()
    await eventually(lambda: not len(shop.server.calls))


@pytest.mark.parametrize(
    "body",
    [
        {"origin": "shop.example"},
        {"origin": "https://shop.example/"},
        {"origin": "https://shop.example/page"},
        {"origin": "https://a@shop.example"},
        {"origin": "http://[x"},
        {"origin": "null"},
        {"agent": "nobody"},
        {"expires_s": 301},
        {"longest_s": 0},
        {"more": 1},
    ],
)
async def test_what_no_token_can_be_for_is_refused(shop: Site, body: Any) -> None:
    assert (await shop.asks(body)).status_code == 422


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("https://Shop.example", "a browser sends https://shop.example"),
        ("HTTPS://shop.example", "a browser sends https://shop.example"),
        ("https://shop.example:443", "a browser sends https://shop.example"),
        ("http://shop.example:80", "a browser sends http://shop.example"),
        ("https://shop.example:", "a browser sends https://shop.example"),
        ("https://shop.example:0444", "a browser sends https://shop.example:444"),
        ("https://shop.example/page", "a browser sends https://shop.example"),
        ("http://[FE80::1]:8080", "a browser sends http://[fe80::1]:8080"),
        ("https://bücher.example", "a browser sends another host in ASCII, as xn--..."),
    ],
)
async def test_an_origin_that_no_browser_sends_is_refused_with_what_one_would_send(
    shop: Site, given: str, sent: str
) -> None:
    answer = await shop.asks({"origin": given})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(sent)


@pytest.mark.parametrize(
    "given",
    ["http://localhost:5173", "http://[::1]:8080", "https://xn--bcher-kva.example", SHOP],
)
async def test_an_origin_that_browsers_send_is_taken(shop: Site, given: str) -> None:
    assert (await shop.asks({"origin": given})).status_code == 201


async def test_any_process_of_an_installation_lets_it_in_and_all_together_once(
    tmp_path: Path, database_url: str
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    async with (
        site(here, database_url=database_url) as asked,
        site(there, database_url=database_url) as other,
    ):
        token = await asked.token_for()
        async with other.page(token) as client:
            await client.is_alive()
        await asked.is_refused(token)
        await other.is_refused(token)


async def test_the_log_tells_why_and_whom_it_kept_outside(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with site(tmp_path, session_tokens="required") as fresh:
        await fresh.is_refused("garbled", SHOP, "203.0.113.9")
        for _ in range(3):
            await fresh.is_refused(None, SHOP)
    log = "".join(capfd.readouterr())
    assert log.count("connection_refused") == 1
    assert "a token that is not ours" in log
    assert "garbled" not in log


async def test_where_tokens_are_not_required_our_pages_and_programs_need_none(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as open_site:
        for origin in (None, OURS):
            async with open_site.page(None, origin) as client:
                await client.is_alive()
        await open_site.is_refused(None, SHOP)
        await open_site.is_refused("garbled", OURS)  # who offers one is judged by it


async def test_this_machine_needs_none_while_nobody_else_comes_here(tmp_path: Path) -> None:
    given = {"vantum_data_dir": tmp_path, "session_tokens": "required"}
    async with serving(**given) as server, server.connect(v2=True) as client:  # type: ignore[arg-type]
        await client.is_alive()


@given(some.text(max_size=300))
def test_no_text_is_a_pass(text: str) -> None:
    assert pass_of(text, KEY) is None


def test_a_pass_of_another_key_or_of_another_kind_is_none() -> None:
    made = Pass(nonce="n", expires_at=1_060, api_token="", origin=SHOP)
    token = token_of(made, KEY)
    assert pass_of(token, KEY) == made
    assert pass_of(token, bytes(31) + b"x") is None
