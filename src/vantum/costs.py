"""What the vendors charge for a call: counted seconds, characters and tokens become an amount.

Prices are in `prices.toml`, each with its date and where it was read. Where one is missing there is
no amount: a wrong figure would be believed.
"""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

Unit = Literal[
    "minute",
    "started minute",
    "1000 characters",
    "1M prompt tokens",
    "1M cached tokens",
    "1M completion tokens",
]

_Of = Literal["seconds", "characters", "prompt", "cached", "completion"]


class _Measure(Struct, frozen=True):
    of: _Of
    size: int
    begun_counts: bool = False


_MEASURES: Final[dict[Unit, _Measure]] = {
    "minute": _Measure("seconds", 60),
    "started minute": _Measure("seconds", 60, begun_counts=True),
    "1000 characters": _Measure("characters", 1_000),
    "1M prompt tokens": _Measure("prompt", 1_000_000),
    "1M cached tokens": _Measure("cached", 1_000_000),
    "1M completion tokens": _Measure("completion", 1_000_000),
}
_MODELS_DAY: Final = re.compile(r"-\d{4}-\d{2}-\d{2}$")  # a dated copy costs what the model does


class Party(Struct, frozen=True):
    """Who is paid for a service: a vendor's model, as the price list names them."""

    vendor: str
    model: str


class Used(Struct, frozen=True, kw_only=True):
    """What a call has used of one vendor's model; cached tokens are among the prompt's."""

    seconds: float = 0.0
    characters: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class Amount(Struct, frozen=True):
    """Money, not rounded."""

    value: Decimal
    currency: str


class Tariff(Struct, frozen=True, forbid_unknown_fields=True):
    """What a vendor charges for some of its models, and since when we believe it."""

    vendor: str
    models: tuple[str, ...]
    currency: str
    date: datetime.date
    source: str
    prices: dict[Unit, Decimal]


class _PriceList(Struct, forbid_unknown_fields=True):
    tariff: tuple[Tariff, ...]


@cache
def shipped_tariffs() -> tuple[Tariff, ...]:
    """The prices that come with Vantum."""
    text = Path(__file__).with_name("prices.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text, parse_float=Decimal), _PriceList).tariff


def cost(vendor: str, model: str, used: Used, tariffs: tuple[Tariff, ...]) -> Amount | None:
    """What this use costs; None where a price of it is not known."""
    names = {model, _MODELS_DAY.sub("", model)}
    tariff = next((t for t in tariffs if t.vendor == vendor and names & {*t.models}), None)
    if tariff is None:
        return None
    quantities = _quantities(used)
    priced = {_MEASURES[unit].of for unit in tariff.prices}
    if any(quantity and of not in priced for of, quantity in quantities.items()):
        return None
    value = Decimal(0)
    for unit, price in tariff.prices.items():
        measure = _MEASURES[unit]
        units = quantities[measure.of] / measure.size
        value += price * (math.ceil(units) if measure.begun_counts else units)
    return Amount(value, tariff.currency)


def _quantities(used: Used) -> dict[_Of, Decimal]:
    cached = min(used.cached_tokens, used.prompt_tokens)
    return {
        "seconds": Decimal(str(used.seconds)),
        "characters": Decimal(used.characters),
        "prompt": Decimal(used.prompt_tokens - cached),
        "cached": Decimal(cached),
        "completion": Decimal(used.completion_tokens),
    }
