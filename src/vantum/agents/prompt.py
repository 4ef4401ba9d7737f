"""What a language model is told about who it is and how it talks, written from the agent file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from vantum.agents.memory import Memory, filled
from vantum.agents.schema import Agent, Reply

_CONDUCT: Final = (
    "Say two to four short sentences a turn, the first one very short. Ask one question a turn.",
    "Talk as people do on the phone: contractions, plain words, no lists, no links, no symbols.",
    "Refer to what the caller just said before you go on. Mirror their energy.",
    "Ask about their situation before you explain the product.",
    "What you hear was recognised by a machine: names and numbers may be wrong, so read back what "
    "matters, and ask again rather than guess.",
    "A whole call takes thirty to ninety seconds unless the caller wants more.",
    "When the conversation is over, say goodbye in one sentence and call end_call.",
    "Asked for a person, put them through with transfer_call if you can; else offer a call back.",
)
_MARKERS: Final = (
    "Put ||BREAK|| after every 100 to 150 characters, that is after two or three sentences, where "
    "a speaker would breathe. Not after each sentence. It is never spoken.",
)
_TAGS: Final = (
    '<emotion value="…"/> with content (the usual), curious, excited, sad, surprised or angry.',
    '<break time="300ms"/> for a pause.',
    '<speed ratio="0.9"/> from 0.6 to 1.5, and <volume ratio="1.0"/> from 0.5 to 2.0.',
    "Use them sparingly, at the start of a sentence, and no others.",
)
_KEY_RULES: Final = (
    "One question a turn. Two to four short sentences. ||BREAK|| between parts.",
    "Never invent anything. Never pretend to be a person when asked.",
    "Not interested once: ask why. Not interested twice: thank them and end the call.",
    "Asked not to call again: apologise, confirm, and call opt_out.",
)


class Prospect(Struct, frozen=True):
    """Who is being called, as far as the contact list knows."""

    name: str = ""
    company: str = ""
    industry: str = ""


def system_prompt(
    agent: Agent,
    prospect: Prospect | None = None,
    *,
    override: str = "",
    speech_tags: bool = True,
) -> str:
    """The standing instructions of a call; the same input gives the same bytes.

    `override` replaces everything that comes from the file; what is known of the prospect is
    appended in either case. Voices that cannot act on tags are served with `speech_tags=False`.
    """
    text = override.strip() or "\n\n".join(_sections(agent, speech_tags=speech_tags))
    about = _about(prospect)
    return f"{text}\n\n{about}" if about else text


def _sections(agent: Agent, *, speech_tags: bool) -> Iterator[str]:
    book = agent.playbook
    yield (
        f"You are {agent.name}, {agent.role} at {agent.company}, on a phone call. "
        f"You are warm, curious and brief.\n{agent.product}"
    )
    yield _section("Goal", (agent.goal,))
    yield _section("Facts (nothing else is known; never add to them)", agent.facts)
    yield _section("How you talk", _CONDUCT)
    opening = filled(Memory(), agent.greeting)
    yield _section("Opening, said already when the caller answers", (opening,))
    yield _section("Then find out, one at a time", tuple(q.ask[0] for q in book.questions))
    yield _section("If it fits, propose the demo", (book.demo.offer[1], *_booking()))
    yield _section("Signs that it fits", book.fit.good_signs)
    yield _section("Signs that it does not; then leave gracefully", book.fit.bad_signs)
    yield _section("Objections", tuple(_objection(agent, r) for r in book.objections))
    yield _section("Questions you may get", tuple(_faq(r) for r in book.faqs))
    endings = tuple(_faq(r) for r in book.manners if r.then == "end")
    yield _section("When to end the call", endings)
    yield _section("Markers", _MARKERS)
    if speech_tags:
        yield _section("Speech tags you may use", _TAGS)
    for example in agent.examples:
        lines = example.lines if speech_tags else tuple(_untagged(x) for x in example.lines)
        yield f"Example: {example.title}\n" + "\n".join(lines)
    yield _section("Key rules, once more", (*agent.rules, *_KEY_RULES))


def _booking() -> tuple[str, ...]:
    return ("Agree on day and hour, then ask for name and company, then read everything back.",)


def _section(title: str, lines: tuple[str, ...]) -> str:
    return f"{title}\n" + "\n".join(f"- {line}" for line in lines)


def _objection(agent: Agent, objection: Reply) -> str:
    said = _said(objection)
    asked = agent.playbook.small.why if objection.then == "why" else objection.ask
    example = " ".join((said, *asked[:1]))
    return f"{objection.heard[0]!r}. {objection.purpose} For example: {example}"


def _faq(faq: Reply) -> str:
    return f"{faq.heard[0]!r}: {_said(faq)}"


def _said(entry: Reply) -> str:
    return next((t for line in entry.say if (t := filled(Memory(), line))), "")


def _untagged(line: str) -> str:
    start = line.find("<")
    end = line.find("/>", start)
    return line if start < 0 or end < 0 else _untagged(line[:start] + line[end + 2 :].lstrip())


def _about(prospect: Prospect | None) -> str:
    if prospect is None:
        return ""
    known = (
        ("Name", prospect.name),
        ("Company", prospect.company),
        ("Industry", prospect.industry),
    )
    lines = tuple(f"{what}: {' '.join(value.split())}" for what, value in known if value.strip())
    return _section("The person you are calling", lines) if lines else ""
