"""A language model without a model: the agent file's own dialogue, spoken as it were written."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from vantum.agents.playbook import Said, answer
from vantum.agents.recordings import texts_of
from vantum.agents.schema import Agent
from vantum.conversation.segments import recited
from vantum.providers.base import Action, Prompt
from vantum.providers.resources import Resources

_WORDS_PER_TOKEN: Final = 3  # speech can begin at the first clause, as with a model's stream


class PlaybookModel:
    """Answers from the agent's playbook; the prompt's system text is not needed."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._prerecorded = texts_of(agent.recordings)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
        """Yield the answer in groups of words, then what is to be done once it was heard."""
        messages = tuple(Said(m.role, m.content, m.interrupted) for m in prompt.messages)
        may_transfer = "transfer_call" in prompt.actions
        given = answer(self._agent, messages, may_transfer=may_transfer, known=prompt.known)
        for part in recited(given.text, self._prerecorded):
            said = [part] if part in self._prerecorded else part.split(" ")
            for i in range(0, len(said), _WORDS_PER_TOKEN):
                end = i + _WORDS_PER_TOKEN
                yield " ".join(said[i:end]) + (" " if end < len(said) else "")
        if given.does:
            yield Action(given.does, given.summary)
        elif given.ends_call:
            yield Action("end_call")


def language_model(resources: Resources) -> PlaybookModel:
    """Build the provider."""
    return PlaybookModel(resources.agent)
