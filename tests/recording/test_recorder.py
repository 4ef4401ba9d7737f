"""A call is recorded, whatever the disk does; what a crash leaves is not lost."""

from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from heard_back import FRAME, FRAME_S, RATE_HZ, T0, hold_a_call, noise
from structlog.testing import capture_logs

from vantum.recording.files import AGENT, CALLER, Header, RawFiles, lock, unfinished
from vantum.recording.recorder import BEHIND_S, Recorder
from vantum.telemetry import server_log

BEGUN = datetime.datetime(2026, 5, 4, 9, 30, tzinfo=datetime.UTC)
HEADER = Header("call-1", BEGUN, RATE_HZ)


@pytest.fixture
def writing() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def recorder_in(folder: Path, writing: Executor) -> Recorder:
    return Recorder(RawFiles(folder, HEADER), writing, lambda *_: None, server_log(), T0)


def is_written(writing: Executor) -> None:
    wait([writing.submit(lambda: None)], timeout=30)


def test_both_channels_are_kept_byte_for_byte(tmp_path: Path, writing: Executor) -> None:
    recorder = recorder_in(tmp_path, writing)
    caller, agent = noise(5.0), noise(5.0)[::-1]
    hold_a_call(recorder, caller, agent)
    recorder.close()
    is_written(writing)
    assert (tmp_path / "call-1" / CALLER).read_bytes() == caller
    assert (tmp_path / "call-1" / AGENT).read_bytes() == agent


def test_all_but_the_last_seconds_is_on_disk_while_the_call_lasts(
    tmp_path: Path, writing: Executor
) -> None:
    recorder = recorder_in(tmp_path, writing)
    for number in range(500):
        recorder.heard(bytes(FRAME), (number + 1) * FRAME, T0 + (number + 1) * FRAME_S)
        if number % 50 == 0:
            is_written(writing)  # a disk that keeps up
    is_written(writing)
    sizes = {(tmp_path / "call-1" / name).stat().st_size for name in (CALLER, AGENT)}
    assert len(sizes) == 1
    assert sizes.pop() >= 8 * RATE_HZ
    recorder.close()


def test_a_folder_that_cannot_be_made_ends_no_call(tmp_path: Path, writing: Executor) -> None:
    (tmp_path / "recordings").write_text("a file where the folder should be")
    with capture_logs() as lines:
        recorder = recorder_in(tmp_path / "recordings", writing)
        is_written(writing)
        hold_a_call(recorder, noise(5.0), noise(5.0))
        recorder.cleared(T0 + 5)
        recorder.close()
        is_written(writing)
    assert [line["event"] for line in lines] == ["recording_stopped"]


FULL_DISK = """
import resource, sys
sys.path.insert(0, sys.argv[2])
import test_recorder as t
with t.ThreadPoolExecutor(1) as writing, t.capture_logs() as lines:
    recorder = t.recorder_in(t.Path(sys.argv[1]), writing)
    t.is_written(writing)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    for number in range(500):
        recorder.heard(bytes(t.FRAME), (number + 1) * t.FRAME, t.T0 + (number + 1) * t.FRAME_S)
        t.is_written(writing)
    recorder.close()
    t.is_written(writing)
print([line["event"] for line in lines])
"""


def test_a_full_disk_ends_the_recording_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path), str(Path(__file__).parent)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == "['recording_stopped']\n"
    sizes = [(tmp_path / "call-1" / name).stat().st_size for name in (CALLER, AGENT)]
    assert sizes[0] == 20_000  # and both begin at the same time, so that they still fit
    assert unfinished(tmp_path) == [tmp_path / "call-1"]


def test_a_disk_that_hangs_is_given_up_within_a_bound(tmp_path: Path, writing: Executor) -> None:
    works_again = threading.Event()
    writing.submit(works_again.wait, 30)
    with capture_logs() as lines:
        recorder = recorder_in(tmp_path, writing)
        for number in range(round((BEHIND_S + 10) / FRAME_S)):
            recorder.heard(bytes(FRAME), (number + 1) * FRAME, T0 + (number + 1) * FRAME_S)
        works_again.set()
        recorder.close()
        is_written(writing)
    assert [line["event"] for line in lines] == ["recording_stopped"]


def test_nobody_touches_a_call_that_is_being_recorded(tmp_path: Path, writing: Executor) -> None:
    recorder = recorder_in(tmp_path, writing)
    is_written(writing)
    assert unfinished(tmp_path) == []
    assert lock(tmp_path / "call-1") is None
    recorder.close()
    is_written(writing)
    assert unfinished(tmp_path) == [tmp_path / "call-1"]


def test_there_may_be_no_recordings_at_all(tmp_path: Path) -> None:
    assert unfinished(tmp_path / "recordings") == []


CRASH = """
import os, sys
sys.path.insert(0, sys.argv[2])
import test_recorder as t
files = t.RawFiles(t.Path(sys.argv[1]), t.HEADER)
files.open()
files.append(bytes(8_000), bytes(8_000))
os._exit(9)
"""


def test_what_a_crash_leaves_is_found(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CRASH, str(tmp_path), str(Path(__file__).parent)]
    assert subprocess.run(command, timeout=60, check=False).returncode == 9
    assert unfinished(tmp_path) == [tmp_path / "call-1"]
