"""Byte and code point offsets of a tree agree everywhere, the very end included."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document


@given(st.text(alphabet="aé变🙂\n ", max_size=40), st.sampled_from([0, 4090, 4096, 9000]))
def test_offsets_round_trip(text, padding):
    text = "#" + "é" * padding + "\n" + text
    tree = SyntaxTrees().parse(Document("k", "a.py", "python", text))
    assert tree is not None
    for offset in range(max(0, len(text) - 50), len(text) + 1):
        byte = tree.byte_offset(offset)
        assert byte == len(text[:offset].encode())
        assert tree.offset(byte) == offset
