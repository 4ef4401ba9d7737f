"""Somebody at a simulated telephone does what their script says, in the time of their own ear."""

from __future__ import annotations

import msgspec
import pytest

from vantum.audio.pcm import decode_mulaw, encode_mulaw
from vantum.simulator.callee import Callee
from vantum.simulator.callee_acts import (
    Act,
    HangUp,
    Interrupt,
    Menu,
    Pause,
    Press,
    Say,
    Script,
    Tone,
    Wait,
    texts,
)
from vantum.simulator.callees import KINDS, SCRIPTS, Casting, Kind, usual, verdict
from vantum.simulator.talent import CALLER_LINES
from vantum.simulator.tones import heard_in, spoken
from vantum.simulator.twilio_playout import QUIET

SOUND = b"\x10" * 8_000  # a second


class OnThePhone:
    """A callee, and an agent who speaks when a test says so."""

    def __init__(self, *script: Act, sounds: dict[str, bytes] | None = None) -> None:
        self.callee = Callee(script, sounds or dict.fromkeys(texts(script), SOUND))
        self.line = bytearray()
        self.left = False

    def listens(self, seconds: float, *, loud: bool = False) -> float:
        """How long the callee made a sound meanwhile."""
        sounds = 0
        for _ in range(round(seconds * 50)):
            frame = self.callee.tick(loud=loud)
            self.left = self.left or frame is None
            self.line += frame or b""
            sounds += frame is not None and frame is not QUIET
        return sounds / 50

    @property
    def heard(self) -> str:
        """All that the callee said, as it can be read from the line."""
        return heard_in(decode_mulaw(bytes(self.line)), 8_000) or ""

    def hears(self, seconds: float) -> float:
        return self.listens(seconds, loud=True)

    @property
    def said(self) -> list[str]:
        return [one.text for one in self.callee.said]


def test_they_answer_when_the_agent_has_been_silent_for_long_enough() -> None:
    phone = OnThePhone(Say("Hello?"), Wait(silence_s=0.5), Say("Yes."), HangUp())
    assert phone.listens(2.0) == pytest.approx(1.0, abs=0.05)
    assert phone.hears(3.0) == 0.0
    assert phone.listens(0.4) == 0.0
    assert phone.listens(2.0) == pytest.approx(1.0, abs=0.05)
    assert phone.said == ["Hello?", "Yes."]
    assert phone.left


def test_a_short_pause_of_the_agent_is_no_end() -> None:
    phone = OnThePhone(Wait(silence_s=0.5), Say("Yes."))
    for _ in range(4):
        assert phone.hears(0.5) + phone.listens(0.3) == 0.0


def test_they_cut_in() -> None:
    phone = OnThePhone(Interrupt(after_s=1.0), Say("Stop."))
    assert phone.listens(1.0) + phone.hears(0.9) == 0.0
    assert phone.hears(1.2) == pytest.approx(1.0, abs=0.1)


def test_an_agent_who_says_nothing_is_waited_for_no_longer_than_patience() -> None:
    goes_on = OnThePhone(Wait(patience_s=1.0), Say("Hello?"))
    assert goes_on.listens(0.9) == 0.0
    assert goes_on.listens(1.2) == pytest.approx(1.0, abs=0.1)
    leaves = OnThePhone(Wait(patience_s=1.0, otherwise=(HangUp(),)), Say("Hello?"))
    leaves.listens(1.1)
    assert leaves.left
    assert leaves.said == []


def test_a_sentence_that_is_cut_off_by_the_end_is_noted_as_far_as_it_came() -> None:
    phone = OnThePhone(Say("A long one."))
    phone.listens(0.5)
    phone.callee.leave()
    [said] = phone.callee.said
    assert said.to_s == pytest.approx(said.from_s + 0.5, abs=0.05)


def test_a_menu_is_offered_again_and_left_by_the_right_key_at_once() -> None:
    menu = Menu("Press one.", {"1": (Say("Sales."),)}, times=3, patience_s=1.0)
    phone = OnThePhone(menu)
    phone.listens(2.2)
    phone.callee.hear_keys("9")
    phone.listens(0.1)
    phone.callee.hear_keys("1")
    phone.listens(1.1)
    assert phone.said == ["Press one.", "Press one.", "Sales."]
    ignored = OnThePhone(menu)
    ignored.listens(6.1)
    assert ignored.left
    assert ignored.said == ["Press one."] * 3


def test_keys_are_pressed_one_after_the_other() -> None:
    phone = OnThePhone(Press("12"), Pause(1.0))
    phone.listens(0.1)
    assert list(phone.callee.keys) == ["1"]
    phone.listens(0.2)
    assert list(phone.callee.keys) == ["1", "2"]


def test_a_greeting_is_over_with_its_beep() -> None:
    phone = OnThePhone(Say("Leave a message."), Tone(0.5), Pause(1.0))
    phone.listens(1.4)
    assert not phone.callee.greeted
    phone.listens(0.2)
    assert phone.callee.greeted


# -- the kinds -------------------------------------------------------------------------------------


def somebody(kind: Kind) -> OnThePhone:
    """One of them, with the canned voice."""
    script = SCRIPTS[kind]
    return OnThePhone(
        *script, sounds={text: encode_mulaw(spoken(text, 8_000)) for text in texts(script)}
    )


def test_a_person_talks_through_their_lines_and_leaves() -> None:
    phone = somebody("person")
    for line in ("Hello?", *CALLER_LINES):
        phone.listens(4.4)
        assert phone.heard.endswith(line)
        phone.hears(1.0)
    phone.listens(1.5)
    assert phone.left


def test_a_voicemail_greets_beeps_and_is_silent() -> None:
    phone = somebody("voicemail")
    phone.listens(14.0)
    assert phone.heard.endswith("after the tone.")
    assert phone.callee.greeted
    assert phone.hears(20.0) == 0.0
    assert not phone.left
    phone.listens(60.0)
    assert phone.left


def test_a_screened_call_is_put_through_to_one_who_says_why() -> None:
    phone = somebody("screening")
    phone.listens(9.0)
    assert phone.heard.endswith("why you are calling.")
    phone.hears(2.0)
    phone.listens(7.0)
    assert phone.heard.endswith("Please stay on the line. Hello?")


def test_a_screened_call_is_left_by_one_who_says_nothing() -> None:
    phone = somebody("screening")
    phone.listens(25.0)
    assert phone.heard.endswith("Goodbye.")
    assert phone.left


def test_a_screened_call_may_be_turned_away() -> None:
    phone = somebody("screened_out")
    phone.listens(9.0)
    phone.hears(2.0)
    phone.listens(9.0)
    assert phone.heard.endswith("cannot take your call. Goodbye.")
    assert phone.left


@pytest.mark.parametrize("key", ["0", "1"])
def test_a_menu_leads_to_a_person(key: str) -> None:
    phone = somebody("ivr")
    phone.listens(13.0)
    assert phone.heard.count("For sales, press 1.") == 2
    phone.callee.hear_keys(key)
    phone.listens(3.0)
    assert phone.heard.endswith("Hello?")


def test_on_hold_there_is_music_between_the_words_and_then_a_person() -> None:
    phone = somebody("hold")
    assert phone.listens(10.0) > 7.0
    assert phone.heard.startswith("Please hold. Your call is important to us. Please")
    phone.listens(17.0)
    assert phone.heard.endswith("Hello?")


def test_one_who_is_silent_leaves_after_a_minute() -> None:
    phone = somebody("silent")
    assert phone.hears(59.0) == 0.0
    phone.listens(2.0)
    assert phone.left


def test_one_who_hangs_up_does_so_while_the_agent_speaks() -> None:
    phone = somebody("hangs_up")
    phone.listens(2.0)
    phone.hears(0.9)
    assert not phone.left
    phone.hears(0.2)
    assert phone.left


def test_one_who_interrupts_does_not_let_the_agent_finish() -> None:
    phone = somebody("interrupts")
    phone.listens(2.0)
    phone.hears(3.5)
    assert phone.heard == "Hello? Wait, who is this?"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_number_and_what_it_does(kind: str) -> None:
    casting = usual(f"+155501001{KINDS.index(kind):02}")  # type: ignore[arg-type]
    assert casting.kind == kind
    assert bool(casting.acts) == (kind in SCRIPTS)
    assert verdict(casting.kind, at_end=False) in {"human", "machine_start", "unknown"}


def test_a_script_comes_over_the_wire() -> None:
    script: Script = (Say("Hello?"), Wait(otherwise=(HangUp(),)), Menu("m", {"1": (Press("2"),)}))
    text = msgspec.json.encode(Casting(number="+15550100100", script=script))
    assert msgspec.json.decode(text, type=Casting).acts == script
    short = b'{"number": "+1", "script": [{"act": "say", "text": "Hi."}, {"act": "hang_up"}]}'
    assert msgspec.json.decode(short, type=Casting).acts == (Say("Hi."), HangUp())


def test_everything_that_may_be_said_is_known_before() -> None:
    script: Script = (
        Say("a"),
        Wait(otherwise=(Say("b"),)),
        Menu("c", {"1": (Say("d"), Wait(otherwise=(Say("e"),)))}),
    )
    assert list(texts(script)) == ["a", "b", "c", "d", "e"]
