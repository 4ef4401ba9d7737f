"""Whole conversations with the agent that comes with Vantum."""

from __future__ import annotations

import pytest
from sales_call import SALES, Conversation, asks

from vantum.agents.playbook import Said, answer

BOOK = SALES.playbook
INTERESTED = ("Sure.", "Yes, we do.", "We are twelve people.", "Nobody picks up.")
BOOKING = (*INTERESTED, "Yes, sounds good.")
READ_BACK = (*BOOKING, "Tuesday at three thirty", "Maria Lopez", "Acme Logistics")


def test_the_first_thing_said_is_the_greeting() -> None:
    assert answer(SALES, ()).text == SALES.greeting


def test_an_agent_that_did_not_greet_introduces_itself() -> None:
    call = Conversation(greeted=False)
    said = call.says("he was not an ill disposed young man")
    assert SALES.name in said
    assert asks(said, "permission")


def test_a_curious_buyer_gets_a_demo() -> None:
    call = Conversation(*READ_BACK)
    assert "Tuesday at three thirty" in call.last.text
    assert "Maria Lopez" in call.last.text
    assert "Acme Logistics" in call.last.text
    assert "Tuesday" in call.says("Yes, that's right.")
    assert call.ended
    assert call.told["caller"] == "Maria Lopez"
    assert call.told["team"] == "12"
    assert call.told["when"] == "Tuesday at three thirty"


@pytest.mark.parametrize(
    ("said", "question"),
    [
        (("Sure.",), "outbound"),
        (("Sure.", "Yes."), "team"),
        (("Sure.", "No, not at all."), "team"),
        (("Sure.", "Yes.", "twenty five"), "pain"),
        (INTERESTED, "demo"),
        (BOOKING, "day"),
        ((*BOOKING, "Tuesday"), "hour"),
        ((*BOOKING, "Tuesday", "at ten"), "name"),
        ((*BOOKING, "Tuesday at ten", "I'm Bob"), "firm"),
        (("Can I book a demo?",), "day"),
        (("Can I book a demo for Thursday at two?",), "name"),
        (("No.",), "callback"),
        (("I'm not interested.",), "why"),
        (("yes", "we only do inbound"), "about:inbound_only"),
        (("Sure.", "Yes.", "three"), "team_check"),
        (("Sure.", "Yes.", "nine hundred"), "team_check"),
        (("I want to talk to a human",), "callback"),
    ],
)
def test_each_answer_leads_to_the_next_question(said: tuple[str, ...], question: str) -> None:
    call = Conversation(*said)
    assert asks(call.last.text, question)
    assert not call.ended


@pytest.mark.parametrize("faq", BOOK.faqs, ids=lambda r: r.id)
def test_a_question_is_answered_and_the_open_one_comes_back(faq) -> None:  # type: ignore[no-untyped-def]
    call = Conversation("Sure.")
    said = call.says(faq.heard[0])
    assert any(said.startswith(line) for line in faq.say)
    assert asks(said, "outbound")


@pytest.mark.parametrize(
    "objection", [o for o in BOOK.objections if o.then == "return"], ids=lambda r: r.id
)
def test_an_objection_is_met_and_the_talk_goes_on(objection) -> None:  # type: ignore[no-untyped-def]
    call = Conversation("Sure.")
    said = call.says(objection.heard[0])
    assert any(said.startswith(line) for line in objection.say)
    assert said.endswith("?")
    assert not call.ended


@pytest.mark.parametrize(
    "said",
    [
        "Are you a robot?",
        "are you a real person",
        "am I talking to a machine",
        "is this an AI",
        "are you human",
        "are you a rowboat",
        "is this a recording",
        "robot?",
        "you sound like a robot",
        "who are you",
    ],
)
@pytest.mark.parametrize("before", [(), INTERESTED, BOOKING], ids=["first", "demo", "booking"])
def test_it_tells_the_truth_about_being_a_machine(said: str, before: tuple[str, ...]) -> None:
    text = Conversation(*before).says(said)
    assert "AI" in text or "assistant" in text or "program" in text
    assert "person" not in text or "not a person" in text


def test_two_refusals_end_the_call() -> None:
    call = Conversation("Not interested.")
    assert not call.ended
    call.says("I said I'm not interested.")
    assert call.ended


def test_declining_the_demo_twice_ends_the_call() -> None:
    call = Conversation(*INTERESTED, "No.")
    assert asks(call.last.text, "why")
    call.says("no thanks")
    assert call.ended


def test_a_reason_is_heard_out() -> None:
    call = Conversation("Not interested.", "It's not a priority for us.")
    assert not call.ended
    assert call.last.text.endswith("?")


@pytest.mark.parametrize(
    "said",
    [
        "Remove me from your list.",
        "stop calling me",
        "Do not call me again",
        "take me of your list",
        "fuck off",
        "you have the wrong number",
        "please leave a message after the tone",
        "bye",
        "I have to go now, goodbye",
    ],
)
@pytest.mark.parametrize("before", [(), INTERESTED, BOOKING], ids=["first", "demo", "booking"])
def test_some_words_end_the_call_wherever_they_fall(said: str, before: tuple[str, ...]) -> None:
    call = Conversation(*before, said)
    assert call.ended
    assert not call.last.text.endswith("?")


def test_inbound_only_leaves_gracefully() -> None:
    assert Conversation("Sure.", "We only do inbound.", "No, never.").ended


@pytest.mark.parametrize("team", ["just me", "two", "700 people"])
def test_a_team_that_does_not_fit_is_let_go_after_checking(team: str) -> None:
    call = Conversation("Sure.", "Yes.", team)
    assert not call.ended
    call.says("Yes.")
    assert call.ended


def test_a_misheard_team_is_put_right() -> None:
    call = Conversation("Sure.", "Yes.", "for", "No, fourteen.")
    assert call.told["team"] == "14"
    assert asks(call.last.text, "pain")


@pytest.mark.parametrize(
    ("correction", "expected"),
    [
        ("No, Wednesday.", "Wednesday at three thirty"),
        ("No, at four.", "Tuesday at four"),
        ("no make it five", "Tuesday at five"),
        ("Actually Friday at ten", "Friday at ten"),
        ("not Tuesday, Thursday", "Thursday at three thirty"),
        ("No, it's Marta.", "Marta"),
        ("sorry, make it three o'clock", "Tuesday at three,"),
    ],
)
def test_the_reading_back_can_be_corrected(correction: str, expected: str) -> None:
    call = Conversation(*READ_BACK)
    assert expected in call.says(correction)
    call.says("Yes.")
    assert call.ended


@pytest.mark.parametrize(
    ("wrong", "then", "expected"),
    [
        ("the day", "Friday", "Friday"),
        ("the time", "for thirty", "four thirty"),
        ("the name", "Bob", "Bob"),
        ("my name", "it is Bob", "Bob"),
        ("the company", "Northwind", "Northwind"),
    ],
)
def test_a_bare_no_asks_what_to_change(wrong: str, then: str, expected: str) -> None:
    call = Conversation(*READ_BACK, "No.")
    assert asks(call.last.text, "change")
    call.says(wrong)
    assert expected in call.says(then)


def test_agreement_and_goodbye_in_one_breath_still_books() -> None:
    call = Conversation(*READ_BACK, "That's right, bye.")
    assert call.ended
    assert "Tuesday" in call.last.text


def test_any_time_gets_a_proposal() -> None:
    call = Conversation(*BOOKING, "whenever", "Sam", "no company")
    assert "Tuesday at ten" in call.last.text


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("Call me tomorrow at nine.", "tomorrow at nine"),
        ("I'm busy, call me back Thursday afternoon", "Thursday afternoon"),
        ("I'm in a meeting, try me later, in half an hour", "in half an hour"),
    ],
)
def test_a_busy_caller_names_another_time_at_once(said: str, when: str) -> None:
    call = Conversation(said)
    assert when in call.last.text
    call.says("Yes.")
    assert call.ended
    assert call.told["when"] == when


def test_a_busy_caller_is_asked_for_another_time() -> None:
    call = Conversation("I'm in a meeting.", "Monday morning", "okay")
    assert call.ended
    assert "Monday morning" in call.last.text


def test_who_does_not_want_to_be_called_back_is_left_alone() -> None:
    assert Conversation("I'm busy.", "No.").ended


def test_a_caller_may_be_called_price() -> None:
    call = Conversation(*BOOKING, "Friday at ten", "Price", "Security Solutions")
    assert call.told["caller"] == "Price"
    assert call.told["firm"] == "Security Solutions"


def test_a_name_given_at_hello_is_used_and_not_asked_again() -> None:
    call = Conversation("Hi, this is Bob.")
    assert "Bob" in call.last.text
    for saying in (*INTERESTED, "yes", "Tuesday at ten"):
        call.says(saying)
    assert asks(call.last.text, "firm")


# Hearing badly


@pytest.mark.parametrize("said", ["What?", "Can you repeat that?", "pardon", "I didn't hear you"])
def test_a_repeat_comes_in_other_words(said: str) -> None:
    call = Conversation("Sure.")
    first = call.last.text
    again = call.says(said)
    assert asks(again, "outbound")
    assert first.rsplit(". ", 1)[-1] not in again


def test_what_it_did_not_understand_it_asks_once_more_and_then_moves_on() -> None:
    call = Conversation("Sure.", "a thin stripe runs down the middle")
    assert asks(call.last.text, "outbound")
    call.says("the child almost hurt the small dog")
    assert asks(call.last.text, "team")


def test_holding_on_waits_and_comes_back() -> None:
    call = Conversation("Sure.", "Hold on a second.")
    assert not asks(call.last.text, "outbound")
    assert asks(call.says("Okay, I'm back."), "outbound")


def test_a_yes_to_are_you_still_there_is_no_answer_to_the_question_before() -> None:
    call = Conversation("Sure.")
    call.messages.append(Said("assistant", SALES.silence.nudges[0]))
    assert asks(call.says("Yes, I'm here."), "outbound")


@pytest.mark.parametrize(
    ("said", "honest"),
    [
        ("how old is the brooklyn bridge", BOOK.small.unknown),
        ("book a room", BOOK.small.cannot),
        ("go forward ten meters", BOOK.small.cannot),
        ("mend the coat before you go out", BOOK.small.cannot),
        ("he was not an ill disposed young man", BOOK.small.unclear),
        ("one two three", BOOK.small.unclear),
        ("a thin stripe runs down the middle", BOOK.small.unclear),
    ],
)
def test_what_is_beside_the_point_gets_an_honest_answer(said: str, honest: tuple[str, ...]) -> None:
    text = Conversation().says(said)
    assert any(text.startswith(line) for line in honest)
    assert text.endswith("?")


# Interruptions


def test_a_question_cut_off_before_it_was_heard_is_asked_again() -> None:
    call = Conversation("Sure.")
    call.only_heard("Great, thank you.")
    assert asks(call.says("yes"), "outbound")
    assert "outbound" not in call.told


def test_a_question_heard_nearly_to_its_end_counts_as_asked() -> None:
    call = Conversation("Sure.")
    call.only_heard("Great, thank you. Does your team make any outbound")
    call.says("yes")
    assert call.told["outbound"] == "yes"


def test_nothing_heard_at_all_is_asked_again_in_other_words() -> None:
    call = Conversation("Sure.")
    first = call.last.text
    call.only_heard("")
    again = call.says("and what is it about")
    assert asks(again, "outbound")
    assert first.rsplit(". ", 1)[-1] not in again


def test_an_interrupted_greeting_is_made_up_for() -> None:
    call = Conversation(greeted=False)
    call.messages.append(Said("assistant", "Hi,", interrupted=True))
    text = call.says("yes hello")
    assert SALES.company in text
    assert asks(text, "permission")


def test_an_interrupted_goodbye_still_takes_a_correction() -> None:
    call = Conversation(*READ_BACK, "Yes.")
    call.only_heard("Perfect, Tuesday")
    assert "Wednesday" in call.says("Wait, Wednesday is better.")
    assert not call.ended
    call.says("yes")
    assert call.ended


def test_a_sentence_spoken_in_our_place_leaves_the_question_open() -> None:
    call = Conversation("Sure.", "Yes.")
    call.messages[-1] = Said("assistant", SALES.fallbacks[0])
    call.says("yes")
    assert not call.ended


def test_the_same_conversation_gets_the_same_answer() -> None:
    assert Conversation(*READ_BACK).messages == Conversation(*READ_BACK).messages
