"""What docs/reliability.md says is what was measured: the page is that of the kept results."""

from __future__ import annotations

from benchmarks.reliability import PAGE, written


def test_the_page_is_that_of_the_results() -> None:
    assert PAGE.read_text("utf-8") == written()
