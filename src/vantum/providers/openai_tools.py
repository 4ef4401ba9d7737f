"""What a model may do besides talking, as the tools it is offered, and what its calls come to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

from vantum.providers.base import Action, ActionName
from vantum.wire.fields import UNREADABLE
from vantum.wire.openai import Function, Tool, ToolCall, texts


class _Arguments(Struct):
    """Of any of the tools; models leave out and misspell what they like."""

    goodbye: str = ""
    say: str = ""
    summary: str = ""
    keys: str = ""


def _tool(name: ActionName, description: str, **arguments: str) -> Tool:
    return Tool(Function(name, description, texts(**arguments)))


_GOODBYE: Final = "Your goodbye in one sentence, unless you have written it."
_TOOLS: Final[dict[ActionName, Tool]] = {
    "end_call": _tool(
        "end_call",
        "Hangs up. Use it together with your goodbye, when the conversation is over.",
        goodbye=_GOODBYE,
    ),
    "opt_out": _tool(
        "opt_out",
        "Never calls this person again, and hangs up. Use it together with your apology and "
        "goodbye, as soon as they ask not to be called.",
        goodbye=_GOODBYE,
    ),
    "transfer_call": _tool(
        "transfer_call",
        "Puts the caller through to a colleague. Use it when they ask for a person, and tell them "
        "in the same answer that you do so.",
        say="What you tell the caller, in one sentence, unless you have written it.",
        summary="Who is calling and what they want, for the colleague, in one or two sentences.",
    ),
    "press_keys": _tool(
        "press_keys",
        "Presses keys of the phone, when a menu or a person asks for it.",
        keys="The keys in order: 0-9, *, #, and w for half a second's pause.",
    ),
}


def tools_of(actions: Collection[ActionName]) -> list[Tool]:
    """The tools for what may be done, always in the same order: the vendor's cache knows them."""
    return [tool for name, tool in _TOOLS.items() if name in actions]


def deeds_of(
    calls: Iterable[ToolCall], allowed: Collection[ActionName], *, said: bool
) -> Iterator[str | Action]:
    """What is to be done, behind what a model wants said with it that has `said` nothing.

    What it was not offered is ignored; so is what is wrong with the arguments.
    """
    for call in calls:
        name = next((known for known in _TOOLS if known == call.name), None)
        if name is None or name not in allowed:
            continue
        given = _given(call)
        text = given.goodbye or given.say
        if text and not said:
            said = True
            yield text
        yield Action(name, given.keys if name == "press_keys" else given.summary)


def _given(call: ToolCall) -> _Arguments:
    try:
        return msgspec.json.decode(call.arguments, type=_Arguments)
    except UNREADABLE:
        return _Arguments()
