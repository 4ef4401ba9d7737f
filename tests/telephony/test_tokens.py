"""Which media token opens which call, and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from vantum.telephony.tokens import Token, opened, sealed, shared_key

KEY = shared_key("secret")
TOKEN = Token("call-1", "CA1", 1_060, "abc")


def test_a_token_opens_its_own_call_until_it_expires() -> None:
    text = sealed(TOKEN, KEY)
    assert opened(text, "CA1", KEY, 1_060) == TOKEN
    assert opened(text, "CA1", KEY, 1_061) is None
    assert opened(text, "CA2", KEY, 1_000) is None
    assert opened(text, "CA1", shared_key("other"), 1_000) is None


def test_it_fits_into_a_parameter() -> None:
    long = Token("0" * 36, "CA" + "0" * 32, 2**33, "0" * 24)
    assert len("token" + sealed(long, KEY)) < 500  # the vendor's limit for name and value


@given(some.text(max_size=300))
def test_nothing_else_opens_anything(text: str) -> None:
    assert opened(text, "CA1", KEY, 1_000) is None


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_a_changed_token_opens_nothing(at: int) -> None:
    text = sealed(TOKEN, KEY)
    changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    assert opened(changed, "CA1", KEY, 1_000) is None
