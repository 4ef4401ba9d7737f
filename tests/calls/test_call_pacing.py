"""When the sound of an answer leaves: the lead at once, the rest on schedule, none while held."""

from __future__ import annotations

import asyncio

import pytest
from stage import FRAME_S, Eager, Reported, Talk, calling, play

from vantum import limits
from vantum.conversation import events as ev
from vantum.conversation.states import State
from vantum.providers.base import ListenOptions
from vantum.providers.scripted import ScriptedModel

LONG = " ".join(f"Sentence number {n} is part of a long answer." for n in range(30))
SPEECH = ev.SpeechStarted(1.0)


def speaking(talk: Talk) -> None:
    """A recording in which the caller can cut in."""
    talk.call.open_input(ListenOptions(), automatic=True, greets=False)


async def asked(talk: Talk, ears: Reported) -> None:
    """A question by voice, and the first sound of its answer."""
    speaking(talk)
    ears.findings.put_nowait(ev.Transcript("what is it", True, 1.0, 0.0, 0.5, end_of_turn=True))
    await talk.until(lambda: talk.ear.all("frame"))


def test_the_lead_leaves_at_once_and_the_rest_on_schedule() -> None:
    async def course() -> None:
        async with calling() as talk:
            await talk.asks()
            await talk.is_in(State.RESPONDING)
            await talk.is_in(State.LISTENING)
            times = [told.at for told in talk.ear.all("frame")]
            began = times[0]
            lead = round(limits.LEAD_S / FRAME_S)
            assert times[:lead] == pytest.approx([began] * lead, abs=0.001)
            late = [at - began - FRAME_S * n for n, at in enumerate(times[lead:], start=1)]
            assert min(late) > -0.001
            assert max(late) <= limits.FRAME_S + 0.001

    play(course())


def test_complete_is_told_when_all_was_sent_and_listening_begins_when_it_was_heard() -> None:
    async def course() -> None:
        async with calling() as talk:
            await talk.asks()
            await talk.is_in(State.RESPONDING)
            await talk.is_in(State.LISTENING)
            frames = talk.ear.all("frame")
            complete = talk.ear.all("complete")
            assert len(complete) == 1
            assert complete[0].at >= frames[-1].at
            sound_s = sum(len(told.pcm) for told in frames) / 2 / 16_000
            assert talk.now - frames[0].at == pytest.approx(sound_s, abs=0.05)

    play(course())


def test_a_fast_voice_runs_at_most_ten_seconds_ahead_of_the_ear() -> None:
    async def course() -> None:
        voice = Eager()
        async with calling(voice=voice, mind=ScriptedModel(LONG)) as talk:
            await talk.asks()
            await talk.until(lambda: talk.ear.all("frame"))
            for _ in range(100):
                played_s = talk.now - talk.ear.all("frame")[0].at
                assert voice.made_s - played_s <= limits.AHEAD_S + 3 * FRAME_S
                await asyncio.sleep(0.2)
            assert voice.made_s > 20

    play(course())


def test_a_voice_that_is_far_ahead_is_let_on_for_a_second_of_sound_at_a_time() -> None:
    async def course() -> None:
        voice = Eager()
        async with calling(voice=voice, mind=ScriptedModel(LONG)) as talk:
            await talk.asks()
            await talk.until(lambda: talk.ear.all("frame"))
            grown = set()
            for _ in range(500):
                before_s = voice.made_s
                await asyncio.sleep(FRAME_S)
                grown.add(round(voice.made_s - before_s, 2))
            assert min(grown - {0.0}) >= 1.0

    play(course())


def test_a_held_answer_is_made_no_further_than_ten_seconds_ahead() -> None:
    async def course() -> None:
        voice, ears = Eager(), Reported()
        async with calling(voice=voice, mind=ScriptedModel(LONG), ears=ears) as talk:
            await asked(talk, ears)
            ears.findings.put_nowait(SPEECH)
            await talk.until(lambda: talk.ear.all("hold"))
            await asyncio.sleep(2)
            assert voice.made_s <= limits.AHEAD_S + 5 * FRAME_S

    play(course())


@pytest.mark.parametrize("on_hold", ["clears", "pauses", "plays_on"])
def test_a_held_answer_is_silent_and_goes_on_where_it_was_heard(on_hold: str) -> None:
    async def course() -> None:
        ears = Reported()
        async with calling(on_hold, ears=ears) as talk:
            await asked(talk, ears)
            await asyncio.sleep(0.55)
            ears.findings.put_nowait(SPEECH)
            await talk.until(lambda: talk.ear.all("hold"))
            held = len(talk.ear.all("frame"))
            held_at = talk.now
            await asyncio.sleep(0.4)
            assert len(talk.ear.all("frame")) == held
            ears.findings.put_nowait(ev.SpeechStopped(1.1, 0.1, 0.3))
            await talk.until(lambda: talk.ear.all("resume"))
            await talk.settles()
            at_once = len(talk.ear.all("frame")) - held
            await talk.is_in(State.LISTENING)
            frames = talk.ear.all("frame")
            sent_s = sum(len(told.pcm) for told in frames) / 2 / 16_000
            whole_s = sent_s - (0.2 if on_hold == "clears" else 0.0)
            assert whole_s == pytest.approx(3.4, abs=0.3)
            if on_hold == "pauses":
                assert at_once == 0  # its buffer still holds the lead
            else:
                assert at_once > 0
            began = frames[0].at
            waited = talk.now - held_at + (held_at - began)
            pause_s = 0.2 if on_hold == "plays_on" else 0.4
            mark_s = limits.MARK_S if on_hold == "clears" else 0.0  # this peer confirms nothing
            assert waited == pytest.approx(whole_s + pause_s + mark_s, abs=0.15)

    play(course())


@pytest.mark.parametrize("on_hold", ["clears", "pauses", "plays_on"])
def test_sustained_speech_cancels_the_held_answer_for_good(on_hold: str) -> None:
    async def course() -> None:
        ears = Reported()
        async with calling(on_hold, ears=ears) as talk:
            await asked(talk, ears)
            turn = talk.ear.all("begin")[-1].turn
            ears.findings.put_nowait(SPEECH)
            await asyncio.sleep(0.2)
            ears.findings.put_nowait(ev.SpeechSustained(1.2, 0.2))
            await talk.until(lambda: talk.ear.all("interrupt"))
            cut = talk.ear.told.index(talk.ear.all("interrupt")[0])
            await asyncio.sleep(1)
            after = talk.ear.told[cut + 1 :]
            assert not [told for told in after if told.turn == turn]
            assert talk.call.state is State.LISTENING

    play(course())


def test_what_the_client_says_it_heard_is_what_counts_as_heard() -> None:
    async def course() -> None:
        ears = Reported()
        async with calling(ears=ears) as talk:
            await asked(talk, ears)
            turn = talk.ear.all("begin")[-1].turn
            await asyncio.sleep(2)
            talk.call.confirm_heard(turn, 0.0)  # its network stood still
            talk.call.post(ev.InterruptAsked())
            await talk.until(lambda: talk.ear.all("AnswerInterrupted"))
            notice = next(n for n in talk.ear.notices if type(n).__name__ == "AnswerInterrupted")
            assert notice.heard == ""

    play(course())
