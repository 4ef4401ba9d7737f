"""Who was refused is in the log, and nobody can fill it."""

from __future__ import annotations

from structlog.testing import capture_logs

from vantum.telemetry import server_log
from vantum.web.turned_away import TurnedAway


def test_one_line_a_second_tells_how_many_were_left_out() -> None:
    with capture_logs() as lines:
        door = TurnedAway(server_log())
        for now in (0.0, 0.1, 0.9, 1.0, 5.0):
            door.note("no token", "203.0.113.9", now)
    assert [line["untold"] for line in lines] == [0, 2, 0]
    assert {(line["why"], line["address"]) for line in lines} == {("no token", "203.0.113.9")}
