"""How a run is drawn: added delay, and share of the core, by the number of calls. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from benchmarks.capacity.rows import Row
from benchmarks.peers.verdicts import BAR_MS, BARE, of, share

WIDTH: Final = 900
HEIGHT: Final = 390
COLOURS: Final = (
    "#8a8f98",
    "#0b6e4f",
    "#2eb67d",
    "#9ae6b4",
    "#c2410c",
    "#f59e0b",
    "#1d4ed8",
    "#60a5fa",
    "#7e22ce",
)
STYLE: Final = (
    "<style>text{font:12px system-ui,sans-serif;fill:#24292f}.axis{stroke:#8a8f98}"
    ".grid{stroke:#e3e6ea}.bar{stroke:#b91c1c;stroke-dasharray:4 3}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#30363d}}</style>"
)

MOST_MS: Final = 900.0


class Panel(Struct, frozen=True):
    """One of the two diagrams, in pixels, and what it shows."""

    title: str
    left: float
    value: Callable[[Row], float]
    top_value: float
    ticks: tuple[float, ...]
    bare: bool  # whether the relay is in it

    top: float = 40.0
    width: float = 370.0
    height: float = 250.0

    def y(self, value: float) -> float:
        """From above; what is off the scale lies on its edge."""
        return self.top + self.height * (1 - max(0.0, min(value, self.top_value)) / self.top_value)


PANELS: Final = (
    Panel(
        title="added delay, 95 %, in ms",
        left=55.0,
        value=lambda row: row.added_p95_ms if row.turns else MOST_MS,  # who answered nobody
        top_value=MOST_MS,
        ticks=(0, 50, 150, 300, 450, 600, 750, 900),
        bare=False,
    ),
    Panel(
        title="share of the core",
        left=500.0,
        value=share,
        top_value=1.0,
        ticks=(0, 0.2, 0.4, 0.6, 0.8, 1.0),
        bare=True,
    ),
)


def picture(rows: list[Row]) -> str:
    """An SVG document."""
    return "\n".join(_drawn(rows)) + "\n"


def _drawn(rows: list[Row]) -> Iterator[str]:
    names = list(dict.fromkeys(row.program for row in rows))
    calls = sorted({row.calls for row in rows})
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{STYLE}'
    for panel in PANELS:
        yield from _axes(panel, calls)
        for name, colour in zip(names, COLOURS, strict=False):
            if panel.bare or name != BARE:
                yield from _line(panel, of(name, rows), calls, colour)
    for number, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
        x, y = 55 + 210 * (number % 4), 350 + 24 * (number // 4)
        yield f'<rect x="{x}" y="{y - 9}" width="14" height="4" fill="{colour}"/>'
        yield f'<text x="{x + 20}" y="{y - 2}">{name}</text>'
    yield "</svg>"


def _x(panel: Panel, number: int, calls: list[int]) -> float:
    """Each doubling is as wide as the next."""
    if len(calls) == 1:
        return panel.left + panel.width / 2
    return panel.left + panel.width * math.log(number / calls[0]) / math.log(calls[-1] / calls[0])


def _axes(panel: Panel, calls: list[int]) -> Iterator[str]:
    left, right = panel.left, panel.left + panel.width
    bottom = panel.top + panel.height
    yield f'<text x="{left}" y="{panel.top - 16}" style="font-weight:600">{panel.title}</text>'
    for tick in panel.ticks:
        y = panel.y(tick)
        kind = "bar" if tick == BAR_MS else "grid"
        yield f'<line class="{kind}" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    yield f'<line class="axis" x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
    for number in calls:
        x = _x(panel, number, calls)
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{number}</text>'
    middle = left + panel.width / 2
    yield f'<text x="{middle}" y="{bottom + 36}" text-anchor="middle">calls at once</text>'


def _line(panel: Panel, rows: list[Row], calls: list[int], colour: str) -> Iterator[str]:
    points = [(_x(panel, row.calls, calls), panel.y(panel.value(row))) for row in rows]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
