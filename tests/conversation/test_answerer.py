"""Who has answered the phone: a fixed set of what is heard, as recognisers write it."""

from __future__ import annotations

import pytest

from vantum.conversation.answerer import (
    LIKELY,
    SURE,
    Heard,
    Opinion,
    alike,
    classify,
    says,
    takes_no_message,
)

VOICEMAIL = (
    "Hi, you've reached John Miller. Please leave a message and I'll get back to you.",
    "You have reached the voicemail box of five five five, zero one, nine nine.",
    "your call has been forwarded to an automatic voice message system",
    "Your call has been forwarded to an automated voice messaging system. Jane is not available.",
    "At the tone, please record your message. When you have finished recording, you may hang up.",
    "hi this is bob i can't come to the phone right now leave your name and number after the beep",
    "Hey it's Sarah, sorry I missed your call, leave me a message and I'll call you back.",
    "The person you are calling is not available. Please leave a message after the tone.",
    "the wireless customer you are calling is not available please try again later",
    "the mailbox is full and cannot accept any messages at this time goodbye",
    "We are unable to take your call right now. Leave a brief message at the tone.",
    "hello you have reached acme plumbing we are closed please leave a massage after the tone",
    "please leaf a message after the beep",
    "you've reached the Johnsons leave a message beep",
    "I'm either away from my desk or on the phone. Leave your name, number and the reason for your "
    "call, and I'll return your call as soon as possible.",
    "Nobody is available to take your call. To leave a voicemail press one, or stay on the line.",
    "This is the mailbox of Dr. Patel.",
    "Hi, I'm not able to answer the phone, at the sound of the tone",
    "the person you are trying to reach has a voicemail box that has not been set up yet",
)
SCREENING = (
    "Hi, if you record your name and reason for calling, I'll see if this person is available.",
    "Hi. If you record your name and reason for",
    "Hi, the person you're calling is using a screening service from Google, and will get a copy "
    "of this conversation. Go ahead and say your name and why you're calling.",
    "the person you are calling is using a screening service",
    "Please state your name and the purpose of your call after the tone.",
    "Before I try to connect you, may I have your name? Please state your name.",
    "please say your first name so we can connect your call",
    "Who's calling, and what is the reason for your call?",
    "record your name and reason for calling and I will see if they are available",
)
IVR = (
    "Thank you for calling Acme. For sales, press one. For support, press two.",
    "para español oprima el dos",
    "Please listen carefully as our menu options have changed.",
    "If you know your party's extension, you may dial it at any time.",
    "main menu",
    "Press 1 for billing",
    "welcome to first bank to speak to a representative press zero",
    "Thanks for calling. In a few words, tell me how I can help you. You can say billing.",
    "Please select from the following options.",
    "Sorry, that is not a valid option. For hours and directions, press 3.",
    "please enter your account number followed by the pound key",
    "to reach the dial by name directory press nine",
    "for english say or press one",
)
HOLD = (
    "Please hold while I connect you.",
    "All our representatives are busy at the moment. Please stay on the line.",
    "your call is important to us",
    "Your call will be answered in the order it was received.",
    "Thank you for holding. Your call is important to us, please continue to hold.",
    "all of our agents are currently assisting other customers",
    "This call may be monitored or recorded for quality assurance.",
    "we are experiencing higher than normal call volumes",
    "the next available agent will be with you shortly",
    "Acme, please hold.",
)
PERSON = (
    "Hello?",
    "hello",
    "Yeah?",
    "Hi, who's this?",
    "Good morning, Acme Plumbing, this is Jane, how can I help you?",
    "Jane speaking.",
    "Yes, this is he.",
    "You've reached Acme, this is Tom, how may I help you?",
    "He's not available right now, can I take a message?",
    "She's not in, would you like to leave a message?",
    "Hold on a second.",
    "hello hold on one second let me turn down the tv",
    "Can I ask who's calling?",
    "leave me a message sometime",
    "Sorry, do I press one?",
    "Thanks for holding, this is Mike in sales, how can I help?",
    "What is this regarding?",
    "Who are you and what do you want?",
    "I'm not interested.",
    "hey how are you",
    "You got the wrong number.",
)
UNDECIDED = (
    "",
    "   ",
    "Uh",
    "Press one?",
    "We might be late on that, the plumber told me his van broke down on the way to town.",
    "acme",
    "You have one of those accents, don't you, my aunt talked just like that all her life.",
)


def kind(text: str) -> str | None:
    opinion = classify(Heard(text))
    return opinion.kind if opinion else None


@pytest.mark.parametrize("text", VOICEMAIL)
def test_a_voicemail_is_known_by_its_words(text: str) -> None:
    assert kind(text) == "voicemail"


@pytest.mark.parametrize("text", SCREENING)
def test_a_screener_is_known_by_its_words(text: str) -> None:
    assert kind(text) == "screening"


@pytest.mark.parametrize("text", IVR)
def test_a_menu_is_known_by_its_words(text: str) -> None:
    assert kind(text) == "ivr"


@pytest.mark.parametrize("text", HOLD)
def test_being_on_hold_is_known_by_its_words(text: str) -> None:
    assert kind(text) == "hold"


@pytest.mark.parametrize("text", PERSON)
def test_a_person_is_known_by_their_words(text: str) -> None:
    assert kind(text) == "person"


@pytest.mark.parametrize("text", UNDECIDED)
def test_nothing_is_made_of_words_that_anybody_may_say(text: str) -> None:
    assert kind(text) is None


def test_half_a_sentence_may_be_taken_back_when_the_rest_comes() -> None:
    assert kind("Please hold") == "hold"
    assert kind("Please hold on, I'll get him.") != "hold"
    assert kind("Hi") == "person"
    assert kind("Hi, you've reached the voicemail of Tom.") == "voicemail"


@pytest.mark.parametrize(
    ("text", "verdict", "known"),
    [
        ("", "human", Opinion("person", LIKELY)),
        ("", "machine_start", Opinion("voicemail", LIKELY)),
        ("", "machine_end_beep", Opinion("voicemail", LIKELY)),
        ("", "machine_end_other", Opinion("voicemail", LIKELY)),
        ("", "unknown", None),
        ("Hello?", "fax", Opinion("fax", SURE)),
        ("Hello? Who is this?", "machine_start", Opinion("person", SURE)),
        ("Hello?", "machine_start", Opinion("person", LIKELY)),
        ("Please leave a message after the tone.", "human", Opinion("voicemail", SURE)),
        ("You have reached the Millers.", "machine_start", Opinion("voicemail", LIKELY)),
        ("You have reached the Millers.", "human", None),
        ("The quick brown fox", "machine_start", Opinion("voicemail", LIKELY)),
        ("All our agents are busy, please hold.", "machine_start", Opinion("hold", SURE)),
        ("Who's calling?", "machine_start", Opinion("screening", LIKELY)),
    ],
)
def test_words_outweigh_the_carrier_and_it_decides_where_they_say_nothing(
    text: str, verdict: str, known: Opinion | None
) -> None:
    assert classify(Heard(text, verdict=verdict)) == known  # type: ignore[arg-type]


def test_a_beep_alone_is_a_voicemails() -> None:
    assert classify(Heard(beeped=True)) == Opinion("voicemail", LIKELY)
    assert classify(Heard("Hello?", beeped=True)) == Opinion("person", LIKELY)


def test_nobody_says_hello_for_five_seconds() -> None:
    assert classify(Heard("hello", unbroken_s=5.0)) is None


@pytest.mark.parametrize(
    "text", ["Der Teilnehmer ist nicht erreichbar", "Please leave a message after the tone"]
)
def test_a_language_without_wordings_is_left_to_the_carrier(text: str) -> None:
    assert classify(Heard(text), "de-DE") is None
    assert classify(Heard(text, verdict="machine_start"), "de-DE") == Opinion("voicemail", LIKELY)


def test_regions_share_a_language() -> None:
    assert classify(Heard("Press 1 for sales."), "en-GB") == Opinion("ivr", SURE)


@pytest.mark.parametrize(
    ("text", "takes_none"),
    [
        ("The mailbox is full and cannot accept any messages.", True),
        ("the person you called has a voice mailbox that hasn't been set up yet", True),
        ("Please leave a message.", False),
    ],
)
def test_a_mailbox_that_takes_no_message_says_so(text: str, takes_none: bool) -> None:
    assert takes_no_message(text) is takes_none


@pytest.mark.parametrize(
    ("phrase", "said"), [("Sales", True), ("for sales", True), ("sale", False), ("accounts", False)]
)
def test_a_menus_point_is_found_word_by_word(phrase: str, said: bool) -> None:
    assert says("For Sales, press 2. For support, press 3.", phrase) is said


def test_a_menu_is_known_again_though_it_is_never_written_twice_alike() -> None:
    menu = "For sales, press one. For support, press two."
    assert alike(menu, "for sale press 1 for support press two")
    assert not alike(menu, "Please enter your account number followed by the pound key.")
