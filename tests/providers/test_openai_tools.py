"""Which tools a model is offered, and what its calls of them come to."""

from __future__ import annotations

import pytest

from vantum.providers.base import ALWAYS, Action, ActionName
from vantum.providers.openai_tools import deeds_of, tools_of
from vantum.wire.openai import ToolCall

ALL: frozenset[ActionName] = ALWAYS | {"transfer_call", "press_keys"}


def deeds(*calls: tuple[str, str], said: bool = False) -> list[str | Action]:
    return list(deeds_of([ToolCall(*call) for call in calls], ALL, said=said))


def test_it_is_offered_what_may_be_done_and_no_more() -> None:
    names = [tool.function.name for tool in tools_of(ALWAYS)]
    assert names == ["end_call", "opt_out"]
    assert {tool.function.name for tool in tools_of(ALL)} == ALL
    assert tools_of(frozenset()) == []


def test_arguments_are_told_to_the_call() -> None:
    assert deeds(("press_keys", '{"keys": "1w2#"}')) == [Action("press_keys", "1w2#")]
    summary = '{"say": "One moment.", "summary": "Sam wants a price."}'
    assert deeds(("transfer_call", summary)) == [
        "One moment.",
        Action("transfer_call", "Sam wants a price."),
    ]


def test_what_was_said_already_is_not_said_again() -> None:
    assert deeds(("end_call", '{"goodbye": "Bye."}'), said=True) == [Action("end_call")]
    twice = [("opt_out", '{"goodbye": "Sorry. Bye."}'), ("end_call", '{"goodbye": "Bye."}')]
    assert deeds(*twice) == ["Sorry. Bye.", Action("opt_out"), Action("end_call")]


@pytest.mark.parametrize("arguments", ["", "{", "[]", '{"keys": 1}', "null"])
def test_odd_arguments_are_none(arguments: str) -> None:
    assert deeds(("press_keys", arguments)) == [Action("press_keys")]


def test_what_was_not_offered_is_not_done() -> None:
    call = ToolCall("transfer_call", "{}")
    assert list(deeds_of([call, ToolCall("dance", "{}")], ALWAYS, said=True)) == []
