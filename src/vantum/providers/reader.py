"""How a model is asked what came of a talk: a few tries, none of which anybody waits for."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from zoneinfo import ZoneInfo

from vantum.agents.findings import Ended, Finding
from vantum.agents.noting import TALKED, NoFindingError, read, task_of, texts_of, transcript_of
from vantum.agents.schema import Agent
from vantum.errors import ProviderError
from vantum.limits import Budgets
from vantum.providers import registry
from vantum.providers.base import Form, LanguageModel, Message, Prompt
from vantum.providers.chosen import chosen_providers
from vantum.providers.local.client import LocalSpeech, socket_path
from vantum.providers.resilience import next_wait_s
from vantum.providers.resources import Resources, Upkeep
from vantum.settings import Settings


class TranscriptReader:
    """Reads transcripts with a model that answers in JSON."""

    def __init__(self, model: LanguageModel, name: str, budgets: Budgets) -> None:
        self.name = name
        self._model = model
        self._waits_s = budgets.llm_waits_s

    async def find(
        self, ended: Ended, agent: Agent, zone: ZoneInfo | None, rules: Finding
    ) -> Finding:
        """What the model finds. Raises ProviderError after the last try."""
        form = Form("finding", {"disposition": tuple(TALKED)}, texts_of(agent))
        heard = Message("user", transcript_of(ended))
        prompt = Prompt(task_of(agent), (heard,), actions=frozenset(), form=form)
        tries = 0
        while True:
            try:
                return read(await self._answer(prompt), ended, agent, zone, rules)
            except NoFindingError as error:
                text = f"the model's finding is none: {error}"
                trouble = ProviderError(text, service="llm", trouble="server")
            except ProviderError as error:
                trouble = error
            wait_s = next_wait_s(trouble, self._waits_s, tries) if trouble.may_retry else None
            if wait_s is None:
                raise trouble
            await asyncio.sleep(wait_s)
            tries += 1

    async def _answer(self, prompt: Prompt) -> str:
        async with aclosing(self._model.reply(prompt)) as answer:
            return "".join([part async for part in answer if isinstance(part, str)])


def reader_of(settings: Settings, agent: Agent, upkeep: Upkeep) -> TranscriptReader | None:
    """The reader that the settings have: any where a server speaks OpenAI's protocol."""
    chosen = chosen_providers(settings, registry.registered()).llm
    if chosen.provider != "openai" or chosen.off:
        return None
    budgets = Budgets(llm_request_s=settings.llm_request_timeout_s)
    local = LocalSpeech(socket_path(settings.vantum_data_dir))  # begins only where it is asked
    resources = Resources(settings, agent, local, upkeep, budgets)
    model = registry.language_model(chosen.provider, resources)
    return TranscriptReader(model, settings.llm_model, budgets)
