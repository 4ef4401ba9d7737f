"""A caller is heard through Deepgram's Nova: over real sockets, against the simulated vendor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from caller import mulaw, noise, quiet, tone
from recorded import (
    PHONE,
    Caller,
    finals,
    for_ever,
    hear,
    kinds,
    passed,
    settings_for,
    until,
)
from simulated import Simulator, simulating

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
from vantum.providers import registry
from vantum.providers.base import FINALISE, Finalise, ListenOptions
from vantum.providers.deepgram import DeepgramSpeechToText, NovaReader, query_of
from vantum.providers.deepgram_line import feed_of
from vantum.settings import load_settings
from vantum.simulator.talent import CALLER_LINES
from vantum.wire import deepgram as wire

pytestmark = pytest.mark.anyio

KEY = "k-42"


# -- what is asked ---------------------------------------------------------------------------------


def test_st_02_the_query_says_how_to_hear() -> None:
    settings = load_settings({"STT_ENDPOINTING_MS": "450"})
    options = ListenOptions(key_terms=("Acme", "Vantum Voice"))
    query = query_of(settings, options, feed_of(options, settings))
    assert dict(wire.written(query)) == {
        "model": "nova-3",
        "language": "en-US",
        "encoding": "linear16",
        "sample_rate": "16000",
        "channels": "1",
        "interim_results": "true",
        "punctuate": "true",
        "smart_format": "true",
        "endpointing": "450",
        "vad_events": "true",
        "utterance_end_ms": "1000",
        "keyterm": "Vantum Voice",
    }
    assert [value for name, value in wire.written(query) if name == "keyterm"] == [
        "Acme",
        "Vantum Voice",
    ]


def test_st_02_older_models_are_not_told_key_terms() -> None:
    settings = load_settings({"STT_MODEL": "nova-2"})
    options = ListenOptions(key_terms=("Acme",))
    assert query_of(settings, options, feed_of(options, settings)).keyterm == ()


def test_st_03_the_language_of_the_recording_is_asked_for() -> None:
    settings = load_settings({})
    options = ListenOptions(language="de")
    assert query_of(settings, options, feed_of(options, settings)).language == "de"


def test_a_phone_s_sound_is_sent_as_it_is() -> None:
    feed = feed_of(PHONE, load_settings({}))
    assert (feed.encoding, feed.rate_hz, feed.bytes_per_s) == ("mulaw", 8_000, 8_000)
    assert feed.convert(b"\x01\x02\x03") == b"\x01\x02\x03"


async def test_a_browser_s_sound_is_brought_to_the_recogniser_s_rate() -> None:
    options = ListenOptions(rate_hz=16_000)
    rate = {"STT_TARGET_SAMPLE_RATE": "8000"}
    sound = tone(1.0, rate_hz=16_000) + quiet(0.5, rate_hz=16_000)
    async with simulating() as simulator:
        caller = Caller(sound, encoding="s16le")
        events = await hear(simulator, caller, options=options, **rate)
    stopped = next(event for event in events if isinstance(event, SpeechStopped))
    assert stopped.at_s == pytest.approx(1.0, abs=0.05)
    assert finals(events) == [CALLER_LINES[0]]


# -- what is heard ---------------------------------------------------------------------------------


async def test_an_utterance_is_heard_from_its_start_to_its_end() -> None:
    async with simulating(api_key=KEY) as simulator:
        caller = Caller(quiet(0.5), tone(2.0), quiet(0.5))
        events = await hear(simulator, caller, DEEPGRAM_API_KEY=KEY)
        assert simulator.stage.counts["deepgram.streams"] == 1  # ST-01
    assert kinds(events) == ["SpeechStarted", "SpeechStopped", "Transcript"]
    started, stopped, words = (
        next(event for event in events if isinstance(event, kind))
        for kind in (SpeechStarted, SpeechStopped, Transcript)
    )
    final = events[-1]
    assert isinstance(final, Transcript)
    assert started.at_s == pytest.approx(0.5, abs=0.05)
    assert (stopped.at_s, stopped.speech_s) == (
        pytest.approx(2.5, abs=0.05),
        pytest.approx(2.0, abs=0.1),
    )
    assert stopped.silence_s > 0
    assert not words.final  # was shown while the caller spoke
    assert (final.text, final.end_of_turn) == (CALLER_LINES[0], True)
    assert 0.9 < final.confidence < 1
    assert (final.start_s, final.end_s) == (
        pytest.approx(0.5, abs=0.05),
        pytest.approx(2.5, abs=0.05),
    )


async def test_st_18_words_are_shown_while_they_are_said() -> None:
    async with simulating() as simulator:
        events = await hear(simulator, Caller(tone(2.0), quiet(0.5)))
    shown = [event.text for event in events if isinstance(event, Transcript) and not event.final]
    assert len(shown) > 3
    assert shown == sorted(shown, key=len)


async def test_st_05_the_pieces_of_a_long_utterance_come_in_order() -> None:
    async with simulating() as simulator:
        events = await hear(simulator, Caller(tone(7.0), quiet(0.5)))
    assert finals(events) == list(CALLER_LINES[:2])
    ends = [event.end_of_turn for event in events if isinstance(event, Transcript) and event.final]
    assert ends == [False, True]


async def test_an_utterance_in_a_noise_ends_by_the_gap_between_words() -> None:
    async with simulating() as simulator:
        events = await hear(simulator, Caller(tone(1.5), noise(2.0)))
    assert kinds(events)[:4] == ["SpeechStarted", "Transcript", "SpeechStopped", "Transcript"]
    words, end = (event for event in events if isinstance(event, Transcript) and event.final)
    assert (words.text, words.end_of_turn) == (CALLER_LINES[0], False)
    assert (end.text, end.end_of_turn) == ("", True)


async def test_a_noise_alone_is_no_speech_for_long() -> None:
    async with simulating() as simulator:
        events = await hear(simulator, Caller(noise(0.5), quiet(0.5)))
    assert kinds(events) == ["SpeechStarted", "SpeechStopped"]
    assert isinstance(events[1], SpeechStopped)
    assert events[1].speech_s == 0


async def test_st_08_finalising_delivers_what_is_pending() -> None:
    async with simulating() as simulator:
        caller = Caller(tone(1.0), FINALISE, tone(1.0), FINALISE)
        events = await hear(simulator, caller)
        assert simulator.stage.counts["deepgram.Finalize"] == 2
    assert kinds(events)[1:] == ["Transcript", "Finalised", "Transcript", "Finalised"]
    assert finals(events) == list(CALLER_LINES[:2])


async def test_st_08_finalising_nothing_is_answered_at_once() -> None:
    async with simulating() as simulator:
        slow = Budgets(stt_finalise_s=60.0)
        assert await hear(simulator, Caller(FINALISE), budgets=slow) == [Finalised()]
        assert simulator.stage.counts["deepgram.Finalize"] == 0


async def test_st_08_a_finalisation_that_is_not_answered_is_waited_for_in_vain() -> None:
    async with simulating() as simulator:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        events: list[Hearing | Setback] = []
        # Too little sound for an answer; and the client stays, so that only time can tell.
        caller = Caller(quiet(0.06), FINALISE, until(lambda: events))
        await hear(simulator, caller, budgets=Budgets(stt_finalise_s=0.2), heard=events)
        assert events == [Finalised()]
        assert loop.time() - began_s >= 0.2


async def test_st_08_a_mute_recogniser_holds_nobody_up() -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "stall_middle")
        caller = Caller(tone(1.0), FINALISE)
        events = await hear(simulator, caller, budgets=Budgets(stt_finalise_s=0.2))
    assert kinds(events) == ["SpeechStarted", "Finalised"]


async def test_the_end_of_the_sound_delivers_what_is_pending() -> None:
    async with simulating() as simulator:
        events = await hear(simulator, Caller(tone(1.0)))
        assert simulator.stage.counts["deepgram.CloseStream"] == 1
    assert finals(events) == [CALLER_LINES[0]]


async def test_st_09_st_17_recordings_follow_each_other_and_each_final_counts_once() -> None:
    async with simulating() as simulator:
        for _ in range(3):
            caller = Caller(tone(1.0), quiet(0.5), tone(1.0), quiet(0.5), FINALISE)
            events = await hear(simulator, caller)
            assert finals(events) == list(CALLER_LINES[:2])
            assert events[-1] == Finalised()
        assert simulator.stage.counts["deepgram.streams"] == 3


async def test_st_04_a_silent_client_s_line_is_kept_open() -> None:
    hasty = Budgets(stt_keepalive_s=0.05)
    async with simulating() as simulator:
        counts = simulator.stage.counts
        kept = until(lambda: counts["deepgram.KeepAlive"] >= 3)
        began_s = asyncio.get_running_loop().time()
        await hear(simulator, Caller(quiet(0.2), kept), budgets=hasty)
        assert asyncio.get_running_loop().time() - began_s >= 3 * 0.05


async def test_st_04_no_keep_alive_while_sound_flows_or_finals_are_awaited() -> None:
    hasty = Budgets(stt_keepalive_s=0.1, stt_finalise_s=0.3, stt_progress_s=9)
    async with simulating() as simulator:
        simulator.breaks("deepgram", "stall_first")
        await hear(simulator, Caller(quiet(0.4), FINALISE, pace_s=0.01), budgets=hasty)
        assert simulator.stage.counts["deepgram.KeepAlive"] == 0


# -- what goes wrong -------------------------------------------------------------------------------


async def failure(simulator: Simulator, caller: Caller, **more: Any) -> ProviderError:
    with pytest.raises(ProviderError) as failed:
        await hear(simulator, caller, **more)
    assert failed.value.service == "stt"
    assert KEY not in str(failed.value)
    return failed.value


@pytest.mark.parametrize("fault", ["not_json", "unknown_type"])
async def test_st_06_nonsense_is_ignored(fault: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault)
        events = await hear(simulator, Caller(tone(1.0), quiet(0.5)))
    assert finals(events) == [CALLER_LINES[0]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "{}",
        b"\xff\x00",
        '{"type":"Results"}',
        '{"type":"Results","channel":null,"start":0,"duration":1}',
        '{"type":"Results","channel":{"alternatives":[{"transcript":7}]},"start":0,"duration":1}',
        '{"type":"Results","channel":{"alternatives":[]},"start":0,"duration":1}',
        '{"type":"Results","channel":{"alternatives":[{"transcript":" "}]},"start":0,"duration":1,'
        '"is_final":true,"speech_final":true}',
        '{"type":"UtteranceEnd","channel":[0,1],"last_word_end":-1}',
        '{"type":"SpeechStarted"}',
        "[" * 100_000,
    ],
)
def test_st_06_blank_and_malformed_messages_say_nothing(text: str | bytes) -> None:
    assert NovaReader(8.0).read(text, 1.0) == []


def test_an_interim_that_was_wrong_is_taken_back() -> None:
    reader = NovaReader(8.0)
    heard: list[Hearing | Setback] = []
    for transcript, final in (("uh", False), ("", True)):
        channel = wire.Channel((wire.Alternative(transcript, 0.5),))
        results = wire.Results(channel=channel, start=0, duration=1, is_final=final)
        heard += reader.read(wire.encode(results), 1.0)
    assert [(event.text, event.final) for event in heard if isinstance(event, Transcript)] == [
        ("uh", False),
        ("", True),
    ]


@pytest.mark.parametrize(
    ("fault", "trouble", "says"),
    [
        ("unauthorized", "fatal", "DEEPGRAM_API_KEY is not accepted by Deepgram"),
        ("forbidden", "fatal", "DEEPGRAM_API_KEY does not give access to nova-3"),
        ("payment_required", "quota", "out of credit"),
        ("throttled", "throttled", "no more connections"),
        ("unavailable", "unavailable", "overloaded"),
        ("refused", "network", "cannot be reached at 127.0.0.1"),
    ],
)
async def test_st_14_a_refusal_says_what_to_do(fault: str, trouble: str, says: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault, seconds=7)
        error = await failure(simulator, Caller(tone(1.0)), DEEPGRAM_API_KEY=KEY)
    assert (error.trouble, says in str(error)) == (trouble, True)
    assert error.may_retry == (trouble not in {"fatal", "quota"})
    assert error.retry_after_s == (7 if fault == "throttled" else None)


async def test_st_14_a_wrong_key_is_named() -> None:
    async with simulating(api_key="another") as simulator:
        for key in (KEY, ""):
            error = await failure(simulator, Caller(tone(1.0)), DEEPGRAM_API_KEY=key)
            assert str(error) == "DEEPGRAM_API_KEY is not accepted by Deepgram"


async def test_st_14_a_request_that_cannot_be_is_fatal() -> None:
    async with simulating() as simulator:
        error = await failure(simulator, Caller(tone(1.0)), STT_MODEL="whatever")
    assert (error.trouble, "400 Bad Request" in str(error)) == ("fatal", True)


async def test_nobody_there_is_network_trouble() -> None:
    async with simulating() as simulator:
        pass
    assert (await failure(simulator, Caller(tone(1.0)))).trouble == "network"


async def test_st_15_a_host_that_takes_the_call_but_says_nothing_is_given_up() -> None:
    async def say_nothing(_reader: object, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    gone = asyncio.Event()
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = load_settings({"DEEPGRAM_BASE_URL": f"http://127.0.0.1:{port}"})
        ears = DeepgramSpeechToText(settings, Budgets(stt_connect_s=0.1))
        with pytest.raises(ProviderTimeout) as failed:
            await anext(ears.listen(aiter(Caller(tone(1.0))), PHONE))
        assert failed.value.trouble == "network"
        gone.set()


async def test_a_line_that_breaks_is_network_trouble_and_keeps_what_was_final() -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "drop", skip=1)
        ears = DeepgramSpeechToText(settings_for(simulator), Budgets())
        caller = Caller(tone(1.0), quiet(0.5), tone(1.0), for_ever)
        events: list[Hearing | Setback] = []
        trouble = ""
        try:
            async for event in ears.listen(aiter(caller), PHONE):
                events.append(event)  # noqa: PERF401 - what came before the error counts
        except ProviderError as error:
            trouble = f"{error.trouble}: {error}"
    assert trouble == "network: Deepgram broke off (1011 NET-0000: internal error)"
    assert finals(events) == [CALLER_LINES[0]]


async def test_an_error_told_by_the_vendor_is_its_own() -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "error_event")
        assert (await failure(simulator, Caller(tone(1.0), for_ever))).trouble == "server"


@pytest.mark.parametrize("fault", ["stall_first", "stall_middle"])
async def test_a_recogniser_that_takes_sound_and_says_nothing_is_given_up(fault: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault)
        caller = Caller(tone(9.0), pace_s=0.005)
        error = await failure(simulator, caller, budgets=Budgets(stt_progress_s=0.1))
    assert isinstance(error, ProviderTimeout)
    assert error.trouble == "network"


async def test_a_client_that_sends_nothing_is_no_trouble_of_the_recogniser() -> None:
    async with simulating() as simulator:
        hasty = Budgets(stt_progress_s=0.2)
        caller = Caller(quiet(0.2), passed(0.3), tone(1.0), quiet(0.5))
        assert finals(await hear(simulator, caller, budgets=hasty)) == [CALLER_LINES[0]]


async def test_a_defect_of_the_sound_s_source_is_not_hidden() -> None:
    async def broken() -> AsyncIterator[bytes | Finalise]:
        yield mulaw(quiet(0.1))
        raise RuntimeError("no more sound")

    async with simulating() as simulator:
        ears = DeepgramSpeechToText(settings_for(simulator), Budgets())
        with pytest.raises(RuntimeError, match="no more sound"):
            [event async for event in ears.listen(broken(), PHONE)]


async def test_closing_the_generator_hangs_up() -> None:
    async with simulating() as simulator:
        before = asyncio.all_tasks()
        ears = DeepgramSpeechToText(settings_for(simulator), Budgets())
        caller = Caller(quiet(0.1), tone(1.0), for_ever)
        async with aclosing(ears.listen(aiter(caller), PHONE)) as events:
            await anext(events)
        async with asyncio.timeout(5):
            while not simulator.stage.counts["deepgram.hangups"]:  # noqa: ASYNC110 - sets no event
                await asyncio.sleep(0.005)
        left = {task.get_name() for task in asyncio.all_tasks() - before}
        assert "send-to-deepgram" not in left


def test_both_are_found_by_name() -> None:
    assert {"deepgram", "deepgram-flux"} <= registry.registered()["stt"]
