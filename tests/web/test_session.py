"""A whole conversation over a real socket, and what a session is from its first to its last frame."""

from __future__ import annotations

import pytest
from served import Served

pytestmark = pytest.mark.anyio


async def test_tt_05_a_legacy_turn_is_start_chunks_complete_of_one_utterance(
    server: Served,
) -> None:
    async with server.connect() as client:
        ack = await client.start(rate=16_000)
        assert ack.name == "voicechat.audio.start"
        assert ack.payload == {"success": True}
        await client.says(1.0)
        end = await client.ends()
        assert end.name == "voicechat.audio.end"
        sound = await client.hears_answer()
        assert len(sound) > 20
        assert {frame.payload["sampleRate"] for frame in sound} == {48_000}
