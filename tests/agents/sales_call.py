"""A conversation with an agent, as tests tell it."""

from __future__ import annotations

import re

from vantum.agents.plan import wordings
from vantum.agents.playbook import Answer, Said, answer, recall
from vantum.agents.schema import Agent, load_agent
from vantum.conversation.utterances import sentences

SALES = load_agent("sales")


class Conversation:
    """Says things to an agent and keeps what came back."""

    def __init__(self, *sayings: str, agent: Agent = SALES, greeted: bool = True) -> None:
        self.agent = agent
        self.messages: list[Said] = []
        self.last = Answer("")
        if greeted:
            self.messages.append(Said("assistant", agent.greeting))
        for saying in sayings:
            self.says(saying)

    def says(self, text: str) -> str:
        """The caller speaks; returns the agent's whole answer."""
        self.messages.append(Said("user", text))
        self.last = answer(self.agent, tuple(self.messages))
        self.messages.append(Said("assistant", self.last.text))
        return self.last.text

    def only_heard(self, text: str) -> None:
        """The caller interrupted the last answer after these words."""
        self.messages.pop()
        if text:
            self.messages.append(Said("assistant", text, interrupted=True))

    @property
    def told(self) -> dict[str, str]:
        return recall(self.agent, tuple(self.messages))

    @property
    def ended(self) -> bool:
        return self.last.ends_call


def asks(text: str, question: str) -> bool:
    """Does the text end with one of the wordings of this question?"""
    return any(
        re.search(re.sub(r"\\{\w+\\}", ".+", re.escape(sentences(wording)[-1])) + "$", text)
        for wording in wordings(SALES, question)
    )
