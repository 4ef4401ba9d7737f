"""What a call has used is written down, and what that cost where prices are known."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs

from vantum.books import Books
from vantum.casting import parties_of
from vantum.costs import Party, Used, cost, shipped_tariffs
from vantum.providers.chosen import chosen_providers
from vantum.providers.registry import registered
from vantum.settings import load_settings
from vantum.telemetry import Metrics, server_log

PARTIES = {
    "stt": Party("deepgram", "nova-3"),
    "llm": Party("openai", "gpt-6-luna"),
    "tts": Party("cartesia", "sonic-3.5"),
}


def closed(books: Books) -> dict[str, object]:
    with capture_logs() as logs:
        books.close("sales", "caller_ended", 60.0)
    [entry] = logs
    return dict(entry)


def test_a_call_is_added_up_and_priced() -> None:
    metrics = Metrics()
    books = Books(PARTIES, metrics, server_log())
    books.heard(40.0)
    books.heard(20.0)
    books.said("a" * 600)
    books.said("b" * 400)
    books.asked(2_000, 100, 1_500)
    books.asked(2_000, 100, 1_500)
    written = closed(books)
    assert written["heard_s"] == 60.0
    assert written["characters"] == 1_000
    expected = cost("deepgram", "nova-3", Used(seconds=60), shipped_tariffs())
    assert expected is not None
    assert written["costs"] == {
        "stt": f"{expected.value:.6f} USD",
        "llm": f"{cost_of_tokens(4_000, 200, 3_000)} USD",
        "tts": written["costs"]["tts"],  # type: ignore[index]
    }
    page = metrics.exposition().decode()
    assert 'vantum_used_total{what="heard_seconds"} 60.0' in page
    assert 'vantum_used_total{what="prompt_tokens"} 4000.0' in page


def cost_of_tokens(prompt: int, completion: int, cached: int) -> str:
    used = Used(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached)
    amount = cost("openai", "gpt-6-luna", used, shipped_tariffs())
    assert amount is not None
    return f"{amount.value:.6f}"


def test_what_has_no_known_price_has_no_cost() -> None:
    books = Books({"llm": Party("openai", "a-model-of-tomorrow")}, Metrics(), server_log())
    books.asked(10, 10, 0)
    assert closed(books)["costs"] == {}


@pytest.mark.parametrize(
    ("given", "paid"),
    [
        ({"OPENAI_API_KEY": "k"}, {"llm": "openai"}),
        ({"LLM_PROVIDER": "openai", "OPENAI_BASE_URL": "http://localhost:11434/v1"}, {}),
        ({"CARTESIA_API_KEY": "k"}, {"tts": "cartesia"}),
        ({}, {}),
    ],
)
def test_only_vendors_are_paid(given: dict[str, str], paid: dict[str, str]) -> None:
    settings = load_settings(given)
    parties = parties_of(settings, chosen_providers(settings, registered()))
    assert {service: party.vendor for service, party in parties.items()} == paid


def test_nothing_that_was_said_is_written_down() -> None:
    books = Books(PARTIES, Metrics(), server_log())
    books.said("my password is swordfish")
    assert "swordfish" not in json.dumps(closed(books))
