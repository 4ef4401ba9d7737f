"""The tables of docs/capacity.md, from what is kept of the measurements; its prose is by hand.

uv run python -m benchmarks.capacity.page
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.capacity import local, records
from benchmarks.capacity.paper import SIZES, TALK, VENDORS, carried, need, per_minute, table
from benchmarks.capacity.records import Asked
from benchmarks.capacity.rows import NAME, Row, Stored, ratios
from benchmarks.kept import kept
from vantum.costs import shipped_tariffs

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "capacity.md"


def renewed(page: str, stored: Stored, spoken: local.Stored, asked: Asked) -> str:
    """The page with all of its tables as the measurements have them."""
    page = _between(page, "measured", measured(stored))
    page = _between(page, "local", spoken_locally(spoken))
    return _between(page, "paper", paper(stored.rows, asked))


def _between(page: str, name: str, lines: Iterator[str]) -> str:
    begin, end = f"<!-- {name}: written by benchmarks.capacity.page -->", f"<!-- end of {name} -->"
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    return "\n".join([head + begin, "", *lines, "", end + tail])


def measured(stored: Stored) -> Iterator[str]:
    """What was measured."""
    yield (
        "| | calls | added delay, median and 95 % | CPU for each second of a call "
        "| memory after a first call, and for each call |"
    )
    yield "| --- | --- | --- | --- | --- |"
    beside = ratios(stored.rows)
    for row in stored.rows:
        times = beside.get((row.program, row.calls))
        relay = "" if times is None else f" ({times:.1f} times the relay)"
        yield (
            f"| {row.program} | {row.calls} | {row.added} "
            f"| {row.cpu_ms:.1f} ms{relay} | {row.idle_mb:.0f} MB, {row.call_mb:.1f} MB |"
        )
    yield ""
    yield "Each has a core of its own; no answer is begun on speculation."
    yield f"Measured on {stored.run.told}."


def spoken_locally(stored: local.Stored) -> Iterator[str]:
    """What the models of this machine carried."""
    yield "| callers | talked | refused | waited, median and 95 % | stutters | cores |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in stored.rows:
        called = {"after-another": ", one after another", "at-once": " at once"}.get(row.called, "")
        yield (
            f"| {row.calls}{called} | {row.calls - row.refused} | {row.refused} | {row.waited} "
            f"| {row.gaps} | {row.cpu:.2f} |"
        )
    yield ""
    yield f"Measured on {stored.run.told}."


def paper(rows: Sequence[Row], asked: Asked) -> Iterator[str]:
    """What many calls would need."""
    row, tariffs = carried(rows), shipped_tariffs()
    yield from table([need(calls, row, asked, tariffs) for calls in SIZES])
    costs = per_minute(tariffs)
    told = ", ".join(f"{VENDORS[vendor]} {amount:.4f}" for vendor, amount in costs.items())
    yield ""
    yield f"A minute of a call costs {sum(costs.values()):.3f} US dollars: {told}."
    yield (
        f"Measured: {row.calls} calls on a core, of which {_share(TALK.spare)} is kept free; "
        f"{sum(asked.statements.values()):.0f} statements for a call, {asked.writes:.0f} of them "
        f"writes, and {asked.files:.1f} sockets while it lasts ({asked.run.told}). "
        "A campaign's worker asks for its part besides."
    )
    yield (
        f"Taken: calls of {TALK.length_s:.0f} s, {_share(TALK.answered)} of dials answered, the "
        f"agent speaking {_share(TALK.agent_speaks)} of the time, {_share(TALK.cached)} of the "
        "prompt's tokens cached."
    )


def _share(of_one: float) -> str:
    return f"{100 * of_one:.0f} %"


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    stored, asked = kept(NAME, Stored), kept(records.NAME, Asked)
    spoken = kept(local.NAME, local.Stored)
    assert stored is not None, "run benchmarks.capacity --store first"
    assert asked is not None, "run benchmarks.capacity.records --store first"
    assert spoken is not None, "run benchmarks.capacity.local --store first"
    PAGE.write_text(renewed(PAGE.read_text("utf-8"), stored, spoken, asked), "utf-8")


if __name__ == "__main__":
    main()
