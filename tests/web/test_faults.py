"""When a provider is down, stuck or defective: the client is told, and the call goes on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from served import Client, alone

sys.path.append(str(Path(__file__).resolve().parents[1] / "simulator"))
from simulated import simulating

import vantum.agents

pytestmark = pytest.mark.anyio

both = pytest.mark.parametrize("v2", [False, True], ids=["legacy", "v2"])
OK = {"success": True}
SALES = Path(vantum.agents.__file__).parent / "files" / "sales.yaml"
MANUAL = {"turnDetection": "manual"}


def staged(service: str, part: str) -> dict[str, object]:
    return {f"{service}_provider": "staged", f"{service}_model": part}


@both
@pytest.mark.parametrize("part", ["down", "broken"])
async def test_st_20_a_recogniser_that_fails_is_told_and_every_request_acked(
    part: str, v2: bool
) -> None:
    async with alone(v2=v2, **staged("stt", part)) as client:
        for _ in range(3):
            assert (await client.start(**MANUAL)).payload == OK
            await client.says(0.2)
            assert (await client.ends()).payload == OK
        failed = client.all("transcript.error.stt_failed")
        assert len(failed) == 3
        await client.is_alive()


async def test_ws_10_a_stuck_recogniser_holds_no_ack_back() -> None:
    async with alone(**staged("stt", "stuck")) as client:
        await client.start()
        await client.says(0.2)
        event_id = await client.send("voicechat.audio.end")
        assert (await client.answer_to(event_id)).payload == OK
        assert (await client.start()).payload == OK


@both
@pytest.mark.parametrize("part", ["down", "broken"])
async def test_a_model_that_fails_is_told_and_a_fallback_spoken(part: str, v2: bool) -> None:
    brief = {"llm_fallback_tier1": "Once more?"}
    async with alone(v2=v2, **staged("llm", part), **brief) as client:
        await client.asks_aloud(**MANUAL)
        assert await client.hears_answer()  # it may have begun before the model broke off
        assert client.all("conversation.error.llm_failed")
        await client.state("LISTENING")


async def test_lg_10_the_third_failure_apologises_and_ends_the_call() -> None:
    async with alone(**staged("llm", "down"), llm_fallback_tier3="Goodbye.") as client:
        for _ in range(2):
            await client.asks_aloud()
            await client.hears("audio.output.chunk")
            await client.asks("user.action.interrupt")
            await client.state("LISTENING")
        await client.asks_aloud()
        await client.hears_answer()
        bye = await client.hears("connection.lifecycle.disconnect")
        assert bye.payload["reason"] == "faults"
        assert await client.is_closed() == 1011


@both
@pytest.mark.parametrize("part", ["down", "broken"])
async def test_tt_17_a_voice_that_fails_leaves_a_text_answer(part: str, v2: bool) -> None:
    async with alone(v2=v2, **staged("tts", part)) as client:
        for _ in range(2):
            await client.asks_aloud(**MANUAL)
            await client.hears("error.service.tts_unavailable")
            complete = await client.hears("conversation.response.complete")
            assert "Yes, I can." in complete.payload["fullResponse"]
            await client.state("LISTENING")
        assert not client.all("audio.output.chunk")


@pytest.mark.parametrize("part", ["down", "broken"])
async def test_ws_26_no_address_key_or_trace_is_told(part: str) -> None:
    async with alone(**staged("stt", part)) as client:
        await fail_in_every_way(client)
        for frame in client.events:
            for word in ("Traceback", "LookupError", "a defect in", "/src/", ".py", "sk-", "//"):
                assert word not in str(frame.payload), frame


async def fail_in_every_way(client: Client) -> None:
    await client.asks_aloud()
    await client.hears("transcript.error.stt_failed")
    for payload in ({"samplingRate": "x"}, [], None, {"language": 1}):
        await client.asks("voicechat.audio.start", payload=payload)
    await client.asks("voicechat.nonsense")


async def test_an_agent_that_does_not_exist_is_refused() -> None:
    async with alone(v2=True) as client:
        for agent in ("../../etc/passwd", "nobody", "/etc/hosts"):
            error = await client.start(agent=agent)
            assert error.is_error
        assert (await client.start()).payload == OK


async def test_another_agent_is_refused_once_the_caller_was_heard(tmp_path: Path) -> None:
    for name in ("first", "other"):
        (tmp_path / f"{name}.yaml").write_text(SALES.read_text("utf-8"), "utf-8")
    async with alone(v2=True, vantum_agent=tmp_path / "first.yaml") as client:
        assert (await client.start(agent="other", **MANUAL)).payload == OK
        await client.says()
        await client.ends()
        await client.hears("audio.output.chunk")
        refused = await client.start(agent="first")
        assert refused.payload["code"] == "INVALID_STATE"
        assert (await client.start(agent="other")).payload == OK


@pytest.mark.parametrize(
    ("service", "vendor", "variable"),
    [("llm", "openai", "OPENAI_API_KEY"), ("tts", "cartesia", "CARTESIA_API_KEY")],
)
async def test_a_wrong_key_is_named_in_the_log_and_the_others_work(
    service: str, vendor: str, variable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with simulating(api_key="the right one") as simulator:
        settings: dict[str, object] = {
            f"{service}_provider": vendor,
            variable: "the wrong one",
            "openai_base_url": f"{simulator.url}/v1",
            "cartesia_base_url": simulator.url,
        }
        async with alone(v2=True, **settings) as client:
            await client.start(**MANUAL)
            await client.says()
            await client.ends()
            await client.hears("transcript.final.result")
            await client.hears("conversation.response.complete")
    told = capsys.readouterr().out
    assert re.search(rf"\bfault\b.*{variable}", told)
    assert "the wrong one" not in told
