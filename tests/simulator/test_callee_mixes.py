"""A range of numbers is answered by shares, each number always by the same."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from vantum.simulator.callee_mixes import CAMPAIGN, Mix, mix_of
from vantum.simulator.callees import UNHEARD

NUMBERS = [f"+1212555{n:04}" for n in range(10_000)]


def kinds(mix: Mix) -> list[str]:
    return [mix.casting(number).kind for number in NUMBERS]


def test_a_range_is_answered_in_about_the_shares_that_were_asked_for() -> None:
    found = Counter(kinds(Mix(prefix="+1212555")))
    assert {kind: found[kind] / len(NUMBERS) for kind in CAMPAIGN} == pytest.approx(
        CAMPAIGN, abs=0.015
    )
    two = Counter(kinds(Mix(prefix="+1", shares={"busy": 1, "brief": 3})))
    assert two["busy"] / len(NUMBERS) == pytest.approx(0.25, abs=0.015)


def test_a_campaign_on_the_usual_mix_is_not_paused_for_its_failures() -> None:
    failing = CAMPAIGN["unreachable"] + sum(CAMPAIGN.get(kind, 0.0) for kind in UNHEARD)
    assert failing <= 0.1


def test_the_same_seed_gives_the_same_callees_another_one_others() -> None:
    mix = Mix(prefix="+1212555")
    assert kinds(mix) == kinds(Mix(prefix="+1212555"))
    assert kinds(mix) != kinds(Mix(prefix="+1212555", seed=1))
    assert mix.casting(NUMBERS[0]).kind == "busy"  # in every process and every version


def test_the_longest_prefix_counts() -> None:
    wide, narrow = Mix(prefix="+1"), Mix(prefix="+1212")
    for mixes in ([wide, narrow], [narrow, wide]):
        assert mix_of("+12125550000", mixes) is narrow
        assert mix_of("+13125550000", mixes) is wide
        assert mix_of("+442071234567", mixes) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"prefix": "+1", "shares": {}}',
        b'{"prefix": "+1", "shares": {"busy": 0}}',
        b'{"prefix": "+1", "shares": {"nobody": 1}}',
        b'{"shares": {"busy": 1}}',
        b'{"prefix": "+1", "stays_s": -1}',
    ],
)
def test_a_mix_that_cannot_be_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Mix)
