"""What the parts of a call cost, each in a loop of its own: microseconds of CPU per operation."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from vantum.audio.playout import Playout
from vantum.audio.resample import resampler
from vantum.conversation import events as ev
from vantum.conversation.machine import Conversation
from vantum.conversation.policy import Policy
from vantum.wire.browser import decode
from vantum.wire.events import EVENTS
from vantum.wire.frames import encode
from vantum.wire.payloads import AudioOutputChunk

FRAME_48K = bytes(1_920)  # 20 ms
EVENT_ID = "01936b3e-7c5a-7000-8000-000000000000"


def per_operation_us(work: Callable[[], int]) -> float:
    """Best of five: CPU microseconds divided by the operations that `work` says it did."""
    best = float("inf")
    for _ in range(5):
        begin = time.process_time()
        count = work()
        best = min(best, (time.process_time() - begin) / count)
    return best * 1e6


def whole_turns() -> int:
    """A caller's question and a spoken answer, two hundred times."""
    count = 0
    talk = Conversation(Policy(), EVENT_ID, 0.0)
    for turn in range(200):
        now = 10.0 * turn
        events: list[ev.Event] = [ev.Ready(), ev.InputStarted(automatic=True, greets=False)]
        events = events if turn == 0 else []
        events += [
            ev.SpeechStarted(now + 0.1),
            ev.SpeechSustained(now + 0.3, 0.2),
            ev.Transcript("how much", final=False),
            ev.SpeechStopped(now + 1.0, 0.9, 0.2),
            ev.Transcript("how much is it", final=True, start_s=now, end_s=now + 1.0),
        ]
        for event in events:
            talk.handle(event, now + 1.2)
        talk.handle(ev.TimerFired("end_of_turn"), now + 1.6)
        reply = talk.talk.reply
        assert reply is not None
        ids = (reply.turn, reply.number)
        answer: list[ev.Event] = [ev.Token(*ids, "It costs less. ") for _ in range(20)]
        answer.append(ev.ReplyWritten(*ids))
        answer += [ev.Speech(*ids, 0, FRAME_48K, 48_000) for _ in range(40)]
        for event in answer:
            talk.handle(event, now + 2.0)
        pieces = len(reply.pieces)
        last: list[ev.Event] = [ev.PieceVoiced(*ids, piece) for piece in range(pieces)]
        for event in [*last, ev.PlayedOut(ids[0])]:
            talk.handle(event, now + 3.0)
        count += len(events) + 1 + len(answer) + pieces + 1
    return count


def frames_written() -> int:
    """Sound chunks for a browser."""
    chunk = AudioOutputChunk(FRAME_48K * 5, EVENT_ID, 48_000)
    for _ in range(2_000):
        encode(EVENTS.audio.output.CHUNK, EVENT_ID, EVENT_ID, chunk)
    return 2_000


def frames_read() -> int:
    """Sound chunks from a browser."""
    frame = encode(EVENTS.audio.input.CHUNK, EVENT_ID, EVENT_ID, {"audio": FRAME_48K})
    for _ in range(2_000):
        decode(frame)
    return 2_000


def frames_resampled() -> int:
    """20 ms from 48 to 16 kHz."""
    stream = resampler(48_000, 16_000)
    for _ in range(1_000):
        stream.push(FRAME_48K)
    return 1_000


def frames_played() -> int:
    """20 ms out on the schedule."""
    playout = Playout(48_000, 0.02, 0.2, "pauses")
    playout.begin(1)
    playout.queue(FRAME_48K * 1_000)
    return sum(len(playout.due(0.02 * tick)) for tick in range(1_000))


PARTS = {
    "conversation, one event": whole_turns,
    "wire, write a 100 ms chunk": frames_written,
    "wire, read a 20 ms chunk": frames_read,
    "resample 20 ms, 48 to 16 kHz": frames_resampled,
    "playout, one 20 ms frame": frames_played,
}


def main() -> None:
    for name, work in PARTS.items():
        print(f"{name:<32}{per_operation_us(work):8.2f} µs")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
