"""How long a caller waited is read off the sound of both channels, to 10 ms."""

from __future__ import annotations

import numpy as np
import pytest

from vantum.audio.pcm import MULAW_HZ, MULAW_SILENCE, encode_mulaw, from_float
from vantum.audio.waits import Loudness, Wait, quiet_before


def voice(length_s: float, level: float = 0.1) -> bytes:
    """Noise as loud as a voice."""
    lots = np.random.default_rng(1)
    return encode_mulaw(from_float(level * lots.normal(size=round(length_s * MULAW_HZ))))


def still(length_s: float) -> bytes:
    return MULAW_SILENCE * round(length_s * MULAW_HZ)


def waits(caller: bytes, agent: bytes, *begun_s: float) -> list[Wait | None]:
    size = max(len(caller), len(agent))
    caller, agent = caller.ljust(size, MULAW_SILENCE), agent.ljust(size, MULAW_SILENCE)
    loudness = Loudness()
    for at in range(0, size, 7_777):  # not whole windows
        loudness.push(caller[at : at + 7_777], agent[at : at + 7_777])
    return loudness.waits([round(at * MULAW_HZ) for at in begun_s])


def lasted(caller: bytes, agent: bytes, *begun_s: float) -> list[float]:
    return [one.lasted_s for one in waits(caller, agent, *begun_s) if one is not None]


def test_a_wait_is_from_the_last_sound_to_the_first() -> None:
    [one] = waits(still(1) + voice(2), still(3.7) + voice(1), 3.6)
    assert one is not None
    assert (one.from_s, one.sent_s, one.to_s) == pytest.approx((3.0, 3.6, 3.7), abs=0.011)


def test_where_no_answer_was_begun_there_is_none_to_wait_for() -> None:
    heard = Loudness()
    heard.push(bytes(800), bytes(800))
    assert heard.waits([]) == []


def test_every_turn_has_its_own() -> None:
    caller = voice(1) + still(3) + voice(1)
    agent = still(1.5) + voice(1) + still(3.5) + voice(1)
    assert lasted(caller, agent, 1.4, 5.9) == pytest.approx([0.5, 1.0], abs=0.011)


def test_clicks_and_a_steady_noise_are_not_the_callers_voice() -> None:
    click = still(0.3) + voice(0.02)
    assert lasted(voice(1) + click, still(2) + voice(1), 2.0) == pytest.approx([1.0], abs=0.011)
    room = voice(10, level=0.015)
    noisy = room[: 4 * MULAW_HZ] + voice(1) + room[5 * MULAW_HZ :]
    assert lasted(noisy, still(6) + voice(1), 6.0) == pytest.approx([1.0], abs=0.011)


def test_there_is_none_where_one_of_them_was_silent() -> None:
    assert waits(still(1), still(2) + voice(1), 2.0) == [None]
    assert waits(voice(1), still(3), 2.0) == [None]
    assert Loudness().waits([8_000]) == [None]


def test_an_answer_that_was_never_heard_is_not_the_next_one() -> None:
    found = waits(voice(1), still(3) + voice(1), 1.5, 2.9)
    assert found[0] is None
    assert found[1] is not None


@pytest.mark.parametrize("quiet_s", [0.0, 0.01, 0.04])
def test_the_silence_a_voice_begins_with_is_measured(quiet_s: float) -> None:
    sound = still(quiet_s) + voice(0.06)
    assert quiet_before(sound, MULAW_HZ, "mulaw") == pytest.approx(quiet_s)
    assert quiet_before(still(0.06), MULAW_HZ, "mulaw") == pytest.approx(0.06)
