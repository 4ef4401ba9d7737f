"""Which settings exist, and what each may be.

The only reader of the environment, and of `.env` by way of `env_file.py`. Fields are named as their
variables, in lower case; a name that ends in `_s` holds seconds, whatever unit its variable has.
The table in `docs/settings.md` and `.env.example` are written from here by `tools/settings_doc.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from vantum import env_file as dotenv
from vantum import limits
from vantum.dialing.numbers import E164
from vantum.errors import SettingsError
from vantum.setting_kinds import (
    DATABASES,
    HTTP,
    DatabaseAddress,
    Milliseconds,
    Name,
    Networks,
    PhoneNumbers,
    PublicAddress,
    WebAddress,
    Word,
    milliseconds,
    networks,
    number,
    provider,
    setting,
    whole,
)

_PHONE_NEEDS: Final = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PUBLIC_URL")


class Settings(BaseModel):
    """Everything an operator may set; frozen. Keys are never shown."""

    model_config = ConfigDict(
        alias_generator=str.upper,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    # The server
    host: str = setting("127.0.0.1", "Address to listen on.", "an address or host name")
    port: int = whole(3001, 0, 65_535, "Port to listen on; 0 takes any free one.")
    frontend_url: WebAddress = setting(
        "http://localhost:5173",
        "A page served elsewhere that may connect; our own always may.",
        HTTP,
    )
    public_url: PublicAddress | None = setting(
        None,
        "The address at which the phone carrier reaches this server.",
        "an https address (http for this machine only)",
    )
    forwarded_allow_ips: Networks = networks("Proxies that are believed when they say who calls.")
    session_tokens: Annotated[Literal["optional", "required"], Word] = setting(
        "optional", "Whether pages need one of `POST /api/v1/sessions`.", "optional or required"
    )
    max_sessions: int = whole(limits.SESSIONS, 1, 100_000, "Calls held at once.")
    drain_s: float = number(
        0, 0, 86_400, "Seconds that running calls may take to finish on SIGTERM; 0 closes them."
    )
    session_idle_s: float = number(
        limits.SESSION_IDLE_S, 0.01, 86_400, "Seconds without a frame after which a call is closed."
    )
    session_age_s: float = number(limits.SESSION_AGE_S, 0.01, 604_800, "Seconds a call may last.")
    session_sweep_s: float = number(
        limits.SWEEP_S, 0.01, 86_400, "Seconds between two looks for expired calls."
    )
    vantum_data_dir: Path = setting(Path("data"), "Folder of database and recordings.", "a folder")
    vantum_agent: Path = setting(Path("agents/sales.yaml"), "The default agent file.", "a file")
    database_url: DatabaseAddress | None = setting(
        None, "Where records are kept; a SQLite file in the data folder when not set.", DATABASES
    )

    # The log
    log_level: Annotated[Literal["debug", "info", "warn", "error"], Word] = setting(
        "info", "The least severe lines that are written.", "debug, info, warn or error"
    )
    log_interim_transcripts: bool = setting(
        False, "Write interim transcripts too, at debug level.", "true or false"
    )
    node_env: str = setting(
        "development", "`production` takes the colour out of the log; nothing else changes."
    )

    # Traces
    otel_exporter_otlp_endpoint: WebAddress | None = setting(
        None, "Collector that is sent a trace of each call, over OTLP and HTTP.", HTTP
    )
    otel_exporter_otlp_headers: SecretStr | None = setting(None, "Its headers: name=value, ...")
    otel_service_name: str = setting("vantum", "What this server is called there.")

    # Who hears, answers and speaks
    stt_provider: Name = provider("hears", "local")
    llm_provider: Name = provider("answers", "playbook")
    tts_provider: Name = provider("speaks", "local")
    deepgram_api_key: SecretStr | None = setting(None, "Key for Deepgram.")
    openai_api_key: SecretStr | None = setting(None, "Key for OpenAI or a compatible server.")
    openai_organization: str | None = setting(None, "Organisation that OpenAI bills.")
    cartesia_api_key: SecretStr | None = setting(None, "Key for Cartesia.")
    deepgram_base_url: WebAddress = setting(
        "https://api.deepgram.com", "Deepgram, or what stands in for it.", HTTP
    )
    openai_base_url: WebAddress = setting(
        "https://api.openai.com/v1", "OpenAI, or any compatible server; includes /v1.", HTTP
    )
    cartesia_base_url: WebAddress = setting(
        "https://api.cartesia.ai", "Cartesia, or what stands in for it.", HTTP
    )

    # Turns
    vad: Annotated[Literal["auto", "local", "off"], Word] = setting(
        "auto",
        "Own voice activity detection; auto leaves it to a recogniser that reports speech itself.",
        "auto, local or off",
    )
    turn_detection: Annotated[Literal["manual", "automatic"], Word] | None = setting(
        None,
        "Who says that the caller has finished; by client when not set.",
        "manual or automatic",
    )
    vad_silence_threshold_s: Milliseconds = milliseconds(
        "VAD_SILENCE_THRESHOLD_MS", 500, "Silence that may end a turn; bounds an agent's `turns:`."
    )

    # Hearing
    stt_model: str = setting("nova-3", "Recogniser that the cloud provider runs.")
    stt_language: str = setting(
        "en-US", "Language when neither client nor agent names one.", "a language tag"
    )
    stt_target_sample_rate: int = whole(16_000, 8_000, 48_000, "Rate sent to the recogniser, Hz.")
    stt_endpointing_s: Milliseconds = milliseconds(
        "STT_ENDPOINTING_MS", 300, "Silence that ends an utterance for Deepgram's Nova."
    )
    stt_max_transcript_length: int = whole(
        limits.TRANSCRIPT_CHARS, 1, 10_000_000, "Characters kept of one turn."
    )
    stt_session_timeout_s: Milliseconds = milliseconds(
        "STT_SESSION_TIMEOUT_MS", 3_600_000, "Longest life of a connection to the recogniser."
    )
    stt_inactivity_timeout_s: Milliseconds = milliseconds(
        "STT_INACTIVITY_TIMEOUT_MS", 300_000, "A connection without audio this long is closed."
    )
    stt_cleanup_interval_s: Milliseconds = milliseconds(
        "STT_CLEANUP_INTERVAL_MS", 300_000, "Time between two looks for such connections."
    )

    # Answering
    llm_model: str = setting("gpt-6-luna", "Model that answers; the vendor's cheapest current one.")
    llm_reasoning_effort: Name = setting(
        "none", "Thinking before the first word; each step costs the caller seconds."
    )
    llm_temperature: float = number(0.7, 0, 2, "How freely the model words its answers.")
    llm_max_tokens: int = whole(500, 1, 4096, "Longest answer, in tokens.")
    llm_top_p: float = number(1, 0, 1, "Share of likely words the model chooses from.")
    llm_frequency_penalty: float = number(0, -2, 2, "Penalty for words used often.")
    llm_presence_penalty: float = number(0, -2, 2, "Penalty for words used at all.")
    llm_request_timeout_s: Milliseconds = milliseconds(
        "LLM_REQUEST_TIMEOUT", 30_000, "Longest wait for an answer to begin."
    )
    llm_streaming_timeout_s: Milliseconds = milliseconds(
        "LLM_STREAMING_TIMEOUT", 60_000, "Longest time an answer may take in all."
    )
    llm_stream_processing_timeout_s: Milliseconds = milliseconds(
        "LLM_STREAM_PROCESSING_TIMEOUT", 30_000, "Longest pause inside an answer."
    )
    llm_max_retries: int = whole(0, 0, 10, "Further tries before a fallback sentence is spoken.")
    llm_speculation: int = whole(
        1, 0, 5, "Answers begun before the caller's turn is confirmed, at most so many a turn."
    )
    llm_max_queue_size: int = whole(3, 1, 100, "Questions of one call that may wait.")
    llm_session_idle_timeout_s: Milliseconds = milliseconds(
        "LLM_SESSION_IDLE_TIMEOUT", 1_800_000, "As SESSION_IDLE_S; the shorter one holds."
    )
    llm_session_max_duration_s: Milliseconds = milliseconds(
        "LLM_SESSION_MAX_DURATION", 7_200_000, "As SESSION_AGE_S; the shorter one holds."
    )
    llm_cleanup_interval_s: Milliseconds = milliseconds(
        "LLM_CLEANUP_INTERVAL", 300_000, "As SESSION_SWEEP_S; the shorter one holds."
    )
    llm_max_messages: int = whole(0, 0, 100_000, "Messages the model is shown; 0 shows all.")
    llm_max_context_tokens: int = whole(
        0, 0, 10_000_000, "Tokens of conversation the model is shown; 0 shows all."
    )
    llm_system_prompt: str | None = setting(None, "Used in place of the agent file's prompt.")
    llm_fallback_tier1: str | None = setting(None, "Spoken when the model failed once.")
    llm_fallback_tier2: str | None = setting(None, "Spoken when it failed twice in a row.")
    llm_fallback_tier3: str | None = setting(None, "Spoken the third time, before the call ends.")

    # Speaking
    tts_model: str = setting("sonic-3.5", "Voice model that the cloud provider runs.")
    tts_language: str = setting("en", "Language spoken.", "a language tag")
    tts_speed: float = number(1, 0.6, 1.5, "Speed of speech; 1 is the voice's own.")
    tts_sample_rate: int = whole(16_000, 8_000, 48_000, "Rate asked of the voice, Hz.")
    cartesia_voice_id: str = setting(
        "c961b81c-a935-4c17-bfb3-ba2239de8c2f",
        "Voice used when neither client nor agent names one.",
    )
    tts_synthesis_timeout_s: Milliseconds = milliseconds(
        "TTS_SYNTHESIS_TIMEOUT_MS", 30_000, "Longest time one piece of speech may take."
    )
    tts_connection_timeout_s: Milliseconds = milliseconds(
        "TTS_CONNECTION_TIMEOUT_MS", 5_000, "Longest wait for a connection to the voice."
    )
    tts_keepalive_interval_s: Milliseconds = milliseconds(
        "TTS_KEEPALIVE_INTERVAL_MS", 8_000, "Time between two pings of that connection."
    )
    tts_cleanup_interval_s: Milliseconds = milliseconds(
        "TTS_CLEANUP_INTERVAL_MS", 300_000, "Time between two looks for unused connections."
    )
    tts_session_idle_timeout_s: Milliseconds = milliseconds(
        "TTS_SESSION_IDLE_TIMEOUT_MS", 600_000, "A connection unused this long is closed."
    )
    tts_session_timeout_s: Milliseconds = milliseconds(
        "TTS_SESSION_TIMEOUT_MS", 1_800_000, "Longest life of a connection to the voice."
    )
    tts_max_concurrent_sessions: int = whole(50, 1, 100_000, "Connections to the voice at once.")

    # The telephone
    twilio_account_sid: str | None = setting(None, "Account at Twilio; off when not set.")
    twilio_auth_token: SecretStr | None = setting(None, "Key for that account.")
    twilio_phone_number: str | None = setting(
        None, "The number calls are placed from.", "a number such as +15550100", pattern=E164
    )
    twilio_caller_ids: PhoneNumbers = setting(
        (), "Further numbers of that account.", "numbers like +15550100123, commas between them"
    )
    carrier_calls_per_s: float = number(1, 0.01, 1_000, "Dials a second that the carrier takes.")
    stt_streams: int = whole(0, 0, 100_000, "Calls that may be listened to at once; 0: any.")
    tts_contexts: int = whole(0, 0, 100_000, "Calls that may be spoken to at once; 0: any.")
    llm_tokens_per_minute: int = whole(0, 0, 10**9, "Of the model, for all calls; 0: any.")
    llm_tokens_per_call_minute: int = whole(3_000, 1, 10**6, "That a call is taken to need.")
    twilio_base_url: WebAddress = setting(
        "https://api.twilio.com",
        "Twilio, or what stands in for it; on this machine, calls are rehearsals.",
        HTTP,
    )
    recording: Annotated[Literal["off", "on"], Word] = setting(
        "off",
        "Keep every phone call as sound, caller left, agent right; many laws want it announced.",
        "off or on",
    )

    keep_recordings_days: int = whole(0, 0, 36_500, "Days that recordings stay; 0: for ever.")
    keep_transcripts_days: int = whole(0, 0, 36_500, "The same of what was said, in words.")
    keep_calls_days: int = whole(0, 0, 36_500, "The same of calls at all; 31 at the least.")
    keep_receipts_days: int = whole(1_826, 0, 36_500, "The same of receipts; five years.")
    keep_failed_jobs_days: int = whole(30, 0, 36_500, "The same of failed jobs, from the last try.")

    @property
    def database(self) -> str:
        """Where records are kept; may hold a password."""
        given = self.database_url
        return given.get_secret_value() if given else f"sqlite:///{self.vantum_data_dir}/vantum.db"

    @property
    def phone_off(self) -> str:
        """Why there is no telephone; "" where there is one."""
        missing = [name for name in _PHONE_NEEDS if getattr(self, name.lower()) is None]
        return f"The telephone is off: {', '.join(missing)} not set" if missing else ""

    @property
    def idle_limit_s(self) -> float:
        """Seconds without a frame after which a call is closed."""
        return min(self.session_idle_s, self.llm_session_idle_timeout_s)

    @property
    def age_limit_s(self) -> float:
        """Seconds a call may last."""
        return min(self.session_age_s, self.llm_session_max_duration_s)

    @property
    def sweep_every_s(self) -> float:
        """Seconds between two looks for expired calls."""
        return min(self.session_sweep_s, self.llm_cleanup_interval_s)

    def secrets(self) -> tuple[str, ...]:
        """The values that must never be written anywhere."""
        return tuple(one.get_secret_value() for _, one in self if isinstance(one, SecretStr))


def load_settings(environ: Mapping[str, str], *, env_file: Path | None = None) -> Settings:
    """Settings from `environ` and, for names it lacks, from `env_file` (no file is fine).

    A name with a blank value counts as not set. Raises SettingsError that lists every bad value.
    """
    given = {**(dotenv.values(env_file) if env_file else {}), **environ}
    known = {name: value for name, value in given.items() if value.strip()}
    try:
        return Settings.model_validate(known)
    except ValidationError as error:
        bad = sorted({str(fault["loc"][0]) for fault in error.errors()})
        raise SettingsError("\n".join(_complaint(name, known[name]) for name in bad)) from None


def doubtful_lines(env_file: Path) -> list[dotenv.Doubt]:
    """Lines of the file that set nothing, and were probably meant to. Raises SettingsError."""
    return dotenv.doubts(env_file, [field.alias or "" for field in Settings.model_fields.values()])


def _complaint(variable: str, value: str) -> str:
    field = next(f for f in Settings.model_fields.values() if f.alias == variable)
    extra = field.json_schema_extra
    allowed = extra["allowed"] if isinstance(extra, dict) else "something else"
    # A database address may hold a password, a key is one.
    shown = "a value not shown" if "SecretStr" in str(field.annotation) else f'"{value[:80]}"'
    return f"{variable}: got {shown}, allowed is {allowed}"
