"""The protocol document, the console's types and the migration guide say what the table says."""

from __future__ import annotations

import importlib.util
import re
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from vantum.wire.events import (
    EVENT_INFO,
    EVENTS,
    LEGACY_REMOVAL,
    LEGACY_TO_NEW,
    is_client_event,
    is_server_event,
)

ROOT = Path(__file__).resolve().parents[2]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "tools/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def document() -> Json:
    text = (ROOT / "docs/protocol/asyncapi.yaml").read_text(encoding="utf-8")
    # PyYAML's own loader takes 0.6 s for this file, libyaml's 0.06 s.
    read: Json = yaml.load(text, yaml.CSafeLoader)
    return read


def references(node: object) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in references(item)]
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for item in node.values() for found in references(item)]
    return []


def test_the_generated_files_are_current(generate: ModuleType) -> None:
    assert generate.stale() == [], "run `python tools/generate.py`"


def test_a_changed_or_missing_file_is_called_stale(generate: ModuleType, tmp_path: Path) -> None:
    for path, text in generate.documents().items():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
    assert generate.stale(tmp_path) == []
    types = tmp_path / "console/src/wire.ts"
    types.write_text(types.read_text(encoding="utf-8") + " ", encoding="utf-8")
    (tmp_path / "docs/protocol/asyncapi.yaml").unlink()
    guide = tmp_path / "docs/protocol/migration.md"
    guide.write_text(guide.read_text(encoding="utf-8").replace("voicechat.error", "x"), "utf-8")
    assert {path.name for path in generate.stale(tmp_path)} == {
        "wire.ts",
        "asyncapi.yaml",
        "migration.md",
    }


def test_the_document_describes_every_event_in_its_direction(document: Json) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert set(document["components"]["messages"]) == {*EVENT_INFO, "ack"}

    def names(operation: str) -> set[str]:
        refs = document["operations"][operation]["messages"]
        return {ref["$ref"].rpartition("/")[2] for ref in refs}

    assert names("hear") == set(filter(is_client_event, EVENT_INFO))
    assert names("tell") == {*filter(is_server_event, EVENT_INFO), "ack"}


def test_every_reference_in_the_document_leads_somewhere(document: Json) -> None:
    for reference in set(references(document)):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node, reference


def test_the_document_shows_fields_as_they_are_sent(document: Json) -> None:
    schemas = document["components"]["schemas"]
    start = schemas["AudioInputStart"]["properties"]
    assert (start["samplingRate"]["minimum"], start["samplingRate"]["maximum"]) == (8_000, 48_000)
    assert start["turnDetection"]["enum"] == ["automatic", "manual"]
    assert schemas["AudioInputChunk"]["properties"]["audio"]["format"] == "binary"
    assert schemas["AudioInputChunk"]["required"] == ["audio"]
    assert "null" not in str(schemas)
    assert "base64" not in str(schemas)


def test_the_types_name_every_event_and_payload() -> None:
    text = (ROOT / "console/src/wire.ts").read_text(encoding="utf-8")
    for name, info in EVENT_INFO.items():
        assert f'  "{name}": {info.payload.__name__};' in text
        assert f"export interface {info.payload.__name__} {{" in text
        assert f'{name.rpartition(".")[2].upper()}: "{name}",' in text
    assert "audio: Uint8Array;" in text
    assert "samplingRate?: number;" in text
    assert "any" not in re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", text))


def test_ev_14_the_guide_maps_every_original_name() -> None:
    guide = (ROOT / "docs/protocol/migration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \| `(\S+)`(?:, `reason` \"(\w+)\")? \|$", guide, re.MULTILINE)
    assert {old: new for old, new, _ in rows} == LEGACY_TO_NEW
    reasons = {old: reason for old, new, reason in rows if new == EVENTS.audio.output.CANCEL}
    assert reasons == {
        "voicechat.response.interrupt": "interrupt",
        "voicechat.response.stop": "stop",
    }


def test_ev_14_the_guide_names_the_day() -> None:
    guide = (ROOT / "docs/protocol/migration.md").read_text(encoding="utf-8")
    assert date.fromisoformat(LEGACY_REMOVAL) == date(2027, 6, 30)
    assert set(re.findall(r"\d{4}-\d\d-\d\d", guide)) == {LEGACY_REMOVAL}
