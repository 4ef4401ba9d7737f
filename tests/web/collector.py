"""A collector of traces, as OpenTelemetry's protocol has it: protobuf over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from served import eventually

from a_door import posted_to


def plain(attributes: Any) -> dict[str, object]:
    """Attributes by name."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@dataclass
class Collector:
    """What it was sent, and how it answers."""

    url: str = ""
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    holds: asyncio.Event | None = None  # until this is set nothing is answered

    async def takes(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        if self.holds is not None:
            await self.holds.wait()
        return web.Response(status=self.status)

    @property
    def about(self) -> dict[str, object]:
        """Who sends."""
        request = ExportTraceServiceRequest.FromString(self.bodies[0])
        return plain(request.resource_spans[0].resource.attributes)

    @property
    def spans(self) -> list[Span]:
        """All of them, the earliest first."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        found = [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return sorted(found, key=lambda span: span.start_time_unix_nano)

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def inside(self, parent: Span) -> list[Span]:
        return [span for span in self.spans if span.parent_span_id == parent.span_id]

    async def has_a_whole_call(self) -> Span:
        """The span of a call, which comes last."""
        await eventually(lambda: self.named("call"))
        return self.named("call")[0]


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    async with posted_to("/v1/traces", collector.takes) as collector.url:
        yield collector
