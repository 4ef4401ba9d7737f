"""How the registry gets local hearing and speaking."""

from __future__ import annotations

from vantum.providers.local.speech import LocalSpeechToText, LocalTextToSpeech
from vantum.providers.resources import Resources


def speech_to_text(resources: Resources) -> LocalSpeechToText:
    """Build the provider."""
    return LocalSpeechToText(resources.local_speech)


def text_to_speech(resources: Resources) -> LocalTextToSpeech:
    """Build the provider."""
    return LocalTextToSpeech(resources.local_speech)
