"""Who takes part in a call: settings and an agent file become recogniser, model, voice, policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from vantum import arrays
from vantum.agents.playbook import NOTHING, greeting
from vantum.agents.prompt import system_prompt
from vantum.agents.recordings import texts_of
from vantum.agents.schema import Agent, Transfer
from vantum.agents.shelf import shelf_of
from vantum.agents.versions import versions_of
from vantum.call import Cast
from vantum.conversation.asking import Expected
from vantum.conversation.policy import MenuKeys, PickupPolicy, Policy, TransferTo
from vantum.conversation.segments import spoken_text
from vantum.conversation.utterances import last_sentence
from vantum.costs import Party
from vantum.errors import Service
from vantum.limits import Budgets
from vantum.providers import registry
from vantum.providers.base import ALWAYS, ActionName
from vantum.providers.chosen import (
    Providers,
    address_of,
    chosen_providers,
    is_vendors_own,
)
from vantum.providers.local.alert import AlertSpeechToText
from vantum.providers.local.client import LocalSpeech
from vantum.providers.phrases import Phrases
from vantum.providers.prerecorded import PrerecordedTextToSpeech
from vantum.providers.resources import Resources, Upkeep
from vantum.providers.steady_ears import SteadySpeechToText
from vantum.providers.steady_mind import SteadyLanguageModel
from vantum.providers.steady_voice import SteadyTextToSpeech
from vantum.pulse import Pulse
from vantum.settings import Settings

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
        self.pulses: dict[Service, Pulse] = {}  # of those who may fail; others tell themselves
        # The agents that a client may choose; a broken default stops the start, not the first call.
        self.shelf = shelf_of(settings.vantum_agent)
        self.agents: Mapping[str, Agent] = self.shelf.agents
        self.versions = versions_of(settings.vantum_agent, self.agents)
        if self.uses_local_speech or settings.vad == "local" or settings.recording == "on":
            arrays.bring()  # these have threads that ask for it

    @property
    def uses_local_speech(self) -> bool:
        """The models in the helper process are needed."""
        return "local" in {self.providers.stt.provider, self.providers.tts.provider}

    def complaints(self) -> Iterator[tuple[str, dict[str, str]]]:
        """What is to be logged at the start about agent files."""
        return self.shelf.complaints(end_silence_s=self._settings.vad_silence_threshold_s)

    def chosen(self, name: str | None) -> Cast:
        """Cast by a client's choice. Raises RequestError for an agent it may not choose."""
        if name is None or name == self.default:
            return self.cast(self.default)
        if name not in self.agents:
            raise self.shelf.no_such(name)
        return self.cast(name)

    def cast(self, name: str) -> Cast:
        """The cast of this agent's calls."""
        if name not in self._casts:
            self._casts[name] = self._build(name, self.agents[name])
        return self._casts[name]

    def on_the_phone(self, name: str, known: Mapping[str, str] = NOTHING) -> Cast:
        """The cast of this agent's phone calls: what the voice cannot say, nobody reads.

        `known` is what is known of whom it calls, by `contacts.known_of`.
        """
        cast, agent = self.cast(name), self.agents[name]
        pickup = pickup_of(agent, self._settings, known)
        policy = msgspec.structs.replace(
            cast.policy,
            greeting=greeting(agent, known),
            text_is_shown=False,
            sound_returns=True,
            pickup=pickup,
        )
        more: set[ActionName] = {"press_keys"}
        if agent.phone.transfer is not None:
            more.add("transfer_call")
        return msgspec.structs.replace(
            cast,
            policy=policy,
            system_prompt=self._prompt(agent, known) if known else cast.system_prompt,
            actions=ALWAYS | more,
            recorded=bool(pickup.notice),
            known=known,
        )

    def _prompt(self, agent: Agent, known: Mapping[str, str]) -> str:
        tags = self.providers.tts.provider == "cartesia"  # the one voice that acts on them
        override = self._settings.llm_system_prompt or ""
        return system_prompt(agent, known, override=override, speech_tags=tags)

    def briefing(self, name: str, text: str) -> Cast:
        """The cast of a call in which a colleague is told this, and nothing else."""
        cast, agent = self.cast(name), self.agents[name]
        told = PickupPolicy(statement=_introduction(agent), again=text, ends="briefed")
        policy = msgspec.structs.replace(
            cast.policy,
            greeting=text,
            nudges=(),
            fillers=(),
            text_is_shown=False,
            sound_returns=True,
            pickup=told,
        )
        return msgspec.structs.replace(cast, policy=policy)

    def _build(self, name: str, agent: Agent) -> Cast:
        settings, chosen = self._settings, self.providers
        resources = Resources(settings, agent, self._local_speech, self._upkeep, self._budgets)
        ears = registry.speech_to_text(chosen.stt.provider, resources)
        mind = registry.language_model(chosen.llm.provider, resources)
        voice = registry.text_to_speech(chosen.tts.provider, resources)
        if chosen.stt.provider not in EMBEDDED:
            pulse = self.pulses.setdefault("stt", Pulse())
            ears = SteadySpeechToText(ears, self._budgets, pulse)
        if settings.vad == "local" and chosen.stt.provider != "local":
            ears = AlertSpeechToText(ears, self._local_speech.vad)
        if chosen.llm.provider not in EMBEDDED:
            pulse = self.pulses.setdefault("llm", Pulse())
            tries = settings.llm_max_retries
            mind = SteadyLanguageModel(mind, self._budgets, retries=tries, pulse=pulse)
        policy = policy_of(agent, settings, self._budgets)
        if chosen.tts.provider not in EMBEDDED:
            phone = None if settings.phone_off else pickup_of(agent, settings)
            phrases = phrases_of(policy, phone)
            pulse = self.pulses.setdefault("tts", Pulse())
            voice = SteadyTextToSpeech(voice, self._budgets, phrases, self._upkeep, pulse=pulse)
        if agent.recordings:
            recorded = {recording.says: recording.sound for recording in agent.recordings}
            voice = PrerecordedTextToSpeech(voice, recorded)
        return Cast(
            ears=ears,
            mind=mind,
            voice=voice,
            policy=policy,
            agent=name,
            system_prompt=self._prompt(agent, NOTHING),
            key_terms=(agent.name, agent.company, *agent.vocabulary),
            parties=parties_of(settings, chosen),
            language=agent.language or settings.stt_language,
            voice_id=agent.voice.id,
        )


def serving(settings: Settings, providers: Providers) -> dict[Service, Party]:
    """Who serves, and by which model, where it is one of the settings."""
    models = {"stt": settings.stt_model, "llm": settings.llm_model, "tts": settings.tts_model}
    return {
        service: Party(
            choice.provider.partition("-")[0],
            models[service] if address_of(settings, choice.provider) else "",
        )
        for service, choice in providers.by_service().items()
    }


def parties_of(settings: Settings, providers: Providers) -> dict[Service, Party]:
    """Who is paid for what; services of one's own cost what only their owner knows."""
    parties = serving(settings, providers)
    return {
        service: parties[service]
        for service, choice in providers.by_service().items()
        if is_vendors_own(settings, choice.provider)
    }


def unused_keys(settings: Settings, providers: Providers) -> dict[str, str]:
    """The variables of keys that are set in vain, and who works in their vendor's place."""
    unused, vendors = {}, {"stt": "deepgram", "llm": "openai", "tts": "cartesia"}
    for service, choice in providers.by_service().items():
        vendor = vendors[service]
        variable, asked = f"{vendor}_api_key", f"{service}_provider"
        if getattr(settings, variable) is None or choice.provider.startswith(vendor):
            continue
        asks_other = getattr(settings, asked) != "auto"
        because = f"{asked.upper()} asks for it" if asks_other else f"{vendor} is not installed"
        unused[variable.upper()] = f"{choice.provider} is used: {because}"
    return unused


def phrases_of(policy: Policy, phone: PickupPolicy | None = None) -> Phrases:
    """What is said in every call, or when something is wrong; first what is said first.

    Lines that are played from a recording are none of them.
    """
    texts = [policy.greeting]
    if phone is not None:
        texts = [phone.notice, *texts, phone.message, phone.statement, phone.again]
        texts += [phone.transfer.failed] if phone.transfer else []
    texts += [*policy.fallbacks, policy.broken_off, policy.deaf, *policy.nudges, policy.goodbye]
    spoken = (text for text in texts if text and spoken_text(text) not in policy.prerecorded)
    return Phrases(spoken, policy.fillers)


def pickup_of(agent: Agent, settings: Settings, known: Mapping[str, str] = NOTHING) -> PickupPolicy:
    """What the agent does until a person is on the line, and on the phone alone."""
    phone, terms = agent.phone, _terms(agent)
    return PickupPolicy(
        notice=phone.announce_recording if settings.recording == "on" else "",
        message=phone.voicemail,
        statement=phone.screening or _introduction(agent),
        again=phone.again or greeting(agent, known),
        keys=tuple(MenuKeys(keys.when, keys.press) for keys in phone.keys),
        transfer=TransferTo(terms.number, terms.failed, terms.waiting, terms.warm),
        hold_s=phone.hold_s,
    )


def briefing_of(agent: Agent, summary: str) -> str:
    """What a colleague is told before a caller is put through to them."""
    terms = _terms(agent)
    begin = terms.briefing or (
        f"Hi, this is {_introduction(agent)} Somebody asked to be put through to you."
    )
    return " ".join(filter(None, (begin, summary.strip(), terms.briefed)))


def _terms(agent: Agent) -> Transfer:
    """What is said when a caller is put through; by others, where the agent may not."""
    return agent.phone.transfer or Transfer(number="")


def _introduction(agent: Agent) -> str:
    return f"{agent.name} from {agent.company}."


def policy_of(agent: Agent, settings: Settings, budgets: Budgets) -> Policy:
    """What the agent may say unasked; fallback texts of the settings come before its own."""
    first, second, third = agent.fallbacks
    return Policy(
        greeting=greeting(agent, NOTHING),
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
        unheard=agent.unheard,
        cut_in=agent.cut_in,
        silences=agent.turns,
        language=agent.language or settings.stt_language,
        questions=questions_of(agent),
        fillers=agent.fillers,
        prerecorded=texts_of(agent.recordings),
        must_hear=tuple(spoken_text(line) for line in agent.must_hear),
        filler_after_s=budgets.filler_after_s,
        filler_again_s=budgets.filler_again_s,
        guesses=settings.llm_speculation,
        end_silence_s=settings.vad_silence_threshold_s,
        sound_returns=False,
        turn_chars=settings.stt_max_transcript_length,
        max_lines=settings.llm_max_messages,
    )


def questions_of(agent: Agent) -> dict[str, Expected]:
    """What kind of answer each of the agent's own questions asks for, by its last sentence."""
    book = agent.playbook
    closed = (book.permission, book.demo.offer, book.demo.read_back, book.callback.read_back)
    asked: list[tuple[str, Expected]] = [(text, "yes_no") for texts in closed for text in texts]
    asked += [(text, own.answer) for own in book.questions for text in own.ask]
    return {last_sentence(text): answer for text, answer in asked}


def budgets_of(settings: Settings) -> Budgets:
    """The usual budgets with the ones that the operator may set."""
    return Budgets(
        llm_request_s=settings.llm_request_timeout_s,
        tts_request_s=settings.tts_synthesis_timeout_s,
        tts_connect_s=settings.tts_connection_timeout_s,
        tts_keepalive_s=settings.tts_keepalive_interval_s,
    )
