"""A recogniser that stumbles is tried again, in its time: over real sockets, on the simulator."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import msgspec
import numpy as np
import pytest
from caller import quiet, tone
from recorded import PHONE, Caller, finals, for_ever, hear, settings_for
from simulated import Simulator, simulating

from vantum.conversation.events import Hearing, Setback
from vantum.errors import ProviderError, ProviderTimeout
from vantum.limits import Budgets
from vantum.providers.base import SpeechToText
from vantum.providers.deepgram import DeepgramSpeechToText
from vantum.providers.steady_ears import SteadySpeechToText
from vantum.providers.tape import KEPT_S
from vantum.settings import Settings
from vantum.simulator.latency import Delay, Profile

pytestmark = pytest.mark.anyio

BUDGETS = Budgets(
    stt_reconnect_s=10.0,
    stt_progress_s=10.0,
    stt_first_waits_s=(0.0, 0.05, 0.1, 0.15, 0.2),
    stt_waits_s=(0.0, 0.06, 0.12),
    stt_server_waits_s=(0.0, 0.07, 0.14),
    stt_unavailable_waits_s=(0.08, 0.16, 0.24),
    stt_throttled_waits_s=(0.09, 0.18, 0.27),
)
EARLY = 0.9  # of a wait: clocks differ a little
NAMES = ("one", "two", "three", "four", "five", "six", "seven")
STEP = 4_000  # between the levels at which they are said


class ByLoudness:
    """Knows each name by how loud it is said, so that none is taken for another."""

    async def words(self, pcm: bytes, rate_hz: int, heard: int) -> str:
        level = np.percentile(np.abs(np.frombuffer(pcm, np.int16).astype(np.int32)), 98)
        return NAMES[round(float(level) / STEP) - 1]

    async def sound(self, text: str) -> bytes:
        return b""


def steady(settings: Settings, budgets: Budgets) -> SpeechToText:
    return SteadySpeechToText(DeepgramSpeechToText(settings, budgets), budgets)


def saying(*names: str) -> list[bytes]:
    """Each for 1.5 s, and as much silence as ends it."""
    levels = (STEP * (NAMES.index(name) + 1) for name in names)
    return [part for level in levels for part in (tone(1.5, level=level), quiet(0.5))]


async def heard_of(simulator: Simulator, *names: str) -> list[Hearing | Setback]:
    return await hear(simulator, Caller(*saying(*names)), by=steady, budgets=BUDGETS)


def in_their_time(waited_s: list[float], least_s: tuple[float, ...]) -> bool:
    pairs = zip(waited_s, least_s, strict=True)
    return all(waited >= EARLY * least for waited, least in pairs)


async def test_st_10_the_first_connection_is_tried_five_times() -> None:
    async with simulating(talent=ByLoudness()) as simulator:
        simulator.breaks("deepgram", "refused", times=4)
        events = await heard_of(simulator, "one", "two")
        assert in_their_time(simulator.waits_between("stream_asked"), BUDGETS.stt_first_waits_s[1:])
    assert finals(events) == ["one", "two"]


async def test_st_10_then_it_is_given_up() -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "refused", times=100)
        with pytest.raises(ProviderError, match="cannot be reached"):
            await heard_of(simulator, "one")
        assert len(simulator.waits_between("stream_asked")) == 4


async def test_st_11_12_a_line_that_breaks_is_replaced_and_no_word_is_lost_or_heard_twice() -> None:
    async with simulating(talent=ByLoudness()) as simulator:
        simulator.breaks("deepgram", "drop", skip=1)
        simulator.breaks("deepgram", "refused", skip=1, times=2)
        events = await heard_of(simulator, "one", "two", "three", "four")
        assert in_their_time(simulator.waits_between("stream_asked"), BUDGETS.stt_waits_s)
    assert finals(events) == ["one", "two", "three", "four"]


async def test_st_12_the_newest_sound_is_kept_in_order_while_nobody_takes_it() -> None:
    late = msgspec.structs.replace(BUDGETS, stt_unavailable_waits_s=(0.5,))
    async with simulating(talent=ByLoudness()) as simulator:
        simulator.breaks("deepgram", "unavailable")
        events = await hear(simulator, Caller(*saying(*NAMES)), by=steady, budgets=late)
    kept = finals(events)
    assert kept == list(NAMES[-len(kept) :])
    assert len(kept) == KEPT_S / 2.0


@pytest.mark.parametrize(
    ("fault", "waits_s"),
    [
        ("throttled", BUDGETS.stt_throttled_waits_s),
        ("unavailable", BUDGETS.stt_unavailable_waits_s),
        ("error_event", BUDGETS.stt_server_waits_s),
        ("drop", BUDGETS.stt_waits_s),
    ],
)
async def test_st_13_each_kind_of_trouble_has_its_own_waits(
    fault: str, waits_s: tuple[float, ...]
) -> None:
    async with simulating(talent=ByLoudness()) as simulator:
        # A vendor that asks for patience is believed, but not beyond the longest wait.
        seconds = 60.0 if fault == "throttled" else None
        simulator.breaks("deepgram", fault, times=3, seconds=seconds)
        events = await heard_of(simulator, "one")
        waited_s = simulator.waits_between("stream_asked")
        assert in_their_time(waited_s, waits_s)
        if fault == "throttled":
            assert min(waited_s) >= EARLY * max(waits_s)
    assert finals(events) == ["one"]


@pytest.mark.parametrize("fault", ["unauthorized", "forbidden", "payment_required"])
async def test_st_14_what_would_fail_again_is_tried_once(fault: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault, times=100)
        with pytest.raises(ProviderError):
            await heard_of(simulator, "one")
        assert simulator.waits_between("stream_asked") == []


@pytest.mark.parametrize("again", [False, True])
async def test_st_15_a_door_that_does_not_open_in_time_is_left(again: bool) -> None:
    limits = {"stt_connect_s": 60.0, "stt_reconnect_s": 60.0}
    limits["stt_reconnect_s" if again else "stt_connect_s"] = 0.1
    budgets = msgspec.structs.replace(BUDGETS, **limits)
    async with simulating(profile=Profile(handshake=Delay(60.0))) as simulator:
        ears = DeepgramSpeechToText(settings_for(simulator), budgets)
        options = msgspec.structs.replace(PHONE, again=again)
        async with (
            asyncio.timeout(20),
            aclosing(ears.listen(aiter(Caller(for_ever)), options)) as events,
        ):
            with pytest.raises(ProviderTimeout):
                await anext(events)
