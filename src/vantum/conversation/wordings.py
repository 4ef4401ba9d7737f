"""What machines and people say when they answer the phone, by language.

A wording is read word by word: `_` is any one word, `…` up to six, `(a|b)` a choice. Those of
`SURE` tell who speaks; those of `HINTS` only if nothing speaks against it. People's `SURE` ones are
taken out first, since they hold the words of machines: "would you like to leave a message?".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Wordings(Struct, frozen=True):
    """One language's, by kind of answerer; `full` are the mailboxes that take no message."""

    sure: Mapping[str, tuple[str, ...]]
    hints: Mapping[str, tuple[str, ...]]
    hellos: tuple[str, ...]  # how a person begins, if little else follows
    objections: tuple[str, ...]  # what they say at once that no greeting answers
    full: tuple[str, ...]
    spelled: Mapping[str, str]  # what is read as something else


_ENGLISH: Final = Wordings(
    sure={
        "person": (
            "(can|may|could|shall|should) (i|we) (take|get) (a|your) (message|name)",
            "(do|would) you (like|want|care) (me )?to leave (a|him a|her a|them a) message",
            "(want|wanna) (me )?to leave a message for",
            "take a message for (him|her|them|you)",
            "leave me a message (sometime|some time|later|another time|tomorrow|instead)",
            "(do|should|did) (i|you) press",
            "(can|may|could) (i|we) (help|assist) you",
            "how (can|may|could) (i|we) (help|assist|direct)",
            "(may|can|could) i ask who is (calling|speaking|this)",
            "who is (this|that|it)",
            "who are you",
            "who am i (speaking|talking) (to|with)",
            "what do you want",
            "what is (this|it|that) (about|regarding|concerning)",
            "what company",
            "(am|are) (not|you) (interested|calling|selling|real|there|a robot)",
            "(he|she) (is|can) not",
            "(he|she) is (out|in|at|on|busy|away)",
            "how are you",
            "wrong number",
            "(i|we) am (busy|driving|working)",
            "(hold on|hang on|wait|give me) (a|one|just a|for a) (second|sec|minute|moment)",
            "(thank you|thanks) for (holding|waiting) (this is|my name is)",
            "sorry about the wait",
        ),
        "voicemail": (
            "leave (a|your|us a) (_ )?message",
            "leave me (a|your) message and",
            "please leave me (a|your) message",
            "leave (a )?(your )?(name|number|voicemail)",
            "(after|at|hear|wait for|following) the (tone|beep)",
            "sound of the (tone|beep)",
            "record (a|your) (_ )?message",
            "(to|on) (the |an |our )?(automatic|automated|automatic voice|automated voice) "
            "(message|messaging|answering) (system|service)",
            "(voice|automated) (messaging|mail|message) (system|service)",
            "forwarded to (the )?(_ )?(voicemail|voice)",
            "(reached|is) (the |my |our )?(_ )?(voicemail|mailbox|answering machine)",
            "(voicemail|mailbox) (of|for|belonging|is|has)",
            "(i|we) (can not|am unable to|are unable to|are not able to|am not able to) "
            "(take|get to|answer|come to) (your|the|my|our) (call|phone)",
            "(available|here|around|able) to take your call",
            "missed your call",
            "get back to you (as|soon|shortly|when|at)",
            "return your call",
            "(person|party|number|customer|subscriber|user) (that )?you (are|have) "
            "(calling|called|dialed|dialled|trying … (reach|call)) (is|can|has|does) "
            "(not|currently|unavailable|temporarily)",
            "(person|party|customer|subscriber) you are trying to reach",
            "when you (have finished|are finished|are done) recording",
            "no one is available",
        ),
        "screening": (
            "(record|state|say) your (first |full )?name",
            "(say|tell me|state) (your name and )?why you are calling",
            "call (screening|assist|assistant|screen)",
            "screening (service|this call|their calls|calls)",
            "screen your call",
            "(see|check|find out|ask) if (they are|he is|she is|this person is|the person is|_ is) "
            "(available|free|able)",
            "(before|so) (i|we) (can )?(try to )?(connect|put) you",
            "this person (is using|uses)",
            "this person will (see|be notified|get)",
        ),
        "ivr": (
            "press _ (for|to|now|if)",
            "(for|to) … (press|dial|say) (zero|one|two|three|four|five|six|seven|eight|nine|star|"
            "pound|hash|[0-9])",
            "(press|dial) (zero|one|two|three|four|five|six|seven|eight|nine|[0-9]) (for|to|now)",
            "(press|say) or (press|say)",
            "(para|en) (español|espanol|spanish)",
            "(oprima|marque) (el )?_",
            "main menu",
            "(menu|following|these) options",
            "options have (recently )?changed",
            "listen carefully",
            "(know|enter|dial) (your|the) (party|extension|account|_ digit)",
            "(party s|your) extension",
            "dial by name",
            "company directory",
            "please (enter|select|choose|make a selection)",
            "not a valid (option|selection|entry)",
            "you can say",
            "in a few words",
            "touch tone",
            "virtual (assistant|agent)",
        ),
        "hold": (
            "please (continue to )?hold(?! (on|up))",
            "(stay|remain) on the line",
            "your call is (very )?important",
            "call will be (answered|taken|connected|transferred|handled)",
            "(all|all of) (our|the) … are (currently |still |all )?(busy|assisting|helping|serving|"
            "on other|unavailable)",
            "next available (agent|representative|operator|associate|specialist|advisor|person)",
            "will be with you (shortly|as soon|in a|momentarily)",
            "(agent|representative|operator|specialist|associate) will (be|answer|assist)",
            "in the order (it was|they were|in which)",
            "(calls|call) (may|will|is|are|might) (be )?(being )?(recorded|monitored)",
            "(wait|hold) time",
            "you are (number|caller|currently) _ (in|number|caller)",
            "(higher|high|heavy|unusually) (than normal |than usual )?call (volume|volumes)",
            "while (we|i) (connect|transfer|try)",
            "(transferring|connecting) (you|your call)",
            "thank you for your patience",
        ),
    },
    hints={
        "person": (
            "this is (_ )?(he|she|him|her|speaking|here)",
            "_ speaking",
            "(i|we) (am|are|do|will|have|was|did|would)",
            "(he|she) (is|was|will|has|does)",
            "my name is",
        ),
        "voicemail": (
            "(you have|you) reached",
            "is (not|currently|presently) (currently |presently )?(available|unavailable)",
            "is unavailable",
            "(get|call|ring) (back to )?you back",
            "sorry (i|we) (missed|can not)",
            "at your earliest",
        ),
        "screening": (
            "who is calling",
            "(reason|purpose) (for|of) (calling|your call|the call|this call)",
            "(is it|is this) urgent",
            "more about why",
            "is not (accepting|available for) unknown",
        ),
        "ivr": ("(thank you|thanks) for calling", "welcome to", "representative", "operator"),
        "hold": ("one moment please", "please wait", "thank you for (holding|waiting)"),
    },
    hellos=(
        "(hello|hi|hey|yes|yeah|yep|yup|yo|ya|ahoy|allo|speaking|go ahead|good (morning|afternoon"
        "|evening|day)|what|who|sorry|pardon|hold on|hang on|wait|just a (second|moment|minute)|"
        "one (second|moment|minute))",
    ),
    objections=(
        "(take|cross|strike|remove|delete|scratch) … (off|from|out of)",
        "(stop|quit) (calling|phoning|ringing|bothering|contacting|harassing|texting|it)",
        "(not|never) (ever )?(call|phone|ring|bother|contact|text)",
        "no more calls",
        "leave (me|us) alone",
        "(not|no) interested",
        "wrong number",
        "(i|we) am (busy|driving|working|in a meeting)",
        "can not talk",
    ),
    full=(
        "(mailbox|mail box|voicemail|inbox) is (currently )?full",
        "(has|have) not been set up",
        "has not (been )?set up",
        "can not accept (any )?(new )?(messages|message)",
        "not accepting (any )?(new )?messages",
    ),
    spelled={
        "voice mail": "voicemail",
        "can't": "can not",
        "cannot": "can not",
        "won't": "will not",
        "n't": " not",
        "'ve": " have",
        "'re": " are",
        "'m": " am",
        "'ll": " will",
        "'s": " is",
    },
)

WORDINGS: Final[Mapping[str, Wordings]] = {"en": _ENGLISH}
"""By language; others are judged by the carrier's verdict and the beep alone."""
