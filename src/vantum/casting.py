"""Who takes part in a call: settings and an agent file become recogniser, model, voice, policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from vantum.agents.prompt import system_prompt
from vantum.agents.recordings import texts_of
from vantum.agents.schema import Agent, load_agent
from vantum.books import Party
from vantum.call import Cast
from vantum.conversation.policy import MenuKeys, PickupPolicy, Policy, TransferTo
from vantum.conversation.segments import spoken_text
from vantum.errors import RequestError, Service, SettingsError
from vantum.limits import Budgets
from vantum.providers import registry
from vantum.providers.base import ONLY_END
from vantum.providers.local.alert import AlertSpeechToText
from vantum.providers.local.client import LocalSpeech
from vantum.providers.phrases import Phrases
from vantum.providers.prerecorded import PrerecordedTextToSpeech
from vantum.providers.resources import Resources, Upkeep
from vantum.providers.steady_ears import SteadySpeechToText
from vantum.providers.steady_mind import SteadyLanguageModel
from vantum.providers.steady_voice import SteadyTextToSpeech
from vantum.settings import Providers, Settings, chosen_providers, is_vendors_own

# They mend themselves, or never break; all others are wrapped.
EMBEDDED: Final = frozenset({"local", "playbook", "scripted"})


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
        self.default = settings.vantum_agent.stem
        self._settings = settings
        self._local_speech = local_speech
        self._upkeep = upkeep
        self._budgets = budgets or budgets_of(settings)
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

    def on_the_phone(self, name: str) -> Cast:
        """The cast of this agent's phone calls: what the voice cannot say, nobody reads."""
        cast, agent = self.cast(name), self.agents[name]
        recorded = self._settings.recording == "on" and bool(agent.phone.announce_recording)
        announced = f"{agent.phone.announce_recording} " if recorded else ""
        policy = msgspec.structs.replace(
            cast.policy,
            greeting=announced + cast.policy.greeting,
            text_is_shown=False,
            pickup=pickup_of(agent),
        )
        actions = ONLY_END | ({"transfer_call"} if agent.phone.transfer else frozenset())
        return msgspec.structs.replace(cast, policy=policy, actions=actions, recorded=recorded)

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
        if agent.recordings:
            recorded = {recording.says: recording.sound for recording in agent.recordings}
            voice = PrerecordedTextToSpeech(voice, recorded)
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
            parties=parties_of(settings, chosen),
            language=agent.language or settings.stt_language,
            voice_id=agent.voice.id,
        )


def parties_of(settings: Settings, providers: Providers) -> dict[Service, Party]:
    """Who is paid for what; services of one's own cost what only their owner knows."""
    asked: dict[Service, tuple[str, str]] = {
        "stt": (providers.stt.provider, settings.stt_model),
        "llm": (providers.llm.provider, settings.llm_model),
        "tts": (providers.tts.provider, settings.tts_model),
    }
    return {
        service: Party(name.partition("-")[0], model)
        for service, (name, model) in asked.items()
        if is_vendors_own(settings, name)
    }


def unused_keys(settings: Settings, providers: Providers) -> dict[str, str]:
    """The variables of keys that are set in vain, and who works in their vendor's place."""
    unused = {}
    for vendor, service, choice in (
        ("deepgram", "stt", providers.stt),
        ("openai", "llm", providers.llm),
        ("cartesia", "tts", providers.tts),
    ):
        variable, asked = f"{vendor}_api_key", f"{service}_provider"
        if getattr(settings, variable) is None or choice.provider.startswith(vendor):
            continue
        asks_other = getattr(settings, asked) != "auto"
        because = f"{asked.upper()} asks for it" if asks_other else f"{vendor} is not installed"
        unused[variable.upper()] = f"{choice.provider} is used: {because}"
    return unused


def _neighbours(default: Path) -> dict[str, Agent]:
    """The default agent and those beside it that can be read, by name. Raises SettingsError."""
    try:
        found = {default.stem: load_agent(default)}
    except SettingsError as error:
        raise SettingsError(f"VANTUM_AGENT: {error}") from error
    for path in sorted(default.parent.glob("*.yaml")):
        if path.stem in found:
            continue
        try:
            found[path.stem] = load_agent(path)
        except SettingsError:
            continue
    return found


def phrases_of(policy: Policy) -> Phrases:
    """What is said in every call, or when something is wrong, and not from a recording anyway."""
    texts = (policy.greeting, *policy.fallbacks, policy.broken_off, policy.deaf, policy.goodbye)
    spoken = (text for text in texts if text and spoken_text(text) not in policy.prerecorded)
    return Phrases(spoken, policy.fillers)


def pickup_of(agent: Agent) -> PickupPolicy:
    """What the agent does until a person is on the line, and on the phone alone."""
    phone = agent.phone
    transfer = None
    if phone.transfer is not None:
        transfer = TransferTo(phone.transfer.number, phone.transfer.failed, warm=False)
    return PickupPolicy(
        message=phone.voicemail,
        statement=phone.screening or f"{agent.name} from {agent.company}.",
        again=phone.again or agent.greeting,
        keys=tuple(MenuKeys(keys.when, keys.press) for keys in phone.keys),
        transfer=transfer,
        hold_s=phone.hold_s,
    )


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
        prerecorded=texts_of(agent.recordings),
        filler_after_s=budgets.filler_after_s,
        filler_again_s=budgets.filler_again_s,
        guesses=settings.llm_speculation,
        end_silence_s=settings.vad_silence_threshold_s,
        turn_chars=settings.stt_max_transcript_length,
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
