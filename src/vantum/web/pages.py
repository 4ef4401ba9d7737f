"""What the HTTP side answers: health, readiness, metrics, and what the page needs to know."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vantum.calls import Calls
from vantum.casting import Casting
from vantum.providers.cartesia_voices import VOICES
from vantum.providers.local.client import LocalSpeech
from vantum.telemetry import METRICS_TYPE, Metrics, ProviderHealth, RecordsHealth
from vantum.web.access import is_forwarded
from vantum.web.records import Records
from vantum.web.siblings import Siblings, figures_of_all

CONSOLE: Final = Path(__file__).parent / "console"

# The page is served from here alone: no inline code, nothing from elsewhere.
_PAGE_POLICY: Final = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_VOICES: Final = {
    "local": [{"id": "heart", "name": "Heart"}],
    "cartesia": [{"id": voice.id, "name": voice.name} for voice in VOICES],
}

# Strangers may read it: why they do not answer stands in the log alone.
_RECORDS: Final = {True: "reachable", False: "away; the log says why", None: "not asked yet"}

# A path on this machine, quoted, in brackets or bare: the operator finds it in the log.
_PATH: Final = re.compile(r"""[:\s]*('/[^']*'|"/[^"]*"|\(/[^)]*\)|(?<![\w:/.])/\S+)""")


class Pages:
    """Answers for health checks, scrapers and the console."""

    def __init__(
        self,
        calls: Calls,
        casting: Casting,
        speech: LocalSpeech,
        *,
        metrics: Metrics,
        records: Records,
        siblings: Siblings | None,
    ) -> None:
        self._calls = calls
        self._casting = casting
        self._speech = speech
        self._metrics = metrics
        metrics.registry.register(ProviderHealth(casting.pulses))
        metrics.registry.register(RecordsHealth(lambda: records.reachable))
        self._records = records
        self._siblings = siblings
        self._started_at = asyncio.get_running_loop().time()

    def providers(self) -> dict[str, str]:
        """Who hears, answers and speaks."""
        chosen = self._casting.providers.by_service()
        return {name: choice.provider for name, choice in chosen.items()}

    def off(self) -> dict[str, str]:
        """The parts that cannot work now, and why."""
        chosen = self._casting.providers.by_service()
        off: dict[str, str] = {name: choice.off for name, choice in chosen.items() if choice.off}
        if self._speech.trouble:
            local = [name for name, choice in chosen.items() if choice.provider == "local"]
            off |= dict.fromkeys(local, self._speech.trouble)
        return off

    def _told_off(self) -> dict[str, str]:
        """The same for everybody: without the paths of this machine."""
        return {part: _PATH.sub("", why) for part, why in self.off().items()}

    def is_ready(self) -> bool:
        """A call can be admitted and held: local models are loaded or not wanted."""
        can_talk = not self.off().keys() & {"stt", "tts"}
        return self._calls.has_room and can_talk and self._is_loaded()

    def _is_loaded(self) -> bool:
        return not self._casting.uses_local_speech or self._speech.ready or bool(self.off())

    async def health(self, _: Request) -> JSONResponse:
        """The facts of spec §11."""
        tally, off = self._calls.tally(), self._told_off()
        progress = {service: pulse.progress() for service, pulse in self._casting.pulses.items()}
        get_on = all(one.gets_on for one in progress.values())
        reachable = self._records.reachable
        now = asyncio.get_running_loop().time()
        body = {
            "status": "degraded" if off or not get_on or reachable is False else "ok",
            "message": "Vantum API is running",
            "uptime": round(now - self._started_at, 3),
            "sessions": {
                "total": tally.total,
                "idle": tally.idle,
                "active": tally.active,
                "ended": tally.ended,
                "avgDuration": round(tally.mean_duration_s * 1000),
            },
            "websocketServer": {
                "healthy": not self._calls.draining,
                "totalConnections": tally.total,
                "activeSessions": tally.active,
            },
            "providers": self.providers(),
            "off": off,
            "records": _RECORDS[reachable],
            "progress": msgspec.to_builtins(progress),
        }
        # A vendor or database that is down is no reason to start this server anew, or to ask
        # another one.
        return JSONResponse(body, status_code=503 if off else 200)

    async def ready(self, _: Request) -> JSONResponse:
        """200 when a call can be admitted and held."""
        ready = self.is_ready()
        return JSONResponse({"ready": ready}, status_code=200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text: of all processes of the port, or of the one that is asked by its own.

        They are for whoever watches from within: a proxy leads strangers here.
        """
        if is_forwarded(request):
            return Response(status_code=404)
        self._metrics.sessions.set(len(self._calls))
        self._metrics.tasks.set(len(asyncio.all_tasks()))
        page = self._metrics.exposition().decode()
        _, port = request.scope["server"]
        if self._siblings is not None and port != self._siblings.own_port:
            page = await figures_of_all(self._siblings, page)
        return Response(page, media_type=METRICS_TYPE)

    async def choices(self, _: Request) -> JSONResponse:
        """What the page lets its visitor choose."""
        agents = [
            {"id": name, "name": f"{agent.name}, {agent.company}"}
            for name, agent in self._casting.agents.items()
        ]
        voices = _VOICES.get(self._casting.providers.tts.provider, [])
        body = {
            "agents": agents,
            "broken": [
                {"id": name, "why": _PATH.sub("", why)}
                for name, why in self._casting.shelf.broken.items()
            ],
            "voices": voices,
            # Room comes and goes: who finds none is told so on calling, and may call again.
            "ready": self._is_loaded(),
            "off": self._told_off(),
        }
        return JSONResponse(body)

    def routes(self) -> tuple[Route, ...]:
        """Each with what answers it."""
        return (
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/choices", self.choices),
        )


def console_files() -> StaticFiles:
    """The built page at `/`."""
    return StaticFiles(directory=CONSOLE, html=True)


class Labelled:
    """Says who may read an answer: anybody the health, only our own page the rest.

    Starlette's own base for this begins a task with each request, and leaves thirty objects to the
    collector.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have it answered."""

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                _label(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, labelled if scope["type"] == "http" else send)


def _label(headers: MutableHeaders, scope: Scope) -> None:
    state = scope["app"].state
    open_to_all = scope["path"] in {"/health", "/ready"}
    headers["access-control-allow-origin"] = "*" if open_to_all else state.frontend_url
    headers["x-content-type-options"] = "nosniff"
    headers["referrer-policy"] = "no-referrer"
    headers["content-security-policy"] = _PAGE_POLICY
    if state.calls.draining:
        headers["connection"] = "close"  # the next request goes to a process that stays
