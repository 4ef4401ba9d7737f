"""Every call that the carrier accepts is counted, in order, whatever becomes of us."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from our_side import US, Rehearsal, rehearsing

from vantum.simulator.dials import Dials
from vantum.simulator.twilio_call import Order

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

BUSY, NOBODY = "+15550100101", "+15550100102"


async def counted(rehearsal: Rehearsal, query: str = "") -> Any:
    async with httpx.AsyncClient(base_url=rehearsal.simulator.url) as http:
        return (await http.get(f"/simulator/dials{query}")).json()


async def test_a_dial_says_whom_when_and_for_which_call_of_ours() -> None:
    async with rehearsing() as rehearsal:
        call = await rehearsal.calls(BUSY, url=f"{rehearsal.us.url}/voice?a=1&call=attempt-1")
        await rehearsal.ends(call.sid)
        again = await rehearsal.calls(NOBODY)
        first, second = (await counted(rehearsal))["dials"]
        assert (first["number"], first["to"], first["from"]) == (0, BUSY, US)
        assert (first["sid"], first["call"]) == (call.sid, "attempt-1")
        assert (second["number"], second["sid"], second["call"]) == (1, again.sid, "")
        assert first["at"] < second["at"]
        assert first["ran_s"] < second["ran_s"]


async def test_what_was_not_accepted_is_no_dial_and_an_answer_that_was_lost_is_one() -> None:
    async with (
        rehearsing() as rehearsal,
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):
        account = rehearsal.simulator.stage.account
        path = f"/2010-04-01/Accounts/{account.sid}/Calls.json"
        auth = (account.sid, account.token)
        url = f"{rehearsal.us.url}/voice?call=attempt-1"
        rehearsal.simulator.breaks("twilio", "throttled")
        rehearsal.simulator.breaks("twilio", "stall_first", seconds=60.0)
        form = {"To": NOBODY, "From": US, "Url": url}
        assert (await http.post(path, data=form, auth=auth)).status_code == 429
        assert (await http.post(path, data={"To": "0"}, auth=auth)).status_code == 400
        with pytest.raises(httpx.ReadTimeout):
            await http.post(path, data=form, auth=auth, timeout=0.3)
        assert [dial["call"] for dial in (await counted(rehearsal))["dials"]] == ["attempt-1"]


async def test_dials_are_read_in_pages_and_counted_anew() -> None:
    async with rehearsing() as rehearsal:
        sids = [(await rehearsal.calls(BUSY)).sid for _ in range(3)]
        page = await counted(rehearsal, "?first=1&size=1")
        assert ([one["sid"] for one in page["dials"]], page["total"]) == ([sids[1]], 3)
        assert (await counted(rehearsal, "?first=3"))["dials"] == []
        async with httpx.AsyncClient(base_url=rehearsal.simulator.url) as http:
            assert (await http.delete("/simulator/dials")).status_code == 204
        assert await counted(rehearsal) == {"total": 0, "forgotten": 0, "dials": []}


def test_what_is_forgotten_is_told() -> None:
    dials = Dials(kept=2, now=lambda: 1.0, ran_s=lambda: 2.0)
    for sid in ("CA0", "CA1", "CA2"):
        dials.add(sid, Order(to=BUSY, from_=US))
    page = dials.page()
    assert (page.total, page.forgotten) == (3, 1)
    assert [(dial.number, dial.sid) for dial in page.dials] == [(1, "CA1"), (2, "CA2")]
    assert [dial.number for dial in dials.page(2).dials] == [2]
