"""What recording costs a call: CPU in the media process, and afterwards in the one that makes Opus.

`python -m benchmarks.recording`; the bar is 0.3 ms of CPU for a second of a call, writing included.
"""

from __future__ import annotations

import argparse
import datetime
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.calibration import headline
from vantum.audio.arrivals import Arrivals
from vantum.recording.files import Header, RawFiles
from vantum.recording.recorder import Recorder
from vantum.telemetry import server_log

CALLS = 40
CALL_S = 30
FRAME = bytes(range(160))
FRAMES_PER_S = 50
MARK_EVERY = 20  # frames: 400 ms
IN_FLIGHT = 10  # frames: what the carrier has not played
BEGUN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def talk(recorder: Recorder | None, arrivals: Arrivals, number: int) -> None:
    """20 ms in which the callee is heard, the agent speaks, and now and then a mark passes."""
    now = (number + 1) / FRAMES_PER_S
    heard = arrivals.push(number * 20, FRAME)
    if recorder is None:
        return
    recorder.heard(heard, arrivals.position, now)
    recorder.plays(FRAME, now)
    if number % MARK_EVERY == 0:
        recorder.marked(str(number), now)
    if number % MARK_EVERY == IN_FLIGHT:
        recorder.echoed(str(number - IN_FLIGHT), now)


def cpu_ms_per_call_second(folder: Path, *, recorded: bool) -> float:
    """`CALLS` at once, both sides without a pause: the most there can be."""
    with ThreadPoolExecutor(1) as writing:
        calls: list[tuple[Recorder | None, Arrivals]] = []
        for number in range(CALLS):
            files = RawFiles(folder, Header(str(number), BEGUN, 8_000))
            made = Recorder(files, writing, lambda *_: None, server_log(), 0.0)
            calls.append((made if recorded else None, Arrivals()))
        began = time.process_time()
        for number in range(CALL_S * FRAMES_PER_S):
            for recorder, arrivals in calls:
                talk(recorder, arrivals, number)
            if number % FRAMES_PER_S == 0:
                writing.submit(lambda: None).result()  # real time would let the thread keep up
        for recorder, _ in calls:
            if recorder is not None:
                recorder.close()
        writing.submit(lambda: None).result()
        return (time.process_time() - began) / (CALLS * CALL_S) * 1000


def opus_ms_per_call_second(folder: Path) -> float:
    """One recording, the start of the program included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "vantum.recording.opus", str(folder)]
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent / CALL_S * 1000


def costs() -> tuple[float, float, float]:
    """CPU in ms for each second of a call: without recording, with it, and for Opus afterwards."""
    plain = recorded = opus = float("inf")
    for _ in range(5):  # by turns, so that a neighbour disturbs both
        with tempfile.TemporaryDirectory() as folder:
            plain = min(plain, cpu_ms_per_call_second(Path(folder), recorded=False))
        with tempfile.TemporaryDirectory() as folder:
            recorded = min(recorded, cpu_ms_per_call_second(Path(folder), recorded=True))
            opus = min(opus, opus_ms_per_call_second(Path(folder) / "0"))
    return plain, recorded, opus


def main() -> None:
    plain, recorded, opus = costs()
    print(f"{'frames put in order':<40}{plain:8.3f} ms of CPU a call-second")
    print(f"{'recording, on top':<40}{recorded - plain:8.3f} ms")
    print(f"{'Opus of 30 s, elsewhere and afterwards':<40}{opus:8.3f} ms")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(headline())
    main()
