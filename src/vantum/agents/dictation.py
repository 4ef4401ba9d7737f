"""What is kept of an answer that was dictated: digits, an e-mail address, a spelled word.

English. Recognisers write "5 5 5", "five five five" and "555" for the same sound, and "jane dot doe
at example dot com" as often as the address itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from vantum.agents.english import numbers
from vantum.agents.words import words

Dictated = Literal["digits", "email", "spelling"]

_SEVERAL_DIGITS: Final = 3  # in a row are a number, whatever is said around them
_SEVERAL_LETTERS: Final = 2  # are a word; a single one may be an "I" or an "a"
_TIMES: Final = {"double": 2, "triple": 3}
_ZEROES: Final = frozenset({"oh", "o"})
_NO_DIGITS: Final = frozenset({"couple", "dozen"})
_LONGEST_NUMBER: Final = 6  # words: "two hundred and twenty five", and one more
_BETWEEN: Final = frozenset(words("um uh er hmm dash hyphen then"))
_SIGNS: Final = {
    "dot": ".", "period": ".", "point": ".", "at": "@", "underscore": "_",
    "dash": "-", "hyphen": "-", "minus": "-", "plus": "+",
}  # fmt: skip
_READ_BACK: Final = {".": "dot", "@": "at", "_": "underscore", "-": "dash", "+": "plus"}
_ALPHABET: Final = frozenset(
    words(
        "alpha bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike "
        "november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
    )
)
# What people say before and behind what they dictate.
_AROUND: Final = _BETWEEN | frozenset(
    words(
        "it is that this my the our your an number phone mobile cell email mail address name last "
        "first spelled spelling so sure yes yeah okay ok well please thanks thank you me reach can "
        "at on of course would be to send write use try just work and i am"
    )
)
_AS_IN: Final = re.compile(r"\b([a-z0-9])\b,? (?:as in|like in|like|for) [a-z]+")
_JOINED: Final = re.compile(r"(?<=\b[a-z])-(?=[a-z]\b)")  # d-o-e
_ABBREVIATED: Final = re.compile(r"['\u2019](?:s|m|d|re|ll)\b")  # it's, I'm, that'll
_PIECE: Final = re.compile(r"\+|\d+|[^\W\d_]+")
_MAIL_PIECE: Final = re.compile(r"\d+|[a-z]+|[._+-](?=[a-z0-9])|@")
_ADDRESS: Final = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9-]+\.)+[a-z]{2,}")


def dictated(kind: Dictated, text: str) -> str:
    """What an answer dictates, as it is kept: "555123", "jane@example.com", "SMITH"; "" for none.

    Words around it may stand there: "sure, it's one two three".
    """
    plain = _AS_IN.sub(r"\1", _ABBREVIATED.sub(" is", text.casefold()))
    return _READERS[kind](plain)


def word_alone(text: str) -> str:
    """A word that was said and not spelled, in capitals; "" if several were said, or none."""
    left = [piece for piece in _PIECE.findall(text.casefold()) if piece not in _AROUND]
    return left[0].upper() if len(left) == 1 and len(left[0]) > 1 and left[0].isalpha() else ""


def read_back(kept: str) -> str:
    """What was kept, as one says it: "1 2 3", "jane dot doe at example dot com", "S M I T H"."""
    if "@" not in kept:
        return " ".join(kept)
    parts = re.split(r"([.@_+-])", kept)
    return " ".join(_READ_BACK.get(part, part) for part in parts if part)


def _digits(text: str) -> str:
    pieces = _PIECE.findall(text)
    longest, alone = _longest(pieces, _digit)
    return longest if alone or len(longest) >= _SEVERAL_DIGITS else ""


def _spelling(text: str) -> str:
    pieces = [piece for piece in _PIECE.findall(text) if piece != "+"]
    longest, _ = _longest(pieces, _letter)
    return longest.upper() if len(longest) >= _SEVERAL_LETTERS else ""


Unit = Callable[[Sequence[str], int], tuple[str, int]]
"""What the pieces from here on stand for, and how many they are; "" and 0 for something else."""


def _longest(pieces: Sequence[str], unit: Unit) -> tuple[str, bool]:
    """The longest run of units, and whether nothing else was said.

    The last of its length: people correct themselves.
    """
    runs, others, at = [""], 0, 0
    while at < len(pieces):
        got, count = unit(pieces, at)
        if got:
            runs[-1] += got
        elif pieces[at] not in _BETWEEN:
            runs.append("")
            others += pieces[at] not in _AROUND
        at += max(count, 1)
    return max(reversed(runs), key=len), not others


def _digit(pieces: Sequence[str], at: int) -> tuple[str, int]:
    piece = pieces[at]
    if piece in _TIMES:
        return _repeated(pieces, at, _digit)
    if piece in {"+", "plus"}:
        return ("+", 1) if at + 1 < len(pieces) and _digit(pieces, at + 1)[0] else ("", 0)
    if piece in _ZEROES:
        return "0", 1
    if piece.isascii() and piece.isdigit():
        return piece, 1
    return _number(pieces, at)


def _number(pieces: Sequence[str], at: int) -> tuple[str, int]:
    """Numbers stand for their digits: "twenty five" for 25, "eight hundred" for 800."""
    found = numbers(tuple(pieces[at : at + _LONGEST_NUMBER]))
    if not found or found[0].start or pieces[at] in _NO_DIGITS:
        return "", 0
    return str(found[0].value), found[0].end


def _letter(pieces: Sequence[str], at: int) -> tuple[str, int]:
    """Letters by themselves or by their radio name, and digits: policies have both."""
    piece = pieces[at]
    if piece in _TIMES:
        return _repeated(pieces, at, _letter)
    if len(piece) == 1 and piece.isalpha():
        return piece, 1
    return (piece[0], 1) if piece in _ALPHABET else _digit(pieces, at)


def _repeated(pieces: Sequence[str], at: int, unit: Unit) -> tuple[str, int]:
    got, count = unit(pieces, at + 1) if at + 1 < len(pieces) else ("", 0)
    return (got * _TIMES[pieces[at]], count + 1) if len(got) == 1 else ("", 0)


def _email(text: str) -> str:
    spoken, at = _MAIL_PIECE.findall(_JOINED.sub("", text)), 0
    pieces: list[str] = []
    while at < len(spoken):
        sign = _SIGNS.get(spoken[at], "")
        got, count = ("", 0) if sign else _in_address(spoken, at)
        pieces.append(sign or got or spoken[at])
        at += max(count, 1)
    for at in reversed([n for n, piece in enumerate(pieces) if piece == "@"]):
        address = f"{_before(pieces[:at])}@{_behind(pieces[at + 1 :])}"
        if _ADDRESS.fullmatch(address):
            return address
    return ""


def _in_address(pieces: Sequence[str], at: int) -> tuple[str, int]:
    """A digit, or what is doubled; an "o" is a letter here."""
    if pieces[at] in _TIMES:
        return _letter(pieces, at)
    return ("", 0) if pieces[at] in _ZEROES else _digit(pieces, at)


def _before(pieces: Sequence[str]) -> str:
    """What stands before the @: up to a word that leads to it, unless a sign binds that word."""
    name = ""
    for piece in reversed(pieces):
        bound = not name or name[0] in _READ_BACK
        if piece == "@" or (len(piece) > 1 and piece in _AROUND and not bound):
            break
        name = piece + name
    return name


def _behind(pieces: Sequence[str]) -> str:
    """What stands behind the @: names of several words, then endings of one, or of letters."""
    host, ended = "", False
    for piece, before in zip(pieces, ("", *pieces), strict=False):
        spelled = len(piece) == 1 == len(before) and before.isalpha() and piece.isalpha()
        bound = spelled or before in {".", "-"} or piece == "-"
        if piece == ".":
            ended = True
        elif (ended and not bound) or not (piece.isalnum() or piece == "-"):
            break
        host += piece
    return host.rstrip(".-")


_READERS: Final[Mapping[Dictated, Callable[[str], str]]] = {
    "digits": _digits,
    "email": _email,
    "spelling": _spelling,
}
