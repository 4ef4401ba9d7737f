"""Which calls the carrier lists: by number, status and day, page by page, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from our_side import US, eventually, rehearsing

from vantum.simulator.callees import usual
from vantum.simulator.latency import PROFILES
from vantum.simulator.stage import Stage
from vantum.simulator.talent import Canned
from vantum.simulator.twilio_call import Call, Order
from vantum.simulator.twilio_house import House
from vantum.simulator.twilio_listing import addresses, page_of
from vantum.simulator.twilio_refusals import RefusedError

PERSON, BUSY, NOBODY = "+15550100100", "+15550100101", "+15550100102"


def calls(*begun: str | None) -> list[Call]:
    """Those dialled at these moments, newest first; None: still queued."""
    house = House(Stage(PROFILES["fast"], Canned()))

    def made() -> Iterator[Call]:
        for moment in begun:
            call = Call(house, Order(to=PERSON, from_=US), usual(PERSON))
            if moment is not None:
                call.record.dialled_at = datetime.fromisoformat(moment + "Z").timestamp()
            yield call

    return list(made())


BEGUN = ("2026-03-03T10:00:00", None, "2026-03-02T23:59:59", "2026-03-02T00:00:01", "2026-03-01")
TIMES = [at + "T00:00:00" if at and "T" not in at else at for at in BEGUN]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"StartTime": "2026-03-02"}, [2, 3]),
        ({"StartTime>": "2026-03-02"}, [0, 2, 3]),
        ({"StartTime<": "2026-03-02"}, [4]),
        ({"StartTime>": "2026-03-01", "StartTime<": "2026-03-03"}, [2, 3, 4]),
        ({"StartTime>": "2026-03-02T23:59:59Z"}, [0, 2, 3]),  # by the day, whatever the hour
        ({"Status": "queued", "To": PERSON}, [0, 1, 2, 3, 4]),
        ({"To": BUSY}, []),
        ({"PageSize": "2"}, [0, 1]),
        ({"PageSize": "2", "Page": "2"}, [4]),
        ({"PageSize": "0"}, [0, 1, 2, 3, 4]),
    ],
)
def test_what_is_listed(asked: dict[str, str], shown: list[int]) -> None:
    newest_first = calls(*TIMES)
    page = page_of(newest_first, asked)
    assert [newest_first.index(call) for call in page.calls] == shown


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(RefusedError):
        page_of([], {"StartTime>": "soon"})


def test_the_next_page_goes_on_where_the_last_ended_whatever_began_meanwhile() -> None:
    known = calls(*TIMES)
    first = page_of(known, {"PageSize": "2"})
    told = addresses(first, "/Calls.json", [("PageSize", "2")])
    assert told["next_page_uri"] == f"/Calls.json?PageSize=2&Page=1&PageToken=PA{known[1].sid}"
    token = {"PageSize": "2", "Page": "1", "PageToken": f"PA{known[1].sid}"}
    assert page_of([*calls(None, None), *known], token).calls == known[2:4]
    last = page_of(known, {"PageSize": "2", "PageToken": f"PA{known[3].sid}"})
    assert addresses(last, "/Calls.json", [])["next_page_uri"] is None


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio")
async def test_the_vendors_own_client_lists_by_number_status_and_day() -> None:
    async with rehearsing() as rehearsal:
        lists = rehearsal.client.calls.list_async
        busy = await rehearsal.calls(BUSY)
        missed = await rehearsal.calls(NOBODY, timeout=5)
        for call in (busy, missed):
            await rehearsal.ends(call.sid)
        assert [one.sid for one in await lists()] == [missed.sid, busy.sid]
        assert [one.sid for one in await lists(status="busy", from_=US)] == [busy.sid]
        assert await lists(to=BUSY, status="completed") == []
        assert [one.sid for one in await lists(page_size=1)] == [missed.sid, busy.sid]
        day: date = (await busy.fetch_async()).start_time.date()
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        later = midnight + timedelta(days=1)
        assert [one.sid for one in await lists(to=BUSY, start_time=day)] == [busy.sid]
        assert await lists(to=BUSY, start_time_after=later, start_time_before=later) == []
        assert len(await lists(to=BUSY, start_time_after=midnight, start_time_before=later)) == 1
        await eventually(lambda: len(rehearsal.us.told()) == 5)
