"""How traces of calls reach a collector: one for each call, off unless a collector is set.

Imported only where it is on: OpenTelemetry takes memory and time at the start. Spans are sent from
a thread of its own. It holds so many; a collector that is away loses the rest, which are counted,
and no call waits. A turn costs the calls' own thread 0.3 ms, at its end.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, cast
from urllib.parse import unquote

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

import vantum
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.trail import Trail, Turn
from vantum.conversation.waterfall import Waterfall
from vantum.costs import Party
from vantum.errors import Service, SettingsError
from vantum.session import Session
from vantum.settings import Settings
from vantum.spans import Span, turn_span
from vantum.telemetry import Log, Metrics, spans_told

WAITING_SPANS: Final = 2_048  # 250 turns; more than that means that nobody takes them
BATCH_SPANS: Final = 64  # 5 ms of a core in one go, in which no call is heard
EVERY_S: Final = 2.0
TAKEN_S: Final = 5.0  # tries at one batch, in all
CLOSE_S: Final = 1.0  # for the last ones; a server without calls ends within 3 s
_PATH: Final = "/v1/traces"  # of every collector, by the OTLP specification


class Tracing:
    """The traces of this process."""

    def __init__(
        self, provider: TracerProvider, post: Post, parties: Mapping[Service, Party]
    ) -> None:
        self.parties = parties
        self.post = post
        self._provider = provider
        self._tracer = provider.get_tracer("vantum", vantum.__version__)

    def begin(self, session: Session) -> CallTrace:
        """A call begins."""
        return CallTrace(self, self._tracer, session)

    async def close(self) -> None:
        """Send what is left, for as long as that may take."""
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop is closed: it has not waited for so long
                loop.call_soon_threadsafe(closed.set)

        # A thread that the process does not wait for at its end, as it does for those of a pool.
        threading.Thread(target=close, name="close-traces", daemon=True).start()
        try:
            async with asyncio.timeout(CLOSE_S):
                await closed.wait()
        except TimeoutError:
            return


class CallTrace:
    """The trace of one call; each turn is sent when it is over."""

    def __init__(self, tracing: Tracing, tracer: Tracer, session: Session) -> None:
        self._tracing = tracing
        self._tracer = tracer
        self._trail = Trail()
        self._turns = 0
        # Spans have the time of day; a call's clock is another, and never put right.
        self._since_1970_s = time.time() - session.created_at
        attributes = {"gen_ai.conversation.id": session.session_id, "vantum.client": session.client}
        began = self._ns(session.created_at)
        self._call = tracer.start_span("call", attributes=attributes, start_time=began)
        self._within = set_span_in_context(self._call)

    def took(self, event: ev.Event, now: float) -> None:
        """The conversation is given this."""
        self._over(self._trail.took(event, now))

    def gave(self, effect: do.Effect, now: float) -> None:
        """It has ordered this."""
        self._trail.gave(effect, now)

    def timed(self, turn: Waterfall, since: float) -> None:
        """The first sound of a turn was sent; its caller waits `since` then."""
        self._trail.timed(turn.turn, since, since + turn.sent_s)

    def spent(self, prompt: int, completion: int, cached: int) -> None:
        """What an answer took."""
        self._trail.spent(prompt, completion, cached)

    def close(self, agent: str, reason: str, now: float) -> None:
        """The call is over."""
        self._over(self._trail.leave(now))
        self._call.set_attribute("gen_ai.agent.name", agent)
        self._call.set_attribute("vantum.call.turns", self._turns)
        self._call.set_attribute("vantum.call.ended", reason)
        if self._call.is_recording() and self._tracing.post.has_room(1):
            self._call.end(self._ns(now))

    def _over(self, turn: Turn | None) -> None:
        if turn is None:
            return
        self._turns += 1
        if not self._call.is_recording():  # a sampler has left this call out
            return
        span = turn_span(turn, self._tracing.parties)
        if self._tracing.post.has_room(1 + len(span.inside)):
            self._write(span, self._within)

    def _write(self, span: Span, within: Context) -> None:
        made = self._tracer.start_span(
            span.name,
            within,
            SpanKind.CLIENT if span.is_asked else SpanKind.INTERNAL,
            dict(span.attributes),
            start_time=self._ns(span.began),
        )
        for mark in span.marks:
            made.add_event(mark.name, dict(mark.attributes), self._ns(mark.at))
        if span.trouble is not None:
            made.set_attribute("error.type", span.trouble)
            made.set_status(Status(StatusCode.ERROR))
        for inner in span.inside:
            self._write(inner, set_span_in_context(made))
        made.end(self._ns(span.ended))

    def _ns(self, moment: float) -> int:
        return round((moment + self._since_1970_s) * 1e9)


class Post:
    """What is on its way to the collector, counted; in the place of the exporter that it wraps."""

    def __init__(self, exporter: SpanExporter, metrics: Metrics, log: Log) -> None:
        self._exporter = exporter
        self._told = spans_told(metrics)
        self._log = log
        self._given = 0  # by calls, in the one thread
        self._done = 0  # in the other
        self._fails = False

    def has_room(self, spans: int) -> bool:
        """So many may follow now; if not, they are lost."""
        if self._given + spans - self._done > WAITING_SPANS:
            self._told.labels("lost").inc(spans)
            return False
        self._given += spans
        return True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch, from the thread."""
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:  # whatever it raises: these wait no more
            self._note(len(spans), fails=result is not SpanExportResult.SUCCESS)
        return result

    def _note(self, spans: int, *, fails: bool) -> None:
        self._done += spans
        self._told.labels("lost" if fails else "sent").inc(spans)
        if fails is not self._fails:
            self._fails = fails
            tell = self._log.warning if fails else self._log.info
            tell("traces_not_taken" if fails else "traces_taken_again")

    def shutdown(self) -> None:
        """Try no more."""
        self._exporter.shutdown()


def tracing_to(
    endpoint: str, settings: Settings, parties: Mapping[Service, Party], metrics: Metrics, log: Log
) -> Tracing:
    """Traces that are sent to the collector at this address. Raises SettingsError."""
    # It tells of every batch; we tell when it begins and when it is over.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    headers = _headers(settings)
    post = Post(OTLPSpanExporter(endpoint + _PATH, headers=headers, timeout=TAKEN_S), metrics, log)
    about = {"service.name": settings.otel_service_name, "service.version": vantum.__version__}
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    provider.add_span_processor(
        BatchSpanProcessor(
            cast("SpanExporter", post),
            max_queue_size=WAITING_SPANS,
            schedule_delay_millis=EVERY_S * 1000,
            max_export_batch_size=BATCH_SPANS,
        )
    )
    log.info("traces_are_sent", to=endpoint)
    return Tracing(provider, post, parties)


def _headers(settings: Settings) -> dict[str, str]:
    given = settings.otel_exporter_otlp_headers
    if given is None:
        return {}
    pairs = [one.partition("=") for one in given.get_secret_value().split(",") if one.strip()]
    if not all(name.strip() and equals for name, equals, _ in pairs):
        raise SettingsError("OTEL_EXPORTER_OTLP_HEADERS: allowed is name=value, commas between")
    return {unquote(name.strip()): unquote(value.strip()) for name, _, value in pairs}
