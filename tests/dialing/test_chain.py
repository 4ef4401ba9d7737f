"""A chain of receipts is whole to the byte, or it is told where it is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.dialing.abandonment import Share
from vantum.dialing.chain import (
    FIRST,
    Broken,
    Link,
    Verified,
    canonical,
    hash_of,
    link,
    sealed,
    verify,
    written,
)
from vantum.errors import RequestError

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e15, 1e15).map(lambda value: round(value, 3))
    | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)
facts = st.dictionaries(st.text(min_size=1), values, min_size=1, max_size=4)
chains = st.lists(facts, min_size=1, max_size=6)


def links(of: Sequence[object], first: int = 1, before: str = FIRST) -> list[Link]:
    made = []
    for number, one in enumerate(of, start=first):
        made.append(link(number, before, canonical(one)))
        before = made[-1].hash
    return made


def file(made: Sequence[Link]) -> list[bytes]:
    seal = Verified(made[0].number, made[-1].number, made[-1].hash)
    return [line.encode() for line in [*map(written, made), sealed(seal)]]


EXAMPLE = [{"call_id": f"call-{n}", "until_ms": 5, "é": [1.5, None]} for n in range(4)]


def test_a_hash_is_that_of_the_hash_before_and_the_facts() -> None:
    assert hash_of(FIRST, '{"a":1}') == hashlib.sha256(bytes(32) + b'{"a":1}').hexdigest()
    made = links([{"a": 1}, {"b": 2}])
    behind = hashlib.sha256(bytes.fromhex(made[0].hash) + b'{"b":2}').hexdigest()
    assert made[1].hash == behind
    assert json.loads(written(made[1])) == {
        "before": made[0].hash,
        "facts": {"b": 2},
        "hash": behind,
        "number": 2,
    }


@given(chains, st.integers(1, 10_000))
def test_what_was_written_holds_together(of: list[object], first: int) -> None:
    before = FIRST if first == 1 else hash_of(FIRST, "{}")
    made = links(of, first, before)
    assert verify(file(made)) == Verified(first, first + len(of) - 1, made[-1].hash)


def test_an_empty_chain_holds_together() -> None:
    assert verify([sealed(Verified(1, 0, FIRST)).encode()]) == Verified(1, 0, FIRST)


@given(chains, st.data())
def test_any_change_of_any_byte_of_any_line_is_found(of: list[object], data: st.DataObject) -> None:
    lines = file(links(of))
    which = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[which]) - 1))
    changed = bytearray(lines[which])
    changed[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != changed[at]))
    lines[which] = bytes(changed)
    found = verify(lines)
    assert isinstance(found, Broken)
    assert found.line >= which + 1 or which == len(lines) - 1


@given(chains, st.data())
def test_a_byte_more_or_less_is_found(of: list[object], data: st.DataObject) -> None:
    lines = file(links(of))
    which = data.draw(st.integers(0, len(lines) - 1))
    line = lines[which]
    at = data.draw(st.integers(0, len(line) - 1))
    more = data.draw(st.binary(max_size=1))
    lines[which] = line[:at] + more + line[at + (not more) :]
    assert isinstance(verify(lines), Broken)


@given(chains.filter(lambda of: len(of) > 1), st.data())
def test_lines_that_changed_places_are_found(of: list[object], data: st.DataObject) -> None:
    lines = file(links(of))
    mixed = data.draw(st.permutations(lines).filter(lambda other: other != lines))
    assert isinstance(verify(mixed), Broken)


@given(chains, st.data())
def test_a_line_that_is_gone_or_there_twice_is_found(of: list[object], data: st.DataObject) -> None:
    lines = file(links(of))
    at = data.draw(st.integers(0, len(lines) - 1))
    assert isinstance(verify(lines[:at] + lines[at + 1 :]), Broken)
    twice = data.draw(st.integers(0, len(lines)))
    assert isinstance(verify([*lines[:twice], lines[at], *lines[twice:]]), Broken)


def test_the_first_broken_link_is_named() -> None:
    lines = file(links(EXAMPLE))
    changed = lines[1].replace(b"call-1", b"call-9")
    assert verify([lines[0], changed, *lines[2:]]) == Broken(
        2, "receipt 2 was changed: its hash is another"
    )
    assert verify([lines[0], *lines[2:]]) == Broken(2, "receipt 3 stands where receipt 2 should")
    anew = link(2, FIRST, canonical(EXAMPLE[1]))
    assert verify([lines[0], written(anew).encode(), *lines[2:]]) == Broken(
        2, "receipt 2 does not follow the one before it"
    )
    assert verify(lines[:-1]) == Broken(5, "the seal is missing: the end of the file was cut off")
    assert verify([*lines[:3], lines[-1]]) == Broken(
        4, "the seal is not that of the receipts before it"
    )
    assert verify([*lines, lines[0]]) == Broken(6, "something stands behind the seal")


@given(values)
def test_equal_values_are_equal_bytes_and_come_back(value: object) -> None:
    text = canonical({"value": value})
    assert json.loads(text) == {"value": value}
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(), scalars, min_size=2))
def test_the_order_in_which_facts_were_found_does_not_show(of: dict[str, object]) -> None:
    assert canonical(dict(reversed(of.items()))) == canonical(of)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 2.0**53, 1e300, 1e-7])
def test_a_number_that_others_would_write_otherwise_is_refused(number: float) -> None:
    with pytest.raises(RequestError, match="cannot hold the number"):
        canonical({"number": number})


def test_whole_numbers_have_one_form() -> None:
    assert canonical([1.0, -0.0, 0.1, 2.5]) == "[1,0,0.1,2.5]"
    share = Share(at_most=0.03, per_days=30.0)
    assert canonical({"shares": (share,)}) == '{"shares":[{"at_most":0.03,"per_days":30}]}'
