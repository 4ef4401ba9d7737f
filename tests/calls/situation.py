"""The words in which a situation on the phone is told: what the caller does, and what comes of it.

A thin layer on the virtual world of `tests/conversation`. Speaking takes as long as it takes, the
recogniser writes down words while they are said, and whatever falls due meanwhile happens.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from itertools import accumulate

from msgspec.structs import replace

from tests.conversation.world import LISTENING, RESPONDING, THINKING, Script, World
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import PickupPolicy, Policy
from vantum.conversation.states import State

PRICES = (
    "Of course, it depends on your team. For ten people it is two hundred euros a month, and for "
    "fifty people it is seven hundred. There is no setup fee and you can leave whenever you like."
)
GREETING = "Hi, this is Alex from Vantum. Do you have a minute?"
POLICY = Policy(
    nudges=("Are you still there?", "Can you hear me?"),
    goodbye="I'll let you go then. Goodbye.",
    unheard=("Sorry, what was that?", "Once more, please?"),
    broken_off="Sorry, where was I?",
    cut_in="Sorry to cut in.",
    fillers=("One moment, please.",),
    text_is_shown=False,  # nobody reads on a phone
)
PHONE = replace(
    POLICY,
    greeting=GREETING,
    pickup=PickupPolicy(again="Hi, Alex from Vantum here."),
)
GUESSES: ContextVar[int] = ContextVar("guesses", default=0)  # of every situation: see conftest.py
_RECOGNISED_S = 0.2  # behind a word, until an interim holds it


class Caller:
    """The person at the other end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.spoke_until = world.now

    # -- what they do --------------------------------------------------------------------------

    def begins(self, words: str, *, takes_s: float = 0.0) -> None:
        """Begin to say this now; time does not pass by itself."""
        world, begun = self.world, self.world.now
        length_s = takes_s or max(0.3, len(words) / 15)
        self.spoke_until = begun + length_s
        if not (world.script.deaf or world.script.sits_on_words):
            for part in list(accumulate(words.split(), "{} {}".format))[:-1]:
                into_s = length_s * len(part) / len(words)
                world.at(into_s + _RECOGNISED_S, self._written(part, begun, begun + into_s))
        world.says(words, length_s=length_s)

    def _written(self, part: str, begun: float, until: float) -> Callable[[], object]:
        world = self.world
        start_s, end_s = world.audio_s(begun), world.audio_s(until)
        interim = ev.Transcript(part, final=False, start_s=start_s, end_s=end_s)
        return lambda: world.handle(interim)

    def says(self, words: str, *, takes_s: float = 0.0) -> None:
        """Say this."""
        self.begins(words, takes_s=takes_s)
        self.world.advance(self.spoke_until - self.world.now)

    def says_uh_huh(self) -> None:
        """Nod, in words: and wait until it is understood."""
        self.says("uh-huh")
        self.waits(0.3)

    def sends_back(self, echo: str) -> None:
        """Their speakerphone returns these words of the agent, which are written down at once."""
        length_s = min(0.9, len(echo) / 15)  # the sound is held, and so the echo soon over
        self.world.says(echo, length_s=length_s)
        self.waits(length_s + 0.3)

    def coughs(self) -> None:
        """Make a sound of an eighth of a second."""
        self.world.coughs()
        self.waits(0.12)

    def makes_noise(self, length_s: float) -> None:
        """Rustle, slam a door, drive past a building site: a sound without words."""
        self.world.makes_noise(length_s)
        self.waits(length_s)

    def waits(self, seconds: float) -> None:
        """Say nothing for a while."""
        self.world.advance(seconds)

    def asks(self, words: str) -> None:
        """Say this, and wait until the agent begins to answer."""
        self.says(words)
        Agent(self.world).answers()

    def hangs_up(self) -> None:
        self.world.handle(ev.Disconnected())

    # -- what reaches them ---------------------------------------------------------------------

    @property
    def heard(self) -> list[str]:
        """What their ear got of the agent's words, turn by turn: by sound, not by our books."""
        spoken: dict[int, list[str]] = {}
        for speak in self.world.gave(do.Speak):
            spoken.setdefault(speak.turn, []).append(speak.text)
        rate = self.world.script.chars_per_s
        heard_s = self.world.ear.heard
        heard = [_within(pieces, heard_s.get(n, 0.0) * rate) for n, pieces in spoken.items()]
        return [text for text in heard if text]

    @property
    def waited_s(self) -> float:
        """How long they have been silent."""
        return self.world.now - self.spoke_until


def _within(pieces: list[str], letters: float) -> str:
    """The words that are over after so much sound; one that lacks its last breath is."""
    words: list[str] = []
    for piece in pieces:
        ends = accumulate(piece.split(), lambda at, word: at + 1 + len(word), initial=-1)
        words += [
            w for w, at in zip(piece.split(), list(ends)[1:], strict=True) if at <= letters + 1.2
        ]
        letters -= len(piece)
    return " ".join(words)


class Agent:
    """What the agent does, as somebody beside the caller would notice it."""

    def __init__(self, world: World) -> None:
        self.world = world

    # -- waiting for it ------------------------------------------------------------------------

    def thinks(self, within_s: float = 5.0) -> None:
        """Wait until the caller's turn is taken for over."""
        world, before, end = self.world, len(self.world.taken), self.world.now + within_s
        while world.state is not THINKING and len(world.taken) == before:
            assert world.now < end, f"still {world.state} after {within_s} s"
            world.goes_on(end)

    def speaks_up(self, within_s: float = 5.0) -> None:
        """Wait until it says something unasked."""
        self.world.until(RESPONDING, within_s)

    def answers(self, within_s: float = 5.0) -> None:
        """Wait for the first sound of an answer to what was said last."""
        world, end = self.world, self.world.now + within_s
        while world.state is RESPONDING:  # it has not understood yet
            assert world.now < end, f"went on for {within_s} s"
            world.advance(0.05)
        world.until(RESPONDING, end - world.now)

    def finishes(self) -> None:
        """Wait until all that is being said is heard, and the agent listens."""
        self.world.until(LISTENING, 60.0)

    # -- what it does --------------------------------------------------------------------------

    @property
    def speaks(self) -> bool:
        """There is sound at this moment."""
        return self.world.speaks

    @property
    def is_interrupted(self) -> bool:
        """What it said last was cut off for good."""
        return self.world.ear.turn in self.world.ear.stopped

    @property
    def listens(self) -> bool:
        return self.world.state is LISTENING

    @property
    def is_thinking(self) -> bool:
        return self.world.state is THINKING

    @property
    def says(self) -> str:
        """What it has begun to say last."""
        speaks = self.world.gave(do.Speak)
        return " ".join(s.text for s in speaks if s.turn == speaks[-1].turn) if speaks else ""

    @property
    def was_asked(self) -> list[str]:
        """What the model was given to answer: the caller's last words, each time it was asked."""
        return [ask.lines[-1].text for ask in self.world.taken]

    @property
    def knows(self) -> list[tuple[str, str]]:
        """All that the model was given the last time."""
        return [(line.role, line.text) for line in self.world.taken[-1].lines]

    @property
    def took_the_turn_at(self) -> float:
        """Clock time at which the caller's words were taken for whole."""
        return self.world.taken_at[-1]

    @property
    def transcript(self) -> list[tuple[str, str]]:
        return self.world.lines

    @property
    def words_on_record(self) -> list[str]:
        """What the transcript holds of the agent's own words."""
        return [text for role, text in self.world.lines if role == "assistant"]

    @property
    def has_hung_up(self) -> str | None:
        """Why the agent ended the call; None while it goes on."""
        return self.world.ended

    @property
    def is_gone(self) -> bool:
        return self.world.state in {State.ENDING, State.ENDED}

    @property
    def pressed(self) -> list[do.Effect]:
        return self.world.gave(do.PressKeys)

    @property
    def put_through(self) -> list[do.Effect]:
        return self.world.gave(do.Transfer)


Call = tuple[Caller, Agent]


def call(*answers: str, policy: Policy = POLICY, **script: object) -> Call:
    """A call whose line is open; the model's `answers` come one after the other."""
    if answers:
        script["answers"] = list(answers)
    world = World(_guessing(policy), Script(**script)).begin(greets=True)
    return Caller(world), Agent(world)


def _guessing(policy: Policy) -> Policy:
    return replace(policy, guesses=max(policy.guesses, GUESSES.get()))


def explaining(
    answer: str = PRICES,
    *more: str,
    heard_s: float = 2.0,
    policy: Policy = POLICY,
    **script: object,
) -> Call:
    """A call in which the caller has heard so much of a long answer."""
    caller, agent = call(answer, *more, policy=policy, **script)
    caller.asks("What does it cost?")
    caller.waits(heard_s)
    assert agent.speaks
    return caller, agent


def asked(question: str, *answers: str, policy: Policy = POLICY, **script: object) -> Call:
    """A call in which the agent has just put a question."""
    caller, agent = call(*answers, policy=replace(policy, greeting=question), **script)
    agent.finishes()
    return caller, agent


def picked_up(
    *answers: str,
    policy: Policy = PHONE,
    inbound: bool = False,
    script: Script | None = None,
    **rules: object,
) -> Call:
    """A phone that was picked up just now; `rules` are those of the pickup."""
    assert policy.pickup is not None
    policy = replace(policy, pickup=replace(policy.pickup, **rules))
    script = script or Script()
    if answers:
        script.answers = list(answers)
    world = World(_guessing(policy), script).begin(greets=True)
    world.handle(ev.Answered(inbound=inbound))
    return Caller(world), Agent(world)
