"""The bounds, budgets and deadlines that several rooms must know or that describe the product.

The unit is in the name, the reason beside it. A number that one file alone needs stands at its top.
Numbers marked (spec §n) are kept from the product's specification.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

# The wire
MESSAGE_BYTES: Final = 10 * 1024 * 1024  # spec §2.1: the largest frame; larger closes with 1009
MESSAGES_PER_S: Final = 100  # spec §2.7: a microphone sends 50 frames of 20 ms; twice that is abuse
PING_INTERVAL_S: Final = 20.0  # a browser answers by itself; a dead peer is found within 40 s
PING_TIMEOUT_S: Final = 20.0  # a mobile network that is away for longer has lost the call

# Audio
INTERNAL_RATE_HZ: Final = 16_000  # spec §5: what recognisers take
RATE_MIN_HZ: Final = 8_000  # spec §5: a telephone's
RATE_MAX_HZ: Final = 48_000  # spec §5: a browser's
FRAME_S: Final = 0.02  # the carrier's frame
LEAD_S: Final = 0.2  # a recogniser in a thread can stall the loop 35 ms; 200 ms hides it
MARK_S: Final = 1.0  # past the end by our clock; a carrier that says nothing by then never will
AHEAD_S: Final = 10.0  # of the ear: so far a voice may run, and one that is held or guesses too

# Turns
SHORTEST_SPEECH_S: Final = 0.2  # spec §9: shorter sounds are coughs
COVER_S: Final = 0.25  # recognisers round the end of words: a final this close to it covers speech
END_SILENCE_S: Final = 0.5  # spec §9: VAD_SILENCE_THRESHOLD_MS
# Two seconds of silence is where callers ask "hello?"; a voice needs 0.2-0.3 s to begin.
FILLER_AFTER_S: Final = 1.6
FILLER_AGAIN_S: Final = 4.0  # a sentence, and a breath in which the answer may come
FINALISE_DEADLINE_S: Final = 5.0  # spec §6: then what is there is used
TRANSCRIPT_CHARS: Final = 50_000  # spec §6: about 25,000 words
MODEL_DEADLINE_S: Final = 30.0  # spec §7: then a fallback sentence
SYNTHESIS_DEADLINE_S: Final = 30.0  # spec §8
SPEECH_CHARS: Final = 5_000  # spec §8: longer text is cut
PIECES: Final = 512  # 500 tokens are the longest answer; a piece has one at least
INPUT_CHUNKS: Final = 512  # 10 s of 20 ms frames; then the sender's socket is slowed
STALL_S: Final = 0.6  # mobile networks stall up to half a second; longer, nothing is being said
STALL_FILL_S: Final = 2.4  # of silence: enough for every turn to end
OUTPUT_FRAMES: Final = 1_024  # a peer that leaves this much unread is dead

# Sessions (spec §4)
SESSION_IDLE_S: Final = 30 * 60.0
SESSION_AGE_S: Final = 2 * 60 * 60.0
SWEEP_S: Final = 5 * 60.0
CLOSE_SOCKETS_S: Final = 5.0
SESSIONS: Final = 1_000
SOCKETS_PER_S: Final = 40  # new ones from one address; an office behind one router needs 20
ADDRESSES: Final = 10_000  # remembered for that; forgotten together, which errs on letting in

# The telephone
CARRIER_S: Final = 10.0  # one request to the carrier; its own p99 is under 2 s
CARRIER_CLOCK_S: Final = 30.0  # its clock and ours differ by less; attempts are minutes apart
TOKEN_S: Final = 60.0  # from the instructions given to the stream opened with them
USED_TOKENS_S: Final = 24 * 60 * 60.0  # remembered; each is good for 5 minutes at the most
# From the instructions to the stream it takes a second; later, it came elsewhere or does not come.
STREAM_COMES_S: Final = 3.0
STREAM_START_S: Final = 5.0  # a stream says at once which call it carries
CONFIRM_HANG_UP_S: Final = 5.0  # for the callback; then the carrier is asked
RING_MOST_S: Final = 100  # nobody lets a phone ring longer, and no news comes meanwhile
STALE_CALL_S: Final = 120.0  # without news: longer than any ringing, so that it is asked about
COLLEAGUE_RING_S: Final = 25  # voicemails mostly answer after that; the caller waits meanwhile
TRANSFER_S: Final = 55.0  # until a colleague is there; the caller's talk gives up a bit later
# From understanding that somebody wants no more calls to hanging up, whatever is said meanwhile. In
# all they may wait 10 s (dialing rule us-wa-identity), of which a model may take 2 to understand.
OPT_OUT_S: Final = 7.0
COMMANDS_EVERY_S: Final = 0.25  # looks for what other processes want of a call that is ours

# Contact lists
ROW_BYTES: Final = 100_000  # of a file; a quote that is still open by then was never closed
CELL_CHARS: Final = 10_000  # 1,500 words: more than an agent can be told of one person
COLUMNS: Final = 250  # of a list; the widest exports have about a hundred
IMPORT_ROWS: Final = 500  # written at a time: 20 ms in which SQLite lets nobody else write
IMPORT_DEAD_S: Final = 60.0  # an import that has written nothing for so long has died
PLAN_ROWS: Final = 2_000  # calls planned at a time: 50 ms, for the same reason
CLOCK_S: Final = 30.0  # between two looks at the clock of the database, by which all go

# After a call
JOB_S: Final = 45.0  # a model's deadline and some more; its lease of 60 s must not run out
WEBHOOK_S: Final = 10.0  # whoever takes one has only to write it down
LANE_AT_ONCE: Final = 2  # webhooks to one endpoint: of a worker's eight, one that hangs holds two

# Local speech
UTTERANCE_S: Final = 11.5  # the recogniser fails on long clips; cut under 12 s
INTERIM_EVERY_S: Final = 1.0  # interim text is for display; each costs a whole decode


class Budgets(Struct, frozen=True, kw_only=True):
    """How long providers may take before something is done about it; all in seconds.

    Passed to every provider, so that a test over real sockets may run on a fraction of them.
    """

    # Hearing
    stt_connect_s: float = 10.0  # spec §6
    stt_reconnect_s: float = 1.0  # spec §6: the caller goes on talking meanwhile
    stt_keepalive_s: float = 8.0  # Deepgram closes after 10 s without audio or keep-alive
    stt_progress_s: float = 1.5  # a recogniser that takes audio says something every second
    stt_finalise_s: float = 0.7  # its p99 is 0.33; not every Finalize is answered
    # Waits before each try, by what went wrong (spec §6)
    stt_first_waits_s: tuple[float, ...] = (0.0, 0.1, 1.0, 3.0, 5.0)
    stt_waits_s: tuple[float, ...] = (0.0, 0.1, 0.5)
    stt_server_waits_s: tuple[float, ...] = (0.0, 0.5, 1.0)
    stt_unavailable_waits_s: tuple[float, ...] = (1.0, 3.0, 5.0)
    stt_throttled_waits_s: tuple[float, ...] = (5.0, 10.0, 20.0)

    # Answering
    llm_connect_s: float = 2.0
    llm_hedge_s: float = 1.2  # twice the usual p50: a second request is usually there sooner
    llm_request_s: float = MODEL_DEADLINE_S  # spec §7
    llm_pause_s: float = 1.5  # inside an answer; what was said so far hides about this much
    llm_waits_s: tuple[float, ...] = (1.0, 2.0, 4.0)  # spec §7

    # Speaking
    tts_connect_s: float = 5.0  # spec §8
    tts_keepalive_s: float = 8.0  # spec §8
    tts_first_audio_s: float = 0.8  # four times the usual p50
    tts_pause_s: float = 0.6  # inside a piece; sound made so far hides it
    tts_waits_s: tuple[float, ...] = (0.5, 1.0, 2.0)  # spec §8
    tts_throttled_s: float = 5.0  # spec §8
    tts_request_s: float = SYNTHESIS_DEADLINE_S  # spec §8

    # The caller waits: without sound after their last word a filler is spoken
    filler_after_s: float = FILLER_AFTER_S
    filler_again_s: float = FILLER_AGAIN_S

    def divided(self, by: float) -> Budgets:
        """The same proportions in less time."""
        return Budgets(
            **{name: _divided(getattr(self, name), by) for name in self.__struct_fields__}
        )


def _divided(seconds: Any, by: float) -> Any:
    return tuple(one / by for one in seconds) if isinstance(seconds, tuple) else seconds / by
