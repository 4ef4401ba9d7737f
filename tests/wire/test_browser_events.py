"""Rows EV-01 to EV-08: the table of browser events and what is derived from it."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from vantum.wire import events
from vantum.wire.events import (
    ALIASES,
    BASE_EVENTS,
    EVENT_INFO,
    EVENTS,
    EXTENSION_EVENTS,
    EXTENSIONS,
    LEGACY_EVENTS,
    LEGACY_TO_NEW,
    VOICECHAT_EVENTS,
)

C, S, B = "client-to-server", "server-to-client", "bidirectional"

# Written out again from the protocol's own table, not from ours.
SPECIFIED = {
    "connection.lifecycle.ack": (S, "critical"),
    "connection.lifecycle.heartbeat": (B, "high"),
    "connection.lifecycle.disconnect": (B, "high"),
    "connection.error.general": (S, "high"),
    "connection.error.timeout": (S, "high"),
    "connection.error.auth_failed": (S, "critical"),
    "audio.input.start": (C, "high"),
    "audio.input.chunk": (C, "normal"),
    "audio.input.stop": (C, "high"),
    "audio.output.start": (S, "high"),
    "audio.output.chunk": (S, "normal"),
    "audio.output.complete": (S, "normal"),
    "audio.output.cancel": (S, "high"),
    "audio.error.invalid_format": (S, "high"),
    "audio.error.unsupported_rate": (S, "high"),
    "audio.error.buffer_overflow": (S, "high"),
    "transcript.interim.result": (S, "normal"),
    "transcript.final.result": (S, "high"),
    "transcript.error.low_confidence": (S, "normal"),
    "transcript.error.stt_failed": (S, "high"),
    "conversation.state.changed": (S, "high"),
    "conversation.state.interrupted": (S, "high"),
    "conversation.response.start": (S, "high"),
    "conversation.response.token": (S, "normal"),
    "conversation.response.complete": (S, "high"),
    "conversation.error.llm_timeout": (S, "high"),
    "conversation.error.llm_failed": (S, "high"),
    "conversation.error.context_too_long": (S, "high"),
    "user.action.interrupt": (C, "high"),
    "user.action.end_call": (C, "critical"),
    "user.action.mute": (C, "normal"),
    "user.action.unmute": (C, "normal"),
    "user.feedback.sentiment": (C, "low"),
    "system.status.ready": (S, "high"),
    "system.status.busy": (S, "normal"),
    "system.status.maintenance": (S, "critical"),
    "system.notification.rate_limit_warning": (S, "normal"),
    "system.notification.quota_exceeded": (S, "high"),
    "error.general.unknown": (S, "high"),
    "error.general.internal_server_error": (S, "critical"),
    "error.service.stt_unavailable": (S, "critical"),
    "error.service.llm_unavailable": (S, "critical"),
    "error.service.tts_unavailable": (S, "critical"),
    "error.service.telephony_unavailable": (S, "critical"),
}
UNKNOWN = ("", "x", "audio", "audio.input", "audio.input.start.now", "AUDIO.INPUT.START", "a.b.c")


def leaves(tree: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    if not isinstance(tree, SimpleNamespace):
        return {path: str(tree)}
    found: dict[tuple[str, ...], str] = {}
    for key, branch in vars(tree).items():
        found |= leaves(branch, (*path, key))
    return found


def test_ev_01_the_tree_holds_exactly_the_44_base_names() -> None:
    assert len(SPECIFIED) == 44
    assert sorted(leaves(EVENTS).values()) == sorted(SPECIFIED)
    assert set(BASE_EVENTS) == set(SPECIFIED)


def test_ev_01_every_name_stands_where_its_parts_say() -> None:
    for (domain, category, key), name in leaves(EVENTS).items():
        assert key == key.upper()
        assert f"{domain}.{category}.{key.lower()}" == name
    assert EVENTS.audio.input.START == "audio.input.start"


def test_extensions_are_known_but_stand_apart() -> None:
    assert EXTENSION_EVENTS == (
        "audio.output.progress",
        "audio.output.pause",
        "audio.output.resume",
    )
    assert sorted(leaves(EXTENSIONS).values()) == sorted(EXTENSION_EVENTS)
    assert EXTENSIONS.audio.output.PAUSE == "audio.output.pause"
    assert [EVENT_INFO[name].direction for name in EXTENSION_EVENTS] == [C, S, S]
    assert {EVENT_INFO[name].version for name in EXTENSION_EVENTS} == {"1.1.0"}


@pytest.mark.parametrize(("name", "expected"), SPECIFIED.items())
def test_ev_02_each_event_has_its_metadata(name: str, expected: tuple[str, str]) -> None:
    info = EVENT_INFO[name]
    assert (info.direction, info.priority) == expected
    assert info.name == name
    assert info.version == "1.0.0"
    assert info.description.endswith(".")
    assert issubclass(info.payload, msgspec.Struct)


@pytest.mark.parametrize("name", [*SPECIFIED, *EXTENSION_EVENTS])
def test_ev_03_domain_category_and_action_are_the_three_parts(name: str) -> None:
    parts = (events.event_domain(name), events.event_category(name), events.event_action(name))
    assert ".".join(parts) == name


@pytest.mark.parametrize("name", UNKNOWN)
def test_ev_03_ev_04_an_unknown_name_has_no_parts_and_no_kind(name: str) -> None:
    assert events.event_domain(name) == ""
    assert events.event_category(name) == ""
    assert events.event_action(name) == ""
    assert not events.is_client_event(name)
    assert not events.is_server_event(name)
    assert not events.is_bidirectional(name)
    assert not events.is_critical(name)
    assert events.events_of_domain(name) == () or name == "audio"


@pytest.mark.parametrize(("name", "expected"), SPECIFIED.items())
def test_ev_04_kinds_follow_direction_and_priority(name: str, expected: tuple[str, str]) -> None:
    direction, priority = expected
    assert events.is_client_event(name) is (direction in {C, B})
    assert events.is_server_event(name) is (direction in {S, B})
    assert events.is_bidirectional(name) is (direction == B)
    assert events.is_critical(name) is (priority == "critical")


def test_ev_05_events_can_be_listed_by_domain_and_side() -> None:
    domains = {name.split(".")[0] for name in SPECIFIED}
    by_domain = [name for domain in domains for name in events.events_of_domain(domain)]
    assert sorted(by_domain) == sorted(SPECIFIED)
    assert events.events_of_domain("audio") == tuple(n for n in SPECIFIED if n.startswith("audio."))
    assert set(events.client_events()) | set(events.server_events()) == set(SPECIFIED)
    assert set(events.client_events()) & set(events.server_events()) == {
        "connection.lifecycle.heartbeat",
        "connection.lifecycle.disconnect",
    }


@pytest.mark.parametrize("name", [*SPECIFIED, *EXTENSION_EVENTS])
def test_ev_06_each_payload_has_a_schema_of_camel_case_fields(name: str) -> None:
    fields = msgspec.structs.fields(EVENT_INFO[name].payload)
    assert fields
    for field in fields:
        assert "_" not in field.encode_name
        assert field.encode_name[0].islower()


def test_ev_07_the_ten_original_names_are_constants() -> None:
    assert vars(VOICECHAT_EVENTS) == {
        "CONNECTION_ACK": "connection.ack",
        "AUDIO_START": "voicechat.audio.start",
        "AUDIO_CHUNK": "voicechat.audio.chunk",
        "AUDIO_END": "voicechat.audio.end",
        "RESPONSE_START": "voicechat.response.start",
        "RESPONSE_CHUNK": "voicechat.response.chunk",
        "RESPONSE_COMPLETE": "voicechat.response.complete",
        "RESPONSE_INTERRUPT": "voicechat.response.interrupt",
        "RESPONSE_STOP": "voicechat.response.stop",
        "ERROR": "voicechat.error",
    }


def test_ev_08_one_map_leads_from_every_original_name_to_a_base_event() -> None:
    assert LEGACY_TO_NEW == {
        "connection.ack": "connection.lifecycle.ack",
        "voicechat.audio.start": "audio.input.start",
        "voicechat.audio.chunk": "audio.input.chunk",
        "voicechat.audio.end": "audio.input.stop",
        "voicechat.response.start": "audio.output.start",
        "voicechat.response.chunk": "audio.output.chunk",
        "voicechat.response.complete": "audio.output.complete",
        "voicechat.response.interrupt": "audio.output.cancel",
        "voicechat.response.stop": "audio.output.cancel",
        "voicechat.error": "error.general.unknown",
    }
    assert set(vars(VOICECHAT_EVENTS).values()) == set(LEGACY_TO_NEW)
    assert ALIASES == {"audio.input.end": "audio.input.stop"}


@pytest.mark.parametrize("old", LEGACY_EVENTS)
def test_ev_08_an_original_payload_is_part_of_the_new_one(old: str) -> None:
    legacy = LEGACY_EVENTS[old]
    fields = msgspec.structs.fields(EVENT_INFO[legacy.canonical].payload)
    assert set(legacy.fields) <= {field.encode_name for field in fields}
