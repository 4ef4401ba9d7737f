"""Two edits, name and company, make another agent of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_call import Conversation
from test_endurance import conversations

from vantum.agents.hearing import best_reply
from vantum.agents.prompt import system_prompt
from vantum.agents.schema import FILES, Agent, load_agent

pytestmark = pytest.mark.usefixtures("uncovered")

OLD = ("alex", "vantum")


@pytest.fixture(scope="module")
def robin(tmp_path_factory: pytest.TempPathFactory) -> Agent:
    path: Path = tmp_path_factory.mktemp("agents") / "mine.yaml"
    text = (FILES / "sales.yaml").read_text(encoding="utf-8")
    text = text.replace("name: Alex", "name: Robin", 1)
    path.write_text(text.replace("company: Vantum", "company: Globex", 1), encoding="utf-8")
    return load_agent(path)


def test_the_greeting_and_the_prompt_name_the_new_agent(robin: Agent) -> None:
    assert "Robin from Globex" in robin.greeting
    prompt = system_prompt(robin)
    assert "Robin" in prompt
    assert not [old for old in OLD if old in prompt.lower()]


def test_no_line_of_the_file_names_the_old_agent(robin: Agent) -> None:
    assert not [old for old in OLD if old in repr(robin).lower()]


def test_no_conversation_names_the_old_agent(robin: Agent) -> None:
    asked = [[r.heard[0]] for r in robin.playbook.replies()]
    for sayings in (*asked, *conversations(60, seed=14)):
        call = Conversation(*sayings, agent=robin)
        said = " ".join(m.content for m in call.messages if m.role == "assistant").lower()
        assert not [old for old in OLD if old in said]


@pytest.mark.parametrize(
    ("said", "reply"),
    [("What is Globex?", "what_is_it"), ("where is globex", "where_from"), ("Hi Robin", "hi")],
)
def test_the_new_names_are_listened_for(robin: Agent, said: str, reply: str) -> None:
    match = best_reply(robin, said)
    assert match is not None
    assert match.reply.id == reply
