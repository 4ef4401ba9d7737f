"""What an agent file may ask to be noted, and what it may say of a contact."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sales_call import SALES

from vantum.agents.contacts import VALUE_CHARS, facts_of, known_of
from vantum.agents.playbook import Said, answer, greeting
from vantum.agents.schema import FILES, load_agent
from vantum.errors import SettingsError

SHIPPED = (FILES / "sales.yaml").read_text("utf-8")
ANN = known_of(facts_of("Ann Lee", "Boats", '{"city": "Reno", "plan": ""}'))


def test_the_columns_of_a_list_are_known_by_their_names() -> None:
    assert ANN == {"caller": "Ann Lee", "firm": "Boats", "city": "Reno"}


def test_a_cell_is_one_short_line_without_marks() -> None:
    [said] = known_of(facts_of("a\n{b} <c>|\u202e" + "d" * 500, "", "{}")).values()
    assert said.startswith("a b c d")
    assert len(said) == VALUE_CHARS


def test_a_greeting_of_which_a_blank_is_unknown_is_the_plain_one() -> None:
    agent = msgspec.structs.replace(
        SALES, greeting="Hi {first_name}, still in {city}?", plain_greeting="Hi."
    )
    assert greeting(agent, ANN) == "Hi Ann, still in Reno?"
    assert greeting(agent, {"caller": "Ann"}) == "Hi."
    assert answer(agent, (), known=ANN).text == "Hi Ann, still in Reno?"


def test_a_name_from_the_list_is_read_back_and_not_asked_for() -> None:
    heard = (Said("assistant", SALES.greeting), Said("user", "Can I book a demo Friday at two?"))
    assert "for Ann Lee at Boats" in answer(SALES, heard, known=ANN).text


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in SHIPPED
    path = folder / "own.yaml"
    path.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("\nfields:", "\nfields: [caller]\nx:", "fields: write `fields:` as names"),
        ("  caller: the", "  Who Is It: the", "fields: `Who Is It` is no name"),
        ("  caller: the name of the person who was spoken to", "  caller:", "fields.caller: does"),
        ("greeting: >-", "greeting: >-\n  Hi {city}.", "greeting: unknown blank {city}; a column"),
        ("greeting: >-", "greeting: >-\n  Hi {caller}.", "plain_greeting: is missing"),
        ("\nfields:", "\ncolumns: [a b]\nfields:", "expected a column's name"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_agent(changed(tmp_path, old, new))
    assert complaint in str(caught.value)
