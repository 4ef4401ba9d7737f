"""Rows WS-05 and WS-08: ids are UUIDs of version 7 and sort by their time."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vantum.wire.ids import uuid7

MS = st.integers(0, 2**48 - 1)
RANDOM = st.binary(min_size=10, max_size=10)


def test_the_example_of_rfc_9562() -> None:
    # Appendix A.6: rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F
    bits = (0xCC3 << 62) | 0x18C4DC0C0C07398F
    assert uuid7(0x017F22E279B0, bits.to_bytes(10, "big")) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(MS, RANDOM)
@settings(max_examples=100, deadline=None)
def test_ws_05_every_id_is_of_version_7(unix_ms: int, random_bits: bytes) -> None:
    made = uuid7(unix_ms, random_bits)
    read = uuid.UUID(made)
    assert str(read) == made
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert read.int >> 80 == unix_ms


@given(MS, MS, RANDOM, RANDOM)
@settings(max_examples=100, deadline=None)
def test_ws_08_ids_sort_by_time(one: int, other: int, a: bytes, b: bytes) -> None:
    if one != other:
        assert (uuid7(one, a) < uuid7(other, b)) == (one < other)


@given(RANDOM, st.integers(0, 73))
@settings(max_examples=100, deadline=None)
def test_ws_08_each_of_74_random_bits_makes_another_id(random_bits: bytes, bit: int) -> None:
    flipped = (int.from_bytes(random_bits, "big") ^ (1 << bit)).to_bytes(10, "big")
    assert uuid7(1, random_bits) != uuid7(1, flipped)


@pytest.mark.parametrize(("unix_ms", "size"), [(-1, 10), (2**48, 10), (0, 9), (0, 11), (0, 0)])
def test_other_times_and_sizes_are_refused(unix_ms: int, size: int) -> None:
    with pytest.raises(ValueError, match="a UUIDv7"):
        uuid7(unix_ms, bytes(size))
