"""Words by which people take turns, by language: nods, hesitations, and ends that are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

Phrases = frozenset[tuple[str, ...]]
"""Each the words of one, in the order in which they are said."""


class Lexicon(Struct, frozen=True):
    """One language's, written as `utterances.words` reads what is said."""

    nods: Phrases  # "I am listening": never an answer
    assents: Phrases  # a nod while somebody talks, an answer when they have asked
    replies: Phrases  # with the assents, what answers a yes-or-no question
    hellos: Phrases  # said into a greeting
    farewells: Phrases  # said into a goodbye
    hesitations: frozenset[str]  # said while looking for words
    openings: frozenset[str]  # alone they are hesitations; behind other words they end a sentence
    open_ends: frozenset[str]  # no sentence ends with them
    question_words: frozenset[str]  # with one of them in front a preposition may end a sentence
    prepositions: frozenset[str]  # else it may not
    particles: frozenset[str]  # of them, those that belong to a verb: "come in."
    copulas: frozenset[str]  # end a sentence behind a pronoun alone: "yes, it is"
    pronouns: frozenset[str]
    choices: frozenset[str]  # between things of which the other is to choose one
    digits: frozenset[str]  # said one by one
    repeats: frozenset[str]  # of a digit or letter
    address_words: frozenset[str]  # in an e-mail address, between its words and letters

    @property
    def set_phrases(self) -> Phrases:
        """All that is said as a whole."""
        return self.nods | self.assents | self.replies | self.hellos | self.farewells


def _set(words: str) -> frozenset[str]:
    return frozenset(words.casefold().split())


def _phrases(words: str) -> Phrases:
    return frozenset(tuple(phrase.split()) for phrase in words.casefold().split(","))


LEXICA: Final[Mapping[str, Lexicon]] = {
    "en": Lexicon(
        nods=_phrases(
            "mhm, mhmm, mmhm, mm hmm, mm hm, mm, mmm, hm, hmm, uh huh, uhhuh, aha, ah, oh, huh, "
            "haha, ha ha, hehe, ha, m hm, um hum, uh hum, mm mm, i see, go on, oh wow, wow, "
            "oh really"
        ),
        assents=_phrases(
            "yeah, yep, yup, yes, right, all right, alright, okay, ok, sure, got it, gotcha, "
            "of course, makes sense, that makes sense, i understand, understood, cool, fine, good, "
            "great, nice, exactly, true, i know, fair enough, sounds good, absolutely, definitely, "
            "correct, very good, thats right, thats true, interesting"
        ),
        replies=_phrases(
            "no, nope, nah, not really, no thanks, no thank you, never, not yet, yes please, "
            "please do, go ahead"
        ),
        hellos=_phrases(
            "hello, hi, hey, hello there, hi there, good morning, good afternoon, good evening, yes"
        ),
        farewells=_phrases(
            "bye, bye bye, goodbye, good bye, thanks, thank you, you too, take care, see you, "
            "have a nice day, have a good day, have a good one, cheers, thank you very much"
        ),
        hesitations=_set("um uh uhm er erm"),
        openings=_set("well like so actually basically maybe let hmm"),
        open_ends=_set(
            "and or but because cause the a an my your our their his its if whether than as "
            "i im ill id ive were youre theyre very really which whose every each into from "
            "until unless while although though per via plus gonna wanna mr mrs ms dr"
        ),
        question_words=_set("what who whom where which when how why whose whats whos wheres"),
        prepositions=_set("to of for with at in on by about with under over between through"),
        particles=_set("in on over through by about under"),
        copulas=_set("is are was were am be been isnt arent will would can could should does"),
        pronouns=_set("i you he she it we they that this there those these what who"),
        choices=_set("or"),
        digits=_set("zero oh one two three four five six seven eight nine"),
        repeats=_set("double triple"),
        address_words=_set("dot at dash hyphen underscore plus slash period capital"),
    ),
    "de": Lexicon(
        nods=_phrases(
            "haha, ha ha, mhm, mhmm, hm, hmm, aha, ah, ach so, achso, oh, soso, ich verstehe"
        ),
        assents=_phrases(
            "ja, jo, jawohl, genau, okay, ok, gut, klar, alles klar, richtig, stimmt, sicher, "
            "verstehe, verstanden, natürlich, super, na klar, in ordnung, schön"
        ),
        replies=_phrases(
            "nein, nee, nö, nicht wirklich, nein danke, noch nicht, ja bitte, ja gerne, gerne"
        ),
        hellos=_phrases(
            "hallo, guten tag, guten morgen, guten abend, moin, ja, ja bitte, grüß gott"
        ),
        farewells=_phrases(
            "tschüss, tschüß, tschau, ciao, wiederhören, auf wiederhören, auf wiedersehen, danke, "
            "vielen dank, ebenso, ihnen auch, schönen tag, schönen tag noch, bis dann"
        ),
        hesitations=_set("äh ähm öh"),
        openings=_set("also naja halt vielleicht hm"),
        open_ends=_set(
            "und oder aber weil denn dass ob wenn der die das den dem des ein eine einen einem "
            "einer mein meine meinen dein ihre ihren unser unsere sehr ich wir zum zur im am vom "
            "als wie sondern sowie herr frau"
        ),
        question_words=_set("was wer wem wen wo wann wie warum welche welcher welches wofür womit"),
        prepositions=_set("für mit von bei nach über unter zwischen durch gegen ohne um"),
        particles=_set("mit nach über unter durch um bei"),
        copulas=_set("ist sind war waren bin bist seid heißt lautet"),
        pronouns=_set("ich du er sie es wir ihr das dies was wer so"),
        choices=_set("oder"),
        digits=_set("null eins zwei zwo drei vier fünf sechs sieben acht neun"),
        repeats=_set("doppel"),
        address_words=_set("punkt at minus bindestrich unterstrich plus"),
    ),
    "es": Lexicon(
        nods=_phrases("jaja, ja ja, haha, mhm, mm, hm, ajá, aja, ah, oh, ya veo, ya"),
        assents=_phrases(
            "sí, si, claro, vale, bueno, bien, de acuerdo, entiendo, entendido, exacto, correcto, "
            "perfecto, ok, okay, muy bien, por supuesto, está bien"
        ),
        replies=_phrases("no, no gracias, todavía no, nunca, la verdad no, sí por favor"),
        hellos=_phrases("hola, buenos días, buenas tardes, buenas, sí, diga, dígame, aló"),
        farewells=_phrases(
            "adiós, chao, hasta luego, gracias, muchas gracias, igualmente, que tenga buen día, "
            "buen día, nos vemos"
        ),
        hesitations=_set("eh em este"),
        openings=_set("pues bueno entonces"),
        open_ends=_set(
            "y o pero porque el la los las un una unos unas mi mis su sus tu nuestro nuestra que "
            "si cuando muy al del como según aunque mientras señor señora"
        ),
        question_words=_set("qué quién dónde cuándo cómo por cuál cuánto cuántos"),
        prepositions=_set("a de para con en por sobre entre hasta desde sin"),
        particles=_set(""),
        copulas=_set("es son era está están soy somos fue"),
        pronouns=_set("yo tú él ella eso esto así usted nosotros"),
        choices=_set("o u"),
        digits=_set("cero uno dos tres cuatro cinco seis siete ocho nueve"),
        repeats=_set("doble"),
        address_words=_set("punto arroba guion guión más barra"),
    ),
    "fr": Lexicon(
        nods=_phrases("haha, ha ha, mhm, mm, hm, hum, ah, oh, ah bon, je vois"),
        assents=_phrases(
            "oui, ouais, d accord, daccord, ok, okay, bien, très bien, bien sûr, exact, "
            "exactement, cest ça, c est ça, je comprends, compris, entendu, voilà, parfait"
        ),
        replies=_phrases(
            "non, non merci, pas vraiment, pas encore, jamais, oui volontiers, volontiers, "
            "oui sil vous plaît"
        ),
        hellos=_phrases("allô, bonjour, bonsoir, oui, salut"),
        farewells=_phrases(
            "au revoir, merci, merci beaucoup, bonne journée, à bientôt, vous aussi, salut"
        ),
        hesitations=_set("euh heu"),
        openings=_set("ben bah alors donc enfin"),
        open_ends=_set(
            "et ou mais parce que car le la les un une des mon ma mes ton ta votre vos notre nos "
            "son sa ses leur si quand très au aux du je j c qu l d comme monsieur madame"
        ),
        question_words=_set("quoi qui où quand comment pourquoi quel quelle combien"),
        prepositions=_set("à de pour avec en dans sur par entre sans chez vers"),
        particles=_set(""),
        copulas=_set("est sont était suis êtes sommes"),
        pronouns=_set("je tu il elle c ce ça on nous vous ils"),
        choices=_set("ou"),
        digits=_set("zéro un deux trois quatre cinq six sept huit neuf"),
        repeats=_set("double"),
        address_words=_set("point arobase tiret plus underscore"),
    ),
}


def lexicon(language: str) -> Lexicon | None:
    """That of a language tag such as `en-US`; None where there is none."""
    return LEXICA.get(language.partition("-")[0].casefold())
