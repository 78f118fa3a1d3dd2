"""At a blank before a word the files' own tokens are looked up, on the built-in model's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from beadline.engine.cache_model.distribution import Scope
from beadline.engine.cache_model.scopes import Scopes, TextSource
from beadline.engine.cache_model.seam import split
from beadline.engine.llama.native import Model, load_library
from beadline.engine.llama.vocabulary import LlamaVocabulary

KNOWN = "def again(store):\n    store.walrus_penguin()\n    total = store.walrus_penguin()\n"


@pytest.fixture(scope="module")
def vocabulary(model_path: Path) -> LlamaVocabulary:
    return LlamaVocabulary(Model(load_library(), model_path, vocab_only=True))


@pytest.mark.parametrize("line", ["", "store.", "x", "    store", "    ", "x = ", "\t\t", "a  "])
def test_a_line_is_its_tokens_and_its_seam(line: str, vocabulary: LlamaVocabulary) -> None:
    ids, seam = split(line, vocabulary.encode, vocabulary.spell)
    owed = seam.owed if seam is not None else b""
    assert b"".join(map(vocabulary.spell, ids)) + owed == line.encode()
    if not line[-1:].isspace():
        assert seam is None and ids == vocabulary.encode(line)
    # A word that follows begins with what is owed.
    whole = vocabulary.encode(line + "word")
    assert whole[: len(ids)] == ids or not line[-1:].isspace()


@pytest.mark.parametrize("line", ["    ", "    total = "])
def test_what_follows_a_blank_is_found(line: str, vocabulary: LlamaVocabulary) -> None:
    ids, seam = split(line, vocabulary.encode, vocabulary.spell)
    tokens = np.array(vocabulary.encode(KNOWN), dtype=np.uint32)
    scopes = Scopes([TextSource(tokens, Scope.OPEN)], seam)
    scopes.begin([*vocabulary.encode("def again(store):\n"), *ids])
    spelled = b""
    for _ in range(16):
        found = next(scopes.lattice())
        token = found.top
        spelled += vocabulary.spell(token)
        scopes.append(token)
    assert spelled.decode().startswith("store.walrus_penguin()")


def test_drafts_begin_behind_the_cursor(vocabulary: LlamaVocabulary) -> None:
    ids, seam = split("    total = ", vocabulary.encode, vocabulary.spell)
    tokens = np.array(vocabulary.encode(KNOWN), dtype=np.uint32)
    scopes = Scopes([TextSource(tokens, Scope.OPEN)], seam)
    scopes.begin(ids)
    found, length = scopes.continuation(8)
    assert length == len(ids)
    assert b"store.walrus_penguin()".startswith(b"".join(map(vocabulary.spell, found))[:22])
    assert vocabulary.spell(found[0])[:1] == b"s"
