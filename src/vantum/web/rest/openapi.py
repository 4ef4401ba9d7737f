"""The OpenAPI 3.1 document of the routes: what they state, in the words of that standard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.responses import Response

from vantum.web.problems import MEDIA, Problem
from vantum.web.rest.route import JSON, Route
from vantum.web.rest.uploads import CSV

_REF: Final = "#/components/schemas/{name}"
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request with the same key is done once; for 24 h.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of what was read before it was edited, or *.",
    "schema": {"type": "string"},
}
_ABOUT: Final = (
    "Requests carry `Authorization: Bearer <token>`. A `viewer` reads, an `operator` acts too, an"
    " `admin` may all. Refusals are RFC 9457 problems whose `detail` says what would do."
)
Words = dict[str, object]


def document(routes: Sequence[Route], version: str) -> Words:
    """The document, to be written as JSON."""
    kinds = list(dict.fromkeys(kind for route in routes for kind in _kinds(route)))
    told, components = msgspec.json.schema_components([*kinds, Problem], ref_template=_REF)
    schemas: dict[Any, Any] = dict(zip([*kinds, Problem], told, strict=True))
    for kind in {route.query for route in routes if route.query is not None}:
        # Its fields become parameters, each of its own.
        schemas[kind] = components.pop(schemas[kind]["$ref"].rpartition("/")[2])
    paths: dict[str, Words] = {}
    for route in routes:
        told_of = _operation(route, schemas)
        paths.setdefault(route.path, {})[route.method.lower()] = told_of
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vantum", "version": version, "description": _ABOUT},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _kinds(route: Route) -> Iterable[Any]:
    yield from route.in_path.values()
    yield from (kind for kind in (route.query, route.body) if kind is not None)
    if _is_json(route):
        yield route.answers


def _is_json(route: Route) -> bool:
    return route.answers not in {Response, type(None)}


def _operation(route: Route, schemas: dict[Any, Any]) -> Words:
    about, _, more = route.told().partition("\n\n")
    made: Words = {
        "operationId": operation_id(route),
        "summary": about.replace("\n", " "),
        "description": f"{more}\n\nNeeds the role `{route.role}`.".strip(),
        "tags": [tag(route)],
        "x-vantum-role": route.role,
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, schemas),
    }
    if route.body is not None:
        schema = schemas[route.body]
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    if route.takes_file:
        made["requestBody"] = {"required": True, "content": {CSV: {"schema": {"type": "string"}}}}
    return made


def tag(route: Route) -> str:
    """Which room it belongs to."""
    return route.path.split("/")[3]


def operation_id(route: Route) -> str:
    """A name that no other route has."""
    return f"{tag(route)}_{route.door.__name__}"


def _parameters(route: Route, schemas: dict[Any, Any]) -> list[Words]:
    found: list[Words] = [
        {"name": name, "in": "path", "required": True, "schema": schemas[kind]}
        for name, kind in route.in_path.items()
    ]
    query = schemas[route.query] if route.query is not None else {"properties": {}}
    for name, schema in query["properties"].items():
        required = name in query.get("required", ())
        found.append({"name": name, "in": "query", "required": required, "schema": _given(schema)})
    if route.takes_key:
        found.append(dict(_KEY))
    if route.takes_version:
        found.append(dict(_IF_MATCH))
    return found


def _given(schema: Any) -> Any:
    """Of a parameter that is given: then it is not null."""
    if schema.get("default", ...) is None:
        schema = {name: of for name, of in schema.items() if name != "default"}
    if "enum" in schema:
        return schema | {"enum": [one for one in schema["enum"] if one is not None]}
    if "anyOf" not in schema:
        return schema
    [kind] = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
    return kind


def _responses(route: Route, schemas: dict[Any, Any]) -> Words:
    done: Words = {"description": HTTPStatus(route.status).phrase}
    if _is_json(route):
        done["content"] = {JSON: {"schema": schemas[route.answers]}}
    elif route.answers is Response:
        done["content"] = {route.media: {}}
    told: Words = {str(route.status): done}
    for status in route.refusals():
        told[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA: {"schema": schemas[Problem]}},
        }
    return told
