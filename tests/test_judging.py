"""Which tests are judged again when they failed beside others."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

may = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "judge_again.py"))[
    "may_be_judged_again"
]
IN_TIME = "tests/telephony/test_callees.py::test_a"


@pytest.mark.parametrize(
    ("failed", "again"),
    [
        ([IN_TIME], True),
        ([IN_TIME, "tests/web/test_talk.py::a", "tests/web/test_page.py::b"], True),
        ([], False),
        (["tests/conversation/test_machine.py::test"], False),
        ([IN_TIME, "tests/dialing/test_gate.py::test"], False),
        ([f"tests/web/test_{name}.py::test" for name in "abcd"], False),
    ],
)
def test_few_that_wait_in_real_time_are_judged_again(failed: list[str], again: bool) -> None:
    assert may(failed) is again
