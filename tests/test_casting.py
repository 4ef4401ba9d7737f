"""Which keys are set in vain, what calls are cast with, what a colleague is told."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from vantum.agents.schema import Transfer, load_agent
from vantum.casting import briefing_of, budgets_of, phrases_of, pickup_of, policy_of, unused_keys
from vantum.providers.base import VoiceOptions
from vantum.providers.chosen import Speech, chosen_providers
from vantum.providers.phrases import pieces_of
from vantum.settings import load_settings

ALL: dict[Speech, set[str]] = {
    "stt": {"deepgram", "deepgram-flux", "local"},
    "llm": {"openai", "playbook"},
    "tts": {"cartesia", "local"},
}
WITHOUT_DEEPGRAM: dict[Speech, set[str]] = ALL | {"stt": {"local"}}


@pytest.mark.parametrize(
    ("environ", "registered", "unused"),
    [
        ({}, ALL, {}),
        ({"OPENAI_API_KEY": "k", "CARTESIA_API_KEY": "k"}, ALL, {}),
        ({"DEEPGRAM_API_KEY": "k", "STT_PROVIDER": "deepgram-flux"}, ALL, {}),
        (
            {"DEEPGRAM_API_KEY": "k"},
            WITHOUT_DEEPGRAM,
            {"DEEPGRAM_API_KEY": "local is used: deepgram is not installed"},
        ),
        (
            {"OPENAI_API_KEY": "k", "LLM_PROVIDER": "playbook"},
            ALL,
            {"OPENAI_API_KEY": "playbook is used: LLM_PROVIDER asks for it"},
        ),
    ],
)
def test_a_key_that_nobody_uses_is_named_with_the_reason(
    environ: dict[str, str], registered: dict[Speech, set[str]], unused: dict[str, str]
) -> None:
    settings = load_settings(environ)
    assert unused_keys(settings, chosen_providers(settings, registered)) == unused


SALES = load_agent("sales")


def test_a_colleague_is_told_who_calls_what_about_and_what_comes() -> None:
    agent = load_agent("sales")
    introduced = f"Hi, this is {agent.name} from {agent.company}."
    assert briefing_of(agent, " Ann asks for a discount. ") == (
        f"{introduced} Somebody asked to be put through to you. Ann asks for a discount. "
        "I'm putting them through now."
    )
    terms = Transfer("+15550100123", briefing="A call for you.", briefed="Here they are.")
    other = replace(agent, phone=replace(agent.phone, transfer=terms))
    assert briefing_of(other, "") == "A call for you. Here they are."


def test_others_may_have_a_caller_put_through_where_the_agent_may_not() -> None:
    transfer = pickup_of(SALES, load_settings({})).transfer
    assert transfer is not None
    assert transfer.number == ""
    assert transfer.failed


@pytest.mark.parametrize(
    ("spoken", "environ", "language"),
    [("", {}, "en-US"), ("", {"STT_LANGUAGE": "de-DE"}, "de-DE"), ("fr", {}, "fr")],
)
def test_machines_are_told_from_people_in_the_language_of_the_call(
    spoken: str, environ: dict[str, str], language: str
) -> None:
    agent = replace(SALES, language=spoken)
    settings = load_settings(environ)
    assert policy_of(agent, settings, budgets_of(settings)).language == language


@pytest.mark.parametrize(
    ("environ", "notice"), [({}, ""), ({"RECORDING": "on"}, "This call is recorded.")]
)
def test_only_who_is_recorded_is_told_so(environ: dict[str, str], notice: str) -> None:
    assert pickup_of(SALES, load_settings(environ)).notice == notice


def test_all_that_is_said_on_the_phone_of_its_own_accord_is_kept_as_sound() -> None:
    settings = load_settings({"RECORDING": "on"})
    transfer = Transfer("+15550100123", failed="Nobody is free.")
    agent = replace(SALES, phone=replace(SALES.phone, transfer=transfer))
    phone = pickup_of(agent, settings)
    policy = policy_of(agent, settings, budgets_of(settings))
    kept = phrases_of(policy, phone).missing(VoiceOptions())
    spoken = (phone.notice, policy.greeting, phone.message, phone.statement, phone.again)
    for text in (*spoken, transfer.failed, *policy.nudges):
        assert set(pieces_of(text)) <= set(kept), text
    assert phone.message not in " ".join(phrases_of(policy).missing(VoiceOptions()))
