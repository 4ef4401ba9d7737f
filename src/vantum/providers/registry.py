"""Which providers are installed, found by entry points, and how one is built by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from vantum.providers.base import LanguageModel, SpeechToText, TextToSpeech
from vantum.providers.chosen import Speech
from vantum.providers.resources import Resources

_GROUPS: Final[dict[Speech, str]] = {
    "stt": "vantum.speech_to_text",
    "llm": "vantum.language_model",
    "tts": "vantum.text_to_speech",
}


@cache
def _installed(service: Speech) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=_GROUPS[service])}


def registered() -> dict[Speech, frozenset[str]]:
    """Names of the providers installed for each service."""
    return {service: frozenset(_installed(service)) for service in _GROUPS}


def _factory(service: Speech, name: str) -> Callable[[Resources], object]:
    return cast(Callable[[Resources], object], _installed(service)[name].load())


def speech_to_text(name: str, resources: Resources) -> SpeechToText:
    """Build the recogniser of that name. Raises KeyError for a name not registered."""
    return cast(SpeechToText, _factory("stt", name)(resources))


def language_model(name: str, resources: Resources) -> LanguageModel:
    """Build the model of that name. Raises KeyError for a name not registered."""
    return cast(LanguageModel, _factory("llm", name)(resources))


def text_to_speech(name: str, resources: Resources) -> TextToSpeech:
    """Build the voice of that name. Raises KeyError for a name not registered."""
    return cast(TextToSpeech, _factory("tts", name)(resources))
