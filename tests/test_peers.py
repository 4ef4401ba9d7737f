"""What is said of a run of all peers: how many calls each carried, and the page that tells it."""

from __future__ import annotations

import audioop
import xml.etree.ElementTree as Xml

import msgspec
import pytest

from benchmarks.capacity.rows import Row
from benchmarks.kept import kept
from benchmarks.peers.page import NAME, PAGE, PICTURE, Report, page
from benchmarks.peers.plot import picture
from benchmarks.peers.programs import PROGRAMS, WHAT, versions
from benchmarks.peers.verdicts import carried, within_bar
from benchmarks.peers.voices import WINDOW_BYTES, without_pauses

GOOD = Row(
    program="vantum",
    calls=5,
    turns=20,
    added_p50_ms=0.0,
    added_p95_ms=20.0,
    cpu_ms=10.0,
    idle_mb=100.0,
    call_mb=1.0,
    gaps=0,
    lost=0,
    others_share=0.1,
    calibration_ms=20.0,
)


def later(**changes: float) -> Row:
    return msgspec.structs.replace(GOOD, calls=10, **changes)


@pytest.mark.parametrize(
    "row",
    [later(added_p95_ms=171.0), later(lost=1), later(cpu_ms=96.0), later(turns=0), later(gaps=11)],
    ids=["late", "lost", "full", "silent", "choppy"],
)
def test_what_does_not_keep_up_is_not_carried_nor_is_what_comes_after(row: Row) -> None:
    after = msgspec.structs.replace(GOOD, calls=20)
    assert carried([GOOD, row, after]) == [GOOD]


def test_late_is_what_is_later_than_with_the_fewest_calls_and_the_bar_is_for_all_the_same() -> None:
    slow = msgspec.structs.replace(GOOD, added_p95_ms=400.0)
    rows = [slow, later(added_p95_ms=540.0)]
    assert carried(rows) == rows
    assert within_bar(rows) == []
    assert within_bar([GOOD, later(added_p95_ms=51.0)]) == [GOOD]


def test_a_relay_takes_no_turns_and_is_not_blamed_for_it() -> None:
    bare = msgspec.structs.replace(GOOD, program="relay", turns=0, added_p95_ms=0.0)
    assert carried([bare]) == [bare]


def test_every_program_is_explained_and_every_peer_has_its_version() -> None:
    assert WHAT.keys() == PROGRAMS.keys()
    assert versions(["vantum"]) == {}
    assert versions(PROGRAMS).keys() == {"pipecat", "livekit", "bolna"}
    assert versions(["bolna"])["bolna"].startswith("bolna 0.")


def test_the_page_and_its_picture_are_what_the_stored_run_makes_of_them() -> None:
    report = kept(NAME, Report)
    assert report is not None
    assert PAGE.read_text("utf-8") == page(report)
    assert PICTURE.read_text("utf-8") == picture(report.rows)


def test_the_picture_can_be_read_and_leaves_nobody_out() -> None:
    rows = [GOOD, later(added_p95_ms=9_000.0), msgspec.structs.replace(GOOD, program="relay")]
    drawn = Xml.fromstring(picture(rows))
    told = "".join(drawn.itertext())
    assert "vantum" in told
    assert "relay" in told
    tops = [float(dot.attrib["cy"]) for dot in drawn.iter() if dot.tag.endswith("circle")]
    assert len(tops) == 5  # the relay is in one of the two diagrams
    assert min(tops) >= 0


def test_a_voice_loses_its_ends_and_its_long_pauses_and_keeps_the_short_ones() -> None:
    loud = audioop.bias(bytes(WINDOW_BYTES), 2, 5_000)
    quiet = bytes(WINDOW_BYTES)
    pcm = quiet * 9 + loud + quiet * 3 + loud + quiet * 40 + loud + quiet * 9
    assert without_pauses(pcm) == loud + quiet * 3 + loud + quiet * 5 + loud


def test_who_answered_nobody_is_drawn_as_the_latest_and_not_as_the_quickest() -> None:
    silent = later(turns=0, added_p95_ms=0.0)
    assert picture([GOOD, silent]) == picture([GOOD, later(added_p95_ms=900.0)])
