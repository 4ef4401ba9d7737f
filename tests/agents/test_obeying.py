"""What the agent obeys wherever it falls: leave me alone, goodbye, are you a machine, no twice."""

from __future__ import annotations

import msgspec
import pytest
from sales_call import SALES, Conversation, asks

from vantum.agents.playbook import Said, answer
from vantum.agents.schema import Transfer
from vantum.agents.sense import meant
from vantum.agents.words import words

OUTBOUND = ("Sure.",)
TEAM = (*OUTBOUND, "Yes, we do.")
PAIN = (*TEAM, "We are twelve people.")
DEMO = (*PAIN, "Nobody picks up.")
DAY = (*DEMO, "Yes, sounds good.")
NAME = (*DAY, "Tuesday at ten")
FIRM = (*NAME, "Maria Lopez")
CONFIRM = (*FIRM, "Acme Logistics")
PLACES = [(), OUTBOUND, TEAM, PAIN, DEMO, DAY, NAME, FIRM, CONFIRM, ("No.",), ("Not interested.",)]
PLACE_NAMES = words("first outbound team pain demo day name firm confirm callback why")
anywhere = pytest.mark.parametrize("before", PLACES, ids=PLACE_NAMES)


def replied_with(call: Conversation, reply: str) -> bool:
    """Did the last answer begin with a line of this reply?"""
    lines = next(r for r in SALES.playbook.replies() if r.id == reply).say
    return any(call.last.text.startswith(line) for line in lines)


# Put me through


def test_whoever_takes_the_call_over_is_told_what_is_known_of_the_caller() -> None:
    phone = msgspec.structs.replace(SALES.phone, transfer=Transfer("+15550100123"))
    agent = msgspec.structs.replace(SALES, phone=phone)
    call = Conversation(*CONFIRM, agent=agent)
    asks = (*call.messages, Said("user", "Can I talk to a person?"))
    given = answer(agent, asks, may_transfer=True)
    assert given.does == "transfer_call"
    assert given.summary == "It is Maria Lopez from Acme Logistics. Their team has 12 people."


# Who is greeted late


def test_who_is_greeted_behind_a_menu_is_understood_all_the_same() -> None:
    talk = (
        Said("user", "Thank you for calling Acme. For sales, press 1."),
        Said("assistant", "Hi,", interrupted=True),
        Said("user", "Hello."),
        Said("assistant", SALES.phone.again),
    )
    late = answer(SALES, (*talk, Said("user", "Yes, I have a minute.")))
    assert late.text.startswith("Great, thank you.")
    assert asks(late.text, "outbound")


# Leave me alone


OPT_OUTS = [
    "Don't call me any more.",
    "Dont call me anymore",
    "Take us off the list.",
    "take us of the list",
    "Stop bothering me.",
    "Please don't contact me again.",
    "Remove us from your database.",
    "I'm on the do not call registry.",
    "We are on the do-not-call list.",
    "Leave me alone.",
    "Would you leave us alone, please?",
    "Never call this number.",
    "I don't want any more calls.",
    "I do not want to be called.",
    "We don't want you to call here.",
    "No more calls, please.",
    "I never want to hear from you again.",
    "I told you not to call me.",
    "Could you stop calling us?",
    "Why don't you stop calling me?",
    "Please delete our number.",
    "I want to opt out.",
    "How many times do I have to say it, stop calling.",
    "I said no, leave me alone.",
    "I'm not interested, take me off your list.",
    "Don't call, please.",
    "Okay bye and never call me again.",
    "I asked not to be called.",
    "I'd rather you didn't call me again.",
    "You guys keep calling me.",
    "leave me along",
    "Please don't contakt me again.",
    "taue us off the list",
    "don't call me any mooe",
]


@anywhere
@pytest.mark.parametrize("said", OPT_OUTS)
def test_who_wants_no_more_calls_is_let_go(said: str, before: tuple[str, ...]) -> None:
    call = Conversation(*before, said)
    assert call.ended
    assert "sorry" in call.last.text
    assert replied_with(call, "opt_out")


@pytest.mark.parametrize(
    "said",
    [
        "We don't call people.",
        "We never call.",
        "They don't call us back.",
        "Prospects never call me back.",
        "Our reps stop calling after two tries.",
        "I don't call anybody, my team does.",
        "Does it stop calling at night?",
        "Do you check the do not call list?",
        "What about the do not call registry?",
        "We take our leads from a list.",
        "It takes us weeks to get good lists.",
        "No, don't call me tomorrow, call me Friday.",
        "Don't call me before nine.",
        "Does it handle opt outs?",
        "No, nobody calls.",
        "They ask not to be called.",
        "What happens if someone says stop calling me?",
        "Our people keep calling us from the road.",
    ],
)
def test_who_talks_about_calls_is_not_taken_for_one_who_wants_none(said: str) -> None:
    assert meant(words(said)) == ""


# Goodbye


GOODBYES = [
    "Goodbye.",
    "Good-by,",
    "Good bye, Alex.",
    "Good by Alex.",
    "Goodby.",
    "Ok, thanks bye.",
    "Okay, thank you by.",
    "Cheers, bye.",
    "Thank you very much, bye.",
    "Yes, bye bye.",
    "Okay, by by.",
    "okay buy",
    "Hello, goodbye.",
    "bye now",
    "I gotta go",
    "I need to go now",
    "I have another call",
    "Let's stop here",
    "I'm done",
    "Talk soon",
    "Sorry, I really have to go.",
    "I should get going.",
    "Please hang up.",
]


@anywhere
@pytest.mark.parametrize("said", GOODBYES)
def test_a_goodbye_is_one_before_it_is_anything_else(said: str, before: tuple[str, ...]) -> None:
    call = Conversation(*before, said)
    assert call.ended
    assert not call.last.text.endswith("?")


@pytest.mark.parametrize("said", ["That would be good by me", "By the way, who are you?", "by"])
def test_by_is_no_goodbye_in_itself(said: str) -> None:
    assert not Conversation(*OUTBOUND, said).ended


def test_yes_and_goodbye_to_another_time_keeps_it() -> None:
    call = Conversation("I'm in a meeting.", "Monday morning", "Okay, bye.")
    assert call.ended
    assert "Monday morning" in call.last.text


# Are you a person?


MACHINE = [
    "Are you a live person?",
    "Are you alive person?",
    "Is there a human on the line?",
    "Are you a person or a program?",
    "Is that a synthetic voice?",
    "Are you GPT?",
    "Are you ChatGPT?",
    "Is this a real human?",
    "Hold on, are you an actual person?",
    "Wait, is this some kind of AI?",
    "Prove you're human.",
    "Prove that you are human.",
    "You sound like a computer.",
    "You're not a real person, are you?",
    "Aren't you a robot?",
    "Are you an A.I.?",
    "Are you a I?",
    "Is it a robot?",
    "Am I speaking with a real person?",
    "This sounds like a recording.",
    "So you are a machine.",
    "Is this AI?",
    "I think that's a bot.",
    "Thanks, but are you human?",
    "No, I asked if you are a robot.",
    "Are you a live peruon?",
    "is there a husan on the line",
    "is that a syntetic voice",
    "are you a livi person",
]


@anywhere
@pytest.mark.parametrize("said", MACHINE)
def test_it_says_at_once_that_it_is_a_machine(said: str, before: tuple[str, ...]) -> None:
    call = Conversation(*before, said)
    assert replied_with(call, "machine")
    assert not call.ended


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Can I talk to a person?", "callback"),
        ("I want to speak to a human.", "callback"),
        ("Is there a person I can talk to?", "callback"),
        ("Put me through to a human being.", "callback"),
    ],
)
def test_who_wants_a_person_is_offered_one(said: str, question: str) -> None:
    assert asks(Conversation(*OUTBOUND, said).last.text, question)


@pytest.mark.parametrize(
    "said",
    [
        "How does this AI work?",
        "Can this robot speak German?",
        "You have the wrong person.",
        "You're not talking to the right person.",
        "You are talking to the person in charge.",
        "Is this program free?",
        "How are you better than Bland AI?",
        "Which AI do you use?",
        "I don't like talking to robots.",
        "Do people notice that it's an AI?",
        "How do I know this is real?",
        "Are you recording this?",
        "Are you a human resources company?",
        "Is this a personal call?",
    ],
)
def test_other_talk_of_machines_and_people_is_no_such_question(said: str) -> None:
    assert meant(words(said)) == ""


# No, twice


@pytest.mark.parametrize(
    "said",
    [
        "I just said no.",
        "No.",
        "No, thank you.",
        "Nope, sorry.",
        "I said no.",
        "No means no.",
        "I already told you.",
        "It's none of your business.",
        "I don't have to explain that.",
        "Just no.",
    ],
)
@pytest.mark.parametrize("first", [("I am not interested.",), (*DEMO, "No.")])
def test_a_second_no_ends_the_call(said: str, first: tuple[str, ...]) -> None:
    call = Conversation(*first)
    assert asks(call.last.text, "why")
    call.says(said)
    assert call.ended


@pytest.mark.parametrize("said", ["It's the timing.", "No, we just have no time for it."])
def test_a_reason_is_no_second_refusal(said: str) -> None:
    assert not Conversation("Not interested.", said).ended
