"""What is packed comes back as it was, and what is spoiled is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.index.codec import (
    Stored,
    digest_of,
    pack_symbols,
    pack_terms,
    unpack_terms,
)
from beadline.context.index.database import Damaged
from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind, Parameter

texts = st.text(max_size=12)
numbers = st.integers(0, 1 << 31)
parameters = st.builds(Parameter, texts, texts, st.booleans())
definitions = st.builds(
    Definition,
    name=texts, kind=st.sampled_from(Kind), owner=texts, start=numbers, end=numbers,
    header=numbers, header_end=numbers, line=numbers, signature=texts, doc=texts,
    exported=st.booleans(), type=texts, bases=st.lists(texts, max_size=2).map(tuple), value=texts,
    parameters=st.lists(parameters, max_size=2).map(tuple),
)  # fmt: skip
imports = st.builds(Import, texts, texts, texts, numbers, numbers, st.booleans())
symbols = st.builds(
    FileSymbols,
    path=texts, language=texts, package=texts,
    definitions=st.lists(definitions, max_size=3).map(tuple),
    imports=st.lists(imports, max_size=3).map(tuple),
    names=st.dictionaries(texts, numbers, max_size=4),
)  # fmt: skip


@given(symbols=symbols)
def test_symbols_come_back_as_they_were(symbols: FileSymbols) -> None:
    stored = Stored(symbols.path, symbols.language, symbols.package, *pack_symbols(symbols))
    assert len(stored) == len(symbols.definitions)
    for position, definition in enumerate(symbols.definitions):
        assert stored.definition(position) == definition
        assert stored.definition(position) is stored.definition(position)
    assert list(stored.named()) == [(each.name, each.owner) for each in symbols.definitions]
    assert stored.whole() == symbols
    assert stored.whole() is stored.whole()
    assert dict(stored.whole().names) == symbols.names
    with pytest.raises(Damaged):
        stored.definition(len(stored))


@given(chunks=st.lists(st.lists(st.sampled_from(["a", "b_c", "é"]), min_size=1).map(" ".join)))
def test_terms_come_back_as_they_were(chunks: list[str]) -> None:
    assert unpack_terms(pack_terms(chunks)) == chunks


@given(symbols=symbols, at=st.integers(0, 1 << 16), byte=st.integers(1, 255))
def test_a_spoiled_byte_is_noticed(symbols: FileSymbols, at: int, byte: int) -> None:
    packed, names = pack_symbols(symbols)
    spoiled = bytearray(packed)
    spoiled[at % len(packed)] ^= byte
    try:
        stored = Stored("p", "l", "", bytes(spoiled), names)
    except Damaged:
        return
    # What zlib does not read does not matter.
    assert stored.whole().definitions == symbols.definitions


def test_what_is_no_such_thing_is_noticed() -> None:
    packed, names = pack_symbols(FileSymbols("p", "l"))
    for nonsense in (b"", b"x", packed[:-3], None, names):
        with pytest.raises(Damaged):
            Stored("p", "l", "", nonsense, names)  # type: ignore[arg-type]
        if nonsense is not names:
            with pytest.raises(Damaged):
                unpack_terms(nonsense)  # type: ignore[arg-type]
    # Names are looked at by somebody who holds no index any more.
    assert dict(Stored("p", "l", "", packed, b"x").whole().names) == {}


@given(one=st.text(), other=st.text())
def test_texts_are_told_apart(one: str, other: str) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)


def test_a_text_with_a_lone_surrogate_has_a_digest() -> None:
    assert digest_of("\ud800") != digest_of("?")
