"""What the callers say, in a voice that models take for one: the local voice, without its pauses.

The simulated recogniser ends an utterance after 0.1 s of quiet. So a shorter quiet must be all that
there is inside one, and none before and after it. The lines are such as the models of turns in
Pipecat (smart turn) and LiveKit (its mini model) find to be over: what comes of one that they hold
to be unfinished is their choice, a wait of seconds, and would be all that is seen of them.
"""

from __future__ import annotations

import audioop
from typing import Final

from vantum.audio.pcm import encode_mulaw
from vantum.audio.resample import resampler
from vantum.providers.local.engine import VOICE_RATE_HZ, load_voice
from vantum.providers.scripted import LOUD
from vantum.wire.twilio import RATE_HZ

LINES: Final = (
    "We already use another tool for that.",
    "Do your agents speak German as well?",
    "Please send me an offer by mail.",
    "Yes, that sounds like a good idea.",
)
WINDOW_BYTES: Final = 2 * RATE_HZ // 100  # 10 ms of s16le
QUIET_WINDOWS: Final = 5  # inside an utterance


def voices() -> dict[str, bytes]:
    """Each line as mu-law at 8 kHz."""
    speak = load_voice()
    found = {}
    for line in LINES:
        change = resampler(VOICE_RATE_HZ, RATE_HZ)
        pcm = change.push(b"".join(speak(line))) + change.flush()
        found[line] = encode_mulaw(without_pauses(pcm))
    return found


def without_pauses(pcm: bytes) -> bytes:
    """From the first loud moment to the last, with what is quiet between them cut short."""
    windows = [pcm[at : at + WINDOW_BYTES] for at in range(0, len(pcm), WINDOW_BYTES)]
    kept: list[bytes] = []
    quiet: list[bytes] = []
    for window in windows:
        if audioop.rms(window, 2) <= LOUD:
            quiet.append(window)
            continue
        kept += quiet[:QUIET_WINDOWS] if kept else []
        kept.append(window)
        quiet.clear()
    return b"".join(kept)
