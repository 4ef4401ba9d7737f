"""Who takes part in a call: settings and an agent file become recogniser, model, voice, policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vantum.agents.prompt import system_prompt
from vantum.agents.schema import Agent, load_agent
from vantum.call import Cast
from vantum.conversation.policy import Policy
from vantum.errors import RequestError, SettingsError
from vantum.limits import Budgets
from vantum.providers import registry
from vantum.providers.local.client import LocalSpeech
from vantum.providers.resources import Resources, Upkeep
from vantum.settings import Providers, Settings, chosen_providers


class Casting:
    """Casts calls; agent files are read once, at the start."""

    def __init__(
        self,
        settings: Settings,
        local_speech: LocalSpeech,
        upkeep: Upkeep,
        budgets: Budgets | None = None,
    ) -> None:
        self.providers: Providers = chosen_providers(settings, registry.registered())
        self.default = str(settings.vantum_agent)
        self._settings = settings
        self._local_speech = local_speech
        self._upkeep = upkeep
        self._budgets = budgets or Budgets()
        self._casts: dict[str, Cast] = {}
        # The agents that a client may choose; a broken default stops the start, not the first call.
        self.agents: Mapping[str, Agent] = _neighbours(settings.vantum_agent)

    @property
    def uses_local_speech(self) -> bool:
        """The models in the helper process are needed."""
        return "local" in {self.providers.stt.provider, self.providers.tts.provider}

    def chosen(self, name: str | None) -> Cast:
        """Cast by a client's choice. Raises RequestError for an agent it may not choose."""
        if name is None or name == self.default:
            return self.cast(self.default)
        if name not in self.agents:
            raise RequestError(f'There is no agent "{name}"')
        return self.cast(name)

    def cast(self, name: str) -> Cast:
        """The cast of this agent's calls."""
        if name not in self._casts:
            self._casts[name] = self._build(self.agents[name])
        return self._casts[name]

    def _build(self, agent: Agent) -> Cast:
        settings, chosen = self._settings, self.providers
        resources = Resources(settings, agent, self._local_speech, self._upkeep, self._budgets)
        return Cast(
            ears=registry.speech_to_text(chosen.stt.provider, resources),
            mind=registry.language_model(chosen.llm.provider, resources),
            voice=registry.text_to_speech(chosen.tts.provider, resources),
            policy=policy_of(agent, settings),
            system_prompt=settings.llm_system_prompt or system_prompt(agent, None),
            language=agent.language or settings.stt_language,
            voice_id=agent.voice.id,
        )


def _neighbours(default: Path) -> dict[str, Agent]:
    """The default agent and those beside it that can be read, by file. Raises SettingsError."""
    found = {str(default): load_agent(default)}
    for path in sorted(default.parent.glob("*.yaml")):
        try:
            found.setdefault(str(path), load_agent(path))
        except SettingsError:
            continue
    return found


def policy_of(agent: Agent, settings: Settings) -> Policy:
    """What the agent may say unasked; fallback texts of the settings come before its own."""
    first, second, third = agent.fallbacks
    return Policy(
        greeting=agent.greeting,
        nudges=agent.silence.nudges,
        nudge_after_s=agent.silence.nudge_after_s,
        goodbye=agent.silence.goodbye,
        fallbacks=(
            settings.llm_fallback_tier1 or first,
            settings.llm_fallback_tier2 or second,
            settings.llm_fallback_tier3 or third,
        ),
        end_silence_s=settings.vad_silence_threshold_s,
        max_lines=settings.llm_max_messages,
    )
