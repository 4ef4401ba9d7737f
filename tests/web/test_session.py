"""Whole conversations over a real socket, and what a session is while they last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from served import Client, Served, alone, serving, soon, tone
from vantum_staged import BRIEF_ANSWER, LONG_ANSWER

import vantum.agents
from vantum.providers.scripted import CHARS_PER_S, CHUNK_S, HEARD

pytestmark = pytest.mark.anyio

SALES = Path(vantum.agents.__file__).parent / "files" / "sales.yaml"
LEAD_S = 0.25  # sent ahead of the ear: the product's 0.2, and what the network adds
MANUAL = {"turnDetection": "manual"}  # else only a recogniser that reports speech ends a turn
both = pytest.mark.parametrize("v2", [False, True], ids=["legacy", "v2"])


@pytest.fixture(scope="module")
async def talkative(anyio_backend: object) -> AsyncIterator[Served]:
    """A server whose answers last for minutes, which leaves time to act in the middle of one."""
    async with serving(llm_provider="staged", llm_model="talkative") as served:
        yield served


async def begin_answer(client: Client) -> str:
    """Ask aloud and wait until the answer sounds; returns its utterance id."""
    await client.asks_aloud(**MANUAL)
    chunk = await client.hears("audio.output.chunk")
    return str(chunk.payload["utteranceId"])


# -- one turn --------------------------------------------------------------------------------------


@both
async def test_tt_05_06_a_turn_is_start_chunks_complete_of_one_utterance(
    server: Served, v2: bool
) -> None:
    async with server.connect(v2=v2) as client:
        await client.asks_aloud(**MANUAL)
        sound = await client.hears_answer()
        await client.state("LISTENING")
        names = [
            client.wire_name(f"audio.output.{part}") for part in ("start", "chunk", "complete")
        ]
        spoken = [frame for frame in client.events if frame.name in names]
        assert [frame.name for frame in spoken] == [names[0], *[names[1]] * len(sound), names[2]]
        assert len({frame.payload["utteranceId"] for frame in spoken}) == 1
        for frame in sound:
            assert frame.payload["sampleRate"] == 48_000
            assert len(frame.payload["audio"]) % 2 == 0
            assert frame.payload["audio"]
        seconds = sum(len(frame.payload["audio"]) for frame in sound) / 2 / 48_000
        assert seconds == pytest.approx(len(BRIEF_ANSWER) / CHARS_PER_S, abs=CHUNK_S)


async def test_tt_08_sound_comes_on_time_and_a_little_ahead(server: Served) -> None:
    async with server.connect() as client:

        async def off_schedule_s() -> float:
            await client.asks_aloud()
            sound = await client.hears_answer()
            await client.state("LISTENING")
            behind = [frame.at - sound[0].at - 0.1 * n for n, frame in enumerate(sound)]
            return max(*behind, -min(behind) - LEAD_S)

        await soon(off_schedule_s, under_s=0.1)


async def test_wt_10_end_is_acked_after_the_transcript(server: Served) -> None:
    async with server.connect() as client:
        ack = await client.asks_aloud()
        final = client.all("transcript.final.result")
        assert [frame.payload["text"] for frame in final] == [HEARD]
        assert client.events.index(final[0]) < client.events.index(ack)
        assert final[0].payload["isFinal"] is True


@both
async def test_ev_13_every_frame_of_a_turn_is_in_the_clients_vocabulary(
    server: Served, v2: bool
) -> None:
    async with server.connect(v2=v2) as client:
        await client.asks_aloud(**MANUAL)
        await client.hears_answer()
        await client.state("LISTENING")
        legacy = {
            name for name in client.names() if name.startswith(("voicechat.", "connection.a"))
        }
        heard = {frame.name for frame in client.events}
        if v2:
            assert not legacy
            assert {"audio.output.start", "audio.output.chunk", "audio.output.complete"} <= heard
        else:
            assert legacy == {
                "connection.ack",
                "voicechat.audio.start",
                "voicechat.audio.end",
                "voicechat.response.start",
                "voicechat.response.chunk",
                "voicechat.response.complete",
            }
            assert not [name for name in heard if name.startswith("audio.")]


@both
async def test_the_course_of_a_turn_is_told_in_order(server: Served, v2: bool) -> None:
    async with server.connect(v2=v2) as client:
        await client.asks_aloud(**MANUAL)
        await client.hears_answer()
        await client.state("LISTENING")
        told = [
            f.payload["to"] if f.name == "conversation.state.changed" else f.name
            for f in client.events
            if f.name.startswith(("conversation.", "transcript."))
            and f.name != "conversation.response.token"
        ]
        assert told == [
            "LISTENING",
            "transcript.final.result",
            "THINKING",
            "RESPONDING",
            "conversation.response.start",
            "conversation.response.complete",
            "LISTENING",
        ]
        tokens = client.all("conversation.response.token")
        assert [frame.payload["index"] for frame in tokens] == list(range(len(tokens)))
        assert "".join(frame.payload["token"] for frame in tokens).strip() == BRIEF_ANSWER
        assert (
            client.all("conversation.response.complete")[0].payload["fullResponse"] == BRIEF_ANSWER
        )


async def test_ev_09_11_both_vocabularies_may_be_mixed_on_one_connection(server: Served) -> None:
    async with server.connect() as client:
        assert (await client.asks("audio.input.start", {})).name == "audio.input.start"
        await client.send("voicechat.audio.chunk", {"audio": tone(0.2)})
        await client.send("audio.input.chunk", {"audio": tone(0.2), "timestamp": 1.0})
        assert (await client.asks("audio.input.stop", {"reason": "x"})).name == "audio.input.stop"
        await client.hears_answer()
        assert (await client.asks("voicechat.audio.start")).name == "voicechat.audio.start"


@both
async def test_ev_10_audio_input_end_is_accepted_as_stop(server: Served, v2: bool) -> None:
    async with server.connect(v2=v2) as client:
        await client.start(**MANUAL)
        await client.says()
        ack = await client.asks("audio.input.end")
        assert ack.payload == {"success": True}
        await client.hears_answer()


async def test_se_06_many_recordings_keep_one_conversation() -> None:
    async with alone(llm_provider="staged", llm_model="echo") as client:
        for turn in range(1, 4):
            await client.asks_aloud()
            complete = await client.hears("conversation.response.complete")
            assert complete.payload["fullResponse"].count(HEARD) == turn
            await client.asks("user.action.interrupt")
            await client.state("LISTENING")


async def test_cv_05_a_silent_recording_is_acked_and_answered_with_nothing(
    server: Served,
) -> None:
    async with server.connect() as client:
        await client.start()
        assert (await client.ends()).payload == {"success": True}
        await client.is_alive()
        assert "THINKING" not in [f.payload["to"] for f in client.all("conversation.state.changed")]


# -- odd moments -----------------------------------------------------------------------------------


@both
async def test_ws_10_end_without_start_is_acked(server: Served, v2: bool) -> None:
    async with server.connect(v2=v2) as client:
        assert (await client.ends()).payload == {"success": True}
        assert (await client.start(**MANUAL)).payload == {"success": True}


async def test_ws_10_two_ends_at_once_are_both_acked(server: Served) -> None:
    async with server.connect() as client:
        await client.start()
        await client.says()
        first = await client.send("voicechat.audio.end")
        second = await client.send("voicechat.audio.end")
        for event_id in (first, second):
            assert (await client.answer_to(event_id)).payload == {"success": True}
        await client.hears_answer()


async def test_ws_10_start_right_after_end_is_acked_and_the_question_answered() -> None:
    async with alone(llm_provider="staged", llm_model="stuck") as client:
        await client.start()
        await client.says()
        end = await client.send("voicechat.audio.end")
        start = await client.send("voicechat.audio.start")
        assert (await client.answer_to(end)).payload == {"success": True}
        assert (await client.answer_to(start)).payload == {"success": True}
        assert client.all("transcript.final.result")[0].payload["text"] == HEARD
        await client.state("THINKING")


async def test_ws_10_start_while_thinking_is_acked_and_the_next_end_too() -> None:
    async with alone(llm_provider="staged", llm_model="stuck") as client:
        await client.asks_aloud()
        await client.state("THINKING")
        assert (await client.start()).payload == {"success": True}
        await client.says()
        assert (await client.ends()).payload == {"success": True}
        await client.state("LISTENING")  # the caller went on
        await client.state("THINKING")  # and is thought about anew


@both
async def test_ws_10_start_while_responding_is_acked_and_the_answer_goes_on(
    server: Served, v2: bool
) -> None:
    async with server.connect(v2=v2) as client:
        utterance = await begin_answer(client)
        assert (await client.start(**MANUAL)).payload == {"success": True}
        complete = await client.hears("audio.output.complete")
        assert complete.payload["utteranceId"] == utterance


@both
async def test_new_words_while_responding_interrupt_and_are_answered(
    talkative: Served, v2: bool
) -> None:
    async with talkative.connect(v2=v2) as client:
        old = await begin_answer(client)
        await client.asks_aloud(**MANUAL)
        start = await client.hears("audio.output.start")
        assert start.payload["utteranceId"] != old
        for _ in range(5):
            await client.hears("audio.output.chunk")
        at = client.events.index(start)
        late = [f for f in client.events[at:] if f.payload.get("utteranceId") == old]
        assert not late


async def test_ev_16_end_call_while_recording_closes_with_1000(server: Served) -> None:
    async with server.connect() as client:
        await client.start()
        await client.says()
        await client.asks("user.action.end_call")
        assert await client.is_closed() == 1000
    await server.is_empty()


@both
async def test_ev_16_end_call_while_responding_stops_the_sound_first(
    talkative: Served, v2: bool
) -> None:
    async with talkative.connect(v2=v2) as client:
        utterance = await begin_answer(client)
        await client.send("user.action.end_call")
        assert await client.is_closed() == 1000
        wire = "audio.output.cancel" if v2 else "voicechat.response.stop"
        stop = next(f for f in client.events if f.name == wire)
        assert stop.payload["utteranceId"] == utterance
        after = client.events[client.events.index(stop) :]
        assert not [f for f in after if f.name == client.wire_name("audio.output.chunk")]
        assert not client.all("audio.output.complete")


async def test_an_end_that_still_waits_is_acked_before_the_call_closes() -> None:
    async with alone(stt_provider="staged", stt_model="stuck") as client:
        await client.start()
        end = await client.send("voicechat.audio.end")
        await client.send("user.action.end_call")
        assert await client.is_closed() == 1000
        assert end in {frame.event_id for frame in client.events}


# -- interruption ----------------------------------------------------------------------------------


@both
async def test_cv_07_interrupt_stops_the_sound_within_half_a_second(
    talkative: Served, v2: bool
) -> None:
    wire = "audio.output.cancel" if v2 else "voicechat.response.interrupt"
    async with talkative.connect(v2=v2) as client:

        async def interrupting_s() -> float:
            utterance = await begin_answer(client)
            asked = time.monotonic()
            ack = await client.asks("user.action.interrupt", {"timestamp": 1.0})
            assert ack.payload == {"success": True}
            cut = await client.hears("conversation.state.interrupted")
            assert LONG_ANSWER.startswith(cut.payload["partialResponse"])
            await client.state("LISTENING")
            stop = [f for f in client.events if f.name == wire][-1]
            assert stop.payload["utteranceId"] == utterance
            await begin_answer(client)
            await client.asks("user.action.interrupt")
            await client.state("LISTENING")
            after = client.events[client.events.index(stop) + 1 :]
            assert not [f for f in after if f.payload.get("utteranceId") == utterance]
            return stop.at - asked

        await soon(interrupting_s, under_s=0.5)


@both
async def test_cv_12_interrupt_outside_an_answer_does_nothing(server: Served, v2: bool) -> None:
    async with server.connect(v2=v2) as client:
        await client.is_alive()
        before = len(client.all("conversation.state.changed"))
        assert (await client.asks("user.action.interrupt")).payload == {"success": True}
        await client.is_alive()
        assert len(client.all("conversation.state.changed")) == before


async def test_cv_11_five_interruptions_in_a_row_leave_a_working_call(talkative: Served) -> None:
    async with talkative.connect() as client:
        for _ in range(5):
            await begin_answer(client)
            for _ in range(3):
                await client.asks("user.action.interrupt")
            await client.state("LISTENING")
        assert len(client.all("conversation.state.interrupted")) == 5
        await begin_answer(client)


async def test_what_the_page_has_played_is_what_counts_as_heard(talkative: Served) -> None:
    async with talkative.connect(v2=True) as client:
        utterance = await begin_answer(client)
        for told in ("01941f29-7c02-7000-8000-000000000003", utterance):
            await client.send("audio.output.progress", {"utteranceId": told, "playedMs": 0})
        await client.asks("user.action.interrupt")
        cut = await client.hears("conversation.state.interrupted")
        assert cut.payload["partialResponse"] == ""
        await client.send("audio.output.progress", {"utteranceId": utterance, "playedMs": 900})
        await client.is_alive()
        assert not [frame for frame in client.events if frame.is_error]


# -- automatic turns -------------------------------------------------------------------------------


async def test_a_v2_client_is_greeted_and_answered_without_ending_its_recording() -> None:
    settings = {"stt_provider": "staged", "stt_model": "alert", "vad_silence_threshold_ms": 100}
    async with alone(v2=True, **settings) as client:
        await client.start()
        greeting = await client.hears("audio.output.start")
        await client.hears("audio.output.chunk")
        await client.says(0.5)  # over the greeting
        await client.hears("audio.output.pause")
        cancel = await client.hears("audio.output.cancel")
        assert cancel.payload["utteranceId"] == greeting.payload["utteranceId"]
        await client.is_silent(0.5)
        await client.hears("transcript.final.result")
        await client.state("THINKING")
        await client.hears_answer()


async def test_a_cough_pauses_the_answer_and_lets_it_go_on() -> None:
    async with alone(v2=True, stt_provider="staged", stt_model="alert") as client:
        await client.start()
        begun = await client.hears("audio.output.chunk")
        await client.says(0.1)
        pause = await client.hears("audio.output.pause")
        await client.is_silent(0.5)
        resume = await client.hears("audio.output.resume")
        for frame in (pause, resume):
            assert frame.payload["utteranceId"] == begun.payload["utteranceId"]
        assert not client.all("audio.output.cancel")


async def test_a_legacy_client_with_automatic_turns_is_not_greeted() -> None:
    settings = {"stt_provider": "staged", "stt_model": "alert", "vad_silence_threshold_ms": 100}
    async with alone(**settings) as client:
        await client.start(turnDetection="automatic")
        await client.says(0.5)
        await client.is_silent(0.5)
        await client.state("THINKING")
        sound = await client.hears_answer()
        assert sound


async def test_turn_detection_by_setting() -> None:
    settings = {"stt_provider": "staged", "stt_model": "alert", "turn_detection": "manual"}
    async with alone(v2=True, **settings) as client:
        await client.start()
        await client.says(0.5)
        await client.is_silent(0.5)
        await client.hears("transcript.final.result")
        await client.is_alive()
        assert not client.all("audio.output.start")  # neither greeted nor answered yet
        await client.ends()
        await client.hears_answer()


async def test_the_agents_goodbye_is_heard_before_the_call_closes() -> None:
    async with alone(llm_provider="staged", llm_model="leaving") as client:
        await client.asks_aloud()
        await client.hears_answer()
        bye = await client.hears("connection.lifecycle.disconnect")
        assert bye.payload["reason"] == "agent_ended"
        assert await client.is_closed() == 1000


# -- what a session is -----------------------------------------------------------------------------


async def test_se_01_a_session_is_idle_active_ended_and_active_again(server: Served) -> None:
    async with server.connect() as client:
        live = server.calls.by_session(client.session_id)
        assert live is not None
        assert live.session.state == "idle"
        await client.start()
        assert live.session.state == "active"
        await client.ends()
        assert live.session.state == "ended"
        await client.start()
        assert live.session.state == "active"


async def test_se_03_every_frame_touches_the_session(server: Served) -> None:
    async with server.connect() as client:
        live = server.calls.by_session(client.session_id)
        assert live is not None
        before = live.session.last_activity
        await asyncio.sleep(0.01)
        await client.send("voicechat.audio.chunk", {"audio": b"", "isMuted": True})
        await client.is_alive()
        assert live.session.last_activity > before


async def test_se_11_metadata_of_the_client_and_its_recording_are_kept(server: Served) -> None:
    async with server.connect() as client:
        await client.start(rate=44_100, language="de-DE", voiceId="heart")
        live = server.calls.by_session(client.session_id)
        assert live is not None
        session = live.session
        assert session.address == "127.0.0.1"
        assert "websockets" in session.user_agent
        assert (session.rate_hz, session.language) == (44_100, "de-DE")
        assert (session.voice_id, session.client) == ("heart", "browser")


async def test_who_names_no_language_and_voice_gets_the_agents_or_the_settings(
    tmp_path: Path,
) -> None:
    plain, own = tmp_path / "plain.yaml", tmp_path / "own.yaml"
    agent = SALES.read_text("utf-8")
    plain.write_text(agent, "utf-8")
    agent = agent.replace('language: ""', "language: de-DE").replace('id: ""', "id: katja")
    own.write_text(agent, "utf-8")
    async with serving(stt_language="fr-FR", vantum_agent=plain) as server:
        for named, language, voice_id in (
            ({}, "fr-FR", ""),
            ({"agent": "own"}, "de-DE", "katja"),
            ({"agent": "own", "language": "en-GB", "voiceId": "heart"}, "en-GB", "heart"),
        ):
            async with server.connect(v2=True) as client:
                await client.start(**named)
                live = server.calls.by_session(client.session_id)
                assert live is not None
                assert (live.session.language, live.session.voice_id) == (language, voice_id)


async def test_se_12_two_sessions_never_hear_of_each_other() -> None:
    settings = {
        "stt_provider": "staged",
        "stt_model": "named",
        "llm_provider": "staged",
        "llm_model": "echo",
    }
    async with serving(**settings) as server:

        async def talk(name: int) -> None:
            async with server.connect() as client:
                for turn in range(1, 4):
                    await client.start()
                    await client.says(pcm=bytes([name]) * 6_400 * turn)
                    await client.ends()
                    text = client.all("transcript.final.result")[-1].payload["text"]
                    assert text == f"caller {name} with {6_400 * turn} bytes"
                    complete = await client.hears("conversation.response.complete")
                    said = complete.payload["fullResponse"]
                    assert f"caller {name}" in said
                    others = set(range(1, 9)) - {name}
                    assert not [other for other in others if f"caller {other}" in said]
                    await client.asks("user.action.interrupt")
                    await client.state("LISTENING")

        async with asyncio.TaskGroup() as group:
            for name in range(1, 9):
                group.create_task(talk(name))


async def test_ev_17_feedback_is_checked(server: Served) -> None:
    async with server.connect() as client:
        good = await client.asks("user.feedback.sentiment", {"sentiment": "positive"})
        assert good.payload == {"success": True}
        for payload in ({"sentiment": "so so"}, {}, {"sentiment": 1}, None):
            bad = await client.asks("user.feedback.sentiment", payload)
            assert bad.is_error, payload


async def test_qa_06_ten_whole_turns_at_once(server: Served) -> None:
    async def talk() -> None:
        async with server.connect() as client:
            await client.asks_aloud()
            assert await client.hears_answer()
            assert not [frame for frame in client.events if frame.is_error]

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(talk())
