"""Every row of the checklist about providers and carrier has a test of its own over real sockets.

Such a test is asynchronous, lies in a file that uses the simulator, and bears the row's name. Two
rows are superseded; their tests show what holds instead. LL-07 asks for a queue of three questions,
but since docs/adr/0008 requests of one call never queue, a newer one replaces the older. TW-04 asks
for mu-law to be made 16 kHz PCM, but it goes as it came to whoever takes it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
FAMILIES = {"st": 22, "ll": 25, "tt": 20, "tw": 12}
ROWS = [f"{family}_{n:02}" for family, last in FAMILIES.items() for n in range(1, last + 1)]
# Modules through which a test is given the simulator.
SIMULATED = {"simulated", "parrot", "rehearsal", "cartesia_voice", "openai_asked", "phone"}
BEARS = re.compile(r"test((?:_(?:st|ll|tt|tw)(?:_\d\d)+)+)_")


def is_simulated(tree: ast.Module) -> bool:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(node.module in SIMULATED for node in imports)


def rows_of(name: str) -> set[str]:
    """The rows that a test's name begins with: `test_ll_06_07_...` has two."""
    begins = BEARS.match(name)
    found, family = set(), ""
    for part in begins[1].split("_")[1:] if begins else ():
        if part in FAMILIES:
            family = part
        else:
            found.add(f"{family}_{part}")
    return found


def rows_with_a_test() -> set[str]:
    trees = (ast.parse(path.read_text("utf-8")) for path in TESTS.glob("*/test_*.py"))
    functions = (node for tree in trees if is_simulated(tree) for node in tree.body)
    names = (node.name for node in functions if isinstance(node, ast.AsyncFunctionDef))
    return {row for name in names for row in rows_of(name)}


WITH_A_TEST = rows_with_a_test()


@pytest.mark.parametrize("row", ROWS)
def test_it_has_a_test_over_sockets(row: str) -> None:
    assert row in WITH_A_TEST


def test_a_name_tells_its_rows() -> None:
    assert rows_of("test_st_16_22_streams_end") == {"st_16", "st_22"}
    assert rows_of("test_st_21_ll_25_tt_20_it_is_counted") == {"st_21", "ll_25", "tt_20"}
    assert rows_of("test_tw_08_calls_are_cut") == {"tw_08"}
    assert rows_of("test_ll_15_up_to_50_words") == {"ll_15"}
    assert rows_of("test_ws_10_a_stuck_recogniser") == set()


def test_no_name_bears_a_row_that_is_none() -> None:
    assert set(ROWS) == WITH_A_TEST
