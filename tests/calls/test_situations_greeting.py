"""Situations: the phone is picked up, and the lines that must be heard come whatever is said."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from situation import GREETING, PHONE, Call, call, picked_up

from tests.conversation.world import Script, World
from vantum.conversation import effects as do
from vantum.conversation import events as ev

NOTICE = "This call is recorded."
NEWS = "This is Alex from Vantum. Your order has arrived, and you can fetch it from nine to five."


# -- hello ----------------------------------------------------------------------------------------


def test_nothing_is_said_while_it_rings() -> None:
    world = World(PHONE).begin(greets=True)
    world.advance(25.0)
    assert world.gave(do.Speak) == []


def test_who_picks_up_and_says_nothing_is_greeted_within_a_second() -> None:
    caller, agent = picked_up()
    agent.speaks_up(within_s=1.0)
    agent.finishes()
    assert caller.heard == [GREETING]


@pytest.mark.parametrize("after_s", [0.0, 0.2, 0.4])
def test_a_hello_is_answered_by_the_greeting_within_half_a_second(after_s: float) -> None:
    caller, agent = picked_up()
    caller.waits(after_s)
    caller.says("Hello?", takes_s=0.5)
    agent.speaks_up(within_s=0.5)
    agent.finishes()
    assert caller.heard == [GREETING]
    assert agent.was_asked == []


@pytest.mark.parametrize("hello_s", [0.0, 0.5, 2.0])
def test_it_is_clocked_how_long_they_waited_for_a_voice(hello_s: float) -> None:
    caller, agent = picked_up()
    if hello_s:
        caller.says("Hello?", takes_s=hello_s)
    silent_since = caller.world.now
    while not agent.speaks:
        caller.waits(0.01)
    pickup = caller.world.conversation.talk.aside.pickup
    assert pickup is not None
    waited_s = caller.world.now - silent_since
    assert pickup.greeted_after_s == pytest.approx(waited_s, abs=0.1)


@pytest.mark.parametrize("after_s", [0.6, 0.9, 1.2])
def test_a_hello_into_the_greeting_has_it_said_again_whole(after_s: float) -> None:
    caller, agent = picked_up()
    caller.waits(after_s)
    caller.says("Hello?", takes_s=0.5)
    caller.waits(0.5)
    agent.finishes()
    assert caller.heard[-1] == GREETING
    assert agent.was_asked == []


def test_a_hello_and_a_name_are_let_finish() -> None:
    caller, agent = picked_up()
    caller.waits(0.3)
    caller.says("Hello, Acme Plumbing, Jane speaking.", takes_s=2.2)
    assert caller.heard == []
    agent.speaks_up(within_s=1.2)
    agent.finishes()
    assert caller.heard == [GREETING]


def test_who_says_hello_twice_is_greeted_once() -> None:
    caller, agent = picked_up()
    caller.says("Hello?", takes_s=0.4)
    caller.waits(0.2)
    caller.says("Hello?", takes_s=0.4)
    agent.speaks_up(within_s=1.0)
    agent.finishes()
    assert caller.heard[-1] == GREETING
    assert caller.heard.count(GREETING) == 1


@pytest.mark.parametrize("finals_after_s", [0.5, 1.0, 2.0])
def test_a_hello_that_is_written_down_late_does_not_cut_the_greeting(finals_after_s: float) -> None:
    caller, agent = picked_up(script=Script(finals_after_s=finals_after_s))
    caller.says("Hello?", takes_s=0.5)
    agent.speaks_up()
    agent.finishes()
    assert caller.heard == [GREETING]


def test_who_asks_who_is_calling_behind_the_greeting_is_answered_by_the_model() -> None:
    caller, agent = picked_up("Alex, from Vantum.")
    agent.speaks_up()
    agent.finishes()
    caller.says("Who is this?")
    agent.answers()
    assert agent.knows == [("assistant", GREETING), ("user", "Who is this?")]


def test_who_objects_to_the_second_half_of_the_greeting_has_the_floor() -> None:
    caller, agent = picked_up("All right, goodbye.")
    caller.waits(2.5)
    caller.says("No, I'm driving.")
    caller.waits(0.3)
    assert agent.is_interrupted
    agent.answers()
    assert agent.was_asked == ["No, I'm driving."]


@pytest.mark.parametrize("notice", [NOTICE, ""])
@pytest.mark.parametrize("after_s", [0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.4])
@pytest.mark.parametrize("finals_after_s", [0.2, 1.0])
@pytest.mark.parametrize("words", ["Wait, who is this?", "Take me off your list."])
def test_what_is_said_into_our_first_words_is_answered(
    words: str, finals_after_s: float, after_s: float, notice: str
) -> None:
    script = Script(finals_after_s=finals_after_s)
    caller, agent = picked_up("All right.", notice=notice, script=script)
    caller.says("Hello?")
    caller.waits(after_s)
    caller.says(words)
    caller.waits(10.0)
    assert [asked.removeprefix("Hello? ") for asked in agent.was_asked] == [words]
    assert "All right." in caller.heard
    assert not notice or caller.heard.count(notice) == 1


@pytest.mark.parametrize("notice", [NOTICE, ""])
@pytest.mark.parametrize("finals_after_s", [0.2, 1.5])
@pytest.mark.parametrize("words", ["Stop calling me.", "I'm not interested.", "Wrong number."])
def test_who_picks_up_with_an_objection_is_answered(
    words: str, finals_after_s: float, notice: str
) -> None:
    script = Script(finals_after_s=finals_after_s)
    caller, agent = picked_up("All right.", notice=notice, script=script)
    caller.says(words)
    caller.waits(10.0)
    assert agent.was_asked[0].endswith(words)


@pytest.mark.parametrize("notice", [NOTICE, ""])
@pytest.mark.parametrize("words", ["Acme Plumbing, Jane speaking.", "Jane Miller.", "Who is it?"])
def test_who_picks_up_in_their_own_way_is_greeted_and_no_more(words: str, notice: str) -> None:
    caller, agent = picked_up(notice=notice)
    caller.says(words)
    agent.speaks_up()
    agent.finishes()
    caller.waits(2.0)
    assert caller.heard[-1] == GREETING
    assert agent.was_asked == []


@pytest.mark.parametrize("words", ["Hello?", "Hello? Hello?", "Uh-huh."])
def test_who_says_hello_into_the_notice_once_more_is_not_answered(words: str) -> None:
    caller, agent = picked_up(notice=NOTICE)
    caller.says("Hello?")
    caller.waits(0.8)
    caller.says(words)
    agent.speaks_up()
    agent.finishes()
    assert agent.was_asked == []
    assert caller.heard[-2:] == [NOTICE, GREETING]


def test_a_nod_into_the_greeting_does_not_stop_it() -> None:
    caller, agent = picked_up()
    caller.waits(2.2)
    caller.says_uh_huh()
    agent.finishes()
    assert caller.heard == [GREETING]


def test_who_calls_us_is_greeted_at_once() -> None:
    caller, agent = picked_up(inbound=True)
    agent.speaks_up(within_s=0.3)
    agent.finishes()
    assert caller.heard == [GREETING]


def test_who_calls_us_and_says_hello_into_the_greeting_hears_whom_they_reached() -> None:
    caller, _ = picked_up("Hello.", inbound=True)
    caller.waits(0.3)
    caller.says("Hello?", takes_s=0.4)
    caller.waits(8.0)
    assert GREETING in caller.heard


# -- what must be heard ---------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["Hello, I want to ask something.", "Stop.", "Uh-huh."])
def test_the_recording_notice_is_heard_whatever_the_caller_says(words: str) -> None:
    caller, agent = picked_up("Sure.", inbound=True, notice=NOTICE)
    agent.speaks_up()
    caller.waits(0.3)
    caller.says(words)
    agent.finishes()
    assert caller.heard[0] == NOTICE


def test_the_recording_notice_goes_on_without_a_gap_under_a_cough() -> None:
    caller, agent = picked_up(inbound=True, notice=NOTICE)
    agent.speaks_up()
    caller.waits(0.4)
    caller.world.makes_noise(0.5)
    caller.waits(0.2)
    assert agent.speaks


def test_what_a_caller_says_under_the_notice_is_answered_behind_it() -> None:
    caller, agent = picked_up("It is two hundred.", inbound=True, notice=NOTICE)
    agent.speaks_up()
    caller.waits(0.3)
    caller.says("Hello, what does it cost?", takes_s=1.0)
    agent.thinks(within_s=10.0)
    assert agent.was_asked == ["Hello, what does it cost?"]
    agent.finishes()
    assert caller.heard[0] == NOTICE
    assert caller.heard[-1].endswith("It is two hundred.")


def test_who_spoke_under_the_notice_is_not_told_to_wait_where_the_answer_is_there() -> None:
    caller, agent = picked_up("It is two hundred.", inbound=True, notice=NOTICE)
    agent.speaks_up()
    caller.says("Hello, what does it cost?", takes_s=1.0)
    agent.thinks(within_s=10.0)
    agent.finishes()
    assert caller.heard[-1] == "It is two hundred."


def test_a_hello_into_the_notice_has_it_said_again_whole() -> None:
    caller, agent = picked_up(notice=NOTICE)
    caller.waits(0.7)
    caller.says("Hello?", takes_s=0.5)
    caller.waits(0.4)
    agent.finishes()
    assert caller.heard[-2:] == [NOTICE, GREETING]


def test_the_greeting_behind_the_notice_can_be_interrupted_again() -> None:
    caller, agent = picked_up("Sorry, goodbye.", notice=NOTICE)
    while agent.says != GREETING:
        caller.waits(0.2)
    caller.waits(1.8)
    caller.says("Not interested.")
    caller.waits(0.3)
    assert agent.is_interrupted
    agent.answers()
    assert agent.was_asked == ["Not interested."]


def test_news_that_must_be_heard_is_heard_to_its_end_and_the_call_is_over() -> None:
    policy = PHONE.__class__(greeting=NEWS, text_is_shown=False, pickup=PHONE.pickup)
    caller, agent = picked_up(policy=policy, ends="briefed")
    agent.speaks_up()
    caller.waits(2.0)
    caller.says("Wait, who is this?")
    caller.waits(10.0)
    assert caller.heard == [NEWS]
    assert agent.has_hung_up == "briefed"


def test_who_objects_to_the_news_is_answered_behind_them() -> None:
    policy = PHONE.__class__(greeting=NEWS, text_is_shown=False, pickup=PHONE.pickup)
    caller, agent = picked_up("You won't be called again.", policy=policy, ends="briefed")
    agent.speaks_up()
    caller.waits(2.0)
    caller.says("Take me off your list.")
    caller.waits(9.0)
    assert caller.heard[:2] == [NEWS, "You won't be called again."]
    assert agent.has_hung_up is None


def test_the_notice_is_not_said_to_a_machine() -> None:
    caller, agent = picked_up(notice=NOTICE, message="Hi, this is Alex. Goodbye.")
    caller.says("Hi, you've reached Tom. Please leave a message after the tone.")
    caller.world.handle(ev.Beeped(5.0))
    caller.waits(6.0)
    assert caller.heard[-1] == "Hi, this is Alex. Goodbye."
    assert agent.has_hung_up == "voicemail"


# -- the question that the greeting ends with -----------------------------------------------------


@pytest.mark.parametrize("where", ["inbound", "page"])
@pytest.mark.parametrize("before_end_s", [0.7, 0.4, 0.1])
def test_a_yes_into_the_last_words_of_the_greeting_answers_it(
    where: str, before_end_s: float
) -> None:
    caller, agent = greeted(where, GREETING, "en")
    caller.waits(len(GREETING) / 15 - before_end_s)
    caller.says("Yes.")
    agent.answers()
    assert agent.was_asked == ["Yes."]


@pytest.mark.parametrize(
    ("language", "greeting", "yes"),
    [
        ("de", "Guten Tag, hier ist Alex von Vantum. Haben Sie kurz Zeit?", "Ja."),
        ("de", "Guten Tag, hier ist Alex von Vantum. Haben Sie kurz Zeit?", "Ja, bitte."),
        ("es", "Hola, soy Alex de Vantum. ¿Tiene usted un minuto?", "Sí."),
        ("fr", "Bonjour, ici Alex de Vantum. Avez-vous une minute à vous ?", "Oui."),
        ("en", "Hi, this is Alex. Would you like to hear more about it?", "Yes, please."),
    ],
)
def test_a_yes_is_no_hello_in_any_language(language: str, greeting: str, yes: str) -> None:
    caller, agent = greeted("page", greeting, language)
    caller.waits(len(greeting) / 15 - 0.4)
    caller.says(yes)
    agent.answers()
    assert agent.was_asked == [yes]


def test_a_hello_into_the_question_of_the_greeting_is_none_to_be_answered() -> None:
    caller, agent = greeted("inbound", GREETING, "en")
    caller.waits(len(GREETING) / 15 - 0.4)
    caller.says("Hello?")
    agent.finishes()
    assert caller.heard == [GREETING]
    assert agent.was_asked == []


def greeted(where: str, greeting: str, language: str) -> Call:
    """A call in which the agent has just begun to greet."""
    policy = replace(PHONE, greeting=greeting, language=language)
    if where == "inbound":
        caller, agent = picked_up("Great.", policy=policy, inbound=True)
    else:
        caller, agent = call("Great.", policy=replace(policy, pickup=None))
    while not agent.speaks:
        caller.waits(0.02)
    return caller, agent


def test_clicks_on_the_line_do_not_put_off_the_greeting() -> None:
    caller, agent = picked_up("Great.")
    caller.says("Hello?")
    for _ in range(8):
        caller.waits(0.21)
        caller.coughs()
    assert agent.says == GREETING
