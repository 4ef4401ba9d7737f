"""Imports point down, the pure rooms stay pure, and nothing imports itself round a corner."""

from __future__ import annotations

import ast
import graphlib
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src"

# Top to bottom: a module imports from its own line or a lower one. The longest name that fits a
# module decides where it stands.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"vantum.__main__", "vantum.cli"}),
    frozenset(
        {
            "vantum.cli_contacts",
            "vantum.cli_campaigns",
            "vantum.cli_erasing",
            "vantum.cli_receipts",
            "vantum.cli_agents",
            "vantum.cli_tokens",
            "vantum.cli_webhooks",
        }
    ),
    frozenset({"vantum.cli_records"}),
    frozenset({"vantum.rehearsing_campaigns"}),
    frozenset({"vantum.rehearsing"}),
    frozenset({"vantum.calling", "vantum.doctor"}),
    frozenset({"vantum.web", "vantum.talk", "vantum.simulator"}),
    frozenset({"vantum.casting", "vantum.campaigns", "vantum.telephony"}),
    frozenset({"vantum.calls"}),
    # Reads a socket and drives the call at its other end, so it stands above the call.
    frozenset({"vantum.transports.browser", "vantum.transports.twilio"}),
    frozenset({"vantum.call"}),
    frozenset(
        {
            "vantum.crew",
            "vantum.ears",
            "vantum.speaking",
            "vantum.playback",
            "vantum.books",
            "vantum.timers",
            "vantum.upkeep",
        }
    ),
    frozenset({"vantum.transports", "vantum.providers", "vantum.store", "vantum.recording"}),
    frozenset({"vantum.telemetry", "vantum.tracing"}),
    frozenset({"vantum.settings", "vantum.session", "vantum.agents", "vantum.spans"}),
    frozenset({"vantum.costs"}),
    frozenset({"vantum.setting_kinds"}),
    frozenset({"vantum.conversation", "vantum.audio", "vantum.wire", "vantum.dialing"}),
    frozenset({"vantum.env_file", "vantum.wav_file", "vantum.scene"}),
    frozenset({"vantum.file_lock", "vantum.roles", "vantum.hosts"}),
    frozenset(
        {
            "vantum.arrays",
            "vantum.nobody",
            "vantum.limits",
            "vantum.errors",
            "vantum.counted",
            "vantum.bodies",
            "vantum.pulse",
            "vantum.sealing",
            "vantum.strain",
            "vantum.in_turn",
            "vantum.mailbox",
            "vantum.alarm",
            "vantum.websocket",
            "vantum",
        }
    ),
)

PURE = ("conversation", "audio", "wire", "dialing")
# All that a pure room may import from outside: nothing that waits, reads, writes, draws lots or
# looks at a clock. (`datetime` is here for its types; its clocks are looked for below.)
PURE_IMPORTS = frozenset(
    {"__future__", "abc", "array", "base64", "bisect", "collections", "dataclasses", "datetime"}
    | {"enum", "fractions", "functools", "heapq", "importlib", "itertools", "json", "math"}
    | {"hashlib", "operator", "re"}
    | {"string", "struct", "types", "typing", "unicodedata", "zoneinfo"}
    | {"audioop", "av", "msgspec", "numpy", "phonenumbers", "rapidfuzz", "vantum"}
)
PURE_VANTUM = frozenset(
    {f"vantum.{room}" for room in PURE} | {"vantum.arrays", "vantum.limits", "vantum.errors"}
)
IMPURE_NAMES = frozenset({"open", "print", "input"})
CLOCKS = frozenset({"now", "utcnow", "today", "time", "monotonic", "perf_counter"})


def _name(path: Path) -> str:
    dotted = ".".join(path.relative_to(SRC).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


TREES = {_name(path): ast.parse(path.read_text("utf-8")) for path in sorted(SRC.rglob("*.py"))}
ROOMS = {_name(path.parent / "__init__.py") for path in SRC.rglob("__init__.py")}


def imports(name: str, tree: ast.Module, known: Iterable[str]) -> set[str]:
    """Everything `name` imports, for typing only or inside functions too; ours as modules."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}: imports are written in full"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else str(node.module))
    return found


IMPORTS = {name: imports(name, tree, TREES) for name, tree in TREES.items()}
OURS = {name: {one for one in found if one in TREES} for name, found in IMPORTS.items()}


def layer(name: str) -> int:
    """Where a module stands, counted from the top."""
    place = name
    while place:
        for height, names in enumerate(LAYERS):
            if place in names and (place != "vantum" or name == "vantum"):
                return height
        place = place.rpartition(".")[0]
    raise AssertionError(f"{name} stands in no layer: say where in LAYERS")


@pytest.mark.parametrize("name", TREES)
def test_imports_point_down(name: str) -> None:
    upward = {one for one in OURS[name] if layer(one) < layer(name)}
    assert not upward


def test_nothing_imports_itself_round_a_corner() -> None:
    # A room's own door (its __init__) is entered with each of its modules and imports none back.
    graph = {name: found - {name} for name, found in OURS.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as cycle:
        pytest.fail(" -> ".join(cycle.args[1]))


@pytest.mark.parametrize(
    "name", [n for n in TREES if n.startswith(tuple(f"vantum.{p}" for p in PURE))]
)
def test_a_pure_room_is_pure(name: str) -> None:
    outside = {one for one in IMPORTS[name] if one.partition(".")[0] not in PURE_IMPORTS}
    ours = {one for one in OURS[name] if not one.startswith(tuple(PURE_VANTUM))}
    assert (outside, ours, impurities(TREES[name])) == (set(), set(), set())


def impurities(tree: ast.Module) -> set[str]:
    """Calls that look at a clock, or read and write; and anything asynchronous."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            found.add("async")
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in IMPURE_NAMES:
                found.add(called.id)
            if isinstance(called, ast.Attribute) and called.attr in CLOCKS:
                found.add(ast.unparse(called))
    return found


@pytest.mark.parametrize(
    "text",
    ["async def f(): ...", "open('x')", "print(1)", "datetime.now()", "time.monotonic()"],
)
def test_impure_code_is_seen(text: str) -> None:
    assert impurities(ast.parse(text))


def test_upward_and_typing_only_imports_are_seen() -> None:
    text = "if TYPE_CHECKING:\n    from vantum import call\ndef f():\n    import vantum.web.app\n"
    known = {"vantum.call", "vantum.web.app"}
    assert imports("vantum.wire.x", ast.parse(text), known) == known
    assert layer("vantum.wire.x") > layer("vantum.call") > layer("vantum.web.app")


def test_a_module_without_a_place_is_seen() -> None:
    with pytest.raises(AssertionError, match="stands in no layer"):
        layer("vantum.odds_and_ends")


def test_every_room_has_a_door() -> None:
    assert "vantum" in ROOMS
    assert {name.rpartition(".")[0] or "vantum" for name in TREES} <= ROOMS


def test_the_pure_rooms_name_only_modules_that_exist() -> None:
    ours = {"audioop", "av", "msgspec", "numpy", "phonenumbers", "rapidfuzz", "vantum"}
    assert PURE_IMPORTS - ours <= sys.stdlib_module_names
