"""Sound plays in order and in time; marks come back when it has, or when it is thrown away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vantum.simulator.twilio_playout import QUEUED_BYTES, Playout

FRAME = b"\x10" * 160


def test_a_mark_comes_back_when_all_before_it_has_played() -> None:
    playout = Playout()
    playout.add(FRAME * 2)
    playout.mark("two")
    playout.add(FRAME)
    playout.mark("three")
    heard = []
    for _ in range(5):
        heard.append(playout.reached())
        playout.take()
    assert heard == [[], [], [], ["two"], ["three"]]


def test_a_mark_behind_nothing_comes_back_at_once() -> None:
    playout = Playout()
    playout.mark("now")
    assert playout.reached() == ["now"]
    assert playout.reached() == []


def test_a_clear_throws_away_what_has_not_played_and_gives_all_marks_back() -> None:
    playout = Playout()
    for number in range(3):
        playout.add(FRAME * 10)
        playout.mark(str(number))
    playout.take()
    playout.clear()
    assert playout.reached() == ["0", "1", "2"]
    assert [playout.take(), playout.take()] == [FRAME, b""]  # the first one was playing


def test_it_runs_dry_inside_a_sentence_but_not_behind_it() -> None:
    playout = Playout()
    assert playout.take() == b""
    playout.add(FRAME)
    assert [playout.take(), playout.take(), playout.take()] == [b"", FRAME, None]
    playout.mark("end")
    assert [playout.take(), playout.take()] == [None, b""]


def test_nothing_is_heard_before_it_came() -> None:
    playout = Playout()
    playout.take()
    playout.add(FRAME)  # while these 20 ms pass
    assert [playout.take(), playout.take()] == [b"", FRAME]


def test_it_holds_ten_minutes() -> None:
    playout = Playout()
    assert playout.add(b"a" * QUEUED_BYTES)
    assert not playout.add(b"a")
    playout.take()
    assert playout.add(b"a")


@given(st.lists(st.binary(min_size=1, max_size=500) | st.text(max_size=3), max_size=20))
def test_every_byte_plays_once_and_every_mark_comes_back_in_order(
    sent: list[bytes | str],
) -> None:
    playout, heard, marks = Playout(), b"", []
    for one in sent:
        if isinstance(one, bytes):
            playout.add(one)
        else:
            playout.mark(one)
    playout.take()
    while frame := playout.take():
        heard += frame
        marks += playout.reached()
    marks += playout.reached()
    sound = b"".join(one for one in sent if isinstance(one, bytes))
    assert heard == sound + b"\xff" * (len(heard) - len(sound))
    assert marks == [one for one in sent if isinstance(one, str)]
