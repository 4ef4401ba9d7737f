"""Who answers the phone, and what the agent does then: whole calls in virtual time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from world import ENDED, LISTENING, RESPONDING, T0, THINKING, Script, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import MenuKeys, PickupPolicy, Policy, TransferTo

GREETING = "Hi, this is Alex from Vantum. Do you have a minute?"
MESSAGE = "Hi, this is Alex from Vantum, I'll try again another time. Goodbye."
STATEMENT = "Alex from Vantum, about your outbound calls."
AGAIN = "Hi, Alex from Vantum here."
PHONE = PickupPolicy(
    message=MESSAGE,
    statement=STATEMENT,
    again=AGAIN,
    keys=(MenuKeys("sales", "2"),),
    transfer=TransferTo("+15550100", failed="Sorry, nobody is free. Can I help?"),
)
POLICY = Policy(
    greeting=GREETING,
    nudges=("Are you still there?", "Can you hear me?"),
    goodbye="Goodbye then.",
    text_is_shown=False,
    pickup=PHONE,
)
VOICEMAIL = "Hi, you've reached Tom Miller. Please leave a message after the tone."
SCREENER = "Hi, if you record your name and reason for calling, I'll see if they are available."
MENU = "Thank you for calling Acme. For sales, press two. For support, press three."
OTHER_MENU = "For billing, press one. For everything else, press four."


class Phone(World):  # type: ignore[misc]
    """A call by phone; the other side speaks through `says`."""

    @property
    def kinds(self) -> list[str]:
        return [n.kind for n in self.notices if isinstance(n, do.AnswererKnown)]

    @property
    def greeted(self) -> list[float | None]:
        """How long somebody had waited at each of our first words; None: it was for a machine."""
        return [n.after_s for n in self.notices if isinstance(n, do.Greeted)]

    @property
    def said(self) -> list[str]:
        """What was heard of the agent, whole or in part."""
        return [text for role, text in self.lines if role == "assistant"]

    @property
    def spoken(self) -> str:
        """What the agent has begun to say last."""
        speaks = [e for e in self.effects if isinstance(e, do.Speak)]
        return " ".join(e.text for e in speaks if e.turn == speaks[-1].turn) if speaks else ""

    @property
    def pressed(self) -> list[str]:
        return [e.digits for e in self.effects if isinstance(e, do.PressKeys)]

    def hears(self, words: str, *, length_s: float | None = None) -> None:
        """The other side speaks until it has finished, and its words are there."""
        length_s = length_s or max(0.3, len(words) / 15)
        self.says(words, length_s=length_s)
        self.advance(length_s + self.script.finals_after_s + 0.05)


def phone(
    policy: Policy = POLICY, script: Script | None = None, *, inbound: bool = False, **rules: object
) -> Phone:
    """A call that was picked up just now."""
    if rules:
        policy = replace(policy, pickup=replace(PHONE, **rules))
    call = Phone(policy, script)
    call.begin(greets=True)
    call.handle(ev.Answered(inbound=inbound))
    return call


# -- a person -------------------------------------------------------------------------------------


def test_nothing_is_said_before_somebody_answers() -> None:
    call = Phone(POLICY).begin(greets=True)
    call.advance(30.0)
    assert call.gave(do.Speak) == []
    assert call.state is LISTENING


def test_a_silent_line_is_greeted_within_a_second() -> None:
    call = phone()
    call.until(RESPONDING)
    assert call.now - T0 == pytest.approx(0.5, abs=0.05)
    assert call.spoken == GREETING
    call.until(LISTENING)
    assert call.greeted == [pytest.approx(0.5, abs=0.3)]


def test_a_hello_is_answered_at_once_by_the_greeting_and_not_by_the_model() -> None:
    call = phone()
    call.advance(0.4)
    call.hears("Hello?", length_s=0.5)
    call.until(RESPONDING, within_s=0.2)
    assert call.now - T0 < 0.9 + 0.5
    call.until(LISTENING)
    assert call.lines == [("user", "Hello?"), ("assistant", GREETING)]
    assert call.asked == []
    assert call.kinds == ["person"]


@pytest.mark.parametrize("finals_after_s", [0.1, 0.4, 1.0, 2.0])
def test_a_hello_whose_words_come_late_does_not_cut_the_greeting(finals_after_s: float) -> None:
    call = phone(script=Script(finals_after_s=finals_after_s))
    call.says("Hello?", length_s=0.5)
    call.advance(1.2)
    assert call.state is RESPONDING
    call.until(LISTENING)
    assert call.lines == [("user", "Hello?"), ("assistant", GREETING)]
    assert call.asked == []


def test_a_late_hello_of_unknown_place_does_not_cut_the_greeting_either() -> None:
    call = phone(script=Script(deaf=True))
    call.says("Hello?", length_s=0.5)
    call.event_in(1.5, ev.Transcript("Hello?", final=True))
    call.advance(1.6)
    assert call.state is RESPONDING
    call.until(LISTENING)
    assert call.lines == [("user", "Hello?"), ("assistant", GREETING)]


def test_a_recogniser_without_speech_events_is_waited_for_as_well() -> None:
    call = phone()
    for at_s, text, final in ((0.5, "Hello", False), (0.9, "Hello, Jane", False)):
        call.event_in(at_s, ev.Transcript(text, final=final, end_s=at_s))
    call.event_in(1.1, ev.Transcript("Hello, Jane here.", final=True, end_s=1.0))
    call.until(RESPONDING)
    assert call.now - T0 == pytest.approx(1.4, abs=0.05)


def test_the_caller_waited_since_their_hello() -> None:
    call = phone()
    call.hears("Hello?", length_s=0.5)
    call.until(LISTENING)
    [started] = call.told(do.AnswerStarted)
    assert isinstance(started, do.AnswerStarted)
    assert started.waited_s == pytest.approx(0.4, abs=0.1)


def test_the_talk_goes_on_as_in_any_call() -> None:
    call = phone()
    call.hears("Hello?", length_s=0.5)
    call.until(LISTENING)
    call.is_answered("Sure, what is it about?")
    assert [role for role, _ in call.lines] == ["user", "assistant", "user", "assistant"]
    call.asks("Please leave a message after the tone, that is what they all say.")


@pytest.mark.parametrize("meets_at_s", [0.55, 0.7, 1.0, 1.6])
def test_a_greeting_that_meets_the_hello_is_said_again_whole(meets_at_s: float) -> None:
    call = phone(script=Script(finals_after_s=0.4))
    call.advance(meets_at_s)
    call.says("Hello?", length_s=0.5)
    call.advance(0.3)
    assert not call.speaks
    call.until(RESPONDING)
    assert call.now - T0 == pytest.approx(meets_at_s + 0.5 + 0.3, abs=0.05)
    call.until(LISTENING)
    heard = [line for line in call.lines if line != ("user", "Hello?")]
    assert ("user", "Hello?") in call.lines
    assert call.lines[-1] == ("assistant", GREETING)
    assert all(GREETING.startswith(text) for _, text in heard)
    assert len(heard) <= 2
    assert call.asked == []
    assert call.kinds == ["person"]


def test_what_was_heard_of_a_greeting_taken_back_is_on_record_as_cut_off() -> None:
    call = phone()
    call.advance(1.2)
    call.says("Hello?", length_s=0.5)
    call.until(LISTENING)
    call.advance(5.0)
    first, hello, second = call.conversation.talk.history.lines
    assert (first.text, first.interrupted) == ("Hi, this", True)
    assert (hello.text, second.text, second.interrupted) == ("Hello?", GREETING, False)


def test_a_recogniser_without_speech_events_takes_the_greeting_back_as_well() -> None:
    call = phone()
    call.event_in(1.0, ev.Transcript("Hello?", final=True, start_s=0.6, end_s=0.9))
    call.until(RESPONDING)
    call.until(LISTENING)
    call.until(RESPONDING)
    assert call.spoken == GREETING
    assert call.asked == []


def test_a_click_into_the_greeting_only_holds_it() -> None:
    call = phone()
    call.advance(0.9)
    call.coughs()
    call.until(LISTENING)
    assert call.lines == [("assistant", GREETING)]


def test_a_greeting_is_taken_back_twice_and_then_the_callee_has_the_floor() -> None:
    call = phone()
    for _ in range(3):
        call.until(RESPONDING)
        call.advance(0.4)
        call.says("Hello?", length_s=0.5)
        call.advance(0.3)
    call.until(THINKING)
    assert call.said == ["Hi,"] * 3


def test_who_talks_into_the_middle_of_the_greeting_is_answered() -> None:
    call = phone()
    call.until(RESPONDING)
    call.advance(1.6)
    call.says("Sorry, who is this?", length_s=0.8)
    call.until(THINKING)
    call.until(LISTENING)
    assert GREETING not in call.said
    assert call.kinds == ["person"]


def test_the_greeting_is_timed_from_the_answer_however_late_the_stream_opens() -> None:
    for ago_s, greeted_s in ((0.0, 0.5), (0.2, 0.3), (0.5, 0.2), (9.0, 0.2), (-9.0, 0.5)):
        call = Phone(POLICY)
        call.begin(greets=True)
        call.handle(ev.Answered(inbound=False, ago_s=ago_s))
        call.until(RESPONDING)
        assert call.now - T0 == pytest.approx(greeted_s, abs=0.03), ago_s


def test_the_carriers_word_for_a_person_is_no_reason_to_speak_into_the_hello() -> None:
    call = phone()
    call.handle(ev.AnsweredBy("human"))
    call.until(RESPONDING)
    assert call.now - T0 == pytest.approx(0.5, abs=0.05)


def test_a_click_on_the_line_is_no_hello() -> None:
    call = phone()
    call.coughs()
    call.until(RESPONDING)
    assert call.now - T0 == pytest.approx(0.5, abs=0.05)


def test_who_is_not_known_by_the_deadline_is_a_person() -> None:
    call = phone()
    call.advance(1.0)
    call.hears("The quick brown fox", length_s=1.0)
    call.advance(10.0)
    assert call.kinds == ["person"]


def test_noise_that_never_ends_is_greeted_in_the_end() -> None:
    call = phone()
    call.handle(ev.SpeechStarted(0.1))
    call.until(RESPONDING, within_s=11.0)
    call.advance(9.0)
    assert GREETING in call.said


def test_whoever_calls_us_is_a_person_and_greeted_at_once() -> None:
    call = phone(inbound=True)
    assert call.state is RESPONDING
    assert call.kinds == ["person"]
    call.until(LISTENING)
    call.is_answered("Please leave a message after the tone.")
    assert call.kinds == ["person"]


def test_without_a_greeting_the_callers_hello_is_answered() -> None:
    call = phone(replace(POLICY, greeting=""))
    call.is_answered("Hello?")
    assert call.lines[0] == ("user", "Hello?")


# -- silence, fax ---------------------------------------------------------------------------------


def test_an_empty_line_is_greeted_nudged_once_and_left() -> None:
    call = phone()
    call.until(ENDED, within_s=60.0)
    assert call.said == [GREETING, "Are you still there?"]
    assert call.ended == "no_speech"
    assert call.kinds == ["silence"]


def test_who_speaks_into_the_silence_is_a_person() -> None:
    call = phone()
    call.advance(11.0)
    call.is_answered("Sorry, I was looking for my glasses.")
    assert call.kinds == ["silence", "person"]


def test_a_fax_is_left_alone() -> None:
    call = phone()
    call.advance(2.0)
    call.handle(ev.AnsweredBy("fax"))
    assert call.ended == "fax"
    assert not call.speaks


# -- voicemail ------------------------------------------------------------------------------------


def test_a_message_is_left_after_the_beep() -> None:
    call = phone()
    call.hears(VOICEMAIL)
    assert call.kinds == ["voicemail"]
    call.advance(1.0)
    assert call.gave(do.Speak) == []
    call.handle(ev.Beeped(7.0))
    assert (call.state, call.spoken) == (RESPONDING, MESSAGE)
    call.until(ENDED)
    assert (call.said, call.ended) == ([MESSAGE], "voicemail")
    assert call.asked == []


def test_a_greeting_begun_over_an_announcement_is_taken_back() -> None:
    call = phone()
    call.until(RESPONDING)
    call.advance(0.4)
    call.says(VOICEMAIL)
    call.advance(8.0)
    assert call.kinds[-1] == "voicemail"
    call.handle(ev.Beeped(8.0))
    call.until(ENDED)
    assert call.said[-1] == MESSAGE
    assert call.asked == []


def test_words_that_are_still_changing_are_enough() -> None:
    call = phone()
    call.makes_noise(8.0, VOICEMAIL, interim="Hi, you've reached the voicemail of")
    call.advance(4.1)
    assert call.kinds == ["voicemail"]
    assert call.gave(do.Speak) == []


def test_an_answer_that_was_begun_on_half_an_announcement_is_called_off() -> None:
    call = phone(script=Script(first_token_s=2.0))
    call.hears("Hello?", length_s=0.5)
    call.until(LISTENING)
    call.asks("The Miller family speaking to you.")
    call.says("Please leave your message after the tone.")
    call.advance(4.0)
    assert call.kinds == ["person", "voicemail"]
    call.handle(ev.Beeped(12.0))
    call.until(ENDED)
    assert (call.ended, call.said[-1]) == ("voicemail", MESSAGE)


def test_without_a_beep_the_message_comes_two_seconds_behind_the_announcement() -> None:
    call = phone()
    call.says(VOICEMAIL, length_s=5.0)
    call.until(RESPONDING)
    assert call.now - T0 == pytest.approx(7.0, abs=0.2)
    call.until(ENDED)
    assert call.ended == "voicemail"


def test_a_beep_into_a_message_begun_too_early_begins_it_again() -> None:
    call = phone()
    call.says(VOICEMAIL, length_s=5.0)
    call.until(RESPONDING)
    call.advance(1.0)
    call.handle(ev.Beeped(8.0))
    assert call.state is RESPONDING
    call.until(ENDED)
    assert call.said[-1] == MESSAGE
    assert call.said[0] != MESSAGE
    assert len(call.said) == 2


def test_an_announcement_that_does_not_end_is_talked_over_in_the_end() -> None:
    call = phone()
    call.makes_noise(60.0, interim="x")
    call.event_in(3.0, ev.Transcript("Please leave a message", final=False, end_s=3.0))
    call.until(RESPONDING, within_s=40.0)
    assert call.now - T0 == pytest.approx(33.0, abs=0.1)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Hi, this is Alex from Vantum.",  # we hear ourselves
        "Again",
        "You have ten seconds left.",
        "To send your message press one. To record it again press two.",
        "Your message has been saved. Goodbye.",
        "Please leave a message after the tone.",
    ],
)
def test_no_sound_of_a_mailbox_interrupts_a_message(words: str) -> None:
    call = phone()
    call.hears(VOICEMAIL)
    call.handle(ev.Beeped(6.0))
    call.advance(0.5)
    call.says(words, length_s=1.0)
    call.until(ENDED)
    assert (call.said, call.ended) == ([MESSAGE], "voicemail")


def test_the_announcements_last_words_may_come_late() -> None:
    call = phone()
    call.hears(VOICEMAIL)
    call.handle(ev.Beeped(6.0))
    call.event_in(0.5, ev.Transcript("Hello.", final=True, start_s=4.0, end_s=4.4))
    call.until(ENDED)
    assert call.ended == "voicemail"


@pytest.mark.parametrize("words", ["Hello? Hello, I am here.", "Wait, who is this?"])
def test_who_picks_up_while_the_message_is_left_is_greeted(words: str) -> None:
    call = phone()
    call.hears(VOICEMAIL)
    call.handle(ev.Beeped(6.0))
    call.advance(0.5)
    call.says(words, length_s=0.8)
    call.until(LISTENING)
    assert not call.speaks
    call.until(RESPONDING)
    assert call.spoken == GREETING
    assert call.kinds == ["voicemail", "person"]
    call.until(LISTENING)
    cut, theirs, greeting = call.lines
    assert MESSAGE.startswith(cut[1])
    assert (theirs, greeting) == (("user", words), ("assistant", GREETING))
    call.is_answered("Sure, go ahead.")


def test_a_message_whose_voice_failed_was_not_left() -> None:
    call = phone(script=Script(voice_fails_at_piece=0))
    call.hears(VOICEMAIL)
    call.handle(ev.Beeped(6.0))
    call.until(ENDED)
    assert call.ended == "no_message"


def test_who_leaves_no_message_hangs_up() -> None:
    call = phone(message="")
    call.hears(VOICEMAIL)
    assert call.ended == "no_message"
    assert call.gave(do.Speak) == []


@pytest.mark.parametrize(
    "words",
    [
        "You have reached the voicemail of Tom. The mailbox is full.",
        "The person you are calling has a voicemail box that has not been set up yet.",
    ],
)
def test_a_mailbox_that_takes_no_message_gets_none(words: str) -> None:
    call = phone()
    call.hears(words)
    assert call.ended == "no_message"


def test_the_carrier_alone_may_know_of_a_machine() -> None:
    call = phone()
    call.until(RESPONDING)
    call.advance(1.0)
    call.handle(ev.AnsweredBy("machine_start"))
    assert call.kinds == ["voicemail"]
    assert not call.speaks
    call.handle(ev.AnsweredBy("machine_end_beep"))
    assert call.spoken == MESSAGE
    call.until(ENDED)
    assert call.ended == "voicemail"


@pytest.mark.parametrize("verdict", ["machine_end_silence", "machine_end_other"])
def test_the_carrier_may_know_that_the_announcement_is_over(verdict: ev.Verdict) -> None:
    call = phone()
    call.hears(VOICEMAIL, length_s=5.0)
    call.handle(ev.AnsweredBy(verdict))
    call.advance(0.1)
    assert call.spoken == MESSAGE


# -- what must be heard ---------------------------------------------------------------------------

NOTICE = "This call is recorded."


def test_a_person_is_told_before_the_greeting_what_they_must_hear() -> None:
    call = phone(notice=NOTICE)
    call.hears("Hello?", length_s=0.5)
    call.until(RESPONDING)
    assert call.spoken == NOTICE
    call.until(LISTENING)
    assert call.lines == [("user", "Hello?"), ("assistant", NOTICE), ("assistant", GREETING)]


def test_nothing_holds_or_cuts_off_what_must_be_heard() -> None:
    call = phone(notice=NOTICE, reversible_s=0.0)
    call.until(RESPONDING)
    call.advance(0.5)
    call.says("Who is this?", length_s=0.6)
    call.handle(ev.Keyed("1"))
    call.handle(ev.InterruptAsked())
    call.until(LISTENING)
    assert call.gave(do.Hold) == []
    said = ("user", "pressed 1 Who is this?")
    assert call.lines[:3] == [("assistant", NOTICE), ("assistant", GREETING), said]
    assert len(call.asked) == 1


def test_a_hello_into_its_first_words_has_it_said_again_as_well() -> None:
    call = phone(notice=NOTICE)
    call.advance(0.9)
    call.says("Hello?", length_s=0.5)
    call.until(LISTENING)
    call.until(RESPONDING)
    call.until(LISTENING)
    assert call.gave(do.Hold) == []
    assert call.said == ["This", NOTICE, GREETING]


def test_the_greeting_behind_it_is_interrupted_as_usual() -> None:
    call = phone(notice=NOTICE)
    while not call.said:
        call.advance(0.1)
    call.advance(1.6)
    call.says("Sorry, who is this?")
    call.until(THINKING)
    assert call.said[0] == NOTICE
    assert GREETING not in call.said


def test_whoever_calls_us_is_told_as_well_and_answered_behind_the_greeting() -> None:
    call = phone(notice=NOTICE, inbound=True)
    call.says("I have a question about my bill.", length_s=1.0)
    call.until(THINKING)
    question = ("user", "I have a question about my bill.")
    assert call.lines == [("assistant", NOTICE), ("assistant", GREETING), question]


def test_no_machine_is_told_and_a_person_behind_it_is() -> None:
    call = phone(notice=NOTICE)
    call.until(RESPONDING)
    call.until(LISTENING)
    call.hears("Please hold while I connect you.")
    call.advance(5.0)
    call.hears("Hello, who is this?")
    call.until(RESPONDING)
    call.until(LISTENING)
    assert call.said == [NOTICE, GREETING, NOTICE, AGAIN]
    call = phone(notice=NOTICE)
    call.hears(VOICEMAIL)
    call.handle(ev.Beeped(6.0))
    call.until(ENDED)
    assert call.said == [MESSAGE]


def test_a_call_in_which_it_cannot_be_said_ends() -> None:
    call = phone(script=Script(voice_fails_at_piece=0), notice=NOTICE)
    call.until(ENDED)
    assert call.ended == "faults"


def test_a_call_that_only_tells_something_ends_once_it_was_told() -> None:
    call = phone(ends="briefed")
    call.until(RESPONDING)
    call.advance(1.6)
    call.says("Yes, I hear you.")
    call.until(ENDED)
    assert (call.said, call.ended) == ([GREETING], "briefed")
    assert call.gave(do.Hold) == []


# -- changes of mind ------------------------------------------------------------------------------


def test_a_person_whom_the_carrier_takes_for_a_machine_is_greeted_after_all() -> None:
    call = phone()
    call.until(RESPONDING)
    call.advance(0.5)
    call.handle(ev.AnsweredBy("machine_start"))
    call.advance(0.2)
    call.hears("Hello? Who is this?")
    call.until(RESPONDING)
    assert call.spoken == GREETING
    assert call.kinds == ["voicemail", "person"]
    call.until(LISTENING)
    assert call.lines[-1] == ("assistant", GREETING)
    first, taken_back, again = call.greeted
    assert (first is None, taken_back, again is None) == (False, None, False)
    call.is_answered("Sure, go ahead.")


def test_a_person_who_has_spoken_is_not_taken_for_a_machine_on_the_carriers_word() -> None:
    call = phone()
    call.hears("Hello?", length_s=0.5)
    call.until(RESPONDING)
    call.handle(ev.AnsweredBy("machine_start"))
    assert call.state is RESPONDING
    assert call.kinds == ["person"]


def test_the_carrier_says_person_and_the_words_say_voicemail() -> None:
    call = phone()
    call.handle(ev.AnsweredBy("human"))
    call.hears(VOICEMAIL)
    assert call.kinds == ["person", "voicemail"]


def test_a_verdict_that_comes_after_the_deadline_finds_a_silent_machine() -> None:
    call = phone()
    call.advance(12.0)
    call.handle(ev.AnsweredBy("machine_end_beep"))
    call.until(ENDED)
    assert call.ended == "voicemail"


# -- screening ------------------------------------------------------------------------------------


def test_a_screener_is_told_who_calls_and_a_person_is_greeted() -> None:
    call = phone()
    call.hears(SCREENER)
    call.until(RESPONDING)
    assert call.spoken == STATEMENT
    call.until(LISTENING)
    call.advance(20.0)  # no nudge into the silence
    assert call.said == [STATEMENT]
    call.hears("Hello?", length_s=0.5)
    call.until(LISTENING, within_s=10.0)
    call.advance(5.0)
    assert call.said == [STATEMENT, GREETING]
    assert call.kinds == ["screening", "person"]


def test_a_screener_that_asks_back_is_told_twice_and_no_more() -> None:
    call = phone()
    for _ in range(3):
        call.hears(SCREENER)
        call.advance(6.0)
    assert call.said == [STATEMENT, STATEMENT]
    call.until(ENDED, within_s=60.0)
    assert call.ended == "screened_out"


def test_whoever_says_something_else_to_a_statement_is_a_person() -> None:
    call = phone()
    call.hears(SCREENER)
    call.until(RESPONDING)
    call.until(LISTENING)
    call.advance(2.0)
    call.hears("Uh, Tom at the bakery.")
    call.until(RESPONDING)
    assert call.spoken == GREETING


def test_a_screener_may_pass_on_to_voicemail() -> None:
    call = phone()
    call.hears(SCREENER)
    call.until(RESPONDING)
    call.until(LISTENING)
    call.advance(3.0)
    call.hears("Thanks, please stay on the line.")
    call.advance(10.0)
    call.hears("The person you are calling is not available. Please leave a message.")
    call.handle(ev.Beeped(30.0))
    call.until(ENDED)
    assert call.kinds == ["screening", "voicemail"]
    assert call.ended == "voicemail"


def test_who_has_nothing_to_say_to_a_screener_hangs_up() -> None:
    call = phone(statement="")
    call.hears(SCREENER)
    assert call.ended == "screened_out"


# -- menus ----------------------------------------------------------------------------------------


def test_a_key_is_pressed_where_the_agent_file_knows_the_menu() -> None:
    call = phone()
    call.hears(MENU)
    assert call.pressed == []
    call.advance(1.0)
    assert call.pressed == ["2"]
    call.hears("Hello, this is Mary in sales, how can I help you?")
    call.until(RESPONDING)
    assert call.spoken == GREETING
    assert call.kinds == ["ivr", "person"]


def test_unknown_menus_are_asked_for_the_operator_twice() -> None:
    call = phone()
    for menu in (OTHER_MENU, "Main menu. Dial your party's extension.", "Press one for parking."):
        call.hears(menu)
        call.advance(2.0)
    assert call.pressed == ["0", "0"]
    assert call.ended == "ivr"


def test_the_same_menu_for_the_third_time_is_a_circle() -> None:
    call = phone()
    for menu in (MENU, MENU.lower(), MENU):
        assert call.ended is None
        call.hears(menu)
        call.advance(2.0)
    assert call.pressed == ["2", "2"]
    assert call.ended == "ivr"


def test_a_short_voice_behind_a_menu_that_then_waits_is_a_person() -> None:
    call = phone()
    call.hears(MENU)
    call.advance(3.0)
    call.hears("Front desk.")
    call.until(RESPONDING, within_s=3.0)
    assert call.spoken == GREETING


def test_a_menu_that_falls_silent_is_left() -> None:
    call = phone(hold_s=20.0)
    call.hears(MENU)
    call.until(ENDED, within_s=30.0)
    assert call.ended == "ivr"


# -- on hold --------------------------------------------------------------------------------------


def test_on_hold_the_agent_is_silent_until_somebody_comes() -> None:
    call = phone()
    call.hears("All our agents are busy. Please stay on the line.")
    for _ in range(3):
        call.advance(15.0)
        call.hears("Your call is important to us.")
    assert call.gave(do.Speak) == []
    call.hears("Thanks for holding, this is Mike, how can I help?")
    call.until(RESPONDING)
    assert call.spoken == GREETING


def test_a_greeting_that_was_heard_already_is_short_the_second_time() -> None:
    call = phone()
    call.until(RESPONDING)
    call.until(LISTENING)
    call.hears("Please hold while I connect you.")
    assert call.kinds == ["hold"]
    call.advance(5.0)
    call.hears("Hello, who is this?")
    call.until(RESPONDING)
    assert call.spoken == AGAIN


def test_nobody_waits_on_hold_for_ever() -> None:
    call = phone()
    call.hears("Please hold.")
    call.until(ENDED, within_s=130.0)
    assert call.ended == "hold"
    assert call.now - T0 > 120.0


def test_menus_and_queues_share_one_wait() -> None:
    call = phone(hold_s=30.0)
    call.hears(MENU)
    for _ in range(2):
        call.advance(10.0)
        call.hears("All our agents are busy, please hold.")
    call.until(ENDED, within_s=10.0)
    assert call.ended == "hold"


# -- keys and transfers ---------------------------------------------------------------------------


def test_pressed_keys_are_answered_as_words_are() -> None:
    call = phone()
    call.until(RESPONDING)
    call.until(LISTENING)
    call.handle(ev.Keyed("25#"))
    assert call.state is THINKING
    assert call.lines[-1] == ("user", "pressed 25 pound")


def test_keys_pressed_over_an_answer_interrupt_it() -> None:
    call = phone()
    call.until(RESPONDING)
    call.advance(1.0)
    call.handle(ev.Keyed("9"))
    call.until(THINKING)
    assert call.lines[-1] == ("user", "pressed 9")


def test_no_keys_say_nothing() -> None:
    call = phone()
    call.until(RESPONDING)
    call.handle(ev.Keyed(""))
    assert call.state is RESPONDING


def acts(call: Phone, name: str, argument: str = "") -> None:
    """The caller says something, and the model answers and asks for an action."""
    call.asks("Put me through to somebody, please.")
    reply = call.conversation.talk.reply
    assert reply is not None
    call.handle(ev.ActionAsked(reply.turn, reply.number, name, argument))


def talking(policy: Policy = POLICY) -> Phone:
    call = phone(policy, Script(answers=["Sure, one moment."]))
    call.hears("Hello?", length_s=0.5)
    call.until(LISTENING)
    return call


def test_a_caller_is_put_through_once_that_was_heard() -> None:
    call = talking()
    acts(call, "transfer_call")
    call.until(RESPONDING)
    assert call.gave(do.Transfer) == []
    call.until(LISTENING)
    assert call.gave(do.Transfer) == [do.Transfer("+15550100", warm=True)]
    call.says("Hello? Is anybody there?")
    call.advance(20.0)
    assert call.said[-1] == "Sure, one moment."
    call.handle(ev.EndAsked("transferred"))
    assert call.ended == "transferred"


def failed(call: Phone) -> None:
    call.handle(ev.TransferFailed("no answer"))


@pytest.mark.parametrize("how", [failed, lambda call: call.advance(61.0)])
def test_a_transfer_that_fails_is_told_and_the_talk_goes_on(how: Callable[[Phone], None]) -> None:
    call = talking()
    acts(call, "transfer_call")
    call.until(RESPONDING)
    call.until(LISTENING)
    how(call)
    assert call.spoken == "Sorry, nobody is free. Can I help?"
    call.until(LISTENING)
    call.is_answered("Well, then tell me the price.")
    assert failed(call) is None
    assert call.state is LISTENING


WAITS = TransferTo("+15550100", failed="Nobody is free.", waiting="I'm getting somebody.")
PATIENT = replace(POLICY, pickup=replace(PHONE, transfer=WAITS))


def test_who_waits_for_somebody_else_hears_so_at_once_and_again() -> None:
    call = talking(PATIENT)
    acts(call, "transfer_call", " Ann wants a discount. ")
    call.until(RESPONDING)
    call.until(LISTENING)
    assert call.gave(do.Transfer)[0].summary == "Ann wants a discount."
    call.advance(30.0)
    assert call.said[-3:] == [WAITS.waiting] * 3
    failed(call)
    call.until(LISTENING)
    call.advance(30.0)
    assert WAITS.failed in call.said
    assert call.said.count(WAITS.waiting) == 3


def test_others_may_have_a_caller_put_through_who_is_being_spoken_to() -> None:
    call = talking(PATIENT)
    call.asks("What does it cost?")
    call.until(RESPONDING)
    for _ in range(2):
        call.handle(ev.TransferAsked("+15550199", warm=False))
    assert call.gave(do.Transfer) == [do.Transfer("+15550199", warm=False)]
    failed(call)  # the line is busy before the agent has finished
    call.until(LISTENING)
    call.advance(5.0)
    assert call.said[-2:] == ["Sure, one moment.", WAITS.failed]


def test_a_call_that_only_tells_something_ends_when_it_was_heard() -> None:
    tells = replace(POLICY, pickup=replace(PHONE, ends="briefed", transfer=None))
    call = phone(tells, Script())
    call.hears("Hello?", length_s=0.5)
    call.until(ENDED, within_s=10.0)
    assert (call.ended, call.said) == ("briefed", [tells.greeting])


def test_who_interrupts_the_announcement_is_not_put_through() -> None:
    call = talking()
    acts(call, "transfer_call")
    call.until(RESPONDING)
    call.says("No wait, stay with me.")
    call.advance(20.0)
    assert call.gave(do.Transfer) == []


@pytest.mark.parametrize("policy", [replace(POLICY, pickup=PickupPolicy()), Policy()])
def test_nobody_is_put_through_where_there_is_nobody(policy: Policy) -> None:
    call = World(policy).begin()
    call.handle(ev.Answered(inbound=True))
    call.asks("Put me through.")
    call.handle(ev.ActionAsked(1, 1, "transfer_call"))
    call.until(LISTENING)
    assert call.gave(do.Transfer) == []


@pytest.mark.parametrize(
    ("argument", "pressed"),
    [("12#", ["12#"]), ("1 2-3", ["123"]), ("none", []), ("7" * 99, ["7" * 32])],
)
def test_the_model_may_press_keys(argument: str, pressed: list[str]) -> None:
    call = talking()
    acts(call, "press_keys", argument)
    call.until(RESPONDING)
    call.until(LISTENING)
    assert call.pressed == pressed


def test_keys_need_no_words() -> None:
    call = talking()
    call.script.hangs = True
    acts(call, "press_keys", "1")
    reply = call.conversation.talk.reply
    assert reply is not None
    call.handle(ev.ReplyWritten(reply.turn, reply.number))
    call.until(LISTENING)
    assert call.pressed == ["1"]
    assert call.told(do.Fault) == []


def test_who_wants_no_more_calls_ends_this_one() -> None:
    call = talking()
    acts(call, "opt_out")
    call.until(ENDED)
    assert call.ended == "opt_out"


# -- the machinery --------------------------------------------------------------------------------


def test_in_a_browser_nobody_picks_up() -> None:
    call = World(Policy(greeting=GREETING)).begin(greets=True)
    call.until(LISTENING)
    for event in (ev.Answered(inbound=False), ev.AnsweredBy("machine_start"), ev.Beeped(1.0)):
        assert call.handle(event) == []
    call.is_answered(VOICEMAIL)


def test_answering_twice_changes_nothing() -> None:
    call = phone()
    call.advance(0.4)
    call.handle(ev.Answered(inbound=True))
    assert call.state is LISTENING
    call.until(RESPONDING)
    assert call.now - T0 == pytest.approx(0.5, abs=0.05)


def test_hearing_that_is_lost_on_hold_is_no_reason_to_speak() -> None:
    call = phone(replace(POLICY, deaf="I cannot hear you.", fillers=("One moment.",)))
    call.hears("Please hold.")
    call.handle(ev.Setback("stt", "network", "lost", unheard=True))
    call.handle(ev.HearingFailed("lost"))
    call.advance(30.0)
    assert call.gave(do.Speak) == []


# -- whatever happens -----------------------------------------------------------------------------

heard = st.sampled_from(
    [VOICEMAIL, SCREENER, MENU, OTHER_MENU, "Please hold.", "Hello?", "Who is this?", "Uh, Tom."]
)
deeds = st.one_of(
    heard,
    st.sampled_from(["machine_start", "machine_end_beep", "human"]).map(ev.AnsweredBy),
    st.sampled_from([ev.Beeped(1.0), ev.Keyed("1"), None]),
)


@given(
    st.lists(st.tuples(deeds, st.sampled_from([0.1, 1.0, 3.0, 9.0])), max_size=8),
    st.sampled_from([0.1, 0.4, 2.0]),
    st.booleans(),
)
@at_most(25)
def test_whoever_answers_the_call_comes_to_an_end_and_no_machine_is_talked_with(
    course: list[tuple[str | ev.Event | None, float]], finals_after_s: float, inbound: bool
) -> None:
    call = phone(script=Script(finals_after_s=finals_after_s), inbound=inbound)
    for deed, pause_s in course:
        if isinstance(deed, str):
            call.says(deed)
        elif deed is not None:
            call.handle(deed)
        call.advance(pause_s)
        machine = call.kinds[-1:] and call.kinds[-1] in {"voicemail", "screening", "ivr", "hold"}
        assert not (machine and call.state is THINKING)
    call.until(ENDED, within_s=300.0)
    assert call.timers == {}
    assert not call.speaks
