"""Where the API is described: `/api/openapi.json` for programs, `/api/docs` for people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import msgspec
from starlette.responses import HTMLResponse, Response

from vantum import __version__
from vantum.web.rest.openapi import document
from vantum.web.rest.page import STYLE, page
from vantum.web.rest.route import JSON, Route, route

ROOT: Final = "/api"


def routes(of_rooms: Sequence[Route]) -> tuple[Route, ...]:
    """The routes of the descriptions; they do not describe themselves."""

    @cache
    def described() -> bytes:  # when first asked for: it costs 5 ms
        return msgspec.json.encode(document(of_rooms, __version__))

    async def openapi() -> Response:
        """The OpenAPI 3.1 document."""
        return Response(described(), media_type=JSON)

    async def docs() -> Response:
        """The same, as a page."""
        return HTMLResponse(page(of_rooms, f"{ROOT}/docs.css"))

    async def style() -> Response:
        """How that page looks."""
        return Response(STYLE, media_type="text/css")

    return (
        route("GET", f"{ROOT}/openapi.json", "viewer", openapi),
        route("GET", f"{ROOT}/docs", "viewer", docs, media="text/html"),
        route("GET", f"{ROOT}/docs.css", "viewer", style, media="text/css"),
    )
