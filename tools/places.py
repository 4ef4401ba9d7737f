"""Writes src/vantum/dialing/places.json, what area codes, states and time zones say of a place.

From `phonenumbers` (area codes) and `tzdata` (zones, countries); --check says whether it is old.
The library's own geocoder costs 6 s and 180 MB to import, and tells exchanges apart that numbers
long left (they are carried over to other carriers and places); so all that an area code's
exchanges say is joined here once.
"""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib import resources
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec
import phonenumbers
from phonenumbers.tzdata import TIMEZONE_DATA

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "src" / "vantum" / "dialing" / "places.json"

STATES: Final = {
    "AK": "Alaska",
    "AL": "Alabama",
    "AR": "Arkansas",
    "AZ": "Arizona",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DC": "District of Columbia",
    "DE": "Delaware",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "IA": "Iowa",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "MA": "Massachusetts",
    "MD": "Maryland",
    "ME": "Maine",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MO": "Missouri",
    "MS": "Mississippi",
    "MT": "Montana",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "NE": "Nebraska",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NV": "Nevada",
    "NY": "New York",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VA": "Virginia",
    "VT": "Vermont",
    "WA": "Washington",
    "WI": "Wisconsin",
    "WV": "West Virginia",
    "WY": "Wyoming",
}
# As the library writes them, where that differs.
CODES: Final = {name: code for code, name in STATES.items()} | {
    "Washington D.C.": "DC",
    "Washington State": "WA",
}


def descriptions() -> dict[str, str]:
    """Prefix -> place, for country code 1: `1305` -> "Florida", `1305285` -> "Miami, FL"."""
    name = "phonenumbers.geodata"
    # An empty stand-in for the package, whose own door loads every country's prefixes.
    stand_in = ModuleType(name)
    stand_in.__path__ = [str(Path(phonenumbers.__file__).parent / "geodata")]
    sys.modules[name] = stand_in
    found: dict[str, str] = {}
    for number in count():
        part = importlib.import_module(f"{name}.data{number}").data
        ours = {prefix: said["en"] for prefix, said in part.items() if prefix.startswith("1")}
        if not ours:
            return found
        found |= ours
    raise AssertionError("count() never ends")


def state_of(place: str) -> str | None:
    """The postal code in "Miami, FL" or of "Florida"; None outside the fifty states and DC."""
    _, comma, code = place.rpartition(", ")
    state = code if comma else CODES.get(place)
    return state if state in STATES else None


def area_codes() -> dict[str, tuple[set[str], set[str]]]:
    """Area code -> the states and the zones of all its exchanges; those of the states only."""
    said = descriptions()
    states: dict[str, set[str]] = defaultdict(set)
    for prefix, place in said.items():
        if state := state_of(place):
            states[prefix[1:4]].add(state)
    zones: dict[str, set[str]] = {area: set() for area in states}
    for prefix, known in TIMEZONE_DATA.items():
        if prefix[0] == "1" and prefix[1:4] in zones:
            zones[prefix[1:4]].update(known)
    of_state = zones_of_states(states, zones)
    # Of a new code, laid over an old one, the library knows only the state: any of its zones.
    exchanges = {prefix[1:4] for prefix in said if len(prefix) > len("1305")}
    for area in states.keys() - exchanges:
        zones[area] = set().union(*(of_state[state] for state in states[area]))
    return {area: (states[area], zones[area]) for area in sorted(states)}


def zones_of_states(states: dict[str, set[str]], zones: dict[str, set[str]]) -> dict[str, set[str]]:
    """State -> the zones of the area codes that lie in it alone."""
    found: dict[str, set[str]] = defaultdict(set)
    for area, within in states.items():
        if len(within) == 1:
            found[next(iter(within))] |= zones[area]
    return found


def rows(name: str) -> Iterator[list[str]]:
    """The tab-separated rows of one of tzdata's tables."""
    text = resources.files("tzdata").joinpath("zoneinfo", name).read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def zone_countries() -> dict[str, str]:
    """Time zone -> its country, old names of a zone too ("US/Eastern")."""
    found = {row[2]: row[0] for row in rows("zone.tab")}
    old: dict[str, str] = {}
    for (line,) in (row for row in rows("tzdata.zi") if row[0].startswith("L ")):
        _, zone, alias = line.split(" ")
        if zone in found and alias not in found and "/" in alias:
            old[alias] = found[zone]
    return dict(sorted((found | old).items()))


def places() -> str:
    """places.json, one entry a line."""
    areas = area_codes()
    of_state = zones_of_states(
        {area: states for area, (states, _) in areas.items()},
        {area: zones for area, (_, zones) in areas.items()},
    )
    tables: dict[str, dict[str, object]] = {
        "countries": {row[0]: row[1] for row in rows("iso3166.tab")},
        "zones": dict(zone_countries()),
        "states": {
            code: {"name": name, "zones": sorted(of_state[code])} for code, name in STATES.items()
        },
        "area_codes": {
            area: {"states": sorted(states), "zones": sorted(zones)}
            for area, (states, zones) in areas.items()
        },
    }
    parts: list[str] = []
    for title, table in tables.items():
        lines = [f'"{key}":{msgspec.json.encode(value).decode()}' for key, value in table.items()]
        parts.append(f'"{title}":{{\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(parts) + "}\n"


def main() -> int:
    """Write the file, or with --check compare it; 1 when it is old."""
    text = places()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.relative_to(ROOT)} is old: run tools/places.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
