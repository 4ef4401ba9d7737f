"""Bytes that look a little like a CSV file, and are none that anybody should make."""

from __future__ import annotations

from hypothesis import strategies as st

BYTES = (b'"', b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\x81", b"\xff\xfe", b" ")
WORDS = (b"phone", b"name", b"+12125550123", b'""', b' "', b"sep=;\n", "é".encode(), b"x" * 300)
PIECES = st.sampled_from((*BYTES, *WORDS))
HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.lists(PIECES, max_size=60).map(b"".join),
    st.lists(PIECES, max_size=60).map(lambda pieces: b"phone,name\n" + b"".join(pieces)),
    st.text(max_size=200).map(lambda text: ("phone,name\n" + text).encode("utf-16", "replace")),
)
