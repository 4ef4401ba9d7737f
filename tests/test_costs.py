"""Counted use becomes money where the price is known, and nothing where it is not."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.costs import Amount, Tariff, Used, cost, shipped_tariffs
from vantum.settings import Settings

DAY = datetime.date(2026, 11, 22)
MODEL = Tariff(
    "openai",
    ("m",),
    "USD",
    DAY,
    "invented",
    {
        "1M prompt tokens": Decimal("0.10"),
        "1M cached tokens": Decimal("0.01"),
        "1M completion tokens": Decimal("0.50"),
    },
)
TARIFFS = (
    MODEL,
    Tariff("openai", ("uncached",), "USD", DAY, "invented", {"1M prompt tokens": Decimal(2)}),
    Tariff("deepgram", ("ears",), "USD", DAY, "invented", {"minute": Decimal("0.006")}),
    Tariff("cartesia", ("voice",), "EUR", DAY, "invented", {"1000 characters": Decimal("0.05")}),
    Tariff("twilio", ("voice",), "USD", DAY, "invented", {"started minute": Decimal("0.014")}),
)


@pytest.mark.parametrize(
    ("vendor", "model", "used", "amount"),
    [
        ("openai", "m", Used(prompt_tokens=1_000_000), Amount(Decimal("0.10"), "USD")),
        (
            "openai",
            "m",
            Used(prompt_tokens=3_000, cached_tokens=2_000, completion_tokens=100),
            Amount(Decimal("0.00017"), "USD"),
        ),
        ("openai", "m", Used(), Amount(Decimal(0), "USD")),
        ("deepgram", "ears", Used(seconds=90), Amount(Decimal("0.009"), "USD")),
        ("deepgram", "ears", Used(seconds=0.5), Amount(Decimal("0.00005"), "USD")),
        ("cartesia", "voice", Used(characters=500), Amount(Decimal("0.025"), "EUR")),
        ("twilio", "voice", Used(seconds=61), Amount(Decimal("0.028"), "USD")),
        ("twilio", "voice", Used(seconds=60), Amount(Decimal("0.014"), "USD")),
    ],
)
def test_what_was_used_has_its_price(vendor: str, model: str, used: Used, amount: Amount) -> None:
    assert cost(vendor, model, used, TARIFFS) == amount


@pytest.mark.parametrize(
    ("vendor", "model", "used"),
    [
        ("openai", "another", Used(prompt_tokens=1)),
        ("nobody", "m", Used(prompt_tokens=1)),
        ("openai", "m", Used(seconds=1)),
        ("openai", "uncached", Used(prompt_tokens=5, cached_tokens=1)),
        ("openai", "uncached", Used(prompt_tokens=5, completion_tokens=1)),
        ("cartesia", "voice", Used(prompt_tokens=1)),
    ],
)
def test_no_price_is_guessed(vendor: str, model: str, used: Used) -> None:
    assert cost(vendor, model, used, TARIFFS) is None


def test_a_dated_copy_of_a_model_costs_what_the_model_does() -> None:
    used = Used(prompt_tokens=10)
    assert cost("openai", "m-2026-05-04", used, TARIFFS) == cost("openai", "m", used, TARIFFS)
    assert cost("openai", "m-mini", used, TARIFFS) is None


def test_more_cached_tokens_than_the_prompt_has_are_not_believed() -> None:
    amount = cost("openai", "m", Used(prompt_tokens=100, cached_tokens=900), TARIFFS)
    assert amount == cost("openai", "m", Used(prompt_tokens=100, cached_tokens=100), TARIFFS)


COUNTS = st.integers(0, 10**9)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_costs_add_up(prompt: int, cached: int, completion: int, more: int) -> None:
    cached = min(cached, prompt)
    one = Used(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion)
    two = Used(completion_tokens=more)
    both = Used(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion + more)
    amounts = [cost("openai", "m", used, TARIFFS) for used in (one, two, both)]
    assert all(amounts)
    values = [amount.value for amount in amounts if amount]
    assert values[0] + values[1] == values[2] >= 0


def test_the_shipped_prices_are_dated_sourced_and_name_each_model_once() -> None:
    tariffs = shipped_tariffs()
    named = [(t.vendor, model) for t in tariffs for model in t.models]
    assert len(named) == len(set(named))
    assert all(t.source and t.prices and t.date >= datetime.date(2025, 1, 1) for t in tariffs)
    assert all(price > 0 for t in tariffs for price in t.prices.values())


def test_the_default_models_have_a_price() -> None:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    for vendor, setting, used in (
        ("openai", "llm_model", Used(prompt_tokens=1, cached_tokens=1, completion_tokens=1)),
        ("deepgram", "stt_model", Used(seconds=1)),
        ("cartesia", "tts_model", Used(characters=1)),
    ):
        assert cost(vendor, defaults[setting], used, shipped_tariffs())
