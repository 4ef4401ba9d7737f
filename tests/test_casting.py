"""Which keys are set in vain."""

from __future__ import annotations

import pytest

from vantum.casting import unused_keys
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
