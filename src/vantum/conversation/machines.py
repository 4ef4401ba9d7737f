"""What is done about a machine that has answered the phone, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vantum.conversation import effects as do
from vantum.conversation.answerer import HELLO_WORDS, alike, says, takes_no_message
from vantum.conversation.deciding import opinion, rules_of, turn_to
from vantum.conversation.events import Kind
from vantum.conversation.saying import say
from vantum.conversation.talk import Pickup, Talk

_OPERATOR: Final = "0"  # where most menus hide a person
_OPERATOR_TRIES: Final = 2
_MENU_TURNS: Final = 3  # hearing the same menu so often means going round in circles
_STATEMENTS: Final = 2  # a screener may ask back once; more would be talking to a wall
_WORDS_LATE_S: Final = 1.0  # it is known so much later what was said before a silence
_BEEP_IS_NEWS_S: Final = 3.0  # an older beep was not the one that opens the recording


def _leave_message(talk: Talk, pickup: Pickup, now: float) -> float | None:
    if takes_no_message(pickup.other.text, talk.policy.language):
        talk.close("no_message", now)
        return None
    due = _message_at(talk, pickup)
    if now < due:
        return due
    _speak_up(pickup)
    say(talk, rules_of(talk).message, now, ends="voicemail", unheard="no_message")
    return None


def _speak_up(pickup: Pickup) -> None:
    """What the machine has said so far is dealt with by what is said now."""
    pickup.said += 1
    pickup.dealt_until_s = pickup.other.until_s
    pickup.other.forget()


def _message_at(talk: Talk, pickup: Pickup) -> float:
    rules, other = rules_of(talk), pickup.other
    if pickup.beeped_at is not None and pickup.beeped_at >= pickup.since - _BEEP_IS_NEWS_S:
        return pickup.beeped_at
    at_last = pickup.since + rules.beep_deadline_s
    if other.speaking:
        return at_last
    announced = pickup.verdict in {"machine_end_silence", "machine_end_other"}
    silence_s = rules.hello_silence_s if announced else rules.beep_silence_s
    return min(at_last, _fell_silent(pickup) + silence_s)


def _state_purpose(talk: Talk, pickup: Pickup, now: float) -> float | None:
    rules, other = rules_of(talk), pickup.other
    at_last = pickup.since + rules.screening_s
    if now >= at_last:
        talk.close("screened_out", now)
        return None
    if other.speaking:
        return at_last
    asks_again = _says_again(talk, pickup)
    if pickup.said and not (asks_again and pickup.said < _STATEMENTS):
        return _await_person(talk, pickup, now, at_last, rules.hello_silence_s)
    due = _quiet_for(talk, pickup, rules.menu_silence_s)
    if now < due:
        return min(due, at_last)
    _speak_up(pickup)
    say(talk, rules.statement, now)
    return None


def _work_menu(talk: Talk, pickup: Pickup, now: float) -> float | None:
    rules, other = rules_of(talk), pickup.other
    at_last = pickup.since + rules.hold_s
    if now >= at_last:
        talk.close("ivr", now)
        return None
    if other.speaking or not other.text:
        return at_last
    if not _says_again(talk, pickup):
        return _await_person(talk, pickup, now, at_last, rules.beep_silence_s)
    due = _quiet_for(talk, pickup, rules.menu_silence_s)
    if now < due:
        return min(due, at_last)
    digits = _keys_for(talk, pickup)
    if not digits:
        talk.close("ivr", now)
        return None
    talk.orders.give(do.PressKeys(digits))
    return at_last


def _keys_for(talk: Talk, pickup: Pickup) -> str:
    """What to press in the menu just heard; "" when it leads nowhere."""
    menu = pickup.other.text
    pickup.other.forget()
    pickup.menus.append(menu)
    if sum(alike(menu, heard) for heard in pickup.menus) >= _MENU_TURNS:
        return ""
    for keys in rules_of(talk).keys:
        if says(menu, keys.when, talk.policy.language):
            return keys.press
    pickup.said += 1
    return _OPERATOR if pickup.said <= _OPERATOR_TRIES else ""


def _wait_on_hold(talk: Talk, pickup: Pickup, now: float) -> float | None:
    rules = rules_of(talk)
    at_last = pickup.since + rules.hold_s
    if now >= at_last:
        talk.close("hold", now)
        return None
    return _await_person(talk, pickup, now, at_last, rules.beep_silence_s)


def _await_person(
    talk: Talk, pickup: Pickup, now: float, at_last: float, silence_s: float
) -> float | None:
    """Few words that no machine says, and then silence: somebody waits for an answer."""
    other = pickup.other
    words = len(other.text.split())
    unknown = 0 < words <= HELLO_WORDS and opinion(talk, pickup) is None
    if other.speaking or other.quiet_since is None or not unknown:
        return at_last
    due = other.quiet_since + silence_s
    if now < due:
        return min(due, at_last)
    turn_to(talk, pickup, "person", now)
    return now


def _says_again(talk: Talk, pickup: Pickup) -> bool:
    """The words heard last are of the kind that is being dealt with."""
    found = opinion(talk, pickup)
    return found is not None and found.kind == pickup.kind


def _quiet_for(talk: Talk, pickup: Pickup, silence_s: float) -> float:
    """Clock time at which it has been silent for so long, and its words are there."""
    owes_s = rules_of(talk).beep_silence_s if pickup.other.owes_words else 0.0
    return _fell_silent(pickup) + max(silence_s, owes_s)


def _fell_silent(pickup: Pickup) -> float:
    return max(pickup.since - _WORDS_LATE_S, pickup.other.quiet_since or 0.0)


# Each does what is due, and returns the clock time at which to look again.
PLANS: Final[dict[Kind | None, Callable[[Talk, Pickup, float], float | None]]] = {
    "voicemail": _leave_message,
    "screening": _state_purpose,
    "ivr": _work_menu,
    "hold": _wait_on_hold,
}
