"""What can go wrong with Cartesia reaches a call as the right kind of trouble, without the key."""

from __future__ import annotations

import asyncio

import pytest
from cartesia_voice import KEY, Hum, hired, letters, sound_of, spoken
from simulated import simulating

from vantum.errors import ProviderError, ProviderTimeout
from vantum.limits import Budgets
from vantum.providers.base import Spoken, VoiceOptions

pytestmark = pytest.mark.anyio

IMPATIENT = Budgets(tts_request_s=0.4)


@pytest.mark.parametrize(
    ("fault", "trouble", "says"),
    [
        ("refused", "network", "cannot be reached"),
        ("unauthorized", "fatal", "CARTESIA_API_KEY"),
        ("forbidden", "fatal", "CARTESIA_API_KEY"),
        ("payment_required", "quota", "nothing left"),
        ("throttled", "throttled", "429"),
        ("unavailable", "unavailable", "503"),
        ("rate_limit", "throttled", "429"),
        ("quota", "quota", "nothing left"),
        ("error_event", "server", "500"),
        ("drop", "network", "lost"),
    ],
)
async def test_tt_16_each_fault_is_the_kind_of_trouble_it_is(
    fault: str, trouble: str, says: str
) -> None:
    async with simulating() as simulator, hired(simulator.url) as voice:
        simulator.breaks("cartesia", fault)
        with pytest.raises(ProviderError, match=says) as raised:
            await spoken(voice, "Hello there, how are you?")
        error = raised.value
        assert (error.service, error.trouble) == ("tts", trouble)
        assert KEY not in str(error)
        assert error.retry_after_s == (1 if fault in {"throttled", "unavailable"} else None)
        assert sound_of(await spoken(voice, "Hello."))  # the next answer is well


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"TTS_MODEL": "sonic-2"}, "TTS_MODEL"),
        ({"CARTESIA_VOICE_ID": "nobody"}, "CARTESIA_VOICE_ID"),
    ],
)
async def test_tt_16_a_wrong_setting_is_named(environ: dict[str, str], says: str) -> None:
    async with simulating() as simulator, hired(simulator.url, **environ) as voice:
        with pytest.raises(ProviderError, match=says) as raised:
            await spoken(voice, "Hello.")
        assert raised.value.trouble == "fatal"
        assert simulator.stage.counts["cartesia.contexts"] == 0


async def test_a_wrong_key_is_refused_and_not_shown() -> None:
    async with simulating(api_key="right") as simulator, hired(simulator.url) as voice:
        with pytest.raises(ProviderError, match="CARTESIA_API_KEY") as raised:
            await spoken(voice, "Hello.")
    assert KEY not in repr(raised.value)


async def test_nobody_there_is_trouble_with_the_network() -> None:
    async with hired("http://127.0.0.1:1") as voice:
        with pytest.raises(ProviderError, match="cannot be reached") as raised:
            await spoken(voice, "Hello.")
    assert raised.value.trouble == "network"


@pytest.mark.parametrize("fault", ["stall_first", "stall_middle"])
async def test_tt_15_a_piece_that_is_not_finished_in_time_is_given_up(fault: str) -> None:
    async with simulating() as simulator, hired(simulator.url, budgets=IMPATIENT) as voice:
        simulator.breaks("cartesia", fault)
        with pytest.raises(ProviderTimeout):
            await spoken(voice, "Hello there, how are you?")
        assert sound_of(await spoken(voice, "Hello."))


async def test_the_time_for_a_piece_does_not_run_while_the_model_thinks() -> None:
    async def thinking() -> object:
        yield "Hello."
        for _ in range(12):
            await asyncio.sleep(0.05)
        yield "Bye."

    async with simulating() as simulator, hired(simulator.url, budgets=IMPATIENT) as voice:
        parts: list[Spoken] = [part async for part in voice.speak(thinking(), VoiceOptions())]  # type: ignore[arg-type]
    assert [part.piece for part in parts if part.last] == [0, 1]


async def test_a_lost_socket_fails_the_answers_on_it_and_the_next_ones_go_elsewhere() -> None:
    async with simulating(talent=Hum()) as simulator, hired(simulator.url) as voice:
        simulator.breaks("cartesia", "drop")
        answers = await asyncio.gather(
            *(spoken(voice, "a" * 40) for _ in range(3)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [ProviderError] * 3
        assert letters(sound_of(await spoken(voice, "bbbb"))) == "bbbb"
    assert simulator.stage.counts["cartesia.sockets"] == 2


async def test_a_failure_of_the_pieces_is_not_swallowed() -> None:
    async def broken() -> object:
        yield "Hello."
        raise ZeroDivisionError

    async with simulating() as simulator, hired(simulator.url) as voice:
        with pytest.raises(ZeroDivisionError):
            _ = [part async for part in voice.speak(broken(), VoiceOptions())]  # type: ignore[arg-type]
        assert sound_of(await spoken(voice, "Hello."))
