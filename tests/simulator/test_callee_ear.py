"""What a callee hears is measured: waits, holes, speaking at once, and who went on talking."""

from __future__ import annotations

import pytest

from vantum.simulator.callee_ear import Ear, Gap

SOUND = b"\x10" * 160


class Listening:
    """An ear, and what reaches it."""

    def __init__(self) -> None:
        self.ear = Ear()

    def agent(self, seconds: float, *, saying: bool = False) -> None:
        self._tick(seconds, saying=saying, heard=SOUND)

    def nothing(self, seconds: float, *, saying: bool = False, owed: bool = False) -> None:
        self._tick(seconds, saying=saying, heard=None if owed else b"")

    def _tick(self, seconds: float, *, saying: bool, heard: bytes | None) -> None:
        for _ in range(round(seconds * 50)):
            self.ear.tick(saying=saying, heard=heard, loud=bool(heard))


@pytest.fixture
def phone() -> Listening:
    return Listening()


def test_waits_are_from_the_answer_and_from_each_last_word(phone: Listening) -> None:
    phone.nothing(0.5, saying=True)  # hello
    phone.nothing(0.8)
    phone.agent(1.0)
    phone.nothing(0.5)
    phone.nothing(1.0, saying=True)
    phone.nothing(2.5)
    phone.agent(0.2)
    measures = phone.ear.measures()
    assert measures.first_sound_s == 1.3
    assert measures.waits_s == [0.8, 2.5]
    assert measures.longest_silence_s == 2.5
    assert measures.sound_s == 1.2


def test_a_hole_inside_a_sentence_is_found_and_a_pause_behind_one_is_not(phone: Listening) -> None:
    phone.agent(1.0)
    phone.nothing(0.1, owed=True)
    phone.agent(1.0)
    phone.nothing(0.04, owed=True)  # nobody hears that
    phone.agent(1.0)
    phone.nothing(0.1, owed=True)  # its mark was late
    phone.nothing(0.5)
    phone.agent(1.0)
    assert phone.ear.measures().gaps == [Gap(1.0, 0.1)]


def test_an_interruption_is_measured_to_the_agents_last_sound(phone: Listening) -> None:
    phone.agent(1.0)
    phone.agent(0.2, saying=True)
    phone.nothing(0.5, saying=True)
    phone.nothing(0.6)
    phone.agent(1.0)
    measures = phone.ear.measures()
    assert measures.heard_on_s == [0.2]
    assert measures.overlap_s == 0.2
    assert measures.waits_s == [0.6]


def test_one_that_speaks_into_silence_interrupts_nobody(phone: Listening) -> None:
    phone.agent(1.0)
    phone.nothing(0.5)
    phone.nothing(0.5, saying=True)
    phone.agent(0.4, saying=True)
    measures = phone.ear.measures()
    assert measures.heard_on_s == []
    assert measures.overlap_s == 0.4


def test_nothing_was_heard(phone: Listening) -> None:
    phone.nothing(1.0)
    assert phone.ear.measures().first_sound_s is None
