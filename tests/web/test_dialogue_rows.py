"""Rows LL: what the model is asked, and what becomes of its answer, over sockets on the simulator.

LL-07 (a queue of three questions) is superseded by docs/adr/0008: a newer question of a call
replaces the older one, so none ever waits; test_provider_rows.py shows that under its name.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest
from parrot import Room, replaced, room, said, sound_of, words
from served import Client, eventually

from vantum.agents.schema import load_agent
from vantum.providers.openai_body import CUT_OFF

pytestmark = pytest.mark.anyio

TIERS = {
    "llm_fallback_tier1": "Once more, please?",
    "llm_fallback_tier2": "Hold the line, please.",
    "llm_fallback_tier3": "We call you back, goodbye.",
}
PLAIN_PROMPT = "You are Polly."
SENTENCES = [f"This is the sentence number {n}." for n in range(1, 9)]  # of six words


@pytest.fixture(scope="module")
async def talk(anyio_backend: object) -> AsyncIterator[Room]:
    """The agent as it comes, but for its fallbacks."""
    async with room(**TIERS) as found:
        yield found


@pytest.fixture(scope="module")
async def plain(anyio_backend: object) -> AsyncIterator[Room]:
    """An agent with an operator's own prompt, which asks for no markers, and settings."""
    settings = {
        "llm_system_prompt": PLAIN_PROMPT,
        "llm_temperature": 0.3,
        "llm_max_tokens": 4_096,
        "llm_frequency_penalty": 0.5,
        "llm_presence_penalty": -0.5,
        "llm_max_messages": 3,
    }
    async with room(**settings) as found:
        yield found


# -- what the model is asked -----------------------------------------------------------------------


async def test_ll_01_model_and_options_are_those_of_the_settings(talk: Room, plain: Room) -> None:
    for place, options in ((talk, (0.7, 500, 0, 0)), (plain, (0.3, 4_096, 0.5, -0.5))):
        async with place.server.connect(v2=True) as client:
            await place.answer(client, "Hello there.")
        [asked] = place.chats()
        tuned = (asked.temperature, asked.max_tokens)
        penalties = (asked.frequency_penalty, asked.presence_penalty)
        assert (*tuned, *penalties) == options
        assert (asked.model, asked.stream) == ("parrot-1", True)


async def test_ll_02_values_that_cannot_be_are_named_and_nobody_is_asked(talk: Room) -> None:
    bad = {"LLM_TEMPERATURE": "9", "LLM_MAX_TOKENS": "many", "LLM_PROVIDER": "openai"}
    bad["OPENAI_BASE_URL"] = f"{talk.simulator.url}/v1"
    before = talk.count("openai.requests")
    starting = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vantum", "serve", "--port", "0"),
        env={"PATH": os.environ["PATH"], **bad},
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        _, told = await starting.communicate()
    assert starting.returncode == 2
    for name, value in (("LLM_TEMPERATURE", '"9"'), ("LLM_MAX_TOKENS", '"many"')):
        assert f"{name}: got {value}, allowed is" in told.decode()
    assert talk.count("openai.requests") == before


async def test_ll_03_the_prompt_comes_first_then_every_turn_in_order(talk: Room) -> None:
    async with talk.server.connect(v2=True) as client:
        for line in ("I am Bo.", "We sell boats."):
            await talk.answer(client, line)
        await talk.answer(client, "Do you?")
    [asked] = talk.chats()
    assert asked.messages[0].role == "system"
    assert [said(message) for message in asked.messages[1:]] == [
        ("user", "I am Bo."),
        ("assistant", "I am Bo."),
        ("user", "We sell boats."),
        ("assistant", "We sell boats."),
        ("user", "Do you?"),
    ]


async def test_ll_04_the_oldest_turns_are_left_out_and_the_call_goes_on(plain: Room) -> None:
    async with plain.server.connect(v2=True) as client:
        for line in ("One.", "Two.", "Three."):
            assert await plain.answer(client, line) == line
    [asked] = plain.chats()
    assert [said(message) for message in asked.messages] == [
        ("system", PLAIN_PROMPT),
        ("user", "Two."),
        ("assistant", "Two."),
        ("user", "Three."),
    ]


async def test_ll_05_of_an_interrupted_answer_the_model_is_shown_what_was_heard(
    talk: Room,
) -> None:
    long = words(300)
    async with talk.server.connect(v2=True) as client:
        await talk.asks(client, long)
        await client.until(lambda: len(client.all("audio.output.chunk")) >= 5, "sound")
        await client.asks("user.action.interrupt")
        cut = await client.hears("conversation.state.interrupted")
        await client.state("LISTENING")
        await talk.answer(client, "Go on.")
    [asked] = talk.chats()
    roles = [message.role for message in asked.messages]
    assert roles == ["system", "user", "assistant", "user"]
    heard = asked.messages[2].text
    assert heard == cut.payload["partialResponse"] + CUT_OFF
    assert long.startswith(heard.removesuffix(CUT_OFF))
    assert len(heard) < len(long)


async def test_ll_23_the_model_is_told_all_that_the_agent_file_says(talk: Room) -> None:
    agent = load_agent("sales")
    async with talk.server.connect(v2=True) as client:
        await talk.answer(client, "Hello there.")
    [asked] = talk.chats()
    told = asked.messages[0].text
    book = agent.playbook
    parts = [agent.name, agent.company, agent.product, agent.goal, agent.greeting, *agent.facts]
    parts += [question.ask[0] for question in book.questions]
    parts += [objection.purpose for objection in book.objections]
    parts += [
        "Not interested twice: thank them and end the call",
        "||BREAK||",
        "<emotion",
        "<break",
    ]
    parts += [line for example in agent.examples for line in example.lines]
    missing = [part for part in parts if part not in told]
    assert not missing
    assert len(agent.examples) >= 3


async def test_ll_24_an_operator_s_prompt_takes_the_agent_s_place(plain: Room) -> None:
    async with plain.server.connect(v2=True) as client:
        await plain.answer(client, "Hello there.")
    assert plain.chats()[0].messages[0].text == PLAIN_PROMPT


# -- what becomes of its answer --------------------------------------------------------------------


async def test_ll_13_the_answer_sounds_while_it_is_still_written(talk: Room) -> None:
    talk.breaks("openai", "stall_middle")
    gone = talk.count("openai.clients_gone")
    async with talk.server.connect(v2=True) as client:
        await talk.asks(client, f"Well then. {' '.join(SENTENCES)}")
        await client.hears("audio.output.chunk")
        assert not client.all("conversation.response.complete")
        assert talk.count("openai.clients_gone") == gone  # it would go on writing


async def test_ll_14_markers_end_pieces_and_reach_nobody(talk: Room, plain: Room) -> None:
    text = " ".join(SENTENCES)
    async with talk.server.connect(v2=True) as client:
        assert await talk.answer(client, text, word_s=0.01) == text
        shown = "".join(f.payload["token"] for f in client.all("conversation.response.token"))
    pairs = [" ".join(SENTENCES[at : at + 2]) for at in range(2, 8, 2)]
    assert talk.pieces() == [*SENTENCES[:2], *pairs]
    assert shown.split() == text.split()
    async with plain.server.connect(v2=True) as client:
        await plain.answer(client, text, word_s=0.01)
    assert plain.pieces() == [*SENTENCES[:2], pairs[0], " ".join(pairs[1:])]


async def test_ll_15_sentences_are_grouped_up_to_50_words_and_300_characters(plain: Room) -> None:
    text = " ".join(f"This is the rather long sentence number {n}." for n in range(40))
    async with plain.server.connect(v2=True) as client:
        assert await plain.answer(client, text, word_s=0.005) == text
    pieces = plain.pieces()
    assert " ".join(pieces) == text
    assert all(piece.endswith(".") for piece in pieces)
    lengths = [len(piece.split()) for piece in pieces]
    assert 24 < max(lengths) <= 50
    assert max(map(len, pieces)) <= 300


async def test_ll_16_tt_10_text_without_an_end_is_cut_between_words(plain: Room) -> None:
    text = words(680)  # longer than the 5,000 characters that a voice may be given at once
    async with plain.server.connect(v2=True) as client:
        assert await plain.answer(client, text, word_s=0.002) == text
    pieces = plain.pieces()
    assert len(text) > 5_000
    assert " ".join(pieces) == text
    assert max(map(len, pieces)) <= 400


async def test_ll_17_parts_below_five_words_join_a_neighbour(plain: Room) -> None:
    one, two = SENTENCES[:2]
    async with plain.server.connect(v2=True) as client:
        await plain.answer(client, f"Hi. {one} Ok. {two} Yes.")
    assert plain.pieces() == ["Hi.", one, f"Ok. {two} Yes."]


async def test_ll_18_a_part_that_breaks_off_is_finished_and_no_other_repeated(talk: Room) -> None:
    text = " ".join(SENTENCES)
    talk.breaks("cartesia", "drop", skip=1)
    async with talk.server.connect(v2=True) as client:
        assert await talk.answer(client, text, word_s=0.05) == text
        assert len(client.all("audio.output.start")) == 1
    first, broken, rest, *others = talk.pieces()
    assert (first, broken) == tuple(SENTENCES[:2])
    assert broken.endswith(rest)
    assert " ".join(others) == " ".join(SENTENCES[2:])


@pytest.mark.parametrize("fault", ["error_event", "cut_stream", "drop"])
async def test_ll_19_what_was_written_before_an_error_is_spoken(talk: Room, fault: str) -> None:
    text = " ".join(SENTENCES)
    talk.breaks("openai", fault)
    async with talk.server.connect(v2=True) as client:
        answer = await talk.answer(client, text)
        assert client.all("conversation.error.llm_failed")
    excuse = load_agent("sales").broken_off
    assert answer.endswith(excuse)
    written = answer.removesuffix(excuse).strip()
    assert text.startswith(written)
    assert len(written.split()) >= 10
    assert " ".join(talk.pieces()).startswith(written)


# -- what fails ------------------------------------------------------------------------------------


async def fails(place: Room, client: Client, *, requests: int = 2) -> str:
    """Ask, and have every request for the answer refused; returns what is said instead."""
    place.breaks("openai", "unavailable", times=requests)
    return await place.answer(client, "Hello there.")


async def test_ll_08_a_model_that_is_silent_is_given_up_and_the_call_goes_on() -> None:
    hasty = replaced(llm_hedge_s=0.3, llm_request_s=1.5)
    async with room(budgets=hasty, **TIERS) as place:
        place.breaks("openai", "stall_first", times=2)
        async with place.server.connect(v2=True) as client:
            assert await place.answer(client, "Hello?") == TIERS["llm_fallback_tier1"]
            assert client.all("conversation.error.llm_failed")
            assert await place.answer(client, "Anybody there?") == "Anybody there?"


async def test_ll_09_10_fallbacks_by_failures_in_a_row_the_third_ends_the_call(talk: Room) -> None:
    first, second, third = TIERS.values()
    async with talk.server.connect(v2=True) as client:
        assert await fails(talk, client) == first
        assert await fails(talk, client) == second
        assert await talk.answer(client, "Better now?") == "Better now?"
        assert await fails(talk, client) == first
        assert await fails(talk, client) == second
        heard = len(client.events)
        talk.breaks("openai", "unavailable", times=2)
        await talk.asks(client, "Hello?")
        bye = await client.hears("connection.lifecycle.disconnect")
        after = client.events[heard:]
        [told] = [f for f in after if f.name == "conversation.response.complete"]
        assert told.payload["fullResponse"] == third
        sound = [frame for frame in after if frame.name == "audio.output.chunk"]
        assert sound_of(sound) >= 0.02 * len(third.split())  # heard to its end
        assert bye.payload["reason"] == "faults"
        assert await client.is_closed() == 1011


async def test_ll_11_an_empty_answer_is_a_failure() -> None:
    async with room(llm_model="silent-1", **TIERS) as place:
        async with place.server.connect(v2=True) as client:
            assert await place.answer(client, "Hello?") == TIERS["llm_fallback_tier1"]
            assert client.all("conversation.error.llm_failed")
        assert len(place.chats()) == 2  # the second might have said something


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        ("unavailable", 2),
        ("rate_limit", 2),
        ("refused", 2),
        ("unauthorized", 1),
        ("forbidden", 1),
        ("quota", 1),
    ],
)
async def test_ll_12_only_what_may_pass_is_asked_again(
    talk: Room, fault: str, requests: int
) -> None:
    before = talk.count("openai.requests")
    talk.breaks("openai", fault, seconds=0.01)
    async with talk.server.connect(v2=True) as client:
        answer = await talk.answer(client, "Hello there.")
    assert answer == ("Hello there." if requests == 2 else TIERS["llm_fallback_tier1"])
    assert talk.count("openai.requests") == before + requests


@pytest.mark.parametrize("end", ["leaves", "is cut off", "is swept", "is shut down"])
async def test_ll_20_21_a_call_that_ends_stops_what_the_model_writes(end: str) -> None:
    async with room(session_sweep_s=0.02) as place:
        gone = place.count("openai.clients_gone")
        place.breaks("openai", "stall_first")
        async with place.server.connect(v2=True) as client:
            await place.asks(client, "Hello?")
            await client.state("THINKING")
            await eventually(lambda: place.simulator.stage.faults.struck)
            [live] = place.server.calls
            match end:
                case "leaves":
                    await client.leaves()
                case "is cut off":
                    await client.vanishes()
                case "is swept":
                    live.session.created_at -= 100_000
                case _:
                    await place.server.calls.drain(0)
            await eventually(lambda: place.count("openai.clients_gone") == gone + 1)
        await place.server.is_empty()


@pytest.mark.parametrize(("since", "limit_s"), [("last_activity", 1_800), ("created_at", 7_200)])
async def test_ll_22_calls_idle_for_30_minutes_or_2_hours_old_are_swept(
    since: str, limit_s: int
) -> None:
    async with room(llm_cleanup_interval=20) as place, place.server.connect(v2=True) as client:
        assert await place.answer(client, "Hello.") == "Hello."
        [live] = place.server.calls
        now = asyncio.get_running_loop().time()
        setattr(live.session, since, now - limit_s + 60)
        await asyncio.sleep(0.05)  # some sweeps
        await client.is_alive()
        setattr(live.session, since, now - limit_s - 60)
        assert await client.is_closed() == 1000
        await place.server.is_empty()
