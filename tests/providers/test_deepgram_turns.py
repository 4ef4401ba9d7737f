"""A caller is heard through Deepgram's Flux, which ends turns itself: over real sockets."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import msgspec
import pytest
from caller import RATE_HZ, quiet, tone
from recorded import PHONE, Caller, finals, for_ever, hear, kinds, settings_for, until
from simulated import simulating
from websockets.asyncio.server import ServerConnection, serve

from vantum.conversation.events import (
    Finalised,
    Hearing,
    Setback,
    SpeechStarted,
    SpeechStopped,
    Transcript,
)
from vantum.errors import ProviderError, ProviderTimeout
from vantum.limits import Budgets
from vantum.providers.base import FINALISE, ListenOptions
from vantum.providers.deepgram_flux import FluxReader, FluxSpeechToText, query_of
from vantum.providers.deepgram_line import feed_of
from vantum.settings import load_settings
from vantum.simulator.latency import PROFILES, Delay
from vantum.simulator.talent import CALLER_LINES
from vantum.wire import deepgram_flux as wire
from vantum.wire.deepgram import encode

pytestmark = pytest.mark.anyio

HASTY = Budgets(stt_progress_s=0.3)  # then silence is added after 0.1 s
# A turn ends after 0.4 s of silence, an eager end comes before it.
UNHURRIED = msgspec.structs.replace(PROFILES["fast"], flux_end=Delay(0.4))


def reader() -> FluxReader:
    return FluxReader(feed_of(PHONE, load_settings({})), starved_s=0.5)


def test_english_has_a_model_of_its_own() -> None:
    feed = feed_of(PHONE, load_settings({}))
    english = query_of(ListenOptions(language="en-GB", key_terms=("Acme",)), feed)
    assert (english.model, english.language_hint) == ("flux-general-en", ())
    assert (english.encoding, english.sample_rate) == ("mulaw", RATE_HZ)
    assert (english.keyterm, english.eager_eot_threshold) == (("Acme",), 0.4)
    german = query_of(ListenOptions(language="de-AT"), feed)
    assert (german.model, german.language_hint) == ("flux-general-multi", ("de",))


async def test_a_turn_is_heard_from_its_start_to_its_end() -> None:
    async with simulating(profile=UNHURRIED) as simulator:
        caller = Caller(quiet(0.5), tone(2.0), quiet(0.5))
        events = await hear(simulator, caller, by=FluxSpeechToText)
    assert kinds(events) == ["SpeechStarted", "SpeechStopped", "Transcript"]
    assert isinstance(events[0], SpeechStarted)
    assert events[0].at_s == pytest.approx(0.5, abs=0.05)
    stopped, final = events[-2:]
    assert isinstance(stopped, SpeechStopped)
    assert stopped.at_s == pytest.approx(2.5, abs=0.05)
    assert stopped.speech_s == pytest.approx(2.0, abs=0.1)
    assert isinstance(final, Transcript)
    assert (final.text, final.end_of_turn) == (CALLER_LINES[0], True)
    assert final.end_s == stopped.at_s
    assert 0.9 < final.confidence < 1


async def test_all_words_are_shown_when_the_turn_may_be_over() -> None:
    async with simulating(profile=UNHURRIED) as simulator:
        events = await hear(simulator, Caller(tone(1.0), quiet(0.5)), by=FluxSpeechToText)
    shown = [event for event in events if isinstance(event, Transcript) and not event.final]
    assert [event.eager for event in shown] == [False] * (len(shown) - 1) + [True]
    assert shown[-1].text == CALLER_LINES[0]
    plain = [event.text for event in shown[:-1]]
    assert len(plain) == len(set(plain)) >= 2, "nothing is shown twice"


async def test_turns_follow_each_other() -> None:
    async with simulating() as simulator:
        caller = Caller(tone(1.0), quiet(0.5), tone(1.0), quiet(0.5))
        events = await hear(simulator, caller, by=FluxSpeechToText)
    assert kinds(events) == ["SpeechStarted", "SpeechStopped", "Transcript"] * 2
    assert finals(events) == list(CALLER_LINES[:2])


async def test_a_turn_is_not_starved_when_the_client_s_stream_stops() -> None:
    async with simulating(profile=UNHURRIED) as simulator:
        ears = FluxSpeechToText(settings_for(simulator), HASTY)
        caller = Caller(tone(1.0), for_ever)
        async with asyncio.timeout(5), aclosing(ears.listen(aiter(caller), PHONE)) as events:
            async for event in events:
                if isinstance(event, Transcript) and event.final:
                    break
        assert event.text == CALLER_LINES[0]


async def test_silence_that_was_added_is_no_part_of_the_recording() -> None:
    async with simulating(profile=UNHURRIED) as simulator:
        events: list[Hearing | Setback] = []
        ended = until(lambda: finals(events))  # by silence that the client did not send
        caller = Caller(tone(1.0), ended, quiet(0.5), tone(1.0), quiet(0.5))
        await hear(simulator, caller, by=FluxSpeechToText, budgets=HASTY, heard=events)
    assert [event.at_s for event in events if isinstance(event, SpeechStarted)] == [
        pytest.approx(0.0, abs=0.05),
        pytest.approx(1.5, abs=0.05),
    ]
    assert [event.at_s for event in events if isinstance(event, SpeechStopped)] == [
        pytest.approx(1.0, abs=0.05),
        pytest.approx(2.5, abs=0.05),
    ]


async def test_st_08_finalising_ends_the_turn_with_its_last_word() -> None:
    async with simulating(profile=UNHURRIED) as simulator:
        caller = Caller(tone(1.0), FINALISE, tone(1.0), FINALISE)
        events = await hear(simulator, caller, by=FluxSpeechToText)
        assert simulator.stage.counts["deepgram.ForceEndTurn"] == 2
    assert kinds(events) == ["SpeechStarted", "SpeechStopped", "Transcript", "Finalised"] * 2
    assert finals(events) == list(CALLER_LINES[:2])


async def test_st_08_finalising_without_a_turn_is_answered_by_a_warning() -> None:
    async with simulating() as simulator:
        slow = Budgets(stt_finalise_s=60.0)
        caller = Caller(quiet(0.5), FINALISE)
        assert await hear(simulator, caller, by=FluxSpeechToText, budgets=slow) == [Finalised()]


async def test_the_end_of_the_sound_ends_the_turn() -> None:
    async with simulating(profile=UNHURRIED) as simulator:
        events = await hear(simulator, Caller(tone(1.0)), by=FluxSpeechToText)
    assert finals(events) == [CALLER_LINES[0]]


async def test_st_09_st_17_recordings_follow_each_other_and_each_turn_counts_once() -> None:
    async with simulating() as simulator:
        for _ in range(3):
            caller = Caller(tone(1.0), quiet(0.5), FINALISE)
            events = await hear(simulator, caller, by=FluxSpeechToText)
            assert finals(events) == [CALLER_LINES[0]]


@pytest.mark.parametrize("fault", ["not_json", "unknown_type"])
async def test_st_06_nonsense_is_ignored(fault: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault)
        events = await hear(simulator, Caller(tone(1.0), quiet(0.5)), by=FluxSpeechToText)
    assert finals(events) == [CALLER_LINES[0]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"type":"TurnInfo"}',
        '{"type":"TurnInfo","event":"TurnPaused","turn_index":0,"transcript":"x",'
        '"audio_window_start":0,"audio_window_end":1}',
        '{"type":"TurnInfo","event":"EndOfTurn","turn_index":0,"transcript":" ",'
        '"audio_window_start":0,"audio_window_end":1}',
        '{"type":"Warning","request_id":"r","sequence_id":1,"code":"NEW","description":""}',
        '{"type":"Connected","request_id":"r","sequence_id":0}',
    ],
)
def test_st_06_blank_and_malformed_messages_say_nothing(text: str) -> None:
    assert reader().read(text, 1.0) == []


def test_words_without_timings_are_placed_in_their_window() -> None:
    turn = wire.TurnInfo(
        event="EndOfTurn",
        turn_index=0,
        transcript="Yes.",
        words=(wire.Word("Yes.", 0.5),),
        audio_window_start=1.0,
        audio_window_end=2.0,
        trigger="something new",
    )
    heard = reader().read(encode(turn), 2.5)
    assert heard[0] == SpeechStarted(1.0)
    assert heard[1] == SpeechStopped(2.0, 1.0, 0.5)
    assert heard[2] == Transcript("Yes.", True, 0.5, 1.0, 2.0, True)


@pytest.mark.parametrize("fault", ["stall_first", "stall_middle"])
async def test_a_model_that_falls_mute_is_given_up(fault: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault)
        with pytest.raises(ProviderTimeout, match="says nothing"):
            await hear(
                simulator,
                Caller(tone(9.0), pace_s=0.005),
                by=FluxSpeechToText,
                budgets=Budgets(stt_progress_s=0.1),
            )


async def test_a_model_that_leaves_a_turn_open_is_given_up_though_the_client_is_silent() -> None:
    start = wire.TurnInfo(
        event="StartOfTurn",
        turn_index=0,
        transcript="Yes",
        audio_window_start=0.0,
        audio_window_end=0.5,
    )

    async def open_a_turn(line: ServerConnection) -> None:
        await line.recv()
        await line.send(encode(start))
        async for _ in line:
            pass

    async with serve(open_a_turn, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = load_settings({"DEEPGRAM_BASE_URL": f"http://127.0.0.1:{port}"})
        ears = FluxSpeechToText(settings, Budgets(stt_progress_s=0.4))
        with pytest.raises(ProviderTimeout, match="says nothing"):
            async with asyncio.timeout(5):
                [event async for event in ears.listen(aiter(Caller(tone(0.5), for_ever)), PHONE)]


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        ("unauthorized", "fatal"),
        ("forbidden", "fatal"),
        ("drop", "network"),
        ("error_event", "server"),
        ("throttled", "throttled"),
    ],
)
async def test_what_goes_wrong_is_named(fault: str, trouble: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault)
        with pytest.raises(ProviderError) as failed:
            await hear(simulator, Caller(tone(1.0), for_ever), by=FluxSpeechToText)
    assert (failed.value.service, failed.value.trouble) == ("stt", trouble)
