"""What a person at the page sees and hears, in a real browser with a WAV file for a voice.

Two calls are made, each once; the tests below ask what happened in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from browser import Seen, Talk, talking
from processes import LOCAL, vantum_serve
from speech import seconds, sentence, silence, write_wav

import vantum.agents

pytestmark = [pytest.mark.browser, pytest.mark.local_speech]

AGENT = Path(vantum.agents.__file__).parent / "files" / "sales.yaml"
GREETING = "Hi, this is Alex from Vantum. How can I help you today?"
OPENING_S = 5.0  # from the microphone's first sample to the greeting's first, on a busy machine
LISTENING_S = 5.5  # the wait for an answer, and enough of it to be worth an interruption
CHUNKS_PER_S = 50
# 150 ms of the server's own, and a shared machine that stalls for a second: what either takes is
# measured elsewhere, with several tries.
AT_ONCE_MS = 1_500

CALLER = "[data-testid=transcript] li.caller"
AGENT_LINE = "[data-testid=transcript] li.agent"


@dataclass(frozen=True)
class Outcome:
    """What a call left behind."""

    seen: Seen
    complaints: list[str]
    hosts: set[str]
    host: str
    shown: dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The default agent with a greeting that does not take ten seconds."""
    folder = tmp_path_factory.mktemp("server")
    agent = yaml.safe_load(AGENT.read_text("utf-8")) | {"greeting": GREETING}
    (folder / "agent.yaml").write_text(yaml.safe_dump(agent, sort_keys=False), "utf-8")
    with vantum_serve(folder, LOCAL | {"VANTUM_AGENT": "agent.yaml"}) as url:
        yield url


def outcome(talk: Talk, url: str, **shown: Any) -> Outcome:
    return Outcome(talk.seen(), talk.complaints, talk.hosts, urlsplit(url).netloc, shown)


@pytest.fixture(scope="module")
def conversation(
    server: str, browser_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    """Greeting, a question, an answer, a second question over it, its answer, the end."""
    folder = tmp_path_factory.mktemp("conversation")
    first, second = sentence("How does it work?"), sentence("Wait, how much does it cost?")
    before = silence(OPENING_S + seconds(sentence(GREETING)))
    said = write_wav(folder / "said.wav", before, first, silence(LISTENING_S), second, silence(60))
    with talking(browser_path, said, folder / "page.png") as talk:
        talk.open(server)
        talk.page.get_by_test_id("start").click()
        talk.until("v.state === 'speaking' && v.playedMs > 500")
        greeting = talk.until_shown(f"{AGENT_LINE} .words")
        talk.until("s.frames.some(([, name]) => name === 'transcript.final.result')")
        talk.until_shown(f"{CALLER} .words:not(:has(.interim))")
        waited = talk.until_shown("p.waited [data-testid=waited]")
        talk.until_shown(f"{AGENT_LINE}[data-interrupted]")
        talk.until_shown(f"{CALLER}:nth-of-type(4)")
        talk.until_shown(f"{AGENT_LINE}:nth-of-type(5)")
        talk.until("v.state === 'speaking' && v.playedMs > 1000")
        shown: dict[str, Any] = {
            "greeting": greeting,
            "waited": waited,
            "caller": talk.texts(f"{CALLER} .words"),
            "agent": talk.texts(f"{AGENT_LINE} .words"),
            "interrupted": talk.texts(f"{AGENT_LINE}[data-interrupted] .words"),
        }
        talk.page.get_by_test_id("end").click()
        shown["summary"] = talk.until_shown("[data-testid=summary]")
        shown["state"] = talk.page.get_by_test_id("state").get_attribute("data-state")
        talk.until("s.frames.some(([, name]) => name === 'connection.lifecycle.disconnect')")
        return outcome(talk, server, **shown)


@pytest.fixture(scope="module")
def by_keyboard(
    server: str, browser_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    """Start, Escape over the greeting, mute, words that nobody is to hear, end: all by keys."""
    folder = tmp_path_factory.mktemp("keyboard")
    words, until_s = sentence("How much does it cost?"), 8.0
    said = write_wav(folder / "said.wav", silence(until_s), words, silence(60))
    with talking(browser_path, said, folder / "page.png") as talk:
        talk.open(server)
        talk.tab_to("start")
        talk.page.keyboard.press("Enter")
        # "Hi," and its pause are 0.8 s of sound: before that, no word counts as heard.
        talk.until("v.state === 'speaking' && v.playedMs > 1300")
        pressed_at = talk.page.evaluate("performance.now()")
        talk.page.keyboard.press("Escape")
        interrupted = talk.until_shown(f"{AGENT_LINE}[data-interrupted] .words")
        talk.tab_to("mute")
        talk.page.keyboard.press("Space")
        talk.until_shown("[data-testid=mute][aria-pressed=true]")
        muted_s = talk.seen().sent / CHUNKS_PER_S
        # Silence goes on being sent, so the count of chunks is the time in the file.
        talk.until(f"s.sent > {(until_s + seconds(words) + 1.5) * CHUNKS_PER_S}")
        caller = talk.texts(CALLER)
        talk.tab_to("end")
        talk.page.keyboard.press("Enter")
        summary = talk.until_shown("[data-testid=summary]")
        return outcome(
            talk,
            server,
            pressed_at=pressed_at,
            interrupted=interrupted,
            muted_early=muted_s < until_s,
            caller=caller,
            summary=summary,
            presses=talk.tab_to("start"),
        )


# -- a conversation ----------------------------------------------------------------------------


def test_the_greeting_is_shown_and_heard(conversation: Outcome) -> None:
    assert conversation.shown["greeting"] == GREETING
    started = conversation.seen.at("audio.output.start")
    complete = conversation.seen.at("audio.output.complete")
    assert max(conversation.seen.played(started, complete)) > 1_000


def test_the_question_stands_in_the_transcript(conversation: Outcome) -> None:
    first, second = conversation.shown["caller"]
    assert "how does it work" in first.lower()
    assert "how much does it cost" in second.lower()


def test_the_answer_is_played(conversation: Outcome) -> None:
    asked = conversation.seen.at("transcript.final.result")
    began = conversation.seen.at("audio.output.start", asked)
    cancelled = conversation.seen.at("audio.output.cancel", began)
    heard = conversation.seen.played(began + 100, cancelled)
    assert heard == sorted(heard)
    assert heard[-1] > 500


def test_the_caller_sees_how_long_the_answer_took(conversation: Outcome) -> None:
    number, unit = conversation.shown["waited"].split()
    assert unit == "s"
    assert 0 < float(number) < 10


def test_speech_holds_the_answer_at_once(conversation: Outcome) -> None:
    seen = conversation.seen
    began = seen.at("audio.output.start", seen.at("transcript.final.result"))
    spoke = seen.spoke_at(after=began)
    held = seen.paused_at(after=began)
    assert held - spoke < AT_ONCE_MS
    cancelled = seen.at("audio.output.cancel", began)
    assert len(set(seen.played(held, cancelled))) == 1, "sound goes on while it is held"


def test_the_interrupted_answer_is_cut_to_what_was_heard(conversation: Outcome) -> None:
    [cut] = conversation.shown["interrupted"]
    assert cut.endswith("interrupted")
    assert cut.startswith("It's simple")


def test_a_new_answer_follows_the_interruption(conversation: Outcome) -> None:
    assert len(conversation.shown["agent"]) == 3
    last = conversation.seen.at("audio.output.start", conversation.seen.at("audio.output.cancel"))
    assert max(conversation.seen.played(last + 100, last + 60_000)) > 500


def test_the_end_is_summed_up(conversation: Outcome) -> None:
    assert conversation.shown["state"] == "ended"
    lines = conversation.shown["summary"].split("\n")
    assert lines[lines.index("Turns") + 1] == "2"
    assert lines[lines.index("Interruption") + 1] == "1"


# -- keys and mute -----------------------------------------------------------------------------


def test_escape_interrupts(by_keyboard: Outcome) -> None:
    assert by_keyboard.shown["interrupted"].endswith("interrupted")
    cancelled = by_keyboard.seen.at("audio.output.cancel", by_keyboard.shown["pressed_at"])
    assert cancelled - by_keyboard.shown["pressed_at"] < AT_ONCE_MS


def test_nothing_said_while_muted_leaves_the_page(by_keyboard: Outcome) -> None:
    assert by_keyboard.shown["muted_early"], "the machine was too slow to mute before the words"
    assert by_keyboard.seen.loud == []
    assert by_keyboard.shown["caller"] == []
    assert not [name for name in by_keyboard.seen.names() if name.startswith("transcript.")]


def test_the_keyboard_ends_the_call_and_stays_near(by_keyboard: Outcome) -> None:
    assert "Interruption" in by_keyboard.shown["summary"]
    assert by_keyboard.shown["presses"] <= 2, "after the call the next one is one step away"


# -- both --------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["conversation", "by_keyboard"])
def test_the_page_complains_of_nothing(call: str, request: pytest.FixtureRequest) -> None:
    made: Outcome = request.getfixturevalue(call)
    assert made.complaints == []
    assert made.seen.violations == []


@pytest.mark.parametrize("call", ["conversation", "by_keyboard"])
def test_the_page_asks_only_its_own_host(call: str, request: pytest.FixtureRequest) -> None:
    made: Outcome = request.getfixturevalue(call)
    assert made.hosts == {made.host}
