"""Inside of what may be a token the files' own tokens are looked up, on the built-in model's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from beadline.engine.cache_model.distribution import Scope
from beadline.engine.cache_model.scopes import Cursor, Scopes
from beadline.engine.cache_model.seam import split
from beadline.engine.cache_model.sources import TextSource
from beadline.engine.llama.native import Model, load_library
from beadline.engine.llama.vocabulary import LlamaVocabulary

KNOWN = (
    "def again(store):\n    store.walrus_penguin()\n    total = store.walrus_penguin()\n"
    "    count = 17\n    names = [7, 8]\n    return total(count, 'x')\n"
)


@pytest.fixture(scope="module")
def vocabulary(model_path: Path) -> LlamaVocabulary:
    return LlamaVocabulary(Model(load_library(), model_path, vocab_only=True))


def scopes_at(before: str, vocabulary: LlamaVocabulary) -> Scopes:
    """Behind `before`, in a repository of `KNOWN`."""
    start = before.rfind("\n") + 1
    ids, seam = split(before[start:], vocabulary.encode, vocabulary.spell)
    tokens = np.array(vocabulary.encode(KNOWN), dtype=np.uint32)

    def made(cursor: Cursor | None = None) -> Scopes:
        return Scopes([TextSource(tokens, Scope.OPEN)], cursor)

    cursor = None if seam is None else Cursor(seam, tuple(seam.tokens()), made())
    scopes = made(cursor)
    scopes.begin([*vocabulary.encode(before[:start]), *ids])
    return scopes


@pytest.mark.parametrize(
    "line", ["", "store.", "x", "    store", "    ", "x = ", "\t\t", "a  ", "f(", "f((", "self._"]
)
def test_a_line_is_its_tokens_and_its_seam(line: str, vocabulary: LlamaVocabulary) -> None:
    ids, seam = split(line, vocabulary.encode, vocabulary.spell)
    owed = seam.owed if seam is not None else b""
    assert b"".join(map(vocabulary.spell, ids)) + owed == line.encode()
    # A word that follows begins with what is owed.
    if seam is not None:
        assert vocabulary.encode(line + "x")[: len(ids)] == ids
        assert b"".join(map(vocabulary.spell, seam.tokens())) == owed


# Within a word, it is healed, and spelled; inside of an indentation nobody knows how deep it is.
CUTS = [
    cut
    for cut in range(17, len(KNOWN) - 12)
    if not KNOWN[cut - 1].isalnum() and KNOWN[cut - 1 : cut + 1] != "  "
]


@pytest.mark.parametrize("cut", CUTS)
def test_wherever_it_is_cut_it_goes_on(cut: int, vocabulary: LlamaVocabulary) -> None:
    """The cache alone, token by token, whatever the tokens it has to begin with."""
    scopes = scopes_at(KNOWN[:cut], vocabulary)
    spelled = b""
    while len(spelled) < 8:
        token = next(scopes.lattice()).top
        spelled += vocabulary.spell(token)
        scopes.append(token)
    assert KNOWN[cut:].encode().startswith(spelled[:8])


@pytest.mark.parametrize("before", ["    total = ", "    store."])
def test_drafts_begin_behind_the_cursor(before: str, vocabulary: LlamaVocabulary) -> None:
    found, length = scopes_at("def again(store):\n" + before, vocabulary).continuation(8)
    assert length >= 2
    drafted = b"".join(map(vocabulary.spell, found))
    behind = "store.walrus_penguin()" if before.endswith(" ") else "walrus_penguin()"
    assert drafted and behind.encode().startswith(drafted[: len(behind)])


@pytest.mark.parametrize("pieces", [["w", "alrus"], ["wal", "rus"], ["walrus"], ["w", "a", "l"]])
def test_a_word_may_come_in_other_pieces(pieces: list[str], vocabulary: LlamaVocabulary) -> None:
    """As a model writes it that sees the dot apart from the word."""
    scopes = scopes_at("def again(store):\n    store.", vocabulary)
    for piece in pieces:
        for token in vocabulary.encode(piece):
            scopes.append(token)
    spelled = b""
    while len(spelled) < 6:
        token = next(scopes.lattice()).top
        spelled += vocabulary.spell(token)
        scopes.append(token)
    written = "".join(pieces).encode() + spelled
    assert b"walrus_penguin()".startswith(written[:16])
