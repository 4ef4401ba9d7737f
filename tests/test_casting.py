"""Which keys are set in vain, and what a colleague is told."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from vantum.agents.schema import Transfer, load_agent
from vantum.casting import briefing_of, pickup_of, unused_keys
from vantum.settings import Speech, chosen_providers, load_settings

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
    transfer = pickup_of(load_agent("sales")).transfer
    assert transfer is not None
    assert transfer.number == ""
    assert transfer.failed
