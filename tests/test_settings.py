"""Settings: defaults, what is refused and how it is said, and who is chosen because of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from vantum import limits
from vantum.errors import SettingsError
from vantum.providers.chosen import Choice, Speech, chosen_providers
from vantum.settings import Settings, load_settings

KEYS = ("DEEPGRAM_API_KEY", "OPENAI_API_KEY", "CARTESIA_API_KEY", "TWILIO_AUTH_TOKEN")

ADDRESSES = ("DEEPGRAM_BASE_URL", "OPENAI_BASE_URL", "CARTESIA_BASE_URL")
OWN = "http://localhost:1/v1"  # a server of one's own

# What an empty environment gives: the specification's table, with the design's amendments.
DEFAULTS = {
    "host": "127.0.0.1",
    "port": 3001,
    "node_env": "development",
    "frontend_url": "http://localhost:5173",
    "public_url": None,
    "deepgram_api_key": None,
    "openai_api_key": None,
    "openai_organization": None,
    "cartesia_api_key": None,
    "twilio_account_sid": None,
    "twilio_auth_token": None,
    "twilio_phone_number": None,
    "stt_provider": "auto",
    "llm_provider": "auto",
    "tts_provider": "auto",
    "vad": "auto",
    "turn_detection": None,
    "drain_s": 0,
    "vantum_data_dir": Path("data"),
    "vantum_agent": Path("agents/sales.yaml"),
    "database": "sqlite:///data/vantum.db",
    "recording": "off",
    "log_level": "info",
    "log_interim_transcripts": False,
    "llm_temperature": 0.7,
    "llm_max_tokens": 500,
    "llm_top_p": 1,
    "llm_frequency_penalty": 0,
    "llm_presence_penalty": 0,
    "llm_request_timeout_s": 30,
    "llm_streaming_timeout_s": 60,
    "llm_stream_processing_timeout_s": 30,
    "llm_max_retries": 0,
    "llm_max_queue_size": 3,
    "llm_session_idle_timeout_s": 1800,
    "llm_session_max_duration_s": 7200,
    "llm_cleanup_interval_s": 300,
    "llm_max_messages": 0,
    "llm_max_context_tokens": 0,
    "llm_system_prompt": None,
    "llm_fallback_tier1": None,
    "llm_fallback_tier2": None,
    "llm_fallback_tier3": None,
    "tts_model": "sonic-3.5",
    "tts_synthesis_timeout_s": 30,
    "tts_connection_timeout_s": 5,
    "tts_keepalive_interval_s": 8,
    "tts_cleanup_interval_s": 300,
    "tts_session_idle_timeout_s": 600,
    "tts_session_timeout_s": 1800,
    "tts_max_concurrent_sessions": 50,
    "stt_model": "nova-3",
    "stt_endpointing_s": 0.3,
    "stt_session_timeout_s": 3600,
    "stt_inactivity_timeout_s": 300,
    "stt_max_transcript_length": 50_000,
    "stt_target_sample_rate": 16_000,
    "vad_silence_threshold_s": limits.END_SILENCE_S,
    "max_sessions": limits.SESSIONS,
    "idle_limit_s": limits.SESSION_IDLE_S,
    "age_limit_s": limits.SESSION_AGE_S,
    "sweep_every_s": limits.SWEEP_S,
}


@pytest.mark.parametrize(("name", "expected"), DEFAULTS.items())
def test_an_empty_environment_gives_the_documented_default(name: str, expected: object) -> None:
    assert getattr(load_settings({}), name) == expected


@pytest.mark.parametrize(
    ("variable", "given", "name", "expected"),
    [
        ("PORT", "8080", "port", 8080),
        ("PORT", "0", "port", 0),
        ("LLM_REQUEST_TIMEOUT", "1500", "llm_request_timeout_s", 1.5),
        ("TTS_KEEPALIVE_INTERVAL_MS", "250", "tts_keepalive_interval_s", 0.25),
        ("VAD_SILENCE_THRESHOLD_MS", "700", "vad_silence_threshold_s", 0.7),
        ("DRAIN_S", "2.5", "drain_s", 2.5),
        ("LOG_LEVEL", "WARN", "log_level", "warn"),
        ("VAD", " Off ", "vad", "off"),
        ("TURN_DETECTION", "manual", "turn_detection", "manual"),
        ("STT_PROVIDER", "Scripted", "stt_provider", "scripted"),
        ("LOG_INTERIM_TRANSCRIPTS", "true", "log_interim_transcripts", True),
        ("LOG_INTERIM_TRANSCRIPTS", "0", "log_interim_transcripts", False),
        ("PUBLIC_URL", "https://calls.example.com/", "public_url", "https://calls.example.com"),
        ("PUBLIC_URL", "http://127.0.0.1:9000", "public_url", "http://127.0.0.1:9000"),
        ("OPENAI_BASE_URL", "http://[::1]:11434/v1/", "openai_base_url", "http://[::1]:11434/v1"),
        ("DATABASE_URL", "postgresql://u:p@db/x", "database", "postgresql://u:p@db/x"),
        ("VANTUM_DATA_DIR", "/var/lib/vantum", "database", "sqlite:////var/lib/vantum/vantum.db"),
        ("SESSION_IDLE_S", "0.05", "idle_limit_s", 0.05),
        ("LLM_SESSION_IDLE_TIMEOUT", "50", "idle_limit_s", 0.05),
        ("SESSION_AGE_S", "0.2", "age_limit_s", 0.2),
        ("SESSION_SWEEP_S", "0.02", "sweep_every_s", 0.02),
        ("TWILIO_PHONE_NUMBER", "+15550100199", "twilio_phone_number", "+15550100199"),
        ("RECORDING", "On", "recording", "on"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.0/8, ::1", "forwarded_allow_ips", ("10.0.0.0/8", "::1")),
        ("HOST", "   ", "host", "127.0.0.1"),
        ("PORT", "", "port", 3001),
    ],
)
def test_a_variable_is_read(variable: str, given: str, name: str, expected: object) -> None:
    assert getattr(load_settings({variable: given}), name) == expected


NETWORKS = "IP addresses or networks such as 10.0.0.0/8, commas between them"


@pytest.mark.parametrize(
    ("variable", "given", "allowed"),
    [
        ("PORT", "abc", "a whole number from 0 to 65535"),
        ("PORT", "70000", "a whole number from 0 to 65535"),
        ("PORT", "-1", "a whole number from 0 to 65535"),
        ("PORT", "30.5", "a whole number from 0 to 65535"),
        ("FORWARDED_ALLOW_IPS", "*", NETWORKS),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1/8", NETWORKS),
        ("MAX_SESSIONS", "0", "a whole number from 1 to 100000"),
        ("DRAIN_S", "-1", "a number from 0 to 86400"),
        ("LLM_TEMPERATURE", "2.1", "a number from 0 to 2"),
        ("LLM_TEMPERATURE", "warm", "a number from 0 to 2"),
        ("LLM_TEMPERATURE", "nan", "a number from 0 to 2"),
        ("LLM_MAX_TOKENS", "0", "a whole number from 1 to 4096"),
        ("LLM_TOP_P", "1.01", "a number from 0 to 1"),
        ("LLM_FREQUENCY_PENALTY", "-3", "a number from -2 to 2"),
        ("LLM_REQUEST_TIMEOUT", "30s", "milliseconds from 1 to 86400000"),
        ("LLM_REQUEST_TIMEOUT", "0", "milliseconds from 1 to 86400000"),
        ("LLM_STREAMING_TIMEOUT", "inf", "milliseconds from 1 to 86400000"),
        ("TTS_SPEED", "3", "a number from 0.6 to 1.5"),
        ("STT_TARGET_SAMPLE_RATE", "4000", "a whole number from 8000 to 48000"),
        ("LOG_LEVEL", "loud", "debug, info, warn or error"),
        ("LOG_INTERIM_TRANSCRIPTS", "perhaps", "true or false"),
        ("VAD", "maybe", "auto, local or off"),
        ("TURN_DETECTION", "psychic", "manual or automatic"),
        ("FRONTEND_URL", "localhost:5173", "an http(s) address"),
        ("FRONTEND_URL", "http://x:99999", "an http(s) address"),
        ("OPENAI_BASE_URL", "wss://api.example.com", "an http(s) address"),
        ("PUBLIC_URL", "http://calls.example.com", "an https address (http for this machine only)"),
        ("TWILIO_PHONE_NUMBER", "555-0100", "a number such as +15550100"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(variable: str, given: str, allowed: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({variable: given})
    assert str(refused.value) == f'{variable}: got "{given}", allowed is {allowed}'


def test_every_bad_value_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"PORT": "x", "VAD": "y", "LLM_TOP_P": "z", "HOST": "fine"})
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        "LLM_TOP_P",
        "PORT",
        "VAD",
    ]


def test_a_long_bad_value_is_shortened() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"PORT": "9" * 5000})
    assert len(str(refused.value)) < 200


def test_a_database_password_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"DATABASE_URL": "mysql://user:hunter2@db/x"})
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).startswith("DATABASE_URL: got a value not shown")


@pytest.mark.parametrize("variable", [*KEYS, "DATABASE_URL"])
def test_a_key_is_held_but_never_shown(variable: str) -> None:
    secret = "postgresql://u:hush-42@db/x"
    settings = load_settings({variable: secret})
    assert settings.secrets() == (secret,)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings}"):
        assert "hush-42" not in shown


@pytest.mark.parametrize("variable", KEYS)
def test_a_blank_key_counts_as_none(variable: str) -> None:
    assert load_settings({variable: "  "}).secrets() == ()


def test_node_env_changes_nothing_but_itself() -> None:
    here = load_settings({"NODE_ENV": "development"}).model_dump(exclude={"node_env"})
    there = load_settings({"NODE_ENV": "production"}).model_dump(exclude={"node_env"})
    assert here == there


def test_settings_are_frozen() -> None:
    settings = load_settings({})
    with pytest.raises(ValidationError):
        settings.port = 1


def test_names_of_other_programs_are_ignored() -> None:
    assert load_settings({"PATH": "/bin", "PORTS": "x", "port": "x"}) == load_settings({})


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ours\nPORT=4000\nHOST='0.0.0.0'\nOPENAI_API_KEY=a$b{c}\nVAD=\n")
    settings = load_settings({"PORT": "5000"}, env_file=file)
    assert (settings.port, settings.host, settings.vad) == (5000, "0.0.0.0", "auto")
    assert settings.secrets() == ("a$b{c}",)


def test_a_bad_value_in_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=abc\n")
    with pytest.raises(SettingsError, match=r'^PORT: got "abc"'):
        load_settings({}, env_file=file)


def test_no_file_is_fine(tmp_path: Path) -> None:
    assert load_settings({}, env_file=tmp_path / ".env") == load_settings({})


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        load_settings({}, env_file=file)


ALL: dict[Speech, set[str]] = {
    "stt": {"deepgram", "deepgram-flux", "local", "scripted"},
    "llm": {"openai", "playbook", "scripted"},
    "tts": {"cartesia", "local", "scripted"},
}
EMBEDDED: dict[Speech, set[str]] = {
    "stt": {"local", "scripted"},
    "llm": {"playbook", "scripted"},
    "tts": {"local", "scripted"},
}


@pytest.mark.parametrize(
    ("environ", "registered", "expected"),
    [
        ({}, ALL, ("local", "playbook", "local")),
        ({"DEEPGRAM_API_KEY": "k"}, ALL, ("deepgram", "playbook", "local")),
        ({"OPENAI_API_KEY": "k"}, ALL, ("local", "openai", "local")),
        ({"CARTESIA_API_KEY": "k"}, ALL, ("local", "playbook", "cartesia")),
        (dict.fromkeys(KEYS, "k"), ALL, ("deepgram", "openai", "cartesia")),
        (dict.fromkeys(KEYS, "k"), EMBEDDED, ("local", "playbook", "local")),
        ({"DEEPGRAM_API_KEY": "k", "STT_PROVIDER": "local"}, ALL, ("local", "playbook", "local")),
        ({"LLM_PROVIDER": "scripted"}, ALL, ("local", "scripted", "local")),
        (dict.fromkeys(ADDRESSES, OWN), ALL, ("deepgram", "openai", "cartesia")),
        ({"OPENAI_BASE_URL": OWN}, ALL, ("local", "openai", "local")),
        ({"OPENAI_BASE_URL": OWN, "LLM_PROVIDER": "playbook"}, ALL, ("local", "playbook", "local")),
        ({"DEEPGRAM_BASE_URL": "https://api.deepgram.com"}, ALL, ("local", "playbook", "local")),
    ],
)
def test_auto_takes_the_cloud_where_it_has_a_key_or_address_and_is_installed(
    environ: dict[str, str],
    registered: dict[Speech, set[str]],
    expected: tuple[str, str, str],
) -> None:
    chosen = chosen_providers(load_settings(environ), registered)
    assert (chosen.stt, chosen.llm, chosen.tts) == tuple(Choice(name) for name in expected)


@pytest.mark.parametrize(
    ("environ", "service", "off"),
    [
        ({"STT_PROVIDER": "deepgram"}, "stt", "DEEPGRAM_API_KEY is not set"),
        ({"STT_PROVIDER": "deepgram-flux"}, "stt", "DEEPGRAM_API_KEY is not set"),
        ({"LLM_PROVIDER": "openai"}, "llm", "OPENAI_API_KEY is not set"),
        ({"TTS_PROVIDER": "cartesia"}, "tts", "CARTESIA_API_KEY is not set"),
        ({"STT_PROVIDER": "deepgram", "DEEPGRAM_BASE_URL": OWN}, "stt", ""),
        ({"STT_PROVIDER": "deepgram-flux", "DEEPGRAM_BASE_URL": OWN}, "stt", ""),
        ({"LLM_PROVIDER": "openai", "OPENAI_BASE_URL": OWN}, "llm", ""),
        ({"TTS_PROVIDER": "cartesia", "CARTESIA_BASE_URL": OWN}, "tts", ""),
        ({"TTS_PROVIDER": "cartesia", "CARTESIA_API_KEY": "k"}, "tts", ""),
    ],
)
def test_a_cloud_without_its_key_is_off_and_says_so(
    environ: dict[str, str], service: str, off: str
) -> None:
    chosen = chosen_providers(load_settings(environ), ALL)
    assert getattr(chosen, service).off == off


def test_embedded_speech_that_is_not_installed_is_off() -> None:
    slim: dict[Speech, set[str]] = {"stt": set(), "llm": {"playbook"}, "tts": set()}
    chosen = chosen_providers(load_settings({}), slim)
    assert chosen.stt == Choice("local", off="local is not installed")
    assert chosen.llm == Choice("playbook")


def test_every_unknown_provider_is_named() -> None:
    settings = load_settings({"STT_PROVIDER": "ears", "LLM_PROVIDER": "brain"})
    with pytest.raises(SettingsError) as refused:
        chosen_providers(settings, EMBEDDED)
    assert str(refused.value).splitlines() == [
        'STT_PROVIDER: got "ears", allowed is auto, local, scripted',
        'LLM_PROVIDER: got "brain", allowed is auto, playbook, scripted',
    ]


def test_every_setting_says_what_it_means_and_allows() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert isinstance(field.json_schema_extra, dict), name
        assert field.json_schema_extra["allowed"], name


def test_the_written_settings_are_current() -> None:
    tool = Path(__file__).parent.parent / "tools" / "settings_doc.py"
    checked = subprocess.run(
        [sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_example_file_changes_nothing() -> None:
    example = Path(__file__).parent.parent / ".env.example"
    given = dict(
        line.removeprefix("#").split("=", 1)
        for line in example.read_text().splitlines()
        if "=" in line
    )
    assert len(given) == len(Settings.model_fields)
    assert load_settings(given) == load_settings({})
