"""What somebody who might buy it asks, and that the answers claim nothing untrue."""

from __future__ import annotations

import re

import pytest
from sales_call import SALES, Conversation, asks

BUYING = [
    ("Is it open source?", "open_source"),
    ("What licence does it have?", "open_source"),
    ("How do I install it?", "install"),
    ("How long does setup take?", "install"),
    ("how long does the set up take", "install"),
    ("What about inbound calls?", "inbound"),
    ("Can it take inbound calls?", "inbound"),
    ("So it's free?", "price"),
    ("Who pays for the phone?", "price"),
    ("What does a minute cost?", "price"),
    ("Can you give me a discount?", "price"),
    ("Which companies use it?", "customers"),
    ("How many calls at once?", "capacity"),
    ("Do you have a website?", "website"),
    ("Where can I read more about it?", "website"),
    ("What's the latency?", "latency"),
    ("How fast is it?", "latency"),
    ("Can it leave voicemails?", "voicemails"),
    ("What about voicemail?", "voicemails"),
    ("Which AI do you use?", "models"),
    ("Which language model do you use?", "models"),
    ("which langwidge model do you use", "models"),
    ("So what would I do next?", "next_steps"),
    ("What happens next?", "next_steps"),
    ("How are you better than Bland AI?", "competitor"),
    ("How are you cheaper than the others?", "competitor"),
    ("How are you any different?", "competitor"),
    ("Can you call me in German?", "languages"),
    ("Can I change the voice?", "your_words"),
    ("Can I use my own script?", "your_words"),
    ("Can I interrupt you?", "sounds"),
    ("What about GDPR?", "security"),
    ("What happens to my data?", "security"),
    ("Do you store my data?", "security"),
    ("How do you know my name?", "my_number"),
    ("How do you make money?", "price"),
    ("What's the catch?", "price"),
    ("Why would I need this?", "results"),
    ("Is this a sales call?", "sales_call"),
    ("Are you trying to sell me something?", "sales_call"),
    ("What's your company called?", "who_are_you"),
    ("Tell me about yourself.", "who_are_you"),
    ("Do you work with Twilio?", "phone_lines"),
    ("Does it need a GPU?", "hardware"),
    ("How accurate is it?", "accuracy"),
    ("Can you slow down?", "pace"),
    ("Can you speak louder?", "pace"),
    ("What day is it?", "joke"),
    ("That's not what I asked.", "misheard"),
    ("What happens if someone says stop calling me?", "opt_outs"),
    ("Does the agent tell people it's a robot?", "tells_it"),
    ("Will my customers notice that it's an AI?", "tells_it"),
    ("Who built you?", "who_are_you"),
    ("Where did you get my number?", "my_number"),
]


def lines_of(reply: str) -> tuple[str, ...]:
    return next(r for r in SALES.playbook.replies() if r.id == reply).say


@pytest.mark.parametrize(("said", "reply"), BUYING)
def test_a_buyers_question_is_answered_and_the_open_one_comes_back(said: str, reply: str) -> None:
    call = Conversation("Sure.", said)
    assert any(call.last.text.startswith(line) for line in lines_of(reply)), call.last.text
    assert asks(call.last.text, "outbound")


@pytest.mark.parametrize(
    "said", ["How are you?", "how are you doing today", "Hi, how are you Alex?"]
)
def test_a_greeting_is_still_returned(said: str) -> None:
    call = Conversation(said)
    assert any(line in call.last.text for line in lines_of("how_are_you"))


@pytest.mark.parametrize("said", ["I'm good, how about you?", "I am well, and you?"])
def test_who_asks_back_gets_an_answer(said: str) -> None:
    call = Conversation("How are you?", said)
    assert any(line in call.last.text for line in lines_of("how_are_you"))


@pytest.mark.parametrize("said", ["Let me finish.", "You cut me off."])
def test_who_was_cut_off_may_go_on(said: str) -> None:
    call = Conversation("Sure.", said)
    assert any(call.last.text.startswith(line) for line in lines_of("cut_off"))
    assert not asks(call.last.text, "outbound")


@pytest.mark.parametrize("said", ["I want to buy it.", "Where do I sign?"])
def test_who_wants_it_gets_a_meeting(said: str) -> None:
    assert asks(Conversation("Sure.", said).last.text, "day")


@pytest.mark.parametrize("said", ["We only get inbound calls.", "we only take inbound calls"])
def test_who_only_answers_calls_is_no_buyer(said: str) -> None:
    assert asks(Conversation("Sure.", said).last.text, "about:inbound_only")


@pytest.mark.parametrize("said", ["We reach only answering machines.", "people let it ring"])
def test_what_is_hard_is_no_question(said: str) -> None:
    assert Conversation("Sure.", "Yes.", "twelve", said).told["pain"]


def test_where_the_number_is_from_is_answered_once_and_then_taken_as_a_complaint() -> None:
    call = Conversation("Sure.", "Where did you get my number?")
    assert not call.ended
    call.says("Tell me, where did you get my number?")
    assert call.ended


CLAIMS = re.compile(
    r"noted|written record|written down|in touch|colleague will|ask a colleague"
    r"|checks calling hours|do not call list before|sends every outcome"
)


def test_nothing_is_claimed_that_does_not_happen() -> None:
    book = SALES.playbook
    spoken = (
        *(line for reply in book.replies() for line in reply.say),
        *(*book.demo.booked, *book.demo.later, *book.demo.read_back),
        *(*book.callback.noted, *book.callback.read_back, *book.callback.declined),
        *(*book.fit.too_small, *book.fit.too_large, *book.small.goodbye),
    )
    assert not [line for line in spoken if CLAIMS.search(line)]
