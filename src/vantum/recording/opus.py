"""How a recording becomes one Opus file: `python -m vantum.recording.opus FOLDER`, after the call.

A program of its own, so that no call waits for it. The raw sound goes once the file is on the disk.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import msgspec

from vantum.audio.pcm import BYTES_PER_SAMPLE, MULAW_SILENCE, decode_mulaw, stereo
from vantum.recording.files import AGENT, CALLER, HEADER, Header, finished, is_whole, lock, remove

NICE: Final = 10  # calls come first
# 15 MB an hour. Measured on speech that takes turns: below 24 kbit/s libopus makes one channel of
# two, with its speech coder 50 dB of the one are left in the other; so it is 85 dB, and cheaper.
BIT_RATE: Final = 32_000
APPLICATION: Final = "audio"


def finish(folder: Path) -> None:
    """Make `<folder>.opus` (left the caller, right the agent) and remove the folder.

    A recording without sound leaves nothing. Does nothing where another process is at it. Raises
    OSError, av.error.FFmpegError or msgspec.DecodeError, and leaves the folder as it was.
    """
    held = lock(folder)
    if held is None:
        return
    with held:
        if is_whole(folder) and (folder / CALLER).stat().st_size:
            made = folder.with_name(f".{finished(folder.name)}")
            _encode(folder, made)
            _flush(made)
            made.rename(folder.with_name(finished(folder.name)))
            _flush(folder.parent)  # the new name, before the old ones go
        remove(folder)


def _encode(folder: Path, made: Path) -> None:
    header = msgspec.json.decode((folder / HEADER).read_bytes(), type=Header)
    with av.open(str(made), "w", format="ogg") as out:
        track = out.add_stream(
            "libopus", header.rate_hz, layout="stereo", options={"application": APPLICATION}
        )
        track.bit_rate = BIT_RATE
        track.metadata.update(title=header.call_id, date=header.started_at.isoformat())
        begin = 0
        for pcm in _both_channels(folder, header.rate_hz):
            frame = av.AudioFrame("s16", "stereo", len(pcm) // (2 * BYTES_PER_SAMPLE))
            frame.planes[0].update(pcm)
            frame.sample_rate = header.rate_hz
            frame.time_base = Fraction(1, header.rate_hz)
            frame.pts = begin
            begin += frame.samples
            out.mux(track.encode(frame))
        out.mux(track.encode(None))


def _both_channels(folder: Path, length: int) -> Iterator[bytes]:
    """s16le stereo, `length` samples at a time; what a crash left shorter ends in silence."""
    with (folder / CALLER).open("rb") as caller, (folder / AGENT).open("rb") as agent:
        while True:
            left, right = caller.read(length), agent.read(length)
            longest = max(len(left), len(right))
            if not longest:
                return
            yield stereo(
                decode_mulaw(left.ljust(longest, MULAW_SILENCE)),
                decode_mulaw(right.ljust(longest, MULAW_SILENCE)),
            )


def _flush(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def main() -> int:
    """Exit code 1 and a line that says why where it could not be done."""
    os.nice(NICE)
    try:
        finish(Path(sys.argv[1]))
    except (OSError, av.error.FFmpegError, msgspec.DecodeError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - read by the server that started it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
