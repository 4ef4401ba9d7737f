"""What kind of answer a question asks for, by its own words and by language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

Expected = Literal["open", "yes_no", "number", "digits", "email", "spelling"]
"""What kind of answer a question asks for: "twelve" is a number, a phone number is digits."""

Asked = Literal["", "begun", "just", "before"]
"""Whether somebody who is being talked to has heard a question: not at all, its beginning, all that
matters of it just now, or before the sentence that they are hearing."""

NOTHING_DECLARED: Final[Mapping[str, Expected]] = {}

# By language, in small letters; the first that fits. English and German put the verb first where
# a yes or no is asked for. Spanish and French need not: there it is any question that has no
# question word and offers no choice.
_ASKS: Final[Mapping[str, Mapping[Expected, re.Pattern[str]]]] = {
    "en": {
        "email": re.compile(r"e-?mail"),
        "spelling": re.compile(r"\bspell"),
        "digits": re.compile(
            r"\b(?:phone|telephone|mobile|cell|reference|account|order|policy|card) (?:\w+ )?number"
            r"|\bnumber (?:can|should|could|do|may) "
        ),
        "number": re.compile(r"how (?:many|much)"),
        "yes_no": re.compile(
            r"^(?:and |so |but |then )?(?:do|does|is|are|was|were|would|can|could|may|shall|should"
            r"|have|has|did|will)\b|\b(?:okay|right|correct)\?$"
        ),
    },
    "de": {
        "email": re.compile(r"e-?mail|mail-?adresse"),
        "spelling": re.compile(r"\bbuchstabier"),
        "digits": re.compile(
            r"(?:telefon|handy|mobil|rückruf|kunden|auftrags|bestell|konto|vertrags)-?nummer"
            r"|welcher nummer"
        ),
        "number": re.compile(r"\bwie ?viele?\b"),
        "yes_no": re.compile(
            r"^(?:(?:und|also|aber|dann|gut|okay),? )*(?!(?:was|wer|we[mn]|wessen|wann|warum"
            r"|weshalb|wie(?:so|viele?)?|wo(?:hin|her|für|mit|bei|von|zu|ran)?|welche\w*)\b)"
            r"\w+ (?:sie|du|ihr|wir|ich|es|man|das|ihre?n?|jetzt|gerade)\b"
            r"|\b(?:okay|richtig|korrekt|oder|stimmts|stimmt's|nicht wahr)\?$"
        ),
    },
    "es": {
        "email": re.compile(r"e-?mail|correo"),
        "spelling": re.compile(r"\bdeletre"),
        "digits": re.compile(r"\bnúmero de (?!personas|empleados|vendedores)|\b(?:qué|su) número"),
        "number": re.compile(r"\bcuánt[oa]s?\b"),
        "yes_no": re.compile(r"^(?!.*\b(?:qué|quién(?:es)?|cuándo|a?dónde|cómo|cuál(?:es)?|o)\b)"),
    },
    "fr": {
        "email": re.compile(r"e-?mail|courriel|adresse mail"),
        "spelling": re.compile(r"\bépele"),
        "digits": re.compile(r"\bnuméro"),
        "number": re.compile(r"\bcombien"),
        "yes_no": re.compile(
            r"^(?!.*\b(?:quoi|où|comment|pourquoi|quand|quel(?:le)?s?|lequel|laquelle|ou"
            r"|qu['\u2019]est-ce|à qui|de qui|avec qui)\b)(?!(?:et )?(?:qui|que)\b)"
        ),
    },
}

# Of what can be answered with a yes or no: more than that is not asked for, though it be about an
# address or a number, as in "can I send you an email?", unlike "can I have your email?".
_CLOSED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"^(?!.*\b(?:have|get|give|tell|take|spell|share|know|leave|repeat|say|confirm)\b)"
    ),
    "de": re.compile(
        r"^(?:(?:und|also|aber|dann|gut|okay),? )*(?:ist|sind|darf|dürfen|soll|sollen|kann|können"
        r"|passt|stimmt|schick\w+|ruf\w+|erreich\w+)\b(?!.*\b(?:nennen|geben|sagen|verraten"
        r"|buchstabier\w*|diktier\w*|wiederhol\w*|haben|bekommen|notieren|aufnehmen)\b)"
    ),
    "es": re.compile(r"\b(?:(?:env[ií]|mand|escrib|llam)\w+|sirve|es (?:este|ese|correcto))\b"),
    "fr": re.compile(r"\b(?:(?:envo|écri|appel)\w+|convient|(?:est-ce|c'est) (?:bien|votre))\b"),
}

# Without a question mark: "please say yes if that is okay with you".
_BIDS: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"\b(?:say (?:yes|no)\b|(?:tell me|let me know) (?:if|whether)\b)"),
    "de": re.compile(r"\b(?:sag(?:en sie|t|) (?:bitte |einfach |mir )*(?:ja|nein|ob)\b)"),
    "es": re.compile(r"\b(?:dígame|diga|dime|di) (?:por favor |simplemente |que )*(?:sí|no|si)\b"),
    "fr": re.compile(r"\b(?:dites|dis)(?:-moi)? (?:simplement |juste )*(?:oui|non|si)\b"),
}


def asks_for(
    sentence: str, language: str, declared: Mapping[str, Expected] = NOTHING_DECLARED
) -> Expected | None:
    """What a sentence asks for, by its author's word or by its own; None if it asks nothing."""
    if sentence in declared:
        return declared[sentence]
    if sentence.endswith("?"):
        return expected_by(sentence, language)
    bids = _BIDS.get(language.partition("-")[0].casefold())
    return "yes_no" if bids and bids.search(sentence.casefold()) else None


def expected_by(question: str, language: str) -> Expected:
    """What kind of answer a question asks for; of a language without a table we cannot tell."""
    tongue = language.partition("-")[0].casefold()
    asks, closed = _ASKS.get(tongue, {}), _CLOSED.get(tongue)
    text = question.casefold()
    if closed and closed.search(text) and asks["yes_no"].search(text):
        return "yes_no"
    return next((kind for kind, wording in asks.items() if wording.search(text)), "open")
