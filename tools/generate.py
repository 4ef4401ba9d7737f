"""Writes what follows from the event table: the protocol document, the console's types, the map.

`python tools/generate.py` writes; with `--check` it writes nothing and exits 1 if a file is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import msgspec
import yaml

from vantum.wire.events import (
    ACKNOWLEDGED,
    EVENT_INFO,
    EVENTS,
    EXTENSION_VERSION,
    EXTENSIONS,
    LEGACY_REMOVAL,
    LEGACY_TO_NEW,
    SUBPROTOCOL,
    EventInfo,
    is_client_event,
    is_server_event,
)

ROOT: Final = Path(__file__).resolve().parent.parent
TABLE_START: Final = "<!-- names: written by tools/generate.py -->"
TABLE_END: Final = "<!-- end of names -->"
SAID_BY_TYPE: Final = {"", "text", "true or false"}  # a comment would only repeat the type

Json = dict[str, Any]


def schemas() -> Json:
    """JSON Schemas of all payloads by struct name."""
    kinds = {info.payload.__name__: info.payload for info in EVENT_INFO.values()}
    _, found = msgspec.json.schema_components(
        [kinds[name] for name in sorted(kinds)], ref_template="#/components/schemas/{name}"
    )
    for schema in found.values():
        for name, field in schema["properties"].items():
            schema["properties"][name] = _as_sent(field)
    return found


def _as_sent(field: Json) -> Json:
    """A field's schema as clients write it: absent instead of null, raw bytes instead of base64."""
    if "anyOf" in field:
        kept = [option for option in field["anyOf"] if option != {"type": "null"}]
        field = {**kept[0], **{k: v for k, v in field.items() if k not in {"anyOf", "default"}}}
    if field.pop("contentEncoding", None):
        field["format"] = "binary"
    return field


# The AsyncAPI document


def asyncapi() -> str:
    messages = {name: _message(info) for name, info in EVENT_INFO.items()} | {"ack": _ack()}
    channel = {
        "address": "/ws",
        "description": (
            "Binary WebSocket frames, each one MessagePack map. Numbers outside 32 bits are "
            f"float64, audio is bin. Clients that offer the subprotocol {SUBPROTOCOL} get these "
            "names; others get the original names of docs/protocol/migration.md. A page with a "
            "session token (docs/api.md) offers it as a further subprotocol: vantum.token.<token>."
        ),
        "messages": {name: _ref("components/messages", name) for name in messages},
    }
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Vantum browser protocol",
            "version": EXTENSION_VERSION,
            "description": "Speech in, speech out, and what happens in between.",
        },
        "defaultContentType": "application/vnd.msgpack",
        "servers": {"local": {"host": "localhost:3001", "protocol": "ws"}},
        "channels": {"call": channel},
        "operations": {
            "hear": _operation("receive", filter(is_client_event, EVENT_INFO)),
            "tell": _operation("send", [*filter(is_server_event, EVENT_INFO), "ack"]),
        },
        "components": {"messages": messages, "schemas": _envelope() | schemas()},
    }
    head = "# Written by tools/generate.py from src/vantum/wire/events.py; do not edit.\n"
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _message(info: EventInfo) -> Json:
    old = [name for name, new in LEGACY_TO_NEW.items() if new == info.name]
    extras = {"x-legacy-names": old} if old else {}
    return {
        "name": info.name,
        "summary": info.description,
        "payload": _frame({"const": info.name}, _ref("components/schemas", info.payload.__name__)),
        "x-direction": info.direction,
        "x-priority": info.priority,
        "x-version": info.version,
        **extras,
    }


def _ack() -> Json:
    success = {
        "type": "object",
        "properties": {"success": {"const": True}},
        "required": ["success"],
    }
    return {
        "name": "ack",
        "summary": "A request was carried out; type and eventId are the request's.",
        "payload": _frame({"enum": list(ACKNOWLEDGED)}, success),
    }


def _frame(event_type: Json, payload: Json) -> Json:
    own = {"type": "object", "properties": {"eventType": event_type, "payload": payload}}
    return {"allOf": [_ref("components/schemas", "Envelope"), own]}


def _envelope() -> Json:
    identity = {"type": "string", "format": "uuid", "description": "UUID version 7"}
    failed = {"type": "string", "description": "In errors: the eventType of the failed request."}
    return {
        "Envelope": {
            "type": "object",
            "properties": {
                "eventType": {"type": "string"},
                "eventId": identity,
                "sessionId": dict(identity),
                "payload": {"type": "object"},
                "requestType": failed,
            },
            "required": ["eventType", "eventId", "sessionId", "payload"],
        }
    }


def _operation(action: str, names: Iterable[str]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/call"},
        "messages": [_ref("channels/call/messages", name) for name in names],
    }


def _ref(place: str, name: str) -> Json:
    return {"$ref": f"#/{place}/{name}"}


# The console's types


def typescript() -> str:
    acked = " | ".join(f'"{name}"' for name in ACKNOWLEDGED)
    parts = [
        "// What goes over the WebSocket between this page and the server.\n"
        "// Written by tools/generate.py from src/vantum/wire/events.py; do not edit.",
        f'export const SUBPROTOCOL = "{SUBPROTOCOL}";',
        f"export const EVENTS = {_literal(EVENTS)} as const;",
        f"export const EXTENSIONS = {_literal(EXTENSIONS)} as const;",
        *(_interface(name, schema) for name, schema in schemas().items()),
        _payload_map("ClientPayloads", filter(is_client_event, EVENT_INFO)),
        _payload_map("ServerPayloads", filter(is_server_event, EVENT_INFO)),
        "export type ClientEvent = keyof ClientPayloads;\n"
        "export type ServerEvent = keyof ServerPayloads;",
        "export interface Envelope<Name extends string, Payload> {\n"
        "  eventType: Name;\n  eventId: string;\n  sessionId: string;\n  payload: Payload;\n"
        "  /** In errors: the eventType of the failed request. */\n  requestType?: string;\n}",
        f"export type Ack = Envelope<{acked}, {{ success: true }}>;",
        "export type ClientFrame = {\n"
        "  [Name in ClientEvent]: Envelope<Name, ClientPayloads[Name]>;\n}[ClientEvent];",
        "export type ServerFrame =\n  | Ack\n  | {\n"
        "      [Name in ServerEvent]: Envelope<Name, ServerPayloads[Name]>;\n    }[ServerEvent];",
    ]
    return "\n\n".join(parts) + "\n"


def _literal(tree: SimpleNamespace, indent: str = "") -> str:
    inner = indent + "  "
    lines = []
    for key, value in vars(tree).items():
        branch = isinstance(value, SimpleNamespace)
        lines.append(f"{inner}{key}: {_literal(value, inner) if branch else _quoted(value)},")
    return "\n".join(["{", *lines, indent + "}"])


def _quoted(text: object) -> str:
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _interface(name: str, schema: Json) -> str:
    return "\n".join([
        f"/** {schema['description']} */",
        f"export interface {name} {{",
        *_members(schema),
        "}",
    ])  # fmt: skip


def _members(schema: Json) -> Iterator[str]:
    required = schema.get("required", [])
    for name, field in schema["properties"].items():
        description = field.get("description", "")
        if description not in SAID_BY_TYPE and "enum" not in field:
            yield f"  /** {description} */"
        yield f"  {name}{'' if name in required else '?'}: {_type(field)};"


def _type(field: Json) -> str:
    if "enum" in field:
        return " | ".join(_quoted(value) for value in field["enum"])
    if field.get("format") == "binary":
        return "Uint8Array"
    return "number" if field["type"] == "integer" else str(field["type"])


def _payload_map(title: str, names: Iterable[str]) -> str:
    lines = [f'  "{name}": {EVENT_INFO[name].payload.__name__};' for name in names]
    return "\n".join([f"export interface {title} {{", *lines, "}"])


# The table in the migration guide


def migration(guide: str) -> str:
    """The guide with its table of names renewed."""
    head, _, rest = guide.partition(TABLE_START)
    _, _, tail = rest.partition(TABLE_END)
    rows = [_row(old, new) for old, new in LEGACY_TO_NEW.items()]
    table = "\n".join(["| until " + LEGACY_REMOVAL + " | from now on |", "| --- | --- |", *rows])
    return f"{head}{TABLE_START}\n\n{table}\n\n{TABLE_END}{tail}"


def _row(old: str, new: str) -> str:
    reason = f', `reason` "{old.rpartition(".")[2]}"' if new == EVENTS.audio.output.CANCEL else ""
    return f"| `{old}` | `{new}`{reason} |"


def documents(root: Path = ROOT) -> Mapping[Path, str]:
    """Every generated file and what it must hold."""
    guide = root / "docs/protocol/migration.md"
    return {
        root / "docs/protocol/asyncapi.yaml": asyncapi(),
        root / "console/src/wire.ts": typescript(),
        guide: migration(guide.read_text(encoding="utf-8")),
    }


def stale(root: Path = ROOT) -> list[Path]:
    """The generated files that no longer hold what they must."""
    return [
        path
        for path, text in documents(root).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        old = [str(path.relative_to(ROOT)) for path in stale()]
        if old:
            print("stale, run `python tools/generate.py`:", *old)
        return 1 if old else 0
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
