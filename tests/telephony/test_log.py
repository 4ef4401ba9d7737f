"""The log of a whole phone call says what happened, not with whom it was nor about what."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from phone import OURS, PERSON, telephone

from vantum.settings import load_settings
from vantum.simulator.customer import carrier_settings
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.telemetry import configure_log

pytestmark = pytest.mark.anyio

SCRIPT = [
    {"act": "say", "text": "Hello?"},
    {"act": "wait", "silence_s": 0.7},
    {"act": "say", "text": "We are twelve people in sales."},
    {"act": "wait", "silence_s": 0.7},
    {"act": "hang_up"},
]
WORDS = 3  # in a row, of what was said: a single one may be one of ours


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that a server would write, as it is set for everyday use."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    configure_log(load_settings(carrier_settings("http://127.0.0.1:1")), written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def spoken(text: str) -> Iterator[str]:
    """What would give it away: some words of it, as they follow one another."""
    words = re.findall(r"[\w']+", text.lower())
    for first in range(max(1, len(words) - WORDS + 1)):
        yield " ".join(words[first : first + WORDS])


async def test_the_log_of_a_call_holds_no_words_no_number_and_no_key(
    tmp_path: Path, log: io.StringIO
) -> None:
    async with telephone(tmp_path) as phone:
        await phone.casts(number=PERSON, script=SCRIPT)
        call_id = await phone.calls(PERSON)
        outcome = await phone.outcome(call_id, 60)
        keys = (phone.token, ONE_ACCOUNT.token)
    written = log.getvalue()
    events = set(re.findall(r'"event": "(\w+)"', written))
    assert {"call_placed", "call_settled"} <= events
    assert call_id in written
    assert {line.who for line in outcome.transcript} == {"agent", "caller"}
    assert len(outcome.transcript) >= 3
    plain = " ".join(re.findall(r"[\w']+", written.lower()))
    for line in outcome.transcript:
        for words in spoken(line.text):
            assert words not in plain, words
    for secret in (PERSON, OURS, PERSON[1:], *keys):
        assert secret not in written
