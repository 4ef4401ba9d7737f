"""What is found of a call that is over, by rules alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sales_call import SALES, Conversation

from vantum.agents.findings import OF_RECORD, Disposition, Ended, Finding, find
from vantum.agents.playbook import Said
from vantum.agents.wanted import Wanted

NEW_YORK = ZoneInfo("America/New_York")
WEDNESDAY = datetime(2026, 11, 25, 11, 0, tzinfo=NEW_YORK).timestamp()
INTERESTED = ("Sure.", "Yes, we do.", "We are twelve people.", "Nobody picks up.")
BOOKING = (*INTERESTED, "Yes, sounds good.")
READ_BACK = (*BOOKING, "Tuesday at three thirty", "Maria Lopez", "Acme Logistics")
BOOKED = (*READ_BACK, "Yes, that's right.")
NOTING = msgspec.structs.replace(
    SALES,
    fields=tuple(
        Wanted(name, name) for name in ("caller", "firm", "team", "when", "outbound", "budget")
    ),
)


def found(*sayings: str, outcome: str = "", **how: Any) -> Finding:
    """What is found after the caller has said this, and then the line was gone."""
    call = Conversation(*sayings)
    word = outcome or ("agent_ended" if call.ended else "disconnected")
    return find(Ended(word, WEDNESDAY, tuple(call.messages)), NOTING, NEW_YORK, **how)


@pytest.mark.parametrize(
    ("sayings", "disposition"),
    [
        (BOOKED, "meeting_booked"),
        ((*READ_BACK, "No, Wednesday.", "Yes."), "meeting_booked"),
        ((*READ_BACK, "No.", "the day", "Friday", "yes"), "meeting_booked"),
        (("Can I book a demo for Thursday at two?", "Bob", "Acme", "Yes."), "meeting_booked"),
        (
            ("Not interested.", "Can I book a demo for Friday at ten?", "Bob", "Acme", "yes"),
            "meeting_booked",
        ),
        (READ_BACK, "interested"),
        (BOOKING, "interested"),
        ((*BOOKING, "Tuesday"), "interested"),
        ((*BOOKING, "no", "Bob", "Acme", "yes"), "interested"),
        (("Can I book a demo?",), "interested"),
        ((*READ_BACK, "purple monkey", "purple monkey dishwasher"), "interested"),
        (("Call me tomorrow at three.",), "callback"),
        (("Call me back in half an hour.", "yes"), "callback"),
        (("No.", "Tuesday at ten", "Yes."), "callback"),
        (("No.", "Tuesday at ten"), "callback"),
        (("I'm driving, try me Friday afternoon.", "Yes."), "callback"),
        (("I need to think about it.", "next week", "Monday", "yes"), "callback"),
        ((*INTERESTED, "bad time, call me on Thursday at nine"), "callback"),
        (("I'm busy.",), "no_time"),
        (("No.",), "no_time"),
        (("call me later",), "no_time"),
        (("Can I talk to a person?",), "no_time"),
        (("Not interested.",), "not_interested"),
        (("Not interested.", "I said I'm not interested."), "not_interested"),
        (("Not interested.", "It's not a priority for us."), "not_interested"),
        ((*INTERESTED, "No.", "no thanks"), "not_interested"),
        (("I'm busy.", "No."), "not_interested"),
        (("fuck off",), "not_interested"),
        (("Sure.", "Yes.", "three", "yes"), "unfit"),
        (("Sure.", "Yes.", "nine hundred", "yes"), "unfit"),
        (("Sure.", "We only do inbound.", "No, never."), "unfit"),
        (("you have the wrong number",), "wrong_person"),
        (("Sure.", "nobody here by that name"), "wrong_person"),
        (("stop calling me",), "opted_out"),
        (("Remove me from your list.",), "opted_out"),
        ((*BOOKED, "Actually, do not call me again."), "opted_out"),
        (("please leave a message after the tone",), "not_reached"),
        (("Hello?",), "hung_up"),
        (INTERESTED, "hung_up"),
        (("he was not an ill disposed young man",), "hung_up"),
        (("bye",), "unclear"),
        (("How much does it cost?", "goodbye"), "unclear"),
        ((), "not_reached"),
    ],
)
def test_what_was_said_tells_what_came_of_it(
    sayings: tuple[str, ...], disposition: Disposition
) -> None:
    assert found(*sayings).disposition == disposition


@pytest.mark.parametrize(
    ("outcome", "disposition"),
    [
        *OF_RECORD.items(),
        ("failed", "failed"),
        ("setup_failed", "failed"),
        ("lost", "failed"),
        ("unknown", "failed"),
        ("one_sided", "not_reached"),
    ],
)
def test_the_record_of_a_call_without_a_talk_tells_what_came_of_it(
    outcome: str, disposition: Disposition
) -> None:
    finding = find(Ended(outcome, WEDNESDAY), SALES, NEW_YORK)
    assert finding.disposition == disposition
    assert finding.summary.endswith(".")
    assert finding.callback_at is None


@pytest.mark.parametrize(("outcome", "disposition"), OF_RECORD.items())
def test_the_record_is_believed_before_what_was_said(
    outcome: str, disposition: Disposition
) -> None:
    assert found(*BOOKED, outcome=outcome).disposition == disposition


def test_what_was_agreed_stands_though_the_call_broke_off() -> None:
    assert found(*BOOKED, outcome="faults").disposition == "meeting_booked"
    assert found("Call me tomorrow at three.", outcome="lost").disposition == "callback"
    assert found(*INTERESTED, outcome="faults").disposition == "failed"


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("Call me tomorrow at three.", "2026-11-26 15:00"),
        ("Call me later, tomorrow.", "2026-11-26 10:00"),
        ("Call me back in half an hour.", "2026-11-25 11:30"),
        ("Call me back in twenty minutes.", "2026-11-25 11:20"),
        ("Call me back in two hours.", "2026-11-25 13:00"),
        ("Call me back today at four.", "2026-11-25 16:00"),
        ("Call me back tonight at seven.", "2026-11-25 19:00"),
        ("Call me back at half past nine.", "2026-11-26 09:30"),
        ("Call me back on Friday afternoon.", "2026-11-27 14:00"),
        ("Call me back on Wednesday at 10:30.", "2026-12-02 10:30"),
        ("Call me next Tuesday at quarter to twelve, not a good time.", "2026-12-01 11:45"),
        ("Call me back the day after tomorrow at noon.", "2026-11-27 12:00"),
        ("Call me back next week.", "2026-11-30 10:00"),
        ("Call me back on the third of December at two.", "2026-12-03 14:00"),
        ("Call me back on the 5th of May at nine in the morning.", "2027-05-05 09:00"),
        ("Call me back on Sunday at eight in the evening.", "2026-11-29 20:00"),
    ],
)
def test_a_promised_time_is_that_of_the_clock_where_they_are(said: str, at: str) -> None:
    finding = found(said)
    assert finding.disposition == "callback"
    assert finding.callback_at is not None
    assert f"{datetime.fromtimestamp(finding.callback_at, NEW_YORK):%Y-%m-%d %H:%M}" == at


def test_a_promise_keeps_its_hour_when_the_clocks_are_put_back() -> None:
    saturday = datetime(2026, 10, 31, 11, 0, tzinfo=NEW_YORK).timestamp()
    call = Conversation("Call me tomorrow at three.")
    finding = find(Ended("disconnected", saturday, tuple(call.messages)), SALES, NEW_YORK)
    assert finding.callback_at == saturday + (24 + 4 + 1) * 3600


def test_where_nobody_knows_the_zone_only_a_delay_is_a_moment() -> None:
    for said, after_s in (("tomorrow at three", None), ("in half an hour", 1800)):
        call = Conversation(f"Call me back {said}.")
        finding = find(Ended("disconnected", WEDNESDAY, tuple(call.messages)), SALES, None)
        assert finding.disposition == "callback"
        assert finding.callback_at == (None if after_s is None else WEDNESDAY + after_s)


def test_a_moment_that_has_passed_is_no_promise() -> None:
    assert found("Call me back today at ten in the morning.").callback_at is None


def test_facts_are_noted_under_the_names_that_the_file_wants() -> None:
    assert found(*BOOKED).fields == {
        "caller": "Maria Lopez",
        "firm": "Acme Logistics",
        "team": "12",
        "when": "Tuesday at three thirty",
        "outbound": "yes",
    }


def test_the_summary_says_what_is_known_and_no_more() -> None:
    assert found(*BOOKED).summary == (
        "A meeting is agreed for Tuesday at three thirty. It is Maria Lopez from Acme Logistics. "
        "Their team has 12 people."
    )
    assert found("Hello?").summary == "The line was gone before anything was agreed."
    assert found("Not interested.", "Our people would rather write letters.").summary == (
        'They are not interested. Asked why, they said: "our people would rather write letters".'
    )


def test_what_the_agent_was_not_heard_to_ask_is_not_agreed_to() -> None:
    call = Conversation(*READ_BACK)
    call.only_heard("Great.")
    call.says("Yes.")
    finding = find(Ended("disconnected", WEDNESDAY, tuple(call.messages)), SALES, NEW_YORK)
    assert finding.disposition == "interested"


LINES = st.tuples(
    st.sampled_from(["user", "assistant"]),
    st.text(max_size=60)
    | st.sampled_from([SALES.greeting, *BOOKED, "No.", "tomorrow", "stop calling me", "the 31st"]),
    st.booleans(),
)
KNOWN_OUTCOMES = [*OF_RECORD, "disconnected", "agent_ended", "caller_ended", "lost", "new word"]


@given(
    lines=st.lists(LINES, max_size=12),
    outcome=st.sampled_from(KNOWN_OUTCOMES),
    placed_at=st.floats(0, 4e9),
    known=st.dictionaries(st.sampled_from(["caller", "firm", "team", "x"]), st.text(max_size=20)),
)
def test_something_is_found_of_every_call(
    lines: list[tuple[Any, str, bool]], outcome: str, placed_at: float, known: dict[str, str]
) -> None:
    heard = tuple(Said(*line) for line in lines)
    finding = find(Ended(outcome, placed_at, heard), NOTING, NEW_YORK, known)
    assert finding.disposition in get_args(Disposition)
    assert finding.summary.endswith((".", '"'))
    assert finding.callback_at is None or finding.callback_at > placed_at
    assert set(finding.fields) <= {one.name for one in NOTING.fields}
