"""What to search for at a cursor: weighted terms of the text around it. Knows no index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from beadline.context.retrieval.terms import Splitter, identifiers

LINES_BEFORE = 20
"""Lines with text before the cursor that are asked with (RepoCoder takes 20, CrossCodeEval 10)."""
LINES_AFTER = 4
MOST_TERMS = 64
_AFTER_WEIGHT = 0.6
_HALF_LIFE = 3
"""Lines above the cursor after which a line counts half."""
_HEADER_WEIGHT = 0.5
"""Headers of the blocks around the cursor that are further above."""
_IMPORT_WEIGHT = 0.1
"""What the file imports and the cursor's neighbourhood does not name."""
_IMPORTED = 1.5
"""Factor for names near the cursor that are imported: they are defined somewhere else."""
_PART = 0.5
"""Weight of an identifier's part against the whole."""
_IMPORT = re.compile(r"\s*(?:from|import|use|using|require|require_relative|#\s*include)\b")
_IMPORT_LINES = 200
_HEADER_LINES = 400
_LONGEST_LINE = 400
_REMEMBERED = 4096
"""Lines; about 1 MB."""
_GROUPS = {
    "javascriptreact": "javascript", "typescript": "javascript", "typescriptreact": "javascript",
    "vue": "javascript", "svelte": "javascript", "c": "cpp", "kotlin": "java", "scala": "java",
}  # fmt: skip


def group_of(language: str) -> str:
    """The languages that use each other's code have one group; the others are their own."""
    return _GROUPS.get(language, language)


def query_at(text: str, offset: int, splitter: Splitter) -> dict[str, float]:
    """Term -> weight of what is around the cursor, the heaviest `MOST_TERMS` of them."""
    weights: dict[str, float] = {}
    imported = {
        name
        for line in text[: _IMPORT_LINES * 80].split("\n")[:_IMPORT_LINES]
        for name in _imported(line)
    }
    for line, weight in _lines(text, offset):
        for name in _names(line):
            factor = weight * (_IMPORTED if name in imported else 1)
            terms = splitter.of(name)
            if factor > weights.get(terms[0], 0.0):
                weights[terms[0]] = factor
            factor *= _PART
            for part in terms[1:]:
                if factor > weights.get(part, 0.0):
                    weights[part] = factor
    for name in imported:
        weights.setdefault(name.lower(), _IMPORT_WEIGHT)
    heaviest = sorted(weights, key=lambda term: (-weights[term], term))
    return {term: weights[term] for term in heaviest[:MOST_TERMS]}


@lru_cache(maxsize=_REMEMBERED)
def _imported(line: str) -> tuple[str, ...]:
    """The names in an import statement's line; nothing for other lines."""
    return _names(line) if _IMPORT.match(line) else ()


@lru_cache(maxsize=_REMEMBERED)
def _names(line: str) -> tuple[str, ...]:
    """The identifiers of a line. One cursor after the other has the same lines around it."""
    return tuple(match[0] for match in identifiers(line))


def _lines(text: str, offset: int) -> Iterator[tuple[str, float]]:
    """The lines that are asked with, and how much each counts; the cursor's own in two parts."""
    above = text[max(0, offset - _HEADER_LINES * 80) : offset].split("\n")
    indent: int | None = None
    taken = 0
    for line in reversed(above):
        line = line[-_LONGEST_LINE:]
        if taken and not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        if taken < LINES_BEFORE:
            yield line, 0.5 ** (taken / _HALF_LIFE)
            indent = depth if indent is None or (depth < indent and line.strip()) else indent
        elif indent is not None and depth < indent:
            yield line, _HEADER_WEIGHT
            indent = depth
        taken += 1
    rest, *below = text[offset : offset + LINES_AFTER * 400].split("\n")
    yield rest[:_LONGEST_LINE], _AFTER_WEIGHT
    for line in [line for line in below if line.strip()][:LINES_AFTER]:
        yield line[:_LONGEST_LINE], _AFTER_WEIGHT
