"""How many more callers this machine's speech models carry, by how much they were at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from conftest_local import frames, room, with_speech

from vantum.providers.base import ListenOptions
from vantum.providers.local.client import LocalSpeech
from vantum.providers.local.room import A_CALL, EVERY_S, FULL, LOOKS, WINDOW_S, Work, more_calls
from vantum.providers.local.speech import LocalSpeechToText


def looked(*hearing_s: float, voicing_s: float = 0.0, recognisers: int = 1) -> float:
    """The share after a look each second, before each of which threads heard for so long."""
    work, share = Work(0.0), 0.0
    for number, took_s in enumerate(hearing_s, 1):
        work.add("hearing", took_s)
        work.add("voicing", voicing_s)
        share = work.look(number * EVERY_S, recognisers=recognisers, voices=1)
    return share


def test_the_share_is_that_of_the_busier_kind_and_of_all_its_threads() -> None:
    assert looked(0.5, 0.5) == pytest.approx(0.5)
    assert looked(0.5, 0.5, recognisers=2) == pytest.approx(0.25)
    assert looked(0.1, 0.1, voicing_s=0.4) == pytest.approx(0.4)


def test_what_was_long_ago_does_not_count() -> None:
    assert looked(*[1.0] * LOOKS, *[0.0] * LOOKS) == 0.0


def test_models_that_are_not_loaded_yet_are_not_at_work() -> None:
    assert Work(0.0).look(EVERY_S, recognisers=0, voices=0) == 0.0


def test_as_many_more_calls_as_are_left_of_the_time_and_none_when_it_is_full() -> None:
    most = more_calls(0.0, 0)
    assert most == pytest.approx(FULL / A_CALL, abs=1)
    assert [more_calls(0.0, young) for young in (1, most, most + 5)] == [most - 1, 0, 0]
    assert more_calls(FULL, 0) == more_calls(1.0, 0) == 0


@pytest.mark.local_speech
def test_a_caller_counts_from_their_first_sound_until_they_are_measured(
    helper_socket: Path,
) -> None:
    async def play(speech: LocalSpeech) -> None:
        now = asyncio.get_running_loop().time
        before = speech.more_calls(now())
        listening = LocalSpeechToText(speech).listen(endless(), ListenOptions(16_000))
        hearing = asyncio.create_task(anext(listening), name="hearing")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert speech.more_calls(now()) == before - 1
        assert speech.more_calls(now() + WINDOW_S) == before
        hearing.cancel()
        await asyncio.wait([hearing])
        await listening.aclose()
        assert speech.more_calls(now()) == before

    async def endless() -> AsyncIterator[Any]:
        async for frame in frames(room(0.1)):
            yield frame
        await asyncio.Event().wait()

    with_speech(helper_socket, play)
