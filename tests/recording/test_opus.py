"""A recorded call becomes one Opus file, in a process of its own."""

from __future__ import annotations

import asyncio
import datetime
import time
from pathlib import Path

import pytest
from heard_back import FRAME, RATE_HZ, T0, babble, hold_a_call, lag_ms, level, stereo, tags, wave
from structlog.testing import capture_logs

from vantum.recording.files import AGENT, CALLER, Header, RawFiles
from vantum.recording.opus import finish
from vantum.recording.recordings import Recordings
from vantum.telemetry import server_log

BEGUN = datetime.datetime(2026, 5, 4, 9, 30, tzinfo=datetime.UTC)
DEADLINE_S = 60.0  # a second or two, as a rule


def raw(folder: Path, caller: bytes, agent: bytes) -> Path:
    files = RawFiles(folder, Header("call-1", BEGUN, RATE_HZ))
    files.open()
    files.close(caller, agent)
    return files.folder


def are_all(recordings: Path, *names: str) -> None:
    """Wait until there is nothing but these."""
    patience = time.monotonic() + DEADLINE_S
    while {one.name for one in recordings.iterdir()} != set(names):
        assert time.monotonic() < patience, sorted(recordings.iterdir())
        time.sleep(0.02)


def test_a_call_ends_and_can_be_listened_to(tmp_path: Path) -> None:
    caller, agent = babble(30.0, 1), babble(30.0, 2)

    async def scene() -> None:
        recordings = Recordings(tmp_path, server_log())
        making = asyncio.create_task(recordings.run())
        recorder = recordings.begin("call-1", BEGUN, T0, server_log())
        hold_a_call(recorder, caller, agent)
        recorder.close()
        await asyncio.to_thread(are_all, tmp_path / "recordings", "call-1.opus")
        making.cancel()

    asyncio.run(scene())
    made = tmp_path / "recordings" / "call-1.opus"
    left, right = stereo(made)
    assert left.size == right.size == len(caller)
    assert abs(lag_ms(left, wave(caller))) <= 20
    assert abs(lag_ms(right, wave(agent))) <= 20
    assert abs(lag_ms(left, wave(caller)) - lag_ms(right, wave(agent))) < 1
    assert tags(made)["title"] == "call-1"
    assert tags(made)["date"].startswith("2026-05-04T09:30")


@pytest.mark.parametrize("speaker", [0, 1])
def test_who_is_silent_is_silent(tmp_path: Path, speaker: int) -> None:
    both = [b"\xff" * 5 * RATE_HZ, b"\xff" * 5 * RATE_HZ]
    both[speaker] = babble(5.0, 3)
    finish(raw(tmp_path, *both))
    made = stereo(tmp_path / "call-1.opus")
    assert level(made[speaker]) == pytest.approx(level(wave(both[speaker])), rel=0.2)
    assert level(made[1 - speaker]) < level(made[speaker]) / 100


def test_what_a_crash_left_is_made_at_the_next_start(tmp_path: Path) -> None:
    # It came between the two channels, and while half of a file was made.
    folder = raw(tmp_path / "recordings", babble(3.0, 1), babble(2.0, 2))
    half = folder.with_name(".call-1.opus")
    half.write_bytes(b"OggS")

    async def scene() -> None:
        making = asyncio.create_task(Recordings(tmp_path, server_log()).run())
        await asyncio.to_thread(are_all, tmp_path / "recordings", "call-1.opus")
        making.cancel()

    asyncio.run(scene())
    left, right = stereo(tmp_path / "recordings" / "call-1.opus")
    assert left.size == right.size == 3 * RATE_HZ
    assert level(right[2 * RATE_HZ + FRAME :]) < 0.001


def test_a_server_that_ends_meanwhile_leaves_it_for_the_next_start(tmp_path: Path) -> None:
    folder = raw(tmp_path / "recordings", babble(90.0, 1), babble(90.0, 2))

    async def scene() -> None:
        making = asyncio.create_task(Recordings(tmp_path, server_log()).run())
        await asyncio.to_thread(are_all, tmp_path / "recordings", "call-1", ".call-1.opus")
        making.cancel()
        await asyncio.wait([making])

    asyncio.run(scene())
    finish(folder)  # nobody holds it
    assert stereo(tmp_path / "recordings" / "call-1.opus").shape == (2, 90 * RATE_HZ)


def test_what_cannot_be_made_stays_and_holds_up_nothing(tmp_path: Path) -> None:
    broken = raw(tmp_path / "recordings", babble(1.0, 1), babble(1.0, 2))
    (broken / "header.json").write_text("{")
    broken.rename(broken.with_name("a-broken-one"))
    raw(tmp_path / "recordings", babble(1.0, 1), babble(1.0, 2))

    async def scene() -> None:
        making = asyncio.create_task(Recordings(tmp_path, server_log()).run())
        await asyncio.to_thread(are_all, tmp_path / "recordings", "a-broken-one", "call-1.opus")
        making.cancel()

    with capture_logs() as lines:
        asyncio.run(scene())
    assert [line["event"] for line in lines] == ["recording_not_converted"]
    assert (tmp_path / "recordings" / "a-broken-one" / CALLER).stat().st_size == RATE_HZ


def test_a_removal_that_broke_off_is_completed(tmp_path: Path) -> None:
    folder = raw(tmp_path, babble(1.0, 1), babble(1.0, 2))
    made = tmp_path / "call-1.opus"
    made.write_bytes(b"the whole call")
    (folder / AGENT).unlink()
    finish(folder)
    assert made.read_bytes() == b"the whole call"
    assert not folder.exists()


def test_a_call_without_sound_leaves_nothing(tmp_path: Path) -> None:
    finish(raw(tmp_path, b"", b""))
    assert list(tmp_path.iterdir()) == []


def test_two_programs_do_not_make_the_same_file(tmp_path: Path) -> None:
    files = RawFiles(tmp_path, Header("call-1", BEGUN, RATE_HZ))
    files.open()
    finish(files.folder)  # somebody else holds it
    assert files.folder.is_dir()
    files.close(b"", b"")
