"""The command that `vantum simulate` prints starts a server which has all that it needs."""

from __future__ import annotations

import re
import shlex
from urllib.parse import urlsplit

import httpx
import pytest
from simulated import simulating

from vantum.settings import load_settings
from vantum.simulator.run import how_to_use
from vantum.simulator.stage import ONE_ACCOUNT

URL = "http://127.0.0.1:3002"


def test_the_command_can_be_pasted_and_has_a_telephone() -> None:
    printed = how_to_use(URL, ONE_ACCOUNT)
    block = re.search(r"((?:  .+ \\\n)+  .+) serve\n", printed)
    assert block is not None
    given = dict(word.split("=", 1) for word in block[1].split() if re.match(r"[A-Z_]+=", word))
    settings = load_settings(given)
    assert not settings.phone_off
    assert (settings.twilio_base_url, settings.recording) == (URL, "on")
    assert (settings.stt_provider, settings.tts_provider) == ("deepgram", "cartesia")


@pytest.mark.anyio
async def test_each_request_that_is_printed_is_understood() -> None:
    async with simulating() as simulator:
        printed = how_to_use(simulator.url, ONE_ACCOUNT)
        lines = [shlex.split(line) for line in re.findall(r"  curl (.+)", printed)]
        assert len(lines) == 7
        async with httpx.AsyncClient() as http:
            for url, *body in lines:
                assert urlsplit(url).port == simulator.port
                answer = await http.request(
                    "POST" if body else "GET", url, content=body[1] if body else None
                )
                assert answer.is_success, url
        assert simulator.stage.faults.armed
