"""What a question asks for is known by its words, in each language that people nod in."""

from __future__ import annotations

import pytest

from vantum.conversation.asking import Expected, asks_for, expected_by
from vantum.conversation.lexicon import LEXICA

ASKED: dict[str, dict[Expected, list[str]]] = {
    "en": {
        "email": ["And what is your e-mail address?"],
        "spelling": ["Could you spell that for me?"],
        "digits": ["What is your phone number?"],
        "number": ["How many people are on your team?"],
        "yes_no": ["Do you make outbound calls?", "And is that okay?", "You dial by hand, right?"],
        "open": ["What would you like to know?"],
    },
    "de": {
        "email": ["Wie lautet Ihre E-Mail-Adresse?"],
        "spelling": ["Können Sie das buchstabieren?"],
        "digits": ["Wie ist Ihre Telefonnummer?"],
        "number": ["Wie viele Leute sind im Vertrieb?", "Wie viel kostet Sie das?"],
        "yes_no": [
            "Haben Sie kurz Zeit?",
            "Wollen Sie das sehen?",
            "Und hast du schon davon gehört?",
            "Passt Ihnen das, oder?",
            "Gut, ist das so?",
        ],
        "open": ["Was machen Sie heute?", "Wohin sollen wir das schicken?", "Wie geht es Ihnen?"],
    },
    "es": {
        "email": ["¿Cuál es su correo?"],
        "spelling": ["¿Me lo puede deletrear?"],
        "digits": ["¿Cuál es su número de teléfono?"],
        "number": ["¿Cuántas personas hay en su equipo?"],
        "yes_no": ["¿Tiene un minuto?", "Entonces, ¿le parece bien?"],
        "open": ["¿Qué le gustaría saber?", "¿Prefiere lunes o martes?"],
    },
    "fr": {
        "email": ["Quelle est votre adresse e-mail ?"],
        "spelling": ["Vous pouvez l'épeler, ça s'épele ?"],
        "digits": ["Quel est votre numéro de téléphone ?"],
        "number": ["Combien de personnes y a-t-il ?"],
        "yes_no": ["Avez-vous une minute ?", "Est-ce que ça vous va ?", "Vous appelez ?"],
        "open": ["Qu'est-ce que vous en pensez ?", "Lundi ou mardi ?", "Qui décide chez vous ?"],
    },
}


@pytest.mark.parametrize(
    ("language", "expected", "question"),
    [
        (language, expected, question)
        for language, kinds in ASKED.items()
        for expected, questions in kinds.items()
        for question in questions
    ],
)
def test_what_is_expected_is_known_by_the_question(
    language: str, expected: Expected, question: str
) -> None:
    assert expected_by(question, language) == expected


def test_each_language_in_which_people_nod_has_its_questions() -> None:
    assert set(ASKED) == set(LEXICA)


def test_a_region_changes_nothing() -> None:
    assert expected_by("Haben Sie kurz Zeit?", "de-AT") == "yes_no"


def test_where_the_language_is_not_known_nothing_is_expected() -> None:
    assert expected_by("Do you have a minute?", "ja") == "open"


BIDS = {
    "en": "Please say yes if that is okay with you.",
    "de": "Sagen Sie bitte ja, wenn das in Ordnung ist.",
    "es": "Dígame si le parece bien.",
    "fr": "Dites simplement oui si cela vous convient.",
}


@pytest.mark.parametrize("language", LEXICA)
def test_a_sentence_may_ask_without_a_question_mark(language: str) -> None:
    assert asks_for(BIDS[language], language) == "yes_no"
    assert asks_for("Vantum.", language) is None
    assert asks_for("Vantum.", language, {"Vantum.": "email"}) == "email"


@pytest.mark.parametrize(
    ("language", "question", "expected"),
    [
        ("en", "Can I send you an email?", "yes_no"),
        ("en", "Shall I send it to your email?", "yes_no"),
        ("en", "Is that your phone number?", "yes_no"),
        ("en", "May I call you at this phone number?", "yes_no"),
        ("en", "Can I have your email address?", "email"),
        ("en", "Could you tell me your phone number?", "digits"),
        ("en", "And the email?", "email"),
        ("de", "Darf ich Ihnen eine E-Mail schicken?", "yes_no"),
        ("de", "Ist das Ihre Telefonnummer?", "yes_no"),
        ("de", "Können Sie mir Ihre E-Mail-Adresse nennen?", "email"),
        ("de", "Haben Sie eine E-Mail-Adresse?", "email"),
        ("es", "¿Le envío un correo?", "yes_no"),
        ("es", "¿Me da su correo?", "email"),
        ("es", "¿A qué número le llamo?", "digits"),
        ("fr", "Puis-je vous envoyer un e-mail ?", "yes_no"),
        ("fr", "Et votre numéro ?", "digits"),
        ("fr", "Pouvez-vous me donner votre adresse mail ?", "email"),
    ],
)
def test_who_offers_to_send_an_email_asks_for_no_address(
    language: str, question: str, expected: Expected
) -> None:
    assert expected_by(question, language) == expected
