"""The carrier signs as the vendor does: its own validator finds nothing wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from vantum.simulator.twilio_signs import signature

FORM = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=6)


def test_the_vendors_own_example() -> None:
    form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+12349013030"),
        ("Digits", "1234"),
        ("From", "+12349013030"),
        ("To", "+18005551212"),
    ]
    signed = signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form)
    assert signed == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


@given(st.text(min_size=1), FORM)
def test_every_form_validates(token: str, form: dict[str, str]) -> None:
    url = "https://vantum.example/twilio/status?call=1"
    signed = signature(token, url, form.items())
    assert RequestValidator(token).validate(url, form, signed)


@pytest.mark.parametrize("url", ["wss://vantum.example/twilio/media", "ws://127.0.0.1:3001/m"])
def test_a_socket_is_signed_over_its_address_alone(url: str) -> None:
    assert RequestValidator("secret").validate(url, {}, signature("secret", url))
    assert not RequestValidator("secret").validate(url + "/", {}, signature("secret", url))
