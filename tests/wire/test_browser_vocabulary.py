"""Under which name each client gets a server event, and with which fields (EV-13, WS-12)."""

from __future__ import annotations

import msgspec
import pytest
from browser_frames import REQUEST, SESSION, UTTERANCE, unpack

from vantum.wire import payloads as p
from vantum.wire.events import EVENT_INFO, EXTENSION_EVENTS, LEGACY_TO_NEW
from vantum.wire.frames import event_frame, name_on_wire

NOW_MS = 1_735_689_600_123.0


def sent(name: str, payload: msgspec.Struct, *, v2: bool) -> dict[str, object]:
    frame = event_frame(name, payload, event_id=REQUEST, session_id=SESSION, v2=v2)
    assert frame is not None
    return unpack(frame)


def test_a_v2_client_gets_every_event_under_its_own_name() -> None:
    assert [name_on_wire(name, v2=True) for name in EVENT_INFO] == list(EVENT_INFO)


@pytest.mark.parametrize(
    ("old", "new"), [(o, n) for o, n in LEGACY_TO_NEW.items() if n != "audio.output.cancel"]
)
def test_ev_13_other_clients_get_the_original_name_where_there_is_one(old: str, new: str) -> None:
    assert name_on_wire(new, v2=False) == old


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("interrupt", "voicechat.response.interrupt"),
        ("stop", "voicechat.response.stop"),
        (None, "voicechat.response.stop"),
        ("something else", "voicechat.response.stop"),
    ],
)
def test_ev_13_a_cancel_is_an_interrupt_or_a_stop(reason: str | None, name: str) -> None:
    assert name_on_wire("audio.output.cancel", v2=False, reason=reason) == name


def test_events_without_an_original_name_keep_their_own() -> None:
    others = [n for n in EVENT_INFO if n not in {*LEGACY_TO_NEW.values(), *EXTENSION_EVENTS}]
    assert len(others) == 35
    assert [name_on_wire(name, v2=False) for name in others] == others


@pytest.mark.parametrize("name", EXTENSION_EVENTS)
def test_extensions_are_for_v2_clients_only(name: str) -> None:
    assert name_on_wire(name, v2=False) is None
    hold = p.AudioOutputHold(UTTERANCE)
    assert event_frame(name, hold, event_id=REQUEST, session_id=SESSION, v2=False) is None


SPOKEN: list[tuple[str, msgspec.Struct, str, dict[str, object]]] = [
    (
        "connection.lifecycle.ack",
        p.ConnectionAck(success=True, session_id=SESSION),
        "connection.ack",
        {"success": True},
    ),
    (
        "audio.output.start",
        p.AudioOutputStart(UTTERANCE, NOW_MS, 48_000, 12),
        "voicechat.response.start",
        {"utteranceId": UTTERANCE, "timestamp": NOW_MS},
    ),
    (
        "audio.output.chunk",
        p.AudioOutputChunk(b"ab", UTTERANCE, 48_000, NOW_MS),
        "voicechat.response.chunk",
        {"audio": b"ab", "utteranceId": UTTERANCE, "sampleRate": 48_000},
    ),
    (
        "audio.output.complete",
        p.AudioOutputComplete(UTTERANCE, 1_200.0, 12),
        "voicechat.response.complete",
        {"utteranceId": UTTERANCE},
    ),
    (
        "audio.output.cancel",
        p.AudioOutputCancel("interrupt", UTTERANCE, NOW_MS),
        "voicechat.response.interrupt",
        {"utteranceId": UTTERANCE, "timestamp": NOW_MS},
    ),
    (
        "audio.output.cancel",
        p.AudioOutputCancel("stop", UTTERANCE, NOW_MS),
        "voicechat.response.stop",
        {"utteranceId": UTTERANCE, "timestamp": NOW_MS},
    ),
    (
        "error.general.unknown",
        p.Problem("no", "LLM_ERROR"),
        "voicechat.error",
        {"message": "no"},
    ),
]


@pytest.mark.parametrize(("name", "payload", "old", "known"), SPOKEN)
def test_ev_13_an_original_page_gets_the_fields_it_knows(
    name: str, payload: msgspec.Struct, old: str, known: dict[str, object]
) -> None:
    frame = sent(name, payload, v2=False)
    assert (frame["eventType"], frame["payload"]) == (old, known)


@pytest.mark.parametrize(("name", "payload", "old", "known"), SPOKEN)
def test_a_v2_client_gets_the_whole_payload(
    name: str, payload: msgspec.Struct, old: str, known: dict[str, object]
) -> None:
    frame = sent(name, payload, v2=True)
    assert frame["eventType"] == name
    whole = msgspec.to_builtins(payload, builtin_types=(bytes,))
    assert frame["payload"] == whole
    assert len(whole) > len(known)


def test_the_sound_of_an_answer_is_the_same_for_both() -> None:
    chunk = p.AudioOutputChunk(bytes(9_600), UTTERANCE, 48_000)
    old, new = (sent("audio.output.chunk", chunk, v2=v2) for v2 in (False, True))
    assert old["eventType"] == "voicechat.response.chunk"
    assert new["eventType"] == "audio.output.chunk"
    assert old["payload"] == new["payload"]


@pytest.mark.parametrize(("name", "payload", "old", "known"), SPOKEN)
def test_ws_12_ids_are_those_that_were_passed_in(
    name: str, payload: msgspec.Struct, old: str, known: dict[str, object]
) -> None:
    frame = sent(name, payload, v2=False)
    assert (frame["eventId"], frame["sessionId"]) == (REQUEST, SESSION)
    assert "requestType" not in frame
