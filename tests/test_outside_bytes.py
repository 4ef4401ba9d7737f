"""No bytes from outside do anything but be read or be refused, by the parser's own error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzzing.corpus import CORPUS, known
from benchmarks.fuzzing.examples import EXAMPLES, NASTY
from benchmarks.fuzzing.targets import TARGETS

# A refusal is how these end: their examples are words of a vendor that refuses.
REFUSALS = {"model_refusals", "voice_messages", "carrier_answers"}
# In small; the whole of an agent file is read by tests/agents.
PARTS = {"agent_files"}


@pytest.mark.parametrize("name", TARGETS)
def test_an_example_is_read_to_its_end(name: str) -> None:
    good = EXAMPLES[name][0]
    if name in REFUSALS | PARTS:
        with pytest.raises(TARGETS[name].refuses):
            TARGETS[name].read(good)
    else:
        TARGETS[name].read(good)


@pytest.mark.parametrize("name", TARGETS)
def test_what_has_broken_parsers_breaks_none(name: str) -> None:
    for data in NASTY:
        TARGETS[name].take(data)


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_fuzzer_found_is_read_or_refused(name: str) -> None:
    inputs = known(name)
    assert inputs
    for data in inputs:
        TARGETS[name].take(data)


def test_the_corpus_is_small_and_of_parsers_that_there_are() -> None:
    paths = list(CORPUS.iterdir())
    assert {path.stem for path in paths} == set(TARGETS) == set(EXAMPLES)
    assert sum(path.stat().st_size for path in paths) < 300_000


@st.composite
def spoilt(draw: st.DrawFn, name: str) -> bytes:
    """A good input with a piece of it taken out, repeated, or put in."""
    good = draw(st.sampled_from(EXAMPLES[name]))
    begin, end = sorted(draw(st.tuples(*[st.integers(0, len(good))] * 2)))
    piece = draw(st.sampled_from((b"", good[begin:end] * 2)) | st.binary(max_size=20))
    return good[:begin] + piece + good[end:]


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_and_any_spoilt_ones_are_read_or_refused(name: str) -> None:
    @settings(max_examples=60)
    @given(st.binary(max_size=200) | spoilt(name))
    def taken(data: bytes) -> None:
        TARGETS[name].take(data)

    taken()
