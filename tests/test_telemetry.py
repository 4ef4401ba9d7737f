"""The log says what happened and never what was said; the metrics count under Vantum's names."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from vantum.conversation.effects import (
    AnswerInterrupted,
    AnswerStarted,
    AnswerToken,
    Fault,
    StateChanged,
)
from vantum.conversation.states import State
from vantum.conversation.waterfall import Waterfall
from vantum.settings import load_settings
from vantum.telemetry import (
    KEYS,
    PRIVATE,
    Metrics,
    SecretsHidden,
    configure_log,
    private_fields_dropped,
    server_log,
    session_log,
    write_down,
)

SECRET = "sk-live-0123456789"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def refuse(heard: str, why: str) -> None:
    assert heard
    raise ValueError(f"refused {why}")


def opened(stream: io.StringIO | None = None, **environ: str) -> io.StringIO:
    stream = stream or io.StringIO()
    configure_log(load_settings(environ), stream)
    return stream


def test_a_line_carries_level_time_and_session() -> None:
    stream = opened()
    session_log("s-1").info("call_began", rate_hz=16_000)
    [line] = lines(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", str(line.pop("timestamp")))
    assert line == {
        "event": "call_began",
        "level": "info",
        "rate_hz": 16_000,
        "session_id": "s-1",
    }


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warn", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_chooses_the_lines(level: str, seen: list[str]) -> None:
    stream = opened(LOG_LEVEL=level)
    log = session_log("s-1")
    for write in (log.debug, log.info, log.warning, log.error):
        write("it_happened")
    assert [line["level"] for line in lines(stream)] == seen


@pytest.mark.parametrize("name", sorted(PRIVATE))
@pytest.mark.parametrize("level", ["info", "warning", "error", "critical"])
def test_what_was_said_is_dropped_above_debug(name: str, level: str) -> None:
    fields = private_fields_dropped(None, level, {"event": "heard", name: "hello there", "n": 2})
    assert fields == {"event": "heard", "n": 2}


def test_what_was_said_may_be_seen_at_debug() -> None:
    stream = opened(LOG_LEVEL="debug")
    session_log("s-1").debug("heard", text="hello there")
    assert lines(stream)[0]["text"] == "hello there"


@pytest.mark.parametrize(
    ("level", "wanted", "seen"),
    [("debug", "true", True), ("debug", "false", False), ("info", "true", False)],
)
def test_interim_words_are_seen_at_debug_where_they_are_asked_for(
    level: str, wanted: str, seen: bool
) -> None:
    stream = opened(LOG_LEVEL=level, LOG_INTERIM_TRANSCRIPTS=wanted)
    session_log("s-1").debug("interim_transcript", interim="hello th")
    session_log("s-1").warning("careless", interim="hello th")
    assert ("hello th" in stream.getvalue()) is seen


@pytest.mark.parametrize(
    ("state", "lasted_s", "warned"),
    [
        (State.THINKING, 5.1, True),
        (State.THINKING, 4.9, False),
        (State.RESPONDING, 15.1, True),
        (State.RESPONDING, 14.9, False),
        (State.LISTENING, 600.0, False),
    ],
)
def test_cv_16_a_state_that_lasts_too_long_is_warned_of(
    state: State, lasted_s: float, warned: bool
) -> None:
    stream = opened()
    write_down(StateChanged(state, State.ENDING, lasted_s), session_log("s-1"))
    assert [line["event"] for line in lines(stream)] == ["state_lasted_long"] * warned


@pytest.mark.parametrize("name", [*sorted(KEYS), "API_KEY", "Authorization"])
@pytest.mark.parametrize("level", ["debug", "info"])
def test_a_key_is_dropped_at_every_level(name: str, level: str) -> None:
    assert private_fields_dropped(None, level, {"event": "e", name: "x"}) == {"event": "e"}


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        f"wss://voice.example/ws?api_key={SECRET}&v=1",
        {"headers": {"x": SECRET}},
        [SECRET, SECRET],
        ValueError(f"bad key {SECRET}"),
    ],
)
def test_a_known_secret_is_hidden_wherever_it_turns_up(value: object) -> None:
    stream = opened(OPENAI_API_KEY=SECRET)
    session_log("s-1").error("failed", detail=value)
    assert SECRET not in stream.getvalue()
    assert "[hidden]" in stream.getvalue()


def test_a_secret_in_a_trace_is_hidden_and_local_variables_are_not_written() -> None:
    stream = opened(OPENAI_API_KEY=SECRET)
    heard = "my card number"
    try:
        refuse(heard, SECRET)
    except ValueError:
        session_log("s-1").exception("failed")
    [line] = lines(stream)
    assert "ValueError: refused [hidden]" in str(line["exception"])
    assert heard not in stream.getvalue()


def test_a_secret_that_contains_another_is_hidden_whole() -> None:
    hide = SecretsHidden(["secret-1", "secret-1-long"])
    assert hide(None, "info", {"event": "secret-1-long"}) == {"event": "[hidden]"}


def test_very_short_secrets_do_not_hide_the_log() -> None:
    hide = SecretsHidden(["e"])
    assert hide(None, "info", {"event": "here"}) == {"event": "here"}


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "plain", ("a", 1)])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert SecretsHidden([SECRET])(None, "info", {"v": value})["v"] is value


def test_lines_of_libraries_obey_the_same_rules() -> None:
    stream = opened(OPENAI_API_KEY=SECRET, LOG_LEVEL="debug")
    library = logging.getLogger("some.library")
    library.debug("frame %s", "hello there")
    library.warning("refused %s", SECRET)
    [line] = lines(stream)
    assert (line["event"], line["logger"]) == ("refused [hidden]", "some.library")


def test_colour_only_on_a_terminal_outside_production() -> None:
    coloured = opened(Terminal())
    session_log("s-1").info("call_began")
    assert "\x1b[" in coloured.getvalue()
    plain = opened(Terminal(), NODE_ENV="production")
    session_log("s-1").info("call_began")
    assert "\x1b[" not in plain.getvalue()
    assert "call_began" in plain.getvalue()


def test_node_env_changes_nothing_where_there_is_no_terminal() -> None:
    written = []
    for environment in ("development", "production"):
        stream = opened(NODE_ENV=environment)
        session_log("s-1").info("call_began")
        [line] = lines(stream)
        written.append({name: value for name, value in line.items() if name != "timestamp"})
    assert written[0] == written[1]


def test_a_trace_on_a_terminal_shows_no_local_variables() -> None:
    stream = opened(Terminal())
    heard = "my card number"
    try:
        refuse(heard, "it")
    except ValueError:
        session_log("s-1").exception("failed")
    assert "ValueError: refused" in stream.getvalue()
    assert heard not in stream.getvalue()


def test_metrics_count_under_our_names() -> None:
    metrics = Metrics()
    metrics.sessions.set(3)
    metrics.turns.inc()
    metrics.timed(Waterfall(turn=1, decided_s=-0.1, sent_s=0.7, sound_s=0.8))
    metrics.faults.labels(service="stt", passing="no").inc()
    metrics.ended.labels(reason="caller_ended").inc()
    page = metrics.exposition().decode()
    for line in (
        "vantum_sessions 3.0",
        "vantum_turns_total 1.0",
        'vantum_turn_stage_seconds_bucket{le="1.0",stage="sound"} 1.0',
        'vantum_turn_stage_seconds_bucket{le="0.7",stage="sound"} 0.0',
        'vantum_turn_stage_seconds_sum{stage="decided"} 0.0',  # a guess was ready before the end
        'vantum_faults_total{passing="no",service="stt"} 1.0',
        'vantum_sessions_ended_total{reason="caller_ended"} 1.0',
    ):
        assert line in page.splitlines()
    names = [line.split("{")[0].split()[0] for line in page.splitlines() if line[0] != "#"]
    assert all(name.startswith("vantum_") for name in names)
    assert re.search(r'vantum_build_info\{version="\d', page)


def test_two_servers_do_not_share_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.turns.inc()
    assert "vantum_turns_total 0.0" in other.exposition().decode().splitlines()


def test_what_a_client_is_told_is_counted() -> None:
    metrics = Metrics()
    for notice in (
        AnswerStarted(turn=1, waited_s=None),  # a greeting: nobody waited
        AnswerStarted(turn=2, waited_s=0.8),
        AnswerInterrupted(turn=2, heard="well, we"),
        Fault(service="tts", message="gone"),
        Fault(service="llm", message="slow to begin", passing=True),
        AnswerToken(turn=2, text="well", index=0),
    ):
        metrics.note(notice)
    page = metrics.exposition().decode()
    assert {
        "vantum_turns_total 2.0",
        "vantum_interruptions_total 1.0",
        'vantum_faults_total{passing="no",service="tts"} 1.0',
        'vantum_faults_total{passing="yes",service="llm"} 1.0',
    } <= set(page.splitlines())
    assert "well" not in page


def test_the_server_has_a_log_of_its_own() -> None:
    stream = opened()
    server_log().info("listening", port=3001)
    [line] = lines(stream)
    assert (line["event"], line["port"]) == ("listening", 3001)
    assert "session_id" not in line


def test_a_line_that_finds_the_disk_full_is_lost_and_stops_nothing() -> None:
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closing it fails, too
    configure_log(load_settings({}), full)
    server_log().error("round_failed")
    logging.getLogger("a.library").error("nor may this")
    with suppress(OSError):
        full.close()
