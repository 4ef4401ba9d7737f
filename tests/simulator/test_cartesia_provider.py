"""Answers are spoken by Cartesia (simulated): pieces, words, voices, and when nobody listens."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

import pytest
from cartesia_voice import (
    KEY,
    PHONE,
    Hum,
    Script,
    hired,
    lasts,
    letters,
    simulated_service,
    sound_of,
    spoken,
    texts,
    until,
    writing_down,
)
from simulated import simulating

from vantum.audio.pcm import decode_mulaw
from vantum.errors import ProviderError
from vantum.limits import Budgets
from vantum.providers.base import Prewarmed, Spoken, TextToSpeech, VoiceOptions
from vantum.simulator.cartesia_socket import Terms
from vantum.simulator.latency import PROFILES, Delay, Profile
from vantum.wire.cartesia import GenerationRequest

pytestmark = pytest.mark.anyio

KYLE = "c961b81c-a935-4c17-bfb3-ba2239de8c2f"
TESSA = "6ccbfb76-1fc6-48f7-b71d-91ac6298247b"


async def test_each_piece_is_spoken_in_order_and_its_end_is_told() -> None:
    async with simulating(talent=Hum()) as simulator, hired(simulator.url) as voice:
        parts = await spoken(voice, "abc", "def.", "ghi")
    assert lasts(parts) == [0, 1, 2]
    assert [letters(sound_of(parts, piece)) for piece in range(3)] == ["abc", "def.", "ghi"]
    assert [part.piece for part in parts] == sorted(part.piece for part in parts)
    assert all(len(part.pcm) % 2 == 0 for part in parts)
    assert {(part.rate_hz, part.encoding) for part in parts} == {(16_000, "s16le")}
    assert simulator.stage.counts["cartesia.contexts"] == 1


async def test_words_are_timed_from_the_beginning_of_their_own_piece() -> None:
    async with simulating() as simulator, hired(simulator.url) as voice:
        parts = await spoken(voice, "Good morning.", "How are you?")
    for piece, text in enumerate(("Good morning.", "How are you?")):
        words = [word for part in parts if part.piece == piece for word in part.words]
        assert [word.text for word in words] == text.split()
        assert words[0].start_s == pytest.approx(0.0, abs=0.001)
        length_s = len(sound_of(parts, piece)) / 32_000
        assert words[-1].end_s == pytest.approx(length_s - 1 / 15, abs=0.01)


async def test_words_arrive_with_the_sound_they_belong_to() -> None:
    async with simulating() as simulator, hired(simulator.url) as voice:
        parts = await spoken(voice, "One two three four five six seven.")
    heard_s = 0.0
    for part in parts:
        assert all(word.start_s >= heard_s - 0.001 for word in part.words)
        assert all(word.start_s <= heard_s + 0.11 for word in part.words)
        heard_s += len(part.pcm) / 32_000


async def test_the_phone_gets_mulaw_at_8000_hz_as_it_is() -> None:
    async with simulating(talent=Hum()) as simulator, hired(simulator.url) as voice:
        parts = await spoken(voice, "abcd", options=PHONE)
    assert {(part.rate_hz, part.encoding) for part in parts} == {(8_000, "mulaw")}
    assert len(decode_mulaw(sound_of(parts))) == 2 * 8_000 * 4 * 0.05


async def test_a_rate_that_the_service_lacks_becomes_the_next_higher_one() -> None:
    async with simulating() as simulator, hired(simulator.url, TTS_SAMPLE_RATE="32000") as voice:
        parts = await spoken(voice, "Hello.")
    assert {part.rate_hz for part in parts} == {44_100}


async def test_tt_02_what_is_asked_of_the_service() -> None:
    async with writing_down() as scribe, hired(scribe.url) as voice:
        asking = asyncio.ensure_future(spoken(voice, "Hello there.", "Bye."))
        await scribe.until(lambda: len(scribe.requests) == 5)
        asking.cancel()
        await scribe.until(lambda: len(scribe.requests) == 6)
    first, flush, second, _, end, cancel = scribe.requests
    assert cancel == {"context_id": first.pop("context_id"), "cancel": True}
    assert first == {
        "model_id": "sonic-3.5",
        "transcript": "Hello there. ",
        "voice": KYLE,
        "language": "en",
        "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000},
        "continue": True,
        "max_buffer_delay_ms": 0,
        "add_timestamps": True,
        "use_normalized_timestamps": False,
    }
    assert (flush["transcript"], flush["flush"], flush["continue"]) == ("", True, True)
    assert second["transcript"] == "Bye. "
    assert (end["transcript"], end["continue"]) == ("", False)
    asked = scribe.handshakes[0]
    assert asked.path == "/tts/websocket"
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.headers["Cartesia-Version"] == "2026-08-14"


@pytest.mark.parametrize(
    ("environ", "field", "value"),
    [
        ({"TTS_MODEL": "sonic-3.6"}, "model_id", "sonic-3.6"),
        ({"TTS_SPEED": "1.2"}, "generation_config", {"speed": 1.2}),
        ({"CARTESIA_VOICE_ID": TESSA}, "voice", TESSA),
    ],
)
async def test_tt_02_settings_change_what_is_asked(
    environ: dict[str, str], field: str, value: object
) -> None:
    async with writing_down() as scribe, hired(scribe.url, **environ) as voice:
        asking = asyncio.ensure_future(spoken(voice, "Hello."))
        await scribe.until(lambda: scribe.requests)
        asking.cancel()
    assert scribe.requests[0][field] == value


async def test_tt_04_two_answers_over_one_socket_do_not_mix() -> None:
    async with simulating(talent=Hum()) as simulator, hired(simulator.url) as voice:
        pieces = [("aaaa", "bbbb"), ("cccc", "dddd"), ("eeee", "ffff")]
        answers = await asyncio.gather(*(spoken(voice, *pair) for pair in pieces))
    assert [letters(sound_of(parts)) for parts in answers] == ["".join(pair) for pair in pieces]
    assert simulator.stage.counts["cartesia.sockets"] == 1


async def test_tt_07_sound_is_passed_on_before_the_piece_is_finished() -> None:
    slow = Profile(sound_per_s=2.0)
    async with (
        simulating(profile=slow) as simulator,
        hired(simulator.url) as voice,
        aclosing(voice.speak(texts("A long piece of text."), VoiceOptions())) as sounds,
    ):
        first = await anext(sound async for sound in sounds if sound.pcm)
    assert len(first.pcm) / 32_000 < 0.11
    assert not first.last


async def test_tt_08_an_answer_has_no_gaps_while_the_service_keeps_up() -> None:
    usual = Profile(first_audio=Delay(0.1), sound_per_s=8.0)
    loop, arrived = asyncio.get_running_loop(), list[tuple[float, Spoken]]()
    async with simulating(profile=usual) as simulator, hired(simulator.url) as voice:
        pieces = texts("Well, yes.", "We have time on Tuesday at three.", "Is that good for you?")
        async with aclosing(voice.speak(pieces, VoiceOptions())) as sounds:
            async for sound in sounds:
                arrived.append((loop.time(), sound))
    dry_at = arrived[0][0]
    for at, sound in arrived:
        assert at < dry_at + 0.1
        dry_at = max(at, dry_at) + len(sound.pcm) / 32_000


async def test_tt_10_blank_text_is_nothing_but_its_end() -> None:
    async with simulating() as simulator, hired(simulator.url) as voice:
        parts = await spoken(voice, "", "  \n", "...", '<break time="1s"/>')
        assert lasts(parts) == [0, 1, 2, 3]
        assert sound_of(parts) == b""
        assert not simulator.stage.counts["cartesia.contexts"]
        parts = await spoken(voice, "", "Hello.", "")
    assert lasts(parts) == [0, 1, 2]
    assert sound_of(parts, 1)


async def test_tt_12_an_interrupted_answer_is_cancelled_and_heard_no_more() -> None:
    async with simulating(talent=Hum()) as simulator, hired(simulator.url) as voice:
        simulator.breaks("cartesia", "late_chunks")
        counts = simulator.stage.counts
        async with aclosing(voice.speak(texts("aaaaaaaa", "bbbb", "cccc"), VoiceOptions())) as said:
            await anext(said)
        await until(lambda: counts["cartesia.late"])
        parts = await spoken(voice, "dddddddd")
        assert counts["cartesia.late"] > 1  # once more behind the end of the other context
        assert letters(sound_of(parts)) == "dddddddd"
        assert counts["cartesia.cancels"] == 1
        assert counts["cartesia.sockets"] == 1


async def test_tt_12_an_answer_that_was_spoken_to_its_end_is_not_cancelled() -> None:
    async with simulating() as simulator, hired(simulator.url) as voice:
        await spoken(voice, "Hello.")
        await spoken(voice, "Hello again.")
        assert not simulator.stage.counts["cartesia.cancels"]


@pytest.mark.parametrize("by", ["us", "the service", "the service, on the way"])
async def test_a_context_that_expires_while_the_model_pauses_is_replaced(by: str) -> None:
    rest_s = 0.02 if by == "us" else 60.0
    expires_s = 0.02 if by == "the service" else 60.0
    terms, script = Terms(expires_after_s=expires_s), Script()
    async with (
        simulated_service(terms, talent=Hum()) as simulator,
        hired(simulator.url, context_rest_s=rest_s) as voice,
        aclosing(voice.speak(script.pieces(), VoiceOptions())) as sounds,
    ):
        if by == "the service, on the way":
            simulator.breaks("cartesia", "context_expired")
        script.give("aaaa")
        parts = [await anext(sounds)]
        while not parts[-1].last:
            parts.append(await anext(sounds))
        await asyncio.sleep(0.05)
        script.give("bbbb")
        script.give("cccc")
        script.give(None)
        parts += [sound async for sound in sounds]
    assert lasts(parts) == [0, 1, 2]
    assert letters(sound_of(parts)) == "aaaabbbbcccc"
    assert simulator.stage.counts["cartesia.contexts"] == 2


async def test_a_socket_that_is_lost_while_the_model_pauses_is_not_noticed() -> None:
    script = Script()
    async with (
        simulating(talent=Hum()) as simulator,
        hired(simulator.url) as voice,
        aclosing(voice.speak(script.pieces(), VoiceOptions())) as sounds,
    ):
        script.give("aaaa")
        parts = [await anext(sounds)]
        while not parts[-1].last:
            parts.append(await anext(sounds))
        for connection in tuple(simulator.stage.connections):
            connection.transport.abort()
        reading = asyncio.ensure_future(anext(sounds))
        await asyncio.sleep(0.02)
        script.give("bbbb")
        script.give(None)
        parts.append(await reading)
        parts += [sound async for sound in sounds]
    assert letters(sound_of(parts)) == "aaaabbbb"


@pytest.mark.parametrize("fault", ["not_json", "unknown_type"])
async def test_a_message_that_cannot_be_read_changes_nothing(fault: str) -> None:
    async with simulating(talent=Hum()) as simulator, hired(simulator.url) as voice:
        simulator.breaks("cartesia", fault)
        parts = await spoken(voice, "aaaaaaaa", "bbbb")
    assert letters(sound_of(parts)) == "aaaaaaaabbbb"
    assert simulator.stage.faults.struck == [("cartesia", fault)]


async def test_it_is_a_voice_that_can_be_prewarmed_and_says_when_that_fails() -> None:
    async with hired("http://127.0.0.1:1") as voice:
        assert isinstance(voice, Prewarmed)
        speaker: TextToSpeech = voice
        assert speaker
        with pytest.raises(ProviderError):
            await voice.prewarm()
        with pytest.raises(ProviderError):
            await spoken(voice, "Hello.")


async def test_a_prewarmed_socket_is_there_when_the_answer_comes() -> None:
    async with simulating() as simulator, hired(simulator.url) as voice:
        await voice.prewarm()
        await voice.prewarm()
        assert simulator.stage.counts["cartesia.sockets"] == 1
        await spoken(voice, "Hello.")
        assert simulator.stage.counts["cartesia.sockets"] == 1


async def test_tt_01_sockets_are_shared_by_eight_answers_and_one_more_is_kept_ready() -> None:
    async with simulating(profile=PROFILES["bench"]) as simulator, hired(simulator.url) as voice:
        await asyncio.gather(*(spoken(voice, "Hello.") for _ in range(7)))
        assert simulator.stage.counts["cartesia.sockets"] == 1
        await asyncio.gather(*(spoken(voice, "Hello.") for _ in range(9)))
        assert simulator.stage.counts["cartesia.sockets"] == 2


async def test_tt_01_the_socket_is_pinged_at_the_interval() -> None:
    budgets = Budgets(tts_keepalive_s=0.02)
    async with writing_down() as scribe, hired(scribe.url, budgets=budgets) as voice:
        await voice.prewarm()
        await scribe.until(lambda: len(scribe.pings_at) >= 3)
    assert len(scribe.handshakes) == 1


async def test_tt_19_more_answers_at_once_than_allowed_are_refused() -> None:
    async with (
        simulating(profile=PROFILES["bench"]) as simulator,
        hired(simulator.url, TTS_MAX_CONCURRENT_SESSIONS="1") as voice,
    ):
        async with aclosing(voice.speak(texts("Hello there."), VoiceOptions())) as sounds:
            await anext(sounds)
            with pytest.raises(ProviderError, match="TTS_MAX_CONCURRENT_SESSIONS") as refused:
                await spoken(voice, "Hello.")
            assert refused.value.trouble == "throttled"
        await spoken(voice, "Hello.")


@pytest.mark.parametrize(
    ("model", "asked"),
    [("sonic-3.5", 'Well, <break time="300ms"/> yes.'), ("sonic-2", "Well, yes.")],
)
async def test_tt_18_tags_reach_the_models_that_follow_them(model: str, asked: str) -> None:
    async with simulating() as simulator, hired(simulator.url, TTS_MODEL=model) as voice:
        with suppress(ProviderError):  # the older model is out of service
            await spoken(voice, 'Well, <break time="300ms"/> yes.')
        requests = (one.request for one in simulator.stage.asked)
        texts_asked = [r.transcript for r in requests if isinstance(r, GenerationRequest)]
    assert " ".join(texts_asked[0].split()) == asked


@pytest.mark.parametrize("setting", ["TTS_SESSION_IDLE_TIMEOUT_MS", "TTS_SESSION_TIMEOUT_MS"])
async def test_tt_20_a_socket_that_is_idle_or_old_is_not_used_again(setting: str) -> None:
    async with simulating() as simulator, hired(simulator.url, **{setting: "20"}) as voice:
        await spoken(voice, "Hello.")
        await asyncio.sleep(0.05)
        await spoken(voice, "Hello.")
        assert simulator.stage.counts["cartesia.sockets"] >= 2
