"""What an agent file may say."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from vantum import limits
from vantum.agents.lines import check_must_hear, texts_of
from vantum.agents.mistakes import explained
from vantum.agents.recordings import Recording, with_sound
from vantum.agents.source import Source, read_source, with_own_names
from vantum.agents.wanted import Wanted, with_fields_listed
from vantum.conversation.policy import Silences
from vantum.dialing.numbers import E164
from vantum.errors import SettingsError

FILES: Final = Path(__file__).parent / "files"
"""Where the agents that come with Vantum live; `agents/` in the repository links here."""

BLANKS: Final = frozenset({"agent", "company", "caller", "firm", "team", "when", "first_name"})
"""What {blanks} in a line may stand for; a line whose blank is not known yet is not used."""

_BEFORE_ANYTHING_IS_KNOWN: Final = ("phone.", "plain_greeting")
_OWN_NAMES: Final = ("agent", "company")

Text = Annotated[str, Meta(min_length=1)]
Lines = Annotated[tuple[Text, ...], Meta(min_length=1)]
Wordings = Annotated[tuple[Text, ...], Meta(min_length=2)]  # a question is never asked twice alike
Column = Annotated[
    str, Meta(pattern=r"^[a-z0-9_]{1,100}$", description="a column's name: a-z, 0-9 and _")
]
Then = Literal["return", "end", "callback", "why", "demo", "hold", "repeat", "once", "transfer"]


class Voice(Struct, frozen=True, forbid_unknown_fields=True):
    """How the agent sounds."""

    id: str = ""  # "": the provider's default
    speed: Annotated[float, Meta(ge=0.6, le=1.5)] = 1.0


class Silence(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said into a long silence, and after how many seconds."""

    nudges: Lines
    goodbye: Text
    nudge_after_s: Annotated[float, Meta(gt=0)] = 7.0


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """Something the agent wants to learn. `hints` are words that a sensible answer may contain.

    What is dictated is read back where a line says {id}: see `dictation`.
    """

    id: Text
    ask: Wordings
    answer: Literal["yes_no", "number", "digits", "email", "spelling", "open"] = "open"
    hints: tuple[Text, ...] = ()
    if_yes: tuple[Text, ...] = ()
    if_no: tuple[Text, ...] = ()
    thanks: tuple[Text, ...] = ()

    @property
    def is_dictated(self) -> bool:
        """The answer is taken down sign by sign."""
        return self.answer in {"digits", "email", "spelling"}


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """What to say when the caller says something like one of `heard`, and what happens next."""

    id: Text
    heard: Lines
    say: Lines
    then: Then = "return"
    ask: tuple[Text, ...] = ()
    if_no: Literal["", "end"] = ""
    settles: tuple[Text, ...] = ()
    purpose: str = ""
    at_most_words: int = 0


class Fit(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the product suits."""

    smallest_team: int
    largest_team: int
    check: Wordings
    too_small: Lines
    too_large: Lines
    good_signs: tuple[Text, ...] = ()
    bad_signs: tuple[Text, ...] = ()


class Demo(Struct, frozen=True, forbid_unknown_fields=True):
    """Arranging the meeting."""

    offer: Wordings
    day: Wordings
    hour: Wordings
    name: Wordings
    firm: Wordings
    read_back: Wordings
    change: Wordings
    booked: Lines
    later: Lines


class Callback(Struct, frozen=True, forbid_unknown_fields=True):
    """Arranging another call."""

    ask: Wordings
    read_back: Wordings
    noted: Lines
    declined: Lines


class Topic(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to offer; `tells` is the id of the reply that a yes brings."""

    ask: Text
    tells: Text


class Small(Struct, frozen=True, forbid_unknown_fields=True):
    """The short lines that hold a conversation together."""

    introduction: Lines
    thanks: Wordings
    unclear: Wordings
    unknown: Wordings
    move_on: Wordings
    cannot: Wordings
    met: Wordings
    listening: Wordings
    welcome_back: Wordings
    granted: Wordings
    why: Wordings
    why_thanks: Wordings
    anything_else: Wordings
    topics: Annotated[tuple[Topic, ...], Meta(min_length=2)]
    goodbye: Wordings
    lost: Lines


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """When a conversation has gone on long enough."""

    turns: Annotated[int, Meta(gt=0)] = 60  # a long sales call is 25; this only stops endless ones
    unclear: Annotated[int, Meta(gt=0)] = 15  # in a row
    objections: Annotated[int, Meta(gt=0)] = 6  # after so many, going on would be pushing


class Playbook(Struct, frozen=True, forbid_unknown_fields=True):
    """The dialogue the agent holds when it has no language model."""

    permission: Wordings
    questions: tuple[Question, ...]
    fit: Fit
    demo: Demo
    callback: Callback
    small: Small
    objections: tuple[Reply, ...]
    faqs: tuple[Reply, ...]
    manners: tuple[Reply, ...]
    limits: Limits = Limits()

    def replies(self) -> tuple[Reply, ...]:
        """Everything that can be answered at any time."""
        return (*self.manners, *self.objections, *self.faqs)


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A worked conversation for the prompt: lines begin with "Caller:" or "Agent:"."""

    title: Text
    lines: Lines


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    """What to press where a menu says something like `when`; w is half a second's pause."""

    when: Text
    press: Annotated[
        str, Meta(pattern=r"^[0-9*#w]{1,32}$", description="at most 32 keys: 0-9, *, # and w")
    ]


class Transfer(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a caller may be put through to, and what both hear meanwhile and when it fails."""

    number: Annotated[
        str, Meta(pattern=E164, description="a phone number like +15550100123, in quotes")
    ]
    say: Lines = ("Of course.",)
    waiting: str = "One moment, I'm getting somebody on the line."
    failed: Text = "I'm sorry, nobody is free right now. Is there anything I can do?"
    warm: bool = True  # somebody there is told first what it is about; else they are just rung
    briefing: str = ""  # told to them first; "": who calls, and that somebody waits
    briefed: Text = "I'm putting them through now."  # told to them last


class Phone(Struct, frozen=True, forbid_unknown_fields=True):
    """What the agent does on the phone, besides talking; its blanks are {agent} and {company}."""

    voicemail: str = ""  # left after the beep; "" hangs up
    screening: str = ""  # told to a call screener; "": name and company
    again: str = ""  # in place of a greeting that was heard already; "": the greeting
    announce_recording: str = ""  # said first; "": no call of this agent is recorded
    keys: tuple[Keys, ...] = ()  # for menus; what is not named here is tried with 0
    transfer: Transfer | None = None
    # 16 CFR 310.4(b)(4)(iii): whoever hangs up earlier has abandoned the call.
    ring_s: Annotated[int, Meta(ge=15, le=limits.RING_MOST_S)] = 30
    hold_s: Annotated[float, Meta(gt=0, le=3600)] = 120.0


class Agent(Struct, frozen=True, forbid_unknown_fields=True, cache_hash=True):
    """One agent file."""

    name: Text
    company: Text
    product: Text
    goal: Text
    greeting: Text
    silence: Silence
    fallbacks: Annotated[tuple[Text, ...], Meta(min_length=3, max_length=3)]
    playbook: Playbook
    role: str = "sales development representative"
    plain_greeting: str = ""  # where a blank of the greeting is not known
    columns: tuple[Column, ...] = ()  # of the contact list, that blanks stand for
    fields: tuple[Wanted, ...] = ()  # noted after a call
    # Said when an answer is late, when it breaks off, and when nothing can be heard any more.
    fillers: tuple[Text, ...] = (
        "One moment, please.",
        "Sorry, this is taking a little longer than usual.",
    )
    broken_off: str = "Sorry, I lost my thread. Shall I go on?"
    deaf: str = "I am sorry, I cannot hear you at the moment."
    cut_in: str = "Sorry to cut in. Let me make sure I got that."
    turns: Silences = Silences()
    # Said where the caller spoke and no words came: so often, and no oftener.
    unheard: tuple[Text, ...] = ("Sorry, I didn't catch that.", "Sorry, could you say that again?")
    vocabulary: tuple[Text, ...] = ()  # names and words that a recogniser would not expect
    voice: Voice = Voice()
    phone: Phone = Phone()
    recordings: tuple[Recording, ...] = ()  # lines that are played instead of being synthesised
    language: str = ""  # "": what STT_LANGUAGE says
    must_hear: tuple[
        Text, ...
    ] = ()  # lines of this file that nothing interrupts, such as legal text
    facts: tuple[Text, ...] = ()
    rules: tuple[Text, ...] = ()
    examples: tuple[Example, ...] = field(default=())


def load_agent(path_or_name: str | Path) -> Agent:
    """The agent in a YAML file, or the one that comes with Vantum under that name.

    "agents/sales.yaml", "sales.yaml" and "sales" all find the built-in file where no such file lies
    in the working directory. Raises SettingsError naming file, line, field and what was expected.
    """
    return load(path_or_name)[0]


def load(path_or_name: str | Path) -> tuple[Agent, Source]:
    """The same, with the file as it is written."""
    source = read_source(resolve(Path(path_or_name)))
    try:
        agent = msgspec.convert(with_fields_listed(with_own_names(source.tree), source), Agent)
    except msgspec.ValidationError as error:
        place, what = explained(str(error), source.tree, Agent)
        raise source.mistake(place, what) from error
    _check_blanks(agent, source)
    _check_ids(agent, source)
    texts = list(texts_of(agent))
    check_must_hear(agent.must_hear, texts, source)
    recordings = with_sound(agent.recordings, texts, source)
    return msgspec.structs.replace(agent, recordings=recordings), source


def resolve(path: Path) -> Path:
    """Where the file lies that `load_agent` would read. Raises SettingsError."""
    if path.is_file():
        return path
    built_in = FILES / f"{path.stem}.yaml"
    local_name = path.parent in {Path(), Path("agents")}
    if local_name and path.suffix in {"", ".yaml"} and built_in.is_file():
        return built_in
    known = ", ".join(sorted(p.stem for p in FILES.glob("*.yaml")))
    raise SettingsError(f"{path}: no such agent file; agents that come with Vantum: {known}")


def _check_blanks(agent: Agent, source: Source) -> None:
    known = BLANKS | set(agent.columns) | {q.id for q in agent.playbook.questions if q.is_dictated}
    for place, text in texts_of(agent):
        for blank in _blanks_in(text, place, source):
            if blank not in known:
                why = (
                    f"unknown blank {{{blank}}}; a column of the contact list stands in `columns:`"
                )
                raise _bad_blank(source, place, why, known)
            if place.startswith(_BEFORE_ANYTHING_IS_KNOWN):
                why = f"nothing is known yet that {{{blank}}} could stand for"
                raise _bad_blank(source, place, why, _OWN_NAMES)
    if _blanks_in(agent.greeting, "greeting", source) and not agent.plain_greeting:
        why = "is missing; it is said where a blank of `greeting` is not known"
        raise source.mistake("plain_greeting", why)


def _blanks_in(text: str, place: str, source: Source) -> list[str]:
    try:
        return [blank for _, blank, _, _ in string.Formatter().parse(text) if blank is not None]
    except ValueError as error:
        raise source.mistake(place, f"{error}; braces mark blanks") from error


def _bad_blank(source: Source, place: str, why: str, known: Iterable[str]) -> SettingsError:
    names = ", ".join(f"{{{blank}}}" for blank in sorted(known))
    return source.mistake(place, f"{why}; known: {names}")


def _check_ids(agent: Agent, source: Source) -> None:
    seen: set[str] = set()
    book = agent.playbook
    for place, name in _ids(book):
        if name in seen:
            raise source.mistake(place, f"the id `{name}` is used twice; each must be its own")
        seen.add(name)
    for number, topic in enumerate(book.small.topics):
        if topic.tells not in {r.id for r in book.replies()}:
            place = f"playbook.small.topics[{number}].tells"
            raise source.mistake(place, f"no reply has the id `{topic.tells}`")


def _ids(book: Playbook) -> Iterator[tuple[str, str]]:
    for name in ("questions", "manners", "objections", "faqs"):
        for number, one in enumerate(getattr(book, name)):
            yield f"playbook.{name}[{number}].id", one.id
