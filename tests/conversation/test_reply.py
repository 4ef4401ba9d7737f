"""Rows CV-06, LL-09 to LL-11, LL-19, TT-17: answers that break off or end the call."""

from __future__ import annotations

import pytest
from world import ENDED, ENDING, LISTENING, RATE_HZ, RESPONDING, Script, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy
from vantum.conversation.reply import Reply, ShownText

FALLBACKS = ("Once more, please.", "A problem here.", "We call you back. Goodbye.")
POLICY = Policy(fallbacks=FALLBACKS)
ANSWER = "Of course, it depends on your team. We have plans for every size, big and small."


def failing(*replies: int, after_tokens: int = 0, policy: Policy = POLICY) -> World:
    script = Script(answers=["Sure."], model_fails=list(replies), fails_after_tokens=after_tokens)
    return World(policy, script).begin()


# -- the model fails ------------------------------------------------------------------------------


def test_cv06_after_a_failure_the_caller_hears_a_sentence_and_the_call_listens() -> None:
    world = failing(1)
    world.is_answered("Hello?")
    assert world.lines == [("user", "Hello?"), ("assistant", FALLBACKS[0])]
    assert world.told(do.Fault) == [do.Fault("llm", "broken off")]
    assert world.state is LISTENING


def test_ll09_failures_in_a_row_climb_the_tiers_and_the_third_ends_the_call() -> None:
    world = failing(1, 2, 3)
    for _ in range(2):
        world.is_answered("Hello?")
    world.asks("Hello?")
    world.until(ENDED)
    assert [text for role, text in world.lines if role == "assistant"] == list(FALLBACKS)
    assert world.ended == "faults"


def test_ll10_the_last_words_are_heard_before_the_call_ends() -> None:
    world = failing(1, 2, 3)
    for _ in range(2):
        world.is_answered("Hello?")
    world.asks("Hello?")
    world.until(ENDING)
    turn = world.conversation.talk.turn
    assert world.ear.heard[turn] == pytest.approx(len(FALLBACKS[2]) / 15, abs=0.1)


def test_ll09_a_success_resets_the_tiers() -> None:
    world = failing(1, 2, 4)
    for _ in range(4):
        world.is_answered("Hello?")
    answers = [text for role, text in world.lines if role == "assistant"]
    assert answers == [FALLBACKS[0], FALLBACKS[1], "Sure.", FALLBACKS[0]]


def test_a_failure_after_the_third_whose_goodbye_was_interrupted_ends_the_call_still() -> None:
    world = failing(1, 2, 3, 4)
    for _ in range(2):
        world.is_answered("Hello?")
    world.asks("Hello?")
    world.until(RESPONDING)
    world.advance(0.5)
    world.says("Wait")
    world.until(LISTENING)
    world.until(RESPONDING)
    world.until(ENDED)
    assert world.ended == "faults"


@pytest.mark.parametrize(
    "answer", ["", " ", "\n", "||BREAK||", "...", " - ", "||BREAK||?!||BREAK||"]
)
def test_ll11_an_answer_with_nothing_to_say_is_a_failure(answer: str) -> None:
    world = World(POLICY, Script(answers=[answer])).begin()
    world.is_answered("Hello?")
    assert world.told(do.Fault) == [do.Fault("llm", "the model gave an empty answer", "server")]
    assert world.lines[-1] == ("assistant", FALLBACKS[0])


def test_ll11_no_tokens_at_all_are_a_failure() -> None:
    world = World(POLICY, Script(hangs=True)).begin()
    world.asks("Hello?")
    world.handle(ev.ReplyWritten(1, 1))
    world.until(LISTENING)
    assert world.lines[-1] == ("assistant", FALLBACKS[0])


@pytest.mark.parametrize("tokens", [1, 2, 3, 6, 9])
def test_ll19_what_was_written_before_the_failure_is_spoken(tokens: int) -> None:
    world = failing(1, after_tokens=tokens)
    world.script.answers = [ANSWER]
    world.is_answered("What does it cost?")
    written = " ".join(ANSWER.split(" ")[:tokens])
    assert world.lines[-1] == ("assistant", written)
    assert world.told(do.Fault) == [do.Fault("llm", "broken off")]
    assert FALLBACKS[0] not in [e.text for e in world.effects if isinstance(e, do.Speak)]


def test_a_third_failure_in_mid_answer_says_goodbye_behind_it() -> None:
    world = failing(1, 2, 3, after_tokens=2)
    world.script.answers = [ANSWER]
    for _ in range(2):
        world.is_answered("Hello?")
    world.asks("Hello?")
    world.until(ENDED)
    assert world.lines[-1] == ("assistant", f"Of course, {FALLBACKS[2]}")
    assert world.ended == "faults"


def test_a_fallback_is_a_new_reply_of_the_same_turn() -> None:
    world = failing(1)
    world.asks("Hello?")
    world.until(RESPONDING)
    spoken = world.gave(do.Speak)[0]
    assert isinstance(spoken, do.Speak)
    assert (spoken.turn, spoken.reply) == (1, 2)
    assert world.handle(ev.Token(1, 1, "Late, ")) == []


def test_a_caller_waits_for_a_fallback_too() -> None:
    world = failing(1)
    world.asks("Hello?")
    world.until(LISTENING)
    (started,) = world.told(do.AnswerStarted)
    assert isinstance(started, do.AnswerStarted)
    assert started.waited_s == pytest.approx(0.5 + 0.3 + 0.1, abs=0.03)


@pytest.mark.parametrize("text", ["", "...", "||BREAK||"])
def test_a_fallback_without_words_does_not_silence_the_call(text: str) -> None:
    world = failing(1, policy=Policy(fallbacks=(text, text, text)))
    world.asks("Hello?")
    world.until(LISTENING)
    world.is_answered("Hello?")


# -- the model ends the call ----------------------------------------------------------------------


def test_the_call_ends_after_its_goodbye_was_heard() -> None:
    world = World(script=Script(answers=["Thank you, goodbye."], ends_call=True)).begin()
    world.asks("Bye.")
    world.until(ENDING)
    assert world.ear.heard[1] == pytest.approx(len("Thank you, goodbye.") / 15, abs=0.1)
    assert world.ended == "agent_ended"
    assert world.lines[-1] == ("assistant", "Thank you, goodbye.")
    world.until(ENDED)


def test_an_interrupted_goodbye_lets_the_call_go_on() -> None:
    script = Script(answers=["Thank you very much, goodbye.", "Sure."], ends_call=True)
    world = World(script=script).begin()
    world.asks("Bye.")
    world.until(RESPONDING)
    world.advance(0.5)
    script.ends_call = False
    world.says("Wait, one more thing")
    world.until(LISTENING)
    world.until(RESPONDING)
    world.until(LISTENING)
    world.advance(10.0)
    assert world.state is LISTENING
    assert world.ended is None


def test_a_cough_does_not_keep_a_goodbye_from_ending_the_call() -> None:
    world = World(script=Script(answers=["Thank you very much, goodbye."], ends_call=True)).begin()
    world.asks("Bye.")
    world.until(RESPONDING)
    world.coughs()
    world.until(ENDED)
    assert world.ended == "agent_ended"


def test_a_model_may_end_the_call_without_a_word() -> None:
    world = World(script=Script(answers=[""], ends_call=True)).begin()
    world.asks("Bye.")
    world.until(ENDED)
    assert world.ended == "agent_ended"
    assert world.told(do.Fault) == []


def test_an_unknown_action_is_ignored() -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("Hello?")
    assert world.handle(ev.ActionAsked(1, 1, "make_coffee")) == []
    world.handle(ev.Token(1, 1, "Sure."))
    world.handle(ev.ReplyWritten(1, 1))
    world.until(LISTENING)


# -- the voice fails ------------------------------------------------------------------------------


def test_tt17_without_a_voice_the_client_is_given_the_text_and_the_call_goes_on() -> None:
    world = World(script=Script(answers=[ANSWER], voice_fails_at_piece=0)).begin()
    world.asks("What does it cost?")
    world.until(LISTENING)
    assert world.told(do.Fault) == [do.Fault("tts", "no voice")]
    assert "".join(n.text for n in world.notices if isinstance(n, do.AnswerToken)) == ANSWER
    (done,) = world.told(do.AnswerCompleted)
    assert isinstance(done, do.AnswerCompleted)
    assert (done.text, done.sound_s) == (ANSWER, 0.0)
    assert world.gave(do.Play) == []
    world.script.voice_fails_at_piece = None
    world.is_answered("And now?")


@pytest.mark.parametrize(("shown", "heard"), [(True, ANSWER), (False, "Of course,")])
def test_a_voice_lost_in_mid_answer_counts_as_heard_only_where_text_is_shown(
    shown: bool, heard: str
) -> None:
    script = Script(answers=[ANSWER], voice_fails_at_piece=1)
    world = World(Policy(text_is_shown=shown), script).begin()
    world.is_answered("What does it cost?")
    assert world.lines[-1] == ("assistant", heard)
    assert world.ear.heard[1] == pytest.approx(len("Of course,") / 15, abs=0.1)


def test_a_voice_lost_at_the_start_leaves_no_line_where_no_text_is_shown() -> None:
    world = World(Policy(text_is_shown=False), Script(voice_fails_at_piece=0)).begin()
    world.asks("What does it cost?")
    world.until(LISTENING)
    assert world.lines == [("user", "What does it cost?")]
    world.advance(20.0)
    assert len(world.asked) == 1


def test_half_a_piece_is_not_a_whole_one_when_the_voice_is_lost() -> None:
    world = World(Policy(text_is_shown=False), Script(hangs=True)).begin()
    world.asks("What does it cost?")
    world.handle(ev.Token(1, 1, "It costs ten euros for every seat that you book."))
    world.handle(ev.ReplyWritten(1, 1))
    world.handle(ev.Speech(1, 1, 0, bytes(2 * RATE_HZ // 2), RATE_HZ))
    world.handle(ev.VoiceFailed(1, 1, "cut"))
    world.until(LISTENING)
    assert world.lines[-1] == ("assistant", "It")


def test_a_voice_that_fails_twice_is_told_once() -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("Hello?")
    world.handle(ev.Token(1, 1, "Yes, "))
    world.handle(ev.VoiceFailed(1, 1, "cut"))
    assert world.handle(ev.VoiceFailed(1, 1, "cut")) == []
    assert world.handle(ev.Speech(1, 1, 0, bytes(200), RATE_HZ)) == []


def test_text_written_after_the_voice_was_lost_is_not_sent_to_it() -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("Hello?")
    world.handle(ev.Token(1, 1, "Yes, "))
    world.handle(ev.VoiceFailed(1, 1, "cut"))
    world.handle(ev.Token(1, 1, "I am here. How can I help you today? "))
    world.handle(ev.ReplyWritten(1, 1))
    assert [e.text for e in world.effects if isinstance(e, do.Speak)] == ["Yes,"]
    world.until(LISTENING)
    assert world.lines[-1] == ("assistant", "Yes, I am here. How can I help you today?")


def test_a_goodbye_without_a_voice_ends_the_call() -> None:
    script = Script(answers=["Goodbye."], ends_call=True, voice_fails_at_piece=0)
    world = World(script=script).begin()
    world.asks("Bye.")
    world.until(ENDED)
    assert world.ended == "agent_ended"


# -- the text a client is shown -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        (["Hello ", "there"], ["Hello ", "there"]),
        (["Hello||BREAK||there"], ["Hello there"]),
        (["Hello||", "BREAK", "||there"], ["Hello", " there"]),
        (["a |", "| b"], ["a ", "|| b"]),
        (["a |"], ["a ", "|"]),
        (["a ||BRE"], ["a "]),
        (["||BREAK||"], [" "]),
        ([""], []),
    ],
)
def test_tokens_are_shown_without_markers(tokens: list[str], shown: list[str]) -> None:
    text = ShownText()
    for token in tokens:
        text.push(token)
    text.finish()
    assert text.tokens == shown


def test_each_token_is_told_once() -> None:
    text = ShownText()
    text.push("a ")
    assert text.untold() == [(0, "a ")]
    text.push("b ")
    text.push("c ")
    assert text.untold() == [(1, "b "), (2, "c ")]
    assert text.untold() == []


def test_an_answer_is_made_when_it_is_written_and_all_pieces_sounded() -> None:
    reply = Reply(1, 1)
    assert reply.write("Yes, ") == ["Yes,"]
    reply.voiced(0, 0.4)
    reply.voiced_whole(0)
    assert not reply.is_made
    assert reply.finish() == []
    assert reply.is_made
    assert reply.sound_s == pytest.approx(0.4)


def test_a_recorded_line_is_a_piece_whole_whatever_stands_around_it() -> None:
    line = "This call is recorded. Tell us if you mind, please."
    reply = Reply(1, 1, prerecorded=frozenset({line, "This call"}))
    assert reply.say(f"Hi. {line} This is Alex.") == ["Hi.", line, "This is Alex."]
    assert reply.text == f"Hi. {line} This is Alex."
    assert reply.append(line) == [line]
    assert reply.text == f"Hi. {line} This is Alex. {line}"


def test_a_word_within_which_a_recorded_line_ends_is_not_cut() -> None:
    reply = Reply(1, 1, prerecorded=frozenset({"Yes"}))
    assert reply.say("Yesterday was Sunday") == ["Yesterday was Sunday"]


def test_a_recorded_line_follows_what_is_written_before_it() -> None:
    reply = Reply(1, 1, prerecorded=frozenset({"Goodbye, and thank you."}))
    pieces = [*reply.write("Fine, I will "), *reply.write("note it "), *reply.write("for you. ")]
    assert pieces == ["Fine,"]
    assert reply.write("Goodbye, and thank you.") == [
        "I will note it for you.",
        "Goodbye, and thank you.",
    ]


def test_an_answer_that_breaks_off_is_excused_behind_what_was_said() -> None:
    world = failing(1, after_tokens=4, policy=Policy(broken_off="Where was I?"))
    world.is_answered("Hello?")
    assert world.lines[-1][1].endswith("Where was I?")
    assert not world.lines[-1][1].startswith("Where was I?")


def test_a_caller_who_cannot_be_heard_any_more_is_told_so_aloud() -> None:
    world = World(Policy(deaf="I cannot hear you.")).begin()
    world.handle(ev.HearingFailed("gone"))
    world.until(LISTENING)
    assert world.lines == [("assistant", "I cannot hear you.")]


def test_a_deaf_agent_asks_nothing_and_says_goodbye() -> None:
    policy = Policy(
        greeting="Hello there, how are you?",
        deaf="I cannot hear you.",
        nudges=("Hello?",),
        nudge_after_s=5.0,
        goodbye="Goodbye.",
    )
    world = World(policy).begin(greets=True)
    world.advance(0.1)
    world.handle(ev.HearingFailed("gone"))
    world.until(ENDED)
    said = [text for role, text in world.lines]
    assert said == ["Hello there, how are you?", "I cannot hear you.", "Goodbye."]
    assert world.ended == "silence"


def test_a_client_that_ends_turns_itself_reads_that_it_is_not_heard() -> None:
    world = World(Policy(deaf="I cannot hear you.")).begin(automatic=False)
    world.handle(ev.HearingFailed("gone"))
    world.advance(5.0)
    assert world.lines == []
    assert world.told(do.Fault)


@pytest.mark.parametrize(("unheard", "said"), [(True, 1), (False, 0)])
def test_a_caller_who_may_be_waiting_is_kept_company_while_hearing_is_mended(
    unheard: bool, said: int
) -> None:
    world = World(Policy(fillers=("One moment.",))).begin()
    world.handle(ev.Setback("stt", "network", "stalled", unheard))
    world.advance(3.0)
    assert len(world.told(do.AnswerStarted)) == said
    [fault] = world.told(do.Fault)
    assert isinstance(fault, do.Fault)
    assert fault.passing


# -- what must be heard ---------------------------------------------------------------------------

LEGAL = "Calls may be monitored."


@pytest.mark.parametrize("guesses", [0, 1])
def test_an_answer_that_must_be_heard_is_not_interrupted_and_what_was_said_is_answered(
    guesses: int,
) -> None:
    told = f"{LEGAL} Prices begin at ten euros a seat."
    script = Script(answers=[told, "Yes."], first_token_s=0.02, token_s=0.0)  # written at once
    world = World(Policy(must_hear=(LEGAL,), guesses=guesses), script).begin()
    world.says("What does it cost?")
    world.until(RESPONDING)
    world.advance(0.5)
    world.says("Is that per month?")
    world.advance(1.5)
    assert world.speaks
    world.advance(8.0)
    assert world.lines == [
        ("user", "What does it cost?"),
        ("assistant", told),
        ("user", "Is that per month?"),
        ("assistant", "Yes."),
    ]
