"""An agent file is read, found by name, and its mistakes are told to its author."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml
from sales_call import SALES, Conversation

from vantum.agents.schema import FILES, load_agent
from vantum.errors import SettingsError

SOURCE = (FILES / "sales.yaml").read_text(encoding="utf-8")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in SOURCE
    path = tmp_path / "mine.yaml"
    path.write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
    return path


def aliases(count: int, *, width: int) -> str:
    """Lists, of which each holds the one before it so many times."""
    items = ["1", *(f"*a{n}" for n in range(count - 1))]
    lists = [f"a{n}: &a{n} [{', '.join([item] * width)}]" for n, item in enumerate(items)]
    return "\n".join([*lists, "name: Alex"])


@pytest.mark.parametrize("name", ["sales", "sales.yaml", "agents/sales.yaml"])
def test_the_agent_that_comes_along_is_found_by_name(name: str) -> None:
    assert load_agent(name) == SALES


def test_a_file_of_ones_own_is_taken(tmp_path: Path) -> None:
    path = changed(tmp_path, "name: Alex", "name: Robin")
    assert load_agent(path).name == "Robin"
    assert load_agent(str(path)).name == "Robin"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("\ngreeting: >-", "\ngreting: >-", "did you mean `greeting`"),
        ("  speed: 1.0", "  speed: 3", "voice.speed"),
        ("  speed: 1.0", "  pace: 1.0", "voice.pace: unknown field; known: id, speed"),
        ("  speed: 1.0", "  speed: 3", "voice.speed: expected a number <= 1.5"),
        ("  speed: 1.0", "  speed: fast", "voice.speed: expected a number, found text"),
        ("name: Alex", "name: 5", "name: expected text, found a whole number; put it in quotes"),
        ("name: Alex", "name: yes", "name: expected text, found true or false; put it in quotes"),
        ("name: Alex", "name: ''", "name: expected text that is not empty"),
        ("name: Alex", "name:", "name: expected text, found nothing"),
        ("name: Alex", "name: [Alex]", "name: expected text, found a list"),
        (
            "      then: callback",
            "      then: calback",
            "`calback` is not allowed; did you mean `callback`?",
        ),
        (
            "      then: callback",
            "      then: dance",
            "is not allowed; did you mean",
        ),
        ("      then: callback", "      then: dance", "then"),
        ("{team} people", "{crew} people", "unknown blank {crew}"),
        ("name: Alex", "must_hear: [Nobody says it.]\nname: Alex", "must_hear[0]: no line"),
        (
            "name: Alex",
            "must_hear: [i want a demo]\nname: Alex",  # only callers say it
            "must_hear[0]: no line of this file that is said holds it: i want a demo",
        ),
        ("name: Alex", "must_hear: [Goodbye., '||BREAK||']\nname: Alex", "must_hear[1]: expected"),
        (
            "name: Alex",
            "must_hear: ['Okay, {team} people.']\nname: Alex",
            "must_hear[0]: what {team} stands for is not the same in every call; take the words",
        ),
        (
            "name: Alex",
            "must_hear: [This call is being recorded.]\nname: Alex",
            "; the nearest is phone.announce_recording: This call is recorded.",
        ),
        (
            "  again: Hi, {agent}",
            "  again: Hi {first_name}, {agent}",
            "phone.again: nothing is known yet that {first_name} could stand for; "
            "known: {agent}, {company}",
        ),
        (
            '    - when: sales\n      press: "1"',
            '    - when: "{firm}"\n      press: "1"',
            "phone.keys[0].when: nothing is known yet that {firm}",
        ),
        ("  ring_s: 30", "  ring_s: 10", "phone.ring_s: expected a whole number >= 15"),
        ("{team} people", "{team people", "team"),
        ("    - id: price", "    - id: security", "used twice"),
        ("        tells: price", "        tells: nowhere", "no reply has the id `nowhere`"),
        ("name: Alex", "name: [", "not valid YAML"),
        ("name: Alex", "name: !!int ''", "not valid YAML"),
        ("name: Alex", "name: !!bool perhaps", "not valid YAML"),
        ("name: Alex", "name: " + "[" * 2_000, "nested deeper than 100 levels"),
        ("name: Alex", "name: " + "[" * 90_000 + "]" * 90_000, "nested deeper than 100 levels"),
        ("name: Alex", "name: &a {of: *a}", "an alias within itself"),
        ("name: Alex", aliases(101, width=1), "nested deeper than 100 levels"),
        ("name: Alex", "? [name]\n: Alex", "a list or mapping is no name of a field"),
        ("name: Alex", aliases(20, width=2), "more than 100000 values"),
        ("name: Alex", "name: {agent} here", "; a text that begins with { must be in quotes"),
        ("name: Alex", "name: {agent}", "; a text that begins with { must be in quotes"),
        (
            "  ring_s: 30",
            "  transfer: {nummer: '+15550100123', voice: x}",
            "phone.transfer.nummer: unknown field; did you mean `number`?",
        ),
        (
            "  ring_s: 30",
            "  transfer: {number: '+15550100123', zzz: x}",
            "phone.transfer.zzz: unknown field; known: number, say, waiting, failed, warm",
        ),
        (
            "  ring_s: 30",
            "  transfer: {number: '0155'}",
            "phone.transfer.number: expected a phone number like +15550100123",
        ),
        (
            '      press: "1"',
            '      press: "A"',
            "phone.keys[0].press: expected at most 32 keys: 0-9, *, # and w",
        ),
        (
            "\nproduct:",
            "\nrecordings: [{says: x, file: y, zzz: 1}]\nproduct:",
            "recordings[0].zzz: unknown field; known: says, file",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_agent(changed(tmp_path, old, new))
    assert told in str(caught.value)
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "This call is recorded.",
        "an AI assistant from {company}",  # the agent's own names are known
        "Have a nice day.",  # one of several sentences
        "Whom you call again is yours to decide.",
        "If you don't know, say so",  # a model is told it, and may say it
    ],
)
def test_what_the_agent_may_say_can_be_made_to_be_heard(tmp_path: Path, line: str) -> None:
    path = changed(tmp_path, "name: Alex", f'must_hear: ["{line}"]\nname: Alex')
    assert len(load_agent(path).must_hear) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  speed: 1.0", "  pace: 1.0"),
        ("      then: callback", "      then: dance"),
        ("{team} people", "{crew} people"),
        ("    - id: price", "    - id: security"),
        ("        tells: price", "        tells: nowhere"),
        ("name: Alex", "name: 5"),
        ("  team: how many people their sales team has", "  team: ''"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str) -> None:
    path = changed(tmp_path, old, new)
    lines = path.read_text("utf-8").splitlines()
    with pytest.raises(SettingsError) as caught:
        load_agent(path)
    told = str(caught.value).removeprefix(f"{path}:")
    assert new.strip() in lines[int(told.partition(":")[0]) - 1]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("name: Alex", "name: Alex\nname: Robin", "name"),
        ("  ring_s: 30", "  ring_s: 30\n  ring_s: 40", "ring_s"),
        ("    - id: price", "    - id: price\n      id: cost", "id"),
        ("name: Alex", "name: Alex\n'name': Robin", "name"),
    ],
)
def test_a_field_that_is_given_twice_is_refused(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    path = changed(tmp_path, old, new)
    first = path.read_text("utf-8")[: path.read_text("utf-8").index(new)].count("\n") + 1
    with pytest.raises(SettingsError) as caught:
        load_agent(path)
    told = f"{path}:{first + 1}: `{field}` is given twice here, first in line {first}; leave out"
    assert told in str(caught.value)


def test_what_is_written_once_and_referred_to_twice_is_no_mistake(tmp_path: Path) -> None:
    path = changed(tmp_path, "unheard:  ", "columns: &these []\nrules: *these\nunheard:  ")
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("\nrules:\n")] + text[text.index("\nplaybook:\n") :], "utf-8")
    assert load_agent(path).rules == ()


def test_a_list_that_is_too_short_says_how_long_it_must_be(tmp_path: Path) -> None:
    tree = yaml.safe_load(SOURCE)
    tree["playbook"]["permission"] = ["May I?"]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    with pytest.raises(SettingsError, match="permission: expected a list of at least 2 entries"):
        load_agent(path)


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "name: \0", "name: 2024-13-45"])
def test_what_is_no_agent_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"odd\.yaml"):
        load_agent(path)


@pytest.mark.parametrize("field", ["name", "greeting", "silence", "fallbacks", "playbook"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    tree = yaml.safe_load(SOURCE)
    del tree[field]
    path = tmp_path / "short.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    with pytest.raises(SettingsError, match=field):
        load_agent(path)


def test_an_unknown_agent_is_told_what_there_is() -> None:
    with pytest.raises(SettingsError, match="sales"):
        load_agent("nobody")


def test_what_is_found_elsewhere_is_not_swapped_for_the_built_in(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load_agent(tmp_path / "elsewhere" / "sales.yaml")


def test_the_link_in_the_repository_shows_the_same_file() -> None:
    link = Path(__file__).parents[2] / "agents" / "sales.yaml"
    assert link.resolve() == (FILES / "sales.yaml").resolve()


def test_an_agent_with_few_words_still_never_repeats_itself() -> None:
    book = SALES.playbook
    short = tuple(msgspec.structs.replace(r, say=r.say[:1]) for r in book.faqs)
    terse = msgspec.structs.replace(SALES, playbook=msgspec.structs.replace(book, faqs=short))
    call = Conversation("sure", agent=terse)
    first = call.says("How much is it?")
    second = call.says("How much is it?")
    assert not set(first.split(". ")) & set(second.split(". "))
