"""What holds in every call, whatever happens in it and in whichever order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from world import ENDED, RATE_HZ, RESPONDING, T0, THINKING, Script, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.machine import TIMES, Conversation
from vantum.conversation.policy import PickupPolicy, Policy, TransferTo
from vantum.conversation.states import MOVES, State

POLICY = Policy(
    greeting="Hello there!",
    nudges=("Are you there?", "Can you hear me?"),
    goodbye="Bye then.",
    fillers=("One moment.",),
    guesses=2,
)
PHONE = replace(
    POLICY,
    pickup=PickupPolicy(
        notice="This call is recorded.",
        message="Hi, this is Alex. Goodbye.",
        statement="Alex from Vantum.",
        again="Alex here.",
        transfer=TransferTo("+15550100", failed="Nobody is free.", waiting="Hold on."),
    ),
)
QUICK = at_most(25)

# -- raw events: any event, at any time, in any order ---------------------------------------------

small = st.integers(0, 4)
seconds = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, 9.0])
texts = st.sampled_from(["", " ", "Yes, ", "I am here. ", "||BREAK||", "||BR", "...", "word " * 30])
answers = st.sampled_from(
    ["Hello?", "Leave a message.", "Record your name.", "Press 1 for sales.", "Please hold.", "Uh."]
)
verdicts = st.sampled_from(["human", "machine_start", "machine_end_beep", "machine_end_other"])
actions = st.sampled_from(["end_call", "opt_out", "transfer_call", "press_keys"])
reply_side = {"turn": small, "reply": small}
raw = st.one_of(
    st.builds(ev.Ready),
    st.builds(ev.InputStarted, automatic=st.booleans(), greets=st.booleans()),
    st.builds(ev.InputEnded),
    st.builds(ev.SpeechStarted, seconds),
    st.builds(ev.SpeechSustained, seconds, seconds),
    st.builds(ev.SpeechStopped, seconds, seconds, seconds),
    st.builds(
        ev.Transcript,
        text=texts,
        final=st.booleans(),
        start_s=seconds,
        end_s=seconds,
        end_of_turn=st.booleans(),
        eager=st.booleans(),
    ),
    st.builds(ev.Finalised),
    st.builds(ev.HearingFailed, texts),
    st.builds(ev.Token, **reply_side, text=texts),
    st.builds(ev.ActionAsked, **reply_side, name=actions, argument=st.just("1#")),
    st.builds(ev.ReplyWritten, **reply_side),
    st.builds(ev.ReplyFailed, **reply_side, message=texts),
    st.builds(
        ev.Speech,
        **reply_side,
        piece=st.integers(-1, 3),
        pcm=st.sampled_from([b"", bytes(2), bytes(800)]),
        rate_hz=st.just(RATE_HZ),
    ),
    st.builds(ev.PieceVoiced, **reply_side, piece=st.integers(-1, 3)),
    st.builds(ev.VoiceFailed, **reply_side, message=texts),
    st.builds(ev.PlayedOut, small),
    st.builds(ev.TurnStopped, small, seconds),
    st.builds(ev.TimerFired, st.sampled_from(sorted(TIMES))),
    st.builds(ev.InterruptAsked),
    st.builds(ev.MuteChanged, muted=st.booleans()),
    st.builds(ev.EndAsked, st.just("expired")),
    st.builds(ev.Answered, inbound=st.sampled_from([False, False, True])),
    st.builds(ev.AnsweredBy, verdicts),
    st.builds(ev.Beeped, seconds),
    st.builds(ev.Keyed, st.sampled_from(["", "9", "1*#"])),
    st.builds(ev.TransferFailed, texts),
    st.builds(ev.TransferAsked, texts, warm=st.booleans()),
    st.builds(ev.Transcript, text=answers, final=st.booleans(), start_s=seconds, end_s=seconds),
)
rare_end = st.builds(ev.SetupFailed, texts) | st.builds(ev.Disconnected)
steps = st.lists(st.tuples(st.one_of(*[raw] * 12, rare_end), seconds), max_size=60)


def aimed(conversation: Conversation, event: ev.Event) -> ev.Event:
    """The same event about the current reply, where it asks for number 0; else as it is."""
    talk = conversation.talk
    reply = talk.aside.guess.reply if talk.aside.guess else talk.reply
    if reply is None or getattr(event, "turn", 1) != 0:
        return event
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    fields |= {"turn": reply.turn} | ({"reply": reply.number} if "reply" in fields else {})
    return type(event)(**fields)


def run(
    script: list[tuple[ev.Event, float]], book: RuleBook, *, phone: bool = False
) -> Iterator[tuple[Conversation, list[do.Effect]]]:
    conversation, now = Conversation(PHONE if phone else POLICY, "session-7", T0), T0
    openers = [ev.Ready(), ev.InputStarted(automatic=True, greets=phone)]
    openers += [ev.Answered(inbound=False)] if phone else []
    for event, pause_s in [*((opener, 0.0) for opener in openers), *script]:
        now += pause_s
        if isinstance(event, ev.TimerFired):
            book.timers.discard(event.name)
        yield conversation, conversation.handle(aimed(conversation, event), now)


@given(steps, st.booleans())
@at_most(80)
def test_any_events_keep_the_rules(script: list[tuple[ev.Event, float]], phone: bool) -> None:
    book = RuleBook()
    for conversation, effects in run(script, book, phone=phone):
        book.check(conversation, effects)


@given(steps, st.booleans())
@QUICK
def test_every_call_that_is_disconnected_is_over_and_leaves_no_timer(
    script: list[tuple[ev.Event, float]], phone: bool
) -> None:
    book = RuleBook()
    conversation = Conversation(POLICY, "session-7", T0)
    for current, effects in run([*script, (ev.Disconnected(), 0.1)], book, phone=phone):
        conversation = current
        book.check(conversation, effects)
    assert conversation.state is ENDED
    assert book.timers == set()
    assert book.held is None
    assert conversation.talk.reply is None


class RuleBook:
    """Follows the effects of one call and knows what may not follow what."""

    def __init__(self) -> None:
        self.state = State.INITIALIZING
        self.timers: set[str] = set()
        self.held: int | None = None
        self.stopped: set[int] = set()
        self.tokens: dict[tuple[int, int], str] = {}
        self.told_index = -1
        self.answer = 0
        self.finished: set[int] = set()

    def check(self, conversation: Conversation, effects: list[do.Effect]) -> None:
        for effect in effects:
            self._sound(effect)
            self._timer(effect)
            if isinstance(effect, do.Notify):
                self._notice(effect.notice)
        talk = conversation.talk
        assert self.state is talk.state
        held = talk.reply is not None and talk.reply.held
        assert held is (self.held is not None)
        assert (talk.reply is not None) is (talk.state in {THINKING, RESPONDING})
        for effect in effects:  # the order within one event: the last turn named is the current
            if isinstance(effect, do.Ask | do.Speak | do.Play | do.FinishPlaying | do.Hold):
                guess = talk.aside.guess if isinstance(effect, do.Ask | do.Speak) else None
                current = {talk.turn} | ({guess.reply.turn} if guess else set())
                assert effect.turn in current | self.stopped

    def _sound(self, effect: do.Effect) -> None:
        match effect:
            case do.Play(turn) | do.FinishPlaying(turn):
                assert turn not in self.stopped, "sound after it was stopped"
                assert turn not in self.finished, "sound after its end"
                if isinstance(effect, do.FinishPlaying):
                    self.finished.add(turn)
            case do.Ask(turn) | do.Speak(turn) | do.FinishSpeaking(turn):
                assert turn not in self.stopped
            case do.Hold(turn):
                assert self.held is None
                self.held = turn
            case do.Resume(turn):
                assert self.held == turn
                self.held = None
            case do.StopTurn(turn):
                assert turn not in self.stopped, "stopped twice"
                self.stopped.add(turn)
                self.held = None
            case _:
                pass

    def _timer(self, effect: do.Effect) -> None:
        match effect:
            case do.SetTimer(name, at):
                assert at >= T0
                self.timers.add(name)
                assert name in TIMES
            case do.CancelTimer(name):
                self.timers.discard(name)
            case _:
                pass

    def _notice(self, notice: do.Notice) -> None:
        match notice:
            case do.StateChanged(before, after, lasted_s):
                assert before is self.state
                assert after in MOVES[before]
                assert lasted_s >= 0
                self.state = after
            case do.AnswerStarted(turn):
                assert turn > self.answer, "an answer starts once"
                self.answer, self.told_index = turn, -1
            case do.AnswerToken(turn, text, index):
                assert (turn, index) == (self.answer, self.told_index + 1)
                assert "||BREAK||" not in text.upper()
                self.told_index = index
            case do.AnswerCompleted(turn, text, tokens):
                assert (turn, tokens) == (self.answer, self.told_index + 1)
                assert "||B" not in text
            case _:
                pass


# -- whole calls: a caller who does as people do --------------------------------------------------

deeds = st.sampled_from(
    ["says", "says more", "coughs", "noise", "button", "new recording", "end of input", "waits"]
)
course = st.lists(st.tuples(deeds, st.sampled_from([0.05, 0.3, 0.8, 2.0, 6.0])), max_size=8)
scripts = st.builds(
    Script,
    answers=st.just(["Of course, it depends on your team. We have plans for every size."]),
    first_token_s=st.sampled_from([0.05, 0.6, 2.0]),
    token_s=st.sampled_from([0.01, 0.2]),
    finals_after_s=st.sampled_from([0.1, 0.4, 3.0, 6.0]),
    deaf=st.sampled_from([False, False, False, True]),
    voice_fails_at_piece=st.sampled_from([None, None, 0, 1]),
    model_fails=st.sampled_from([[], [1], [1, 2, 3]]),
    fails_after_tokens=st.sampled_from([0, 4]),
    ends_call=st.sampled_from([False, False, True]),
)


def live(
    script: Script, deeds: list[tuple[str, float]], *, automatic: bool, shown: bool = False
) -> World:
    policy = Policy(
        greeting=POLICY.greeting,
        nudges=POLICY.nudges,
        goodbye=POLICY.goodbye,
        text_is_shown=shown,
    )
    world = World(policy, script).begin(automatic=automatic, greets=automatic)
    for deed, pause_s in deeds:
        match deed:
            case "says":
                world.says("What does it cost?")
            case "says more":
                world.says("And for ten people, or for twenty?")
            case "coughs":
                world.coughs()
            case "noise":
                world.makes_noise(0.7)
            case "button":
                world.handle(ev.InterruptAsked())
            case "new recording":
                world.record(automatic=automatic, greets=automatic)
            case "end of input":
                world.stop_recording()
        world.advance(pause_s)
    return world


@given(scripts, course, st.booleans())
@QUICK
def test_whatever_a_caller_does_the_rules_are_kept(
    script: Script, deeds: list[tuple[str, float]], automatic: bool
) -> None:
    # The ear of the world itself refuses sound of an old or stopped turn, and holding twice.
    world = live(script, deeds, automatic=automatic)
    world.handle(ev.Disconnected())
    assert world.state is ENDED
    assert world.timers == {}
    assert not world.speaks


@given(scripts, course, st.booleans())
@QUICK
def test_history_holds_no_more_than_was_heard(
    script: Script, deeds: list[tuple[str, float]], automatic: bool
) -> None:
    world = live(script, deeds, automatic=automatic)
    world.handle(ev.Disconnected())
    remembered = sum(len(text) for role, text in world.lines if role == "assistant")
    sounded = sum(world.ear.heard.values()) * script.chars_per_s
    # A last word without its last breath (0.08 s) counts, and so do the spaces between pieces.
    turns = len(world.ear.heard)
    assert remembered <= sounded + turns * (0.08 * script.chars_per_s + 2 + 3)


@given(scripts, course)
@QUICK
def test_every_call_with_a_caller_gone_silent_ends_by_itself(
    script: Script, deeds: list[tuple[str, float]]
) -> None:
    world = live(script, deeds, automatic=True)
    world.until(ENDED, within_s=120.0)
    assert world.ended in {"silence", "faults", "agent_ended"}
    assert world.timers == {}


@given(scripts, st.booleans())
@at_most(10)
def test_every_end_of_input_is_confirmed_once(script: Script, automatic: bool) -> None:
    world = World(script=script).begin(automatic=automatic)
    for count in range(1, 4):
        world.record(automatic=automatic)
        world.says("What does it cost?")
        world.advance(1.5)
        if world.ended:
            return
        world.stop_recording()
        world.advance(6.5)
        assert len(world.told(do.InputClosed)) == count or world.ended


# -- whole calls: nothing that was said is lost, whatever sounds and however late it is written ----

SENTENCES = [
    "We have ten people here.",
    "Our budget is small.",
    "Who would set everything up?",
    "I would like to",
    "seven five three nine",
]
sounds = st.sampled_from(["says", "says", "says", "coughs", "noise", "long noise", "stuck", "key"])
talks = st.lists(st.tuples(sounds, st.sampled_from([0.05, 0.3, 0.8, 2.0, 6.0])), max_size=7)


def talk_amid_noise(world: World, deeds: list[tuple[str, float]]) -> list[str]:
    """Say a sentence after the other, amid sounds, and listen; returns what was said."""
    said: list[str] = []
    for deed, pause_s in deeds:
        if world.ended:
            break
        match deed:
            case "says" if len(said) < len(SENTENCES):
                said.append(SENTENCES[len(said)])
                world.says(said[-1])
                world.advance(len(said[-1]) / 15)
            case "coughs":
                world.coughs()
            case "noise":
                world.makes_noise(0.5)
            case "long noise":
                world.makes_noise(4.0)
            case "stuck":  # and its end is never told
                world.handle(ev.SpeechStarted(world.audio_s(world.now)))
            case "key":
                world.handle(ev.Keyed("4"))
        world.advance(pause_s)
    world.advance(14.0)
    return said


@given(
    talks,
    st.sampled_from([0.1, 0.4, 1.0, 1.8, 3.0]),
    st.sampled_from([0.05, 0.6, 2.0]),
    st.sampled_from([0, 1]),
    st.booleans(),
)
@at_most(60)
def test_no_word_is_lost_the_last_is_answered_and_nothing_is_said_twice(
    deeds: list[tuple[str, float]],
    finals_after_s: float,
    first_token_s: float,
    guesses: int,
    fills: bool,
) -> None:
    policy = Policy(guesses=guesses, fillers=("One moment.",) if fills else ())
    script = Script(["Fine."], first_token_s=first_token_s, finals_after_s=finals_after_s)
    world = World(policy, script).begin()
    said = talk_amid_noise(world, deeds)
    theirs = " ".join(text for role, text in world.lines if role == "user")
    assert [theirs.count(sentence) for sentence in said] == [1] * len(said)
    if said:
        assert any(said[-1] in line.text for line in world.taken[-1].lines)
    spoken = [line for line, after in itertools.pairwise(world.lines) if line == after]
    assert spoken == []
