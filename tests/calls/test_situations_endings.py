"""Situations: silence, goodbyes, and what the agent does once it was heard, or not at all."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from situation import PHONE, POLICY, PRICES, Agent, Caller, asked, call, picked_up

from tests.conversation.world import Script
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import TransferTo
from vantum.limits import OPT_OUT_S

BYE = "Thank you for your time, have a good day. Goodbye."
PUT = "Of course, I'm putting you through to a colleague of mine now."


# -- silence --------------------------------------------------------------------------------------


def test_who_says_nothing_is_asked_twice_and_then_let_go() -> None:
    caller, agent = asked("Do you have a minute?")
    caller.waits(60.0)
    assert caller.heard[1:] == [*POLICY.nudges, POLICY.goodbye]
    assert agent.has_hung_up == "silence"


def test_who_answers_a_nudge_is_answered_and_begins_anew() -> None:
    caller, agent = asked("Do you have a minute?", "Good.")
    caller.waits(8.5)
    caller.waits(1.5)
    caller.says("Yes, I'm here.")
    agent.answers()
    agent.finishes()
    caller.waits(8.5)
    assert agent.says == POLICY.nudges[0]


def test_who_speaks_into_the_goodbye_keeps_the_call() -> None:
    caller, agent = asked("Do you have a minute?", "There you are.")
    while agent.says != POLICY.goodbye:
        caller.waits(0.5)
    caller.waits(0.8)
    caller.says("Wait, I'm here!")
    agent.answers()
    agent.finishes()
    assert caller.heard[-1] == "There you are."
    assert agent.has_hung_up is None


def test_a_nod_into_the_goodbye_does_not_keep_the_call() -> None:
    caller, agent = asked("Do you have a minute?")
    while agent.says != POLICY.goodbye:
        caller.waits(0.5)
    caller.waits(0.8)
    caller.says_uh_huh()
    caller.waits(5.0)
    assert agent.has_hung_up == "silence"
    assert caller.heard[-1] == POLICY.goodbye


def test_coughs_do_not_keep_an_empty_line_alive() -> None:
    caller, agent = asked("Do you have a minute?")
    for _ in range(30):
        caller.coughs()
        caller.waits(1.9)
    assert agent.has_hung_up == "silence"


def test_a_street_behind_the_phone_does_not_keep_an_empty_line_alive() -> None:
    caller, agent = asked("Do you have a minute?")
    for _ in range(40):
        caller.makes_noise(0.9)
        caller.waits(1.6)
    assert agent.has_hung_up == "silence"


def test_a_radio_that_never_stops_does_not_keep_the_call_for_ever() -> None:
    caller, agent = asked("Do you have a minute?")
    caller.world.makes_noise(600.0)
    caller.waits(300.0)
    assert agent.has_hung_up


def test_who_tells_a_long_story_with_pauses_is_answered_once_with_all_of_it() -> None:
    caller, agent = call("I see.")
    for _ in range(12):
        caller.says("and then we tried another company and", takes_s=2.5)
        caller.waits(0.6)
    caller.says("that was it.")
    agent.answers()
    assert len(agent.was_asked) == 1
    assert agent.was_asked[0].endswith("that was it.")


def test_who_talks_without_end_is_answered_some_time() -> None:
    caller, agent = call()
    caller.world.makes_noise(400.0)
    for at_s in range(2, 400, 2):
        words = ev.Transcript("and so on", final=True, start_s=at_s - 2.0, end_s=float(at_s))
        caller.world.event_in(float(at_s), words)
    caller.waits(300.0)
    assert caller.heard[0] == "Sorry to cut in."
    assert agent.has_hung_up == "one_sided"


def test_a_muted_caller_is_not_nudged() -> None:
    caller, _ = asked("Do you have a minute?")
    caller.world.handle(ev.MuteChanged(muted=True))
    caller.waits(60.0)
    assert caller.heard == ["Do you have a minute?"]


def test_a_silence_in_which_the_caller_thinks_hard_is_left_alone() -> None:
    caller, agent = asked("How many calls do you make a day?", "I see.")
    caller.waits(6.0)
    caller.says("About fifty a day.")
    agent.answers()
    assert agent.was_asked == ["About fifty a day."]


def test_who_picks_up_and_never_speaks_is_asked_once_and_let_go() -> None:
    caller, agent = picked_up()
    caller.waits(60.0)
    assert caller.heard == [PHONE.greeting, POLICY.nudges[0]]
    assert agent.has_hung_up == "no_speech"


# -- hanging up -----------------------------------------------------------------------------------


def parting(*more: str) -> tuple[Caller, Agent]:
    """A call in which the agent says goodbye, and will hang up behind it."""
    caller, agent = call(BYE, *more, actions=[("end_call", "")])
    caller.asks("I have no time for that.")
    caller.waits(1.0)
    return caller, agent


def test_the_agent_hangs_up_when_its_goodbye_was_heard_and_not_before() -> None:
    caller, agent = parting()
    assert agent.has_hung_up is None
    caller.waits(4.0)
    assert caller.heard == [BYE]
    assert agent.has_hung_up == "agent_ended"


def test_who_interrupts_the_goodbye_with_a_question_keeps_the_call() -> None:
    caller, agent = parting("It is two hundred.")
    caller.says("Wait, what does it cost?")
    agent.answers()
    agent.finishes()
    caller.waits(3.0)
    assert caller.heard[-1] == "It is two hundred."
    assert agent.has_hung_up is None


@pytest.mark.parametrize("nod", ["Okay.", "Yeah.", "Alright."])
def test_a_nod_into_the_goodbye_lets_it_be_the_end(nod: str) -> None:
    caller, agent = parting("Goodbye.")
    caller.says(nod)
    caller.waits(4.5)
    assert caller.heard == [BYE]
    assert agent.has_hung_up == "agent_ended"


@pytest.mark.parametrize("words", ["Bye.", "Thanks, bye.", "You too, bye bye.", "Okay, goodbye."])
def test_who_says_goodbye_over_the_agents_goodbye_is_not_talked_to_again(words: str) -> None:
    caller, agent = parting("Goodbye again.")
    caller.says(words)
    caller.waits(6.0)
    assert caller.heard == [BYE]
    assert agent.has_hung_up == "agent_ended"


def test_a_cough_into_the_goodbye_lets_it_be_the_end() -> None:
    caller, agent = parting("Goodbye.")
    caller.coughs()
    caller.waits(5.0)
    assert caller.heard == [BYE]
    assert agent.has_hung_up == "agent_ended"


def test_who_hangs_up_in_the_goodbye_is_gone_and_nothing_follows() -> None:
    caller, agent = parting()
    caller.hangs_up()
    heard = caller.heard
    caller.waits(5.0)
    assert caller.heard == heard == agent.words_on_record
    assert agent.is_gone


def test_nothing_that_is_said_behind_the_end_is_answered() -> None:
    caller, agent = parting()
    caller.waits(4.0)
    caller.says("Hello?")
    caller.waits(5.0)
    assert agent.was_asked == ["I have no time for that."]


# -- putting through ------------------------------------------------------------------------------


def transferring(*more: str) -> tuple[Caller, Agent]:
    """A call in which the agent says that it puts the caller through, and will."""
    terms = TransferTo("+15550100", failed="Sorry, nobody is free.", waiting="One moment.")
    script = Script(actions=[("transfer_call", "wants a price")])
    caller, agent = picked_up(PUT, *more, script=script, inbound=True, transfer=terms)
    agent.speaks_up()
    agent.finishes()
    caller.asks("Can I talk to a person?")
    caller.waits(1.0)
    return caller, agent


def test_the_caller_is_put_through_when_they_have_heard_so() -> None:
    caller, agent = transferring()
    assert agent.put_through == []
    caller.waits(4.0)
    assert PUT in caller.heard
    assert len(agent.put_through) == 1


def test_who_changes_their_mind_before_it_was_said_is_not_put_through() -> None:
    caller, agent = transferring("All right, I'm listening.")
    caller.says("No, leave it, tell me the price.")
    agent.answers()
    agent.finishes()
    caller.waits(5.0)
    assert agent.put_through == []
    assert caller.heard[-1] == "All right, I'm listening."


def test_a_nod_to_being_put_through_does_not_stop_it() -> None:
    caller, agent = transferring()
    caller.says("Okay.")
    caller.waits(4.5)
    assert len(agent.put_through) == 1


def test_who_waits_for_a_colleague_hears_so_and_what_they_say_is_no_turn() -> None:
    caller, agent = transferring("Hm?")
    caller.waits(5.0)
    caller.says("Hello?")
    caller.waits(14.0)
    assert caller.heard[-1] == "One moment."
    assert agent.was_asked == ["Can I talk to a person?"]


def test_where_nobody_takes_the_call_the_talk_goes_on() -> None:
    caller, agent = transferring("It is two hundred.")
    caller.waits(6.0)
    caller.world.handle(ev.TransferFailed("no answer"))
    caller.waits(4.0)
    assert caller.heard[-1] == "Sorry, nobody is free."
    caller.says("Then tell me the price.")
    agent.answers()
    agent.finishes()
    assert caller.heard[-1] == "It is two hundred."


def test_a_colleague_who_asks_for_the_same_call_meanwhile_changes_nothing() -> None:
    caller, agent = transferring()
    caller.waits(4.0)
    caller.world.handle(ev.TransferAsked("+15550100", warm=True))
    caller.waits(2.0)
    assert len(agent.put_through) == 1


# -- who wants to be left alone -------------------------------------------------------------------

DONE = "Of course, we will not call again. Have a good day, and goodbye."


def opted_out(caller: Caller) -> list[do.Notice]:
    told = [effect.notice for effect in caller.world.gave(do.Notify)]
    return [notice for notice in told if isinstance(notice, do.OptedOut)]


def test_who_wants_no_more_calls_hears_so_and_the_call_is_over() -> None:
    done = "Of course, we will not call again. Goodbye."
    caller, agent = call(done, actions=[("opt_out", "")])
    caller.asks("Take me off your list.")
    caller.waits(5.0)
    assert caller.heard == [done]
    assert agent.has_hung_up == "opt_out"


def test_who_talks_on_hears_all_the_same_that_there_will_be_no_more_calls() -> None:
    caller, agent = call(DONE, actions=[("opt_out", "")])
    caller.asks("Take me off your list.")
    caller.waits(0.5)
    caller.says("And never call me again, do you hear?")
    caller.waits(4.0)
    assert caller.heard == [DONE]
    assert agent.has_hung_up == "opt_out"
    assert len(opted_out(caller)) == 1


def test_a_goodbye_that_was_held_before_it_was_known_to_be_one_goes_on() -> None:
    caller, agent = call(DONE)
    caller.asks("Take me off your list.")
    caller.world.handle(ev.SpeechStarted(caller.world.audio_s(caller.world.now)))
    reply = caller.world.conversation.talk.reply
    assert reply is not None
    assert reply.held
    caller.world.handle(ev.ActionAsked(reply.turn, reply.number, "opt_out"))
    caller.waits(6.0)
    assert caller.heard == [DONE]
    assert agent.has_hung_up == "opt_out"


def test_no_goodbye_to_who_wants_no_more_calls_is_long() -> None:
    long = " ".join([DONE] * 9)
    caller, agent = call(long, actions=[("opt_out", "")], token_s=0.001)
    caller.asks("Take me off your list.")
    caller.waits(OPT_OUT_S - 0.5)
    assert agent.has_hung_up is None
    caller.waits(1.0)
    assert agent.has_hung_up == "opt_out"


def test_an_opt_out_counts_once_the_caller_leaves_it_at_that() -> None:
    guessing = replace(POLICY, guesses=2)
    at_once = {"first_token_s": 0.01, "token_s": 0.001}
    caller, agent = call("I see.", policy=guessing, early=[(DONE, "opt_out")], **at_once)
    caller.says("Never call me again")
    caller.waits(0.35)
    assert caller.world.gave(do.Ask)[-1].guess
    caller.says("is what people tell us, too.")
    agent.answers()
    agent.finishes()
    assert not opted_out(caller)
    assert agent.has_hung_up is None
    assert caller.heard[-1] == "I see."


def test_keys_are_pressed_behind_the_words_and_not_where_these_are_interrupted() -> None:
    script = Script(actions=[("press_keys", "2")])
    caller, agent = picked_up("Let me press two for you now.", PRICES, script=script, inbound=True)
    agent.speaks_up()
    agent.finishes()
    caller.asks("Press two.")
    caller.waits(0.8)
    caller.says("No, wait.")
    agent.answers()
    agent.finishes()
    assert agent.pressed == []


# -- the same again and again ---------------------------------------------------------------------

NUMBER = "zero one five one two three four five six seven eight nine"
DICTATED_AGAIN = [
    (NUMBER, NUMBER, NUMBER),
    (NUMBER, NUMBER.replace("eight nine", "nine eight"), NUMBER.replace("one two", "two one")),
    ("My number is zero one five one, two three four five, six seven eight nine.",) * 3,
    ("Sure, it is john dot smith dot the third at north dash wind dot org.",) * 3,
    ("We are at twelve Baker Street, in the old part of town, right behind the big church.",) * 3,
]


@pytest.mark.parametrize("said", DICTATED_AGAIN)
def test_who_is_asked_again_may_say_it_again(said: tuple[str, ...]) -> None:
    answers = ("Sorry, could you say that again?", "Once more, please?", "Thank you.")
    caller, agent = asked("Where can we reach you?", *answers)
    for one in said:
        caller.says(one)
        agent.answers()
        agent.finishes()
    assert agent.has_hung_up is None
    assert agent.was_asked == list(said)


def test_a_recording_that_goes_round_is_left() -> None:
    recording = "Welcome to our summer sale, with the best prices in town on sofas, beds and lamps."
    caller, agent = call("I see.")
    for _ in range(2):
        caller.asks(recording)
        agent.finishes()
    caller.says(recording)
    caller.waits(2.0)
    assert agent.has_hung_up == "loop"


def test_another_bot_that_says_the_same_to_every_question_is_left() -> None:
    bot = "I can help you with orders, returns and refunds, so please tell me what you need today."
    caller, agent = call("Could I speak with somebody?", "Is anybody there?")
    for _ in range(4):
        caller.asks(bot)
        agent.finishes()
    caller.says(bot)
    caller.waits(2.0)
    assert agent.has_hung_up == "loop"
