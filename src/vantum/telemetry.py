"""What Vantum tells about itself: the log, the metrics, and what must never be in either.

The rule for privacy: a log message is a fixed word, facts stand beside it as fields, and no field
above debug level holds what somebody said, wrote or was called by. Keys and passwords are written
at no level. `private_fields_dropped` and `SecretsHidden` enforce it for every line, also for lines
of libraries.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final, TextIO, cast

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

import vantum
from vantum.conversation.effects import (
    AnswerInterrupted,
    AnswerStarted,
    Fault,
    Guessed,
    Notice,
    Recognised,
    StateChanged,
)
from vantum.conversation.states import State
from vantum.conversation.waterfall import Waterfall
from vantum.costs import Used
from vantum.errors import Service
from vantum.pulse import Pulses
from vantum.settings import Settings

Log = FilteringBoundLogger

METRICS_TYPE: Final = CONTENT_TYPE_LATEST

# Field names under which somebody's words, voice or number would travel.
PRIVATE: Final = frozenset(
    {"audio", "content", "heard", "interim", "messages", "number", "payload", "pcm", "phone"}
    | {"phone_number", "prompt", "said", "spoken", "text", "transcript", "words"}
)
# Field names that hold a key, whatever its value.
KEYS: Final = frozenset({"api_key", "auth_token", "authorization", "key", "password", "secret"})
HIDDEN: Final = "[hidden]"
SHORTEST_SECRET_CHARS: Final = 6  # hiding "k" in every line would hide the log

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
_LONGEST_S: Final = {State.THINKING: 5.0, State.RESPONDING: 15.0}  # spec §9: worth a warning
_LAG_BUCKETS_S: Final = (0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0)
# Waits a caller notices begin at 0.3 s; above 8 s the caller has hung up.
_WAIT_BUCKETS_S: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 8.0)


def private_fields_dropped(_: WrappedLogger, level: str, fields: EventDict) -> EventDict:
    """Drop what was said from every line above debug, and keys from every line."""
    refused = KEYS if level == "debug" else KEYS | PRIVATE
    return {name: value for name, value in fields.items() if name.lower() not in refused}


def _interim_dropped(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
    return {name: value for name, value in fields.items() if name != "interim"}


class SecretsHidden:
    """Replaces the values of known keys wherever they turn up in a line, traces included."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first, so that a key that contains another one is hidden whole.
        self._secrets = sorted(
            (s for s in secrets if len(s) >= SHORTEST_SECRET_CHARS), key=len, reverse=True
        )

    def __call__(self, _: WrappedLogger, __: str, fields: EventDict) -> EventDict:
        """One step of the log: every value as it is, secrets in it hidden."""
        return {name: self._hide(value) for name, value in fields.items()}

    def _hide(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        shown = value if isinstance(value, str) else repr(value)
        hidden = shown
        for secret in self._secrets:
            hidden = hidden.replace(secret, HIDDEN)
        return value if hidden == shown else hidden


class _MayBeFull:
    """A stream to a disk that may be full: a line is lost then, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def configure_log(settings: Settings, stream: TextIO) -> None:
    """Send every log line of this process to `stream`: JSON, or plain lines on a terminal.

    NODE_ENV=production takes the colour away and changes nothing else (row CF-06).
    """
    level = _LEVELS[settings.log_level]
    before: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        private_fields_dropped,
    ]
    if not settings.log_interim_transcripts:
        before.append(_interim_dropped)
    after: list[Processor] = _written(settings, terminal=stream.isatty())
    structlog.configure(
        processors=[*before, *after],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _MayBeFull(stream))),
        cache_logger_on_first_use=False,
    )
    libraries = logging.StreamHandler(stream)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [libraries]
    # Below warning, libraries write frames and requests: what was said would be among them.
    root.setLevel(max(level, logging.WARNING))


def _written(settings: Settings, *, terminal: bool) -> list[Processor]:
    hide = SecretsHidden(settings.secrets())
    if not terminal:
        return [
            structlog.processors.format_exc_info,
            hide,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ]
    colors = settings.node_env != "production"
    # A plain trace: the rich one prints local variables, and those hold transcripts.
    trace = structlog.dev.plain_traceback
    return [
        structlog.processors.format_exc_info,
        hide,
        structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=trace),
    ]


def session_log(session_id: str) -> Log:
    """The log of one call: every line carries its id."""
    log: Log = structlog.get_logger().bind(session_id=session_id)
    return log


def server_log() -> Log:
    """The log of what concerns no single call."""
    log: Log = structlog.get_logger()
    return log


def write_down(notice: Notice, log: Log) -> None:
    """Write to a call's log what it should know of what the client is told."""
    if isinstance(notice, StateChanged):
        before, lasted_s = notice.before.value, round(notice.lasted_s, 3)
        log.debug("state_changed", before=before, after=notice.after.value, lasted_s=lasted_s)
        if notice.lasted_s > _LONGEST_S.get(notice.before, math.inf):
            log.warning("state_lasted_long", state=before, lasted_s=lasted_s)
    elif isinstance(notice, Recognised) and not notice.final:
        log.debug("interim_transcript", interim=notice.text)
    elif isinstance(notice, Fault):
        log.warning(
            "fault",
            service=notice.service,
            trouble=notice.trouble,
            passing=notice.passing,
            why=notice.message,
        )


class Metrics:
    """Every number that `/metrics` shows. The registry is our own, so two servers never share."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sessions = Gauge("vantum_sessions", "Calls held now.", registry=self.registry)
        self.tasks = Gauge("vantum_tasks", "Work under way, idle too.", registry=self.registry)
        self.ended = Counter(
            "vantum_sessions_ended", "Calls ended, by reason.", ["reason"], registry=self.registry
        )
        told = "Calls and recordings not admitted."
        self.refused = Counter("vantum_sessions_refused", told, ["reason"], registry=self.registry)
        self.turns = Counter(
            "vantum_turns", "Answers begun, those unasked too.", registry=self.registry
        )
        self.interruptions = Counter(
            "vantum_interruptions", "Answers broken off by the caller.", registry=self.registry
        )
        self.stages = Histogram(
            "vantum_turn_stage_seconds",
            "From the caller's last speech frame to each stage of the answer; `recorded`, to its "
            "first sound, is measured on a recording.",
            ["stage"],
            buckets=_WAIT_BUCKETS_S,
            registry=self.registry,
        )
        told = "Provider faults; passing ones are being mended, and nothing is lost so far."
        self.faults = Counter("vantum_faults", told, ["service", "passing"], registry=self.registry)
        self.usage = Counter(
            "vantum_used",
            "What calls have used: seconds heard, characters spoken, tokens read and written.",
            ["what"],
            registry=self.registry,
        )
        self.guesses = Counter(
            "vantum_guesses",
            "Answers begun before the caller's turn was confirmed.",
            ["outcome"],
            registry=self.registry,
        )
        self.wasted = Counter(
            "vantum_guess_tokens_wasted", "Tokens of wrong guesses.", registry=self.registry
        )
        Info("vantum_build", "What is running.", registry=self.registry).info(
            {"version": vantum.__version__}
        )
        ProcessCollector(namespace="vantum", registry=self.registry)

    def note(self, notice: Notice) -> None:
        """Count what a client is told."""
        if isinstance(notice, AnswerStarted):
            self.turns.inc()
        elif isinstance(notice, AnswerInterrupted):
            self.interruptions.inc()
        elif isinstance(notice, Fault):
            self.faults.labels(notice.service, "yes" if notice.passing else "no").inc()

    def timed(self, turn: Waterfall) -> None:
        """Take note of a turn; what a guess had ready before the last word took no time."""
        for stage, moment_s in turn.stages():
            self.stages.labels(stage).observe(max(0.0, moment_s))

    def thought(self, token_s: float) -> None:
        """Take note of a model's first word that came behind a filler."""
        self.stages.labels("token").observe(token_s)

    def recorded(self, waited_s: float) -> None:
        """Take note of how long a caller waited, as a recording has it."""
        self.stages.labels("recorded").observe(waited_s)

    def guessed(self, guess: Guessed) -> None:
        """Count how a guess turned out."""
        self.guesses.labels("right" if guess.right else "wrong").inc()
        if not guess.right:
            self.wasted.inc(guess.tokens)

    def used(self, used: Mapping[Service, Used]) -> None:
        """Count what a call has used."""
        self.usage.labels("heard_seconds").inc(used["stt"].seconds)
        self.usage.labels("spoken_characters").inc(used["tts"].characters)
        self.usage.labels("prompt_tokens").inc(used["llm"].prompt_tokens)
        self.usage.labels("completion_tokens").inc(used["llm"].completion_tokens)

    def exposition(self) -> bytes:
        """The page that Prometheus reads; its type is `METRICS_TYPE`."""
        return generate_latest(self.registry)


class ProviderHealth:
    """How providers get on, looked at when Prometheus asks."""

    def __init__(self, pulses: Pulses) -> None:
        self._pulses = pulses

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges, by service."""
        stuck = GaugeMetricFamily(
            "vantum_provider_stuck",
            "1 where a provider does not get on: it fails again and again, or keeps calls waiting.",
            labels=["service"],
        )
        failures = GaugeMetricFamily(
            "vantum_provider_failures_in_a_row",
            "Failures since a provider last delivered anything.",
            labels=["service"],
        )
        overdue = GaugeMetricFamily(
            "vantum_provider_overdue",
            "Requests that wait for longer than they should.",
            labels=["service"],
        )
        idle = GaugeMetricFamily(
            "vantum_provider_progress_age_seconds",
            "Since a provider last delivered anything.",
            labels=["service"],
        )
        for service, pulse in self._pulses.items():
            progress = pulse.progress()
            stuck.add_metric([service], float(not progress.gets_on))
            failures.add_metric([service], progress.failures_in_a_row)
            overdue.add_metric([service], progress.overdue)
            if progress.progressed_s_ago is not None:
                idle.add_metric([service], progress.progressed_s_ago)
        yield from (stuck, failures, overdue, idle)


class RecordsHealth:
    """Whether the records answer, looked at when Prometheus asks."""

    def __init__(self, reachable: Callable[[], bool | None]) -> None:
        self._reachable = reachable

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauge; no figure where nobody has asked the database yet."""
        told = GaugeMetricFamily(
            "vantum_records_reachable", "1 where the database answered when it was last asked."
        )
        reachable = self._reachable()
        if reachable is not None:
            told.add_metric([], float(reachable))
        yield told


def loop_lag(metrics: Metrics) -> Histogram:
    """How late the event loop of a process wakes, among its numbers."""
    return Histogram(
        "vantum_loop_lag_seconds",
        "How late the event loop woke, ten times a second.",
        buckets=_LAG_BUCKETS_S,
        registry=metrics.registry,
    )


def spans_told(metrics: Metrics) -> Counter:
    """What became of the spans of a process that makes traces, among its numbers."""
    return Counter(
        "vantum_spans",
        "Spans of traces: `sent` to the collector, or `lost`, since it did not take them.",
        ["outcome"],
        registry=metrics.registry,
    )
