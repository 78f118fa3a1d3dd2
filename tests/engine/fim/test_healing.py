"""Token healing on bytes: what is taken back can always be spelled again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.fim.healing import MOST_TOKENS, Healer, TokenTable

WORDS = [b"return", b"turn", b" return", b" re", b"retu", b".na", b".name", b"name", b"nam",
         "über".encode(), "ü".encode(), "变量".encode(), "变".encode()[:2]]  # fmt: skip
SPELLED = [*(bytes([byte]) for byte in range(256)), *WORDS]
TABLE = TokenTable(range(len(SPELLED)), SPELLED.__getitem__)
HEALER = Healer(TABLE, SPELLED.__getitem__)


def ids(*texts: bytes) -> list[int]:
    return [SPELLED.index(text) for text in texts]


@pytest.mark.parametrize(
    ("tokens", "kept", "typed"),
    [
        ([b"x", b"retu"], [b"x"], b"retu"),
        # A token of its own before the word goes with it, where tokens begin with both.
        ([b"x", b" ", b"retu"], [b"x"], b" retu"),
        ([b"x", b"r", b"e"], [b"x"], b"re"),
        ([b" re"], [], b" re"),
        ([b"x", b".na"], [b"x"], b".na"),
        # No token goes on from the whole of it; a shorter end does.
        ([b"x", b"n", b"a"], [b"x"], b"na"),
        ([b"q", b"t"], [b"q"], b"t"),
        ([b"q", b"z"], [b"q", b"z"], b""),
        # At most three, though more would do.
        ([b"r", b"e", b"t", b"u"], [b"r", b"e"], b"tu"),
        ([b"n", b"a", b"m"], [], b"nam"),
        # Not inside a word.
        ([b"x", b" "], [b"x", b" "], b""),
        ([b"f", b"("], [b"f", b"("], b""),
        ([], [], b""),
        # A part of a character is taken back with its other parts.
        ([b"x", b"\xc3", b"\xbc"], [b"x"], b"\xc3\xbc"),
    ],
)
def test_what_is_taken_back(tokens: list[bytes], kept: list[bytes], typed: bytes) -> None:
    found = ids(*tokens)
    assert HEALER.heal(found) == typed
    assert found == ids(*kept)


def test_words_go_on_beyond_what_is_typed() -> None:
    spelled = {SPELLED[token] for token in TABLE.spelling(b"retu")}
    assert spelled == {b"r", b"retu", b"return"}
    assert {SPELLED[token] for token in TABLE.spelling("ü".encode())} == {
        b"\xc3", "ü".encode(), "über".encode()
    }  # fmt: skip


def test_a_part_from_which_the_rest_cannot_be_spelled_is_not_allowed() -> None:
    spelled = [b"ab", b"a", b"abc"]
    table = TokenTable(range(3), spelled.__getitem__)
    assert {spelled[token] for token in table.spelling(b"ab")} == {b"ab", b"abc"}
    assert table.spelling(b"b") == []
    # What cannot be spelled again is not taken back.
    lonely = Healer(TokenTable([2], spelled.__getitem__), spelled.__getitem__)
    tokens = [0]
    assert (lonely.heal(tokens), tokens) == (b"ab", [])
    assert lonely.table.spelling(b"ab") == [2]


@given(st.lists(st.integers(0, len(SPELLED) - 1), max_size=8), st.data())
def test_any_allowed_path_spells_the_typed_bytes_first(tokens: list[int], data) -> None:
    before = b"".join(SPELLED[token] for token in tokens)
    kept = list(tokens)
    rest = HEALER.heal(kept)
    assert len(tokens) - len(kept) <= MOST_TOKENS
    assert b"".join(SPELLED[token] for token in kept) + rest == before
    assert not rest or TABLE.longer(rest)
    written = b""
    while rest:
        allowed = TABLE.spelling(rest)
        assert allowed
        written += SPELLED[data.draw(st.sampled_from(allowed))]
        rest = before[len(b"".join(SPELLED[t] for t in kept)) :][len(written) :]
    typed = before[len(b"".join(SPELLED[token] for token in kept)) :]
    assert written.startswith(typed)


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=30), st.binary(max_size=4))
def test_the_table_finds_what_a_search_finds(entries: list[bytes], start: bytes) -> None:
    table = TokenTable(range(len(entries)), entries.__getitem__)
    beginning = {t for t, data in enumerate(entries) if data.startswith(start)}
    exact = {t for t, data in enumerate(entries) if data == start}
    assert set(table.exactly(start)) == exact
    if start:
        assert set(table.beginning(start)) == beginning
        assert table.longer(start) == bool(beginning - exact)
