"""Which calls a list of the simulated carrier shows, newest first: its filters and its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import dropwhile, islice
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from vantum.simulator import twilio_refusals as refusals
from vantum.simulator.twilio_call import Call
from vantum.simulator.twilio_refusals import RefusedError
from vantum.simulator.twilio_resource import day_of

PAGE: Final = 50  # the vendor's
PAGE_MOST: Final = 1_000
_WORDS: Final[dict[str, Callable[[Call], str]]] = {
    "To": lambda call: call.order.to,
    "From": lambda call: call.order.from_,
    "Status": lambda call: call.record.status,
    "ParentCallSid": lambda call: call.order.parent_sid,
}
_MOMENTS: Final[dict[str, Callable[[Call], float | None]]] = {
    "StartTime": lambda call: call.record.dialled_at,
    "EndTime": lambda call: call.record.ended_at,
}

Test = Callable[[Call], bool]


class Page(Struct, frozen=True):
    """One page; `more`: it is not the last."""

    calls: list[Call]
    more: bool
    number: int
    size: int


def page_of(newest_first: Iterable[Call], asked: Mapping[str, str]) -> Page:
    """What is shown for such a query. Raises RefusedError."""
    tests = list(_tests(asked))
    size = min(PAGE_MOST, number_of(asked, "PageSize", PAGE) or PAGE)
    number = number_of(asked, "Page", 0)
    skipped = number * size
    if token := asked.get("PageToken", ""):
        # Counted from the last one that was shown: calls that begin meanwhile shift nothing.
        last = token.removeprefix("PA")
        newest_first = islice(dropwhile(lambda call: call.sid != last, newest_first), 1, None)
        skipped = 0
    found = (call for call in newest_first if all(passes(call) for passes in tests))
    shown = list(islice(found, skipped, skipped + size + 1))
    return Page(shown[:size], len(shown) > size, number, size)


def addresses(page: Page, path: str, asked: Sequence[tuple[str, str]]) -> dict[str, object]:
    """What a page says of itself and its neighbours."""
    kept = [(name, value) for name, value in asked if name not in {"Page", "PageToken"}]

    def uri(number: int, *more: tuple[str, str]) -> str:
        return f"{path}?{urlencode([*kept, ('Page', str(number)), *more])}"

    begin = page.number * page.size
    after = ("PageToken", f"PA{page.calls[-1].sid}") if page.more else ("", "")
    return {
        "page": page.number,
        "page_size": page.size,
        "start": begin,
        "end": max(begin, begin + len(page.calls) - 1),
        "uri": f"{path}?{urlencode(asked)}" if asked else path,
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page.number - 1) if page.number else None,
        "next_page_uri": uri(page.number + 1, after) if page.more else None,
    }


def _tests(asked: Mapping[str, str]) -> Iterator[Test]:
    for name, of in _WORDS.items():
        if name in asked:
            yield _is(of, asked[name])
    for name, at in _MOMENTS.items():
        for sign in ("", "<", ">"):
            if (text := asked.get(name + sign)) is not None:
                yield _in(at, sign, _day(name, text))


def _is(of: Callable[[Call], str], wanted: str) -> Test:
    return lambda call: of(call) == wanted


def _in(at: Callable[[Call], float | None], sign: str, day: date) -> Test:
    """By the day, in UTC: on it, before its midnight, or from its midnight on."""

    def passes(call: Call) -> bool:
        moment = at(call)
        if moment is None:
            return False
        found = day_of(moment)
        return found == day if not sign else found < day if sign == "<" else found >= day

    return passes


def _day(name: str, text: str) -> date:
    """Of a date, or of the date and time that the vendor's own client makes of one."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise RefusedError(refusals.invalid(name)) from None


def number_of(asked: Mapping[str, str], name: str, usual: int) -> int:
    """A number of a query; the usual one where it is none."""
    text = asked.get(name, "")
    return int(text) if text.isdecimal() else usual
