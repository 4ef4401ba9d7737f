"""The page for receivers of webhooks: its code is run, and its table is whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from vantum.campaigns.hooks import signature
from vantum.wire.hooks import EVENTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text("utf-8")
NOW = 1_800_000_000.0
BODY = '{"id": "1", "text": "à la carte"}'


@pytest.fixture
def is_ours() -> Callable[[str, str, bytes, float], bool]:
    """As a reader has it who has copied it."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Callable[[str, str, bytes, float], bool]] = {}
    exec(code, names)  # our own page
    return names["is_ours"]


def test_what_we_sign_is_known_as_ours(is_ours: Callable[..., bool]) -> None:
    assert is_ours("secret", signature("secret", BODY, NOW), BODY.encode(), NOW + 299)


@pytest.mark.parametrize(
    ("secret", "body", "header", "at"),
    [
        ("another", BODY, signature("secret", BODY, NOW), NOW),
        ("secret", BODY + " ", signature("secret", BODY, NOW), NOW),
        ("secret", BODY, signature("secret", BODY, NOW), NOW + 302),
        ("secret", BODY, signature("secret", BODY, NOW), NOW - 302),
        ("secret", BODY, signature("secret", BODY, NOW).replace("t=18", "t=19"), NOW + 1e8),
        ("secret", BODY, signature("secret", BODY, NOW).replace("v1=", "v0="), NOW),
        ("secret", BODY, signature("secret", BODY, NOW)[:-1], NOW),
        ("secret", BODY, f"t={'9' * 5_000},v1=0", NOW),
        ("secret", BODY, "t=٣,v1=é", 3),
        ("secret", BODY, "", NOW),
        ("secret", BODY, ",t=1=2,v1", NOW),
    ],
)
def test_what_was_tampered_with_is_refused(
    is_ours: Callable[..., bool], secret: str, body: str, header: str, at: float
) -> None:
    assert not is_ours(secret, header, body.encode(), at)


def test_every_event_and_field_has_its_place() -> None:
    rows = re.findall(r"^\| `([a-z.]+)` \| [^|]+ \| (.*) \|$", PAGE, re.MULTILINE)
    shown = {kind: re.findall(r"`(\w+)`", cell) for kind, cell in rows}
    assert shown == {kind: [*data.__struct_fields__] for kind, data in EVENTS.items()}
