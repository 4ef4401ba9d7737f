"""Who hears, answers and speaks, by the settings and by which providers there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal

from msgspec import Struct

from vantum.errors import SettingsError
from vantum.settings import Settings

Speech = Literal["stt", "llm", "tts"]

# What `auto` means for each service: the cloud's name, and what is embedded.
_DEFAULTS: Final[dict[Speech, tuple[str, str]]] = {
    "stt": ("deepgram", "local"),
    "llm": ("openai", "playbook"),
    "tts": ("cartesia", "local"),
}

# Whose key and address a cloud provider uses.
_CLOUDS: Final = {
    "deepgram": "deepgram",
    "deepgram-flux": "deepgram",
    "openai": "openai",
    "cartesia": "cartesia",
}


class Choice(Struct, frozen=True):
    """The provider chosen for one service; `off` says why it cannot work, when it cannot."""

    provider: str
    off: str = ""


class Providers(Struct, frozen=True):
    """Who hears, answers and speaks."""

    stt: Choice
    llm: Choice
    tts: Choice

    def by_service(self) -> dict[Speech, Choice]:
        """Each by the service that it does."""
        return {"stt": self.stt, "llm": self.llm, "tts": self.tts}


def chosen_providers(settings: Settings, registered: Mapping[Speech, Collection[str]]) -> Providers:
    """Resolve `auto`, and find what is off, given the names registered for each service.

    Raises SettingsError listing every name that is not registered.
    """
    asked: dict[Speech, str] = {
        "stt": settings.stt_provider,
        "llm": settings.llm_provider,
        "tts": settings.tts_provider,
    }
    bad = [
        f'{service.upper()}_PROVIDER: got "{name}", '
        f"allowed is {', '.join(['auto', *sorted(registered[service])])}"
        for service, name in asked.items()
        if name != "auto" and name not in registered[service]
    ]
    if bad:
        raise SettingsError("\n".join(bad))
    return Providers(
        **{
            service: _choice(settings, service, asked[service], registered[service])
            for service in asked
        }
    )


def _choice(settings: Settings, service: Speech, asked: str, registered: Collection[str]) -> Choice:
    cloud, embedded = _DEFAULTS[service]
    if asked != "auto":
        return Choice(asked, off=_missing_key(settings, asked))
    if cloud in registered and not _missing_key(settings, cloud):
        return Choice(cloud)
    return Choice(embedded, off="" if embedded in registered else f"{embedded} is not installed")


def _missing_key(settings: Settings, name: str) -> str:
    if is_vendors_own(settings, name) and getattr(settings, f"{_CLOUDS[name]}_api_key") is None:
        return f"{_CLOUDS[name].upper()}_API_KEY is not set"
    return ""  # a server of one's own, such as Ollama, vLLM or the simulator, needs no key


def is_vendors_own(settings: Settings, provider: str) -> bool:
    """The provider is a cloud's, at the cloud's own address: it needs a key and has a price."""
    if provider not in _CLOUDS:
        return False
    default = Settings.model_fields[_address_setting(provider)].default
    return bool(address_of(settings, provider) == default)


def address_of(settings: Settings, provider: str) -> str | None:
    """Where a cloud provider is asked; None for one that needs no network."""
    if provider not in _CLOUDS:
        return None
    return str(getattr(settings, _address_setting(provider)))


def _address_setting(provider: str) -> str:
    return f"{_CLOUDS[provider]}_base_url"
