"""Which moment a caller names: a day, a part of it, an hour, as words that can be read back.

There is no clock here: "tomorrow" stays "tomorrow". Whoever books the meeting knows the date.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from msgspec import Struct
from rapidfuzz import fuzz, process

from vantum.agents.english import Number, Words, numbers
from vantum.agents.words import words

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What a tiny recogniser makes of weekdays on a telephone line.
_MISHEARD: Final = {
    "choose day": "tuesday", "chews day": "tuesday", "twos day": "tuesday", "tues day": "tuesday",
    "to is day": "tuesday", "when is day": "wednesday", "wednes day": "wednesday",
    "wins day": "wednesday", "wends day": "wednesday", "thirst day": "thursday",
    "thirsty": "thursday", "thurs day": "thursday", "fry day": "friday", "fried day": "friday",
    "fry they": "friday", "mon day": "monday", "month day": "monday", "man day": "monday",
    "sun day": "sunday", "tuesdays": "tuesday", "mondays": "monday", "fridays": "friday",
}  # fmt: skip
_DAY_CUTOFF: Final = 80  # "wensday" 88, "tuseday" 86; "today" scores 67 against "tuesday"
_NEXT_WEEK: Final = "next week"
_MONTHS: Final = (
    "january", "february", "march", "april", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_ORDINALS: Final = words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_HOURS: Final = words("twelve one two three four five six seven eight nine ten eleven twelve")
_MINUTES: Final = {0: "", 5: " oh five", 10: " ten", 15: " fifteen", 20: " twenty",
                   25: " twenty five", 30: " thirty", 35: " thirty five", 40: " forty",
                   45: " forty five", 50: " fifty", 55: " fifty five"}  # fmt: skip
_SOUNDS_LIKE_HOURS: Final = {"tree": "three", "free": "three", "won": "one", "ate": "eight",
                             "fore": "four", "tin": "ten", "fife": "five", "sick": "six",
                             "tirty": "thirty", "dirty": "thirty", "thirdy": "thirty"}  # fmt: skip
_ON_THE_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-5][0-9])(am|pm)?")
_MAY: Final = frozenset({("of", "may"), ("in", "may")})  # alone, "may" is no month
_AFTER_HOUR: Final = frozenset({"am", "pm", "oclock"})
_LONE_HOURS: Final = {"for": "four", "to": "two", "too": "two", "then": "ten"}
_BEFORE_HOUR: Final = frozenset(words("at around about by past after before maybe say"))


class When(Struct, frozen=True):
    """A moment as far as it is known; empty parts are still to be asked."""

    day: str = ""
    part: str = ""
    hour: str = ""

    def whole(self) -> bool:
        """Can it go into a diary?"""
        return bool(self.day and self.hour and not self.vague()) or self.day.startswith("in ")

    def vague(self) -> bool:
        """Is the day itself still to be named?"""
        return self.day == _NEXT_WEEK

    def known(self) -> bool:
        """Was anything understood?"""
        return bool(self.day or self.part or self.hour)

    def merged(self, newer: When) -> When:
        """This moment with what the newer words change."""
        part = newer.part or ("" if newer.hour or newer.day else self.part)
        day = newer.day or self.day
        if self.vague() and day.lower() in _DAYS:
            day = f"next {day}"
        return When(
            day=day,
            part=part or (self.part if newer.hour and not self.hour else ""),
            hour=newer.hour or self.hour,
        )

    def spoken(self) -> str:
        """As one would say it: "Tuesday at three thirty in the afternoon"."""
        if not self.hour:
            return f"{self.day} {self.part}".strip()
        at = f"{self.day} at {self.hour}" if self.day else self.hour
        return f"{at} in the {self.part}" if self.part else at


def moment(said: Words, *, asked: bool) -> When:
    """The moment in the words; a bare number is an hour only when a time was `asked` for."""
    text = " ".join(said)
    delay = _delay(text)
    if delay:
        return When(day=delay)
    if asked:
        said = tuple(_SOUNDS_LIKE_HOURS.get(w, w) for w in said)
        if len(said) <= 2:
            said = (_LONE_HOURS.get(said[0], said[0]), *said[1:]) if said else said
    hour, part = _hour(said, asked=asked)
    return When(day=_day(said, text), part=part or _part(said), hour=hour)


def _delay(text: str) -> str:
    for words_, spoken in (
        ("half an hour", "in half an hour"), ("an hour", "in an hour"), ("one hour", "in an hour"),
        ("couple of hours", "in a couple of hours"), ("two hours", "in two hours"),
        ("ten minutes", "in ten minutes"), ("10 minutes", "in ten minutes"),
        ("twenty minutes", "in twenty minutes"), ("20 minutes", "in twenty minutes"),
        ("30 minutes", "in half an hour"), ("thirty minutes", "in half an hour"),
    ):  # fmt: skip
        if f" {words_}" in f" {text}":
            return spoken
    return ""


def _day(said: Words, text: str) -> str:
    if "day after tomorrow" in text:
        return "the day after tomorrow"
    for day in ("today", "tomorrow", "tonight"):
        if day in said:
            return day
    weekday = _weekday(said, text)
    if weekday:
        nxt = "next week" in text or f"next {weekday.lower()}" in text
        return f"next {weekday}" if nxt else weekday
    return _date(said) or (_NEXT_WEEK if _NEXT_WEEK in text else "")


def _weekday(said: Words, text: str) -> str:
    for i, word in enumerate(said):
        if word in _DAYS:
            later = said[i + 1 :]
            if i and said[i - 1] == "not" and any(w in _DAYS for w in later):
                continue  # "not Tuesday, Wednesday"
            return word.capitalize()
    for misheard, day in _MISHEARD.items():
        if f" {misheard} " in f" {text} ":
            return day.capitalize()
    for word in said:
        if len(word) >= 6:
            best = process.extractOne(word, _DAYS, scorer=fuzz.ratio, score_cutoff=_DAY_CUTOFF)
            if best is not None:
                return str(best[0]).capitalize()
    return ""


def _date(said: Words) -> str:
    month = next((w.capitalize() for w in said if w in _MONTHS), "")
    if not month and _MAY & set(pairwise(said)):
        month = "May"
    for i, word in enumerate(said):
        dated = month or (i and said[i - 1] == "the")
        ordinal = _ordinal(word)
        if ordinal and dated:
            return f"the {ordinal} of {month}" if month else f"the {ordinal}"
    return ""


def _ordinal(word: str) -> str:
    if word in _ORDINALS:
        return word
    digits = word.removesuffix("th").removesuffix("st").removesuffix("nd").removesuffix("rd")
    if digits != word and digits.isdigit() and 1 <= int(digits) <= len(_ORDINALS):
        return _ORDINALS[int(digits) - 1]
    return word if digits != word and digits.isdigit() and int(digits) <= 31 else ""


def _part(said: Words) -> str:
    return next((w for w in said if w in {"morning", "afternoon", "evening"}), "")


def _hour(said: Words, *, asked: bool) -> tuple[str, str]:
    if "noon" in said or "midday" in said or "lunchtime" in said:
        return "noon", ""
    text = " ".join(said)
    for lead, minutes in (("half past", 30), ("quarter past", 15), ("quarter to", -15)):
        if lead in text:
            after = numbers(tuple(text.split(lead, 1)[1].split()))
            if after and 1 <= after[0].value <= 12:
                back = 1 if minutes < 0 else 0
                return _clock(after[0].value - back, minutes % 60, "")
    return _written_hour(said) or _counted_hour(said, asked=asked)


def _written_hour(said: Words) -> tuple[str, str] | None:
    """One like 3:30; None where there is none."""
    for word, after in zip(said, (*said[1:], ""), strict=False):
        if told := _ON_THE_CLOCK.fullmatch(word):
            return _clock(int(told[1]), int(told[2]), told[3] or after)
    return None


def _counted_hour(said: Words, *, asked: bool) -> tuple[str, str]:
    found = numbers(said)
    for i, number in enumerate(found):
        hour, minute, end = _hour_and_minute(number, found[i + 1 : i + 2])
        after = said[end] if end < len(said) else ""
        before = said[number.start - 1] if number.start else ""
        named = minute or after in _AFTER_HOUR or before in _BEFORE_HOUR
        if 1 <= hour <= 23 and (asked or named):
            return _clock(hour, minute, after)
    return "", ""


def _hour_and_minute(number: Number, following: tuple[Number, ...]) -> tuple[int, int, int]:
    """Hour, minute, and where the words of the time end."""
    hour = number.value
    if 100 <= hour <= 1259 and hour % 100 < 60:  # "330" for three thirty
        return hour // 100, hour % 100, number.end
    for after in following:
        if after.start == number.end and 10 <= after.value < 60:
            return hour, after.value, after.end
    return hour, 0, number.end


def _clock(hour: int, minute: int, mark: str) -> tuple[str, str]:
    if not 0 <= hour <= 23:
        return "", ""
    part = ""
    if mark == "am":
        part = "morning"
    elif mark == "pm" or hour > 12:
        part = "evening" if hour % 12 >= 6 else "afternoon"
    spoken = _MINUTES.get(minute - minute % 5, "")
    return f"{_HOURS[hour % 12]}{spoken}", part
