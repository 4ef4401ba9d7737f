"""Faults are switched on and off over HTTP, strike when they should, and are counted."""

from __future__ import annotations

from random import Random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import simulating

from vantum.simulator.faults import FAULTS, FIELDS, Armed, Faults, vendors_of
from vantum.simulator.latency import Delay

pytestmark = pytest.mark.anyio


async def test_a_fault_is_armed_shown_and_cleared() -> None:
    async with simulating() as simulator, httpx.AsyncClient(base_url=simulator.url) as http:
        armed = {"vendor": "openai", "fault": "quota", "times": 2}
        assert (await http.post("/simulator/faults", json=armed)).status_code == 204
        shown = (await http.get("/simulator")).json()
        assert [fault["fault"] for fault in shown["armed"]] == ["quota"]
        assert shown["fields"] == FIELDS
        assert (await http.delete("/simulator/faults")).status_code == 204
        assert (await http.get("/simulator")).json()["armed"] == []


async def test_what_was_asked_is_shown() -> None:
    async with simulating() as simulator, httpx.AsyncClient(base_url=simulator.url) as http:
        asked = {"model": "parrot-1", "messages": [{"role": "user", "content": "Polly?"}]}
        said = (await http.post("/v1/chat/completions", json=asked)).json()
        assert said["choices"][0]["message"]["content"] == "Polly?"
        [shown] = (await http.get("/simulator/asked")).json()
    assert shown == {"vendor": "openai", "request": asked}


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b'{"vendor": "openai"}',
        b'{"vendor": "nobody", "fault": "quota"}',
        b'{"vendor": "deepgram", "fault": "quota"}',
        b'{"vendor": "openai", "fault": "nothing"}',
        b'{"vendor": "openai", "fault": "quota", "times": 0}',
        b'{"vendor": "openai", "fault": "quota", "often": 2}',
    ],
)
async def test_a_fault_that_cannot_be_is_refused_with_a_reason(body: bytes) -> None:
    async with simulating() as simulator, httpx.AsyncClient(base_url=simulator.url) as http:
        answer = await http.post("/simulator/faults", content=body)
        assert answer.status_code == 400
        told = answer.json()
        assert told["error"]
        assert told["faults"]["quota"] == ["cartesia", "openai"]
        assert tuple(told["fields"]) == Armed.__struct_fields__
        assert simulator.stage.faults.armed == []


def test_a_fault_passes_by_then_strikes_then_is_over() -> None:
    faults = Faults(Random(1))
    faults.arm(Armed(vendor="openai", fault="unavailable", skip=1, times=2))
    struck = [faults.strikes("openai", "unavailable") is not None for _ in range(5)]
    assert struck == [False, True, True, False, False]
    assert faults.struck == [("openai", "unavailable")] * 2


def test_a_fault_strikes_only_its_own_occasion() -> None:
    faults = Faults(Random(1))
    faults.arm(Armed(vendor="openai", fault="unavailable"))
    assert faults.strikes("cartesia", "unavailable") is None
    assert faults.strikes("openai", "quota", "throttled") is None
    assert faults.strikes("openai", "quota", "unavailable") is not None


def test_every_fault_has_somebody_to_strike() -> None:
    assert all(vendors_of(fault) for fault in FAULTS)
    assert len(FAULTS) == 23


@given(st.integers(), st.floats(0.001, 5), st.floats(1.01, 10))
def test_delays_are_positive_and_the_same_for_the_same_seed(
    seed: int, p50_s: float, spread: float
) -> None:
    delay = Delay(p50_s, p50_s * spread)
    drawn = [delay.drawn(Random(seed)) for _ in range(2)]
    assert drawn[0] == drawn[1] > 0


def test_a_drawn_delay_has_the_median_and_the_tail_it_should() -> None:
    dice, delay = Random(3), Delay(0.6, 1.8)
    drawn = sorted(delay.drawn(dice) for _ in range(20_000))
    assert drawn[10_000] == pytest.approx(0.6, rel=0.05)
    assert drawn[19_000] == pytest.approx(1.8, rel=0.05)
