"""The trace of a whole phone call says how long all took, not with whom it was nor about what."""

from __future__ import annotations

from pathlib import Path

import pytest
from collector import collecting, plain
from phone import OURS, PERSON, telephone
from test_log import SCRIPT, spoken

from vantum.simulator.stage import ONE_ACCOUNT

pytestmark = pytest.mark.anyio


async def test_a_trace_holds_no_words_no_number_and_no_key(tmp_path: Path) -> None:
    async with (
        collecting() as collector,
        telephone(tmp_path, otel_exporter_otlp_endpoint=collector.url) as phone,
    ):
        await phone.casts(number=PERSON, script=SCRIPT)
        call_id = await phone.calls(PERSON)
        outcome = await phone.outcome(call_id, 60)
        call = await collector.has_a_whole_call()
        secrets = (PERSON, OURS, PERSON[1:], phone.token, ONE_ACCOUNT.token)
    about = plain(call.attributes)
    assert (about["gen_ai.conversation.id"], about["vantum.client"]) == (call_id, "twilio")
    assert len(collector.named("turn")) >= 2
    assert len(outcome.transcript) >= 3
    sent = b"".join(collector.bodies).decode("latin-1").lower()
    for secret in secrets:
        assert secret.lower() not in sent
    for line in outcome.transcript:
        for words in spoken(line.text):
            assert words not in sent, words
