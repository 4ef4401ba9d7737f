"""Who takes part in a call: settings and an agent file become recogniser, model, voice, policy."""

from __future__ import annotations

from typing import Final

from vantum.agents.prompt import system_prompt
from vantum.agents.schema import Agent, load_agent
from vantum.call import Cast
from vantum.conversation.policy import Policy
from vantum.errors import RequestError, SettingsError
from vantum.limits import Budgets
from vantum.providers import registry
from vantum.providers.local.alert import AlertSpeechToText
from vantum.providers.local.client import LocalSpeech
from vantum.providers.phrases import Phrases
from vantum.providers.resources import Resources, Upkeep
from vantum.providers.steady_ears import SteadySpeechToText
from vantum.providers.steady_mind import SteadyLanguageModel
from vantum.providers.steady_voice import SteadyTextToSpeech
from vantum.settings import Providers, Settings, chosen_providers

# They mend themselves, or never break; all others are wrapped.
EMBEDDED: Final = frozenset({"local", "playbook", "scripted"})


class Casting:
    """Casts calls; an agent file is read once."""

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
        self._budgets = budgets or budgets_of(settings)
        self._agents: dict[str, Agent] = {}
        self._casts: dict[str, Cast] = {}
        self.agent(self.default)  # a broken default stops the start, not the first call

    @property
    def uses_local_speech(self) -> bool:
        """The models in the helper process are needed."""
        return "local" in {self.providers.stt.provider, self.providers.tts.provider}

    def agent(self, name: str) -> Agent:
        """The agent in this file. Raises SettingsError."""
        if name not in self._agents:
            self._agents[name] = load_agent(name)
        return self._agents[name]

    def known(self) -> dict[str, Agent]:
        """The agents that a client may choose: the default and its neighbours that can be read."""
        found = {self.default: self.agent(self.default)}
        folder = self._settings.vantum_agent.parent
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
            try:
                found.setdefault(str(path), self.agent(str(path)))
            except SettingsError:
                continue
        return found

    def chosen(self, name: str | None) -> Cast:
        """Cast by a client's choice. Raises RequestError for an agent it may not choose."""
        if name is None or name == self.default:
            return self.cast(self.default)
        if name not in self.known():
            raise RequestError(f'There is no agent "{name}"')
        return self.cast(name)

    def cast(self, name: str) -> Cast:
        """The cast of this agent's calls."""
        if name not in self._casts:
            self._casts[name] = self._build(self.agent(name))
        return self._casts[name]

    def _build(self, agent: Agent) -> Cast:
        settings, chosen = self._settings, self.providers
        resources = Resources(settings, agent, self._local_speech, self._upkeep, self._budgets)
        ears = registry.speech_to_text(chosen.stt.provider, resources)
        mind = registry.language_model(chosen.llm.provider, resources)
        voice = registry.text_to_speech(chosen.tts.provider, resources)
        if chosen.stt.provider not in EMBEDDED:
            ears = SteadySpeechToText(ears, self._budgets)
        if settings.vad == "local" and chosen.stt.provider != "local":
            ears = AlertSpeechToText(ears, self._local_speech.vad)
        if chosen.llm.provider not in EMBEDDED:
            mind = SteadyLanguageModel(mind, self._budgets, retries=settings.llm_max_retries)
        policy = policy_of(agent, settings, self._budgets)
        if chosen.tts.provider not in EMBEDDED:
            voice = SteadyTextToSpeech(voice, self._budgets, phrases_of(policy), self._upkeep)
        tags = chosen.tts.provider == "cartesia"  # the one voice that acts on them
        prompt = system_prompt(
            agent, None, override=settings.llm_system_prompt or "", speech_tags=tags
        )
        return Cast(
            ears=ears,
            mind=mind,
            voice=voice,
            policy=policy,
            system_prompt=prompt,
            key_terms=(agent.name, agent.company, *agent.vocabulary),
        )


def phrases_of(policy: Policy) -> Phrases:
    """What is said in every call, or when something is wrong."""
    texts = (policy.greeting, *policy.fallbacks, policy.broken_off, policy.deaf, policy.goodbye)
    return Phrases(filter(None, texts), policy.fillers)


def policy_of(agent: Agent, settings: Settings, budgets: Budgets) -> Policy:
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
        broken_off=agent.broken_off,
        deaf=agent.deaf,
        fillers=agent.fillers,
        filler_after_s=budgets.filler_after_s,
        filler_again_s=budgets.filler_again_s,
        guesses=settings.llm_speculation,
        end_silence_s=settings.vad_silence_threshold_s,
        max_lines=settings.llm_max_messages,
    )


def budgets_of(settings: Settings) -> Budgets:
    """The usual budgets with the ones that the operator may set."""
    return Budgets(
        llm_request_s=settings.llm_request_timeout_s,
        tts_request_s=settings.tts_synthesis_timeout_s,
        tts_connect_s=settings.tts_connection_timeout_s,
        tts_keepalive_s=settings.tts_keepalive_interval_s,
    )
