"""How often each language's text is drawn, and which files are the best of it. Draws nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from beadline.context.retrieval.query import group_of
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.nano.recipe import MOST_EPOCHS, SHARES

_LEAST_LINES, _MOST_LINES = 40, 1500
_LEAST_COMMENTED, _MOST_COMMENTED = 0.02, 0.6
_OTHER_FOLDERS = re.compile(
    r"(?i)tests?|testing|.*_tests?|test_.*|spec|specs|__tests__|__mocks__|fixtures?"
    r"|bench(?:mark)?s?|examples?|docs?|doc_src|tutorials?|samples?|demos?|scripts?|tools?"
    r"|migrations|locale|i18n"
    r"|e2e|testdata|playground|galleries|asv_bench|snippets"
)
_OTHER_NAMES = re.compile(r"(?i)(?:test_.*|.*_test|.*[.-](?:test|spec)|conftest|setup|conf)\.[^.]+")
_COMMENT = re.compile(r"(?m)^[ \t]*(?:#(?!!)|//|\*|/\*)")
_DOCSTRING = re.compile(r'(?s)(?:"""|\'\'\').*?(?:"""|\'\'\')')


def group_characters(characters: Mapping[str, int]) -> Counter[str]:
    """Characters by group of languages, from those by language; groups without a share left out."""
    found: Counter[str] = Counter()
    for language, count in characters.items():
        if (group := group_of(language)) in SHARES:
            found[group] += count
    return found


def epochs_by_group(characters: Mapping[str, int], epochs: float) -> dict[str, float]:
    """How often the text of each group is drawn, so that the groups have their `SHARES`.

    `epochs` is that of the largest share's group (Python); none is drawn more than `MOST_EPOCHS`
    times, so a group that has too little text gets less than its share.
    """
    there = {group: count for group, count in group_characters(characters).items() if count}
    if not there:
        return {}
    first = max(there, key=lambda group: SHARES[group])
    wanted = epochs * there[first] / SHARES[first]
    return {
        group: min(MOST_EPOCHS, wanted * SHARES[group] / count) for group, count in there.items()
    }


def rate(epochs: float, number: int) -> float:
    """The share of a text that is drawn in the epoch of a number, from 0, of so many in all."""
    return max(0.0, min(1.0, epochs - number))


def is_best(file: CorpusFile) -> bool:
    """Whether a file is of the kind that the last phase is spent on: code that others use and that
    is explained, neither tests nor examples, scripts or tables, neither tiny nor huge.

    Rules of names and counts, after what quality classifiers of code keep (Seed-Coder, The Stack).
    """
    path = PurePosixPath(file.path)
    if any(_OTHER_FOLDERS.fullmatch(part) for part in path.parts[:-1]):
        return False
    if _OTHER_NAMES.fullmatch(path.name):
        return False
    lines = file.text.count("\n") + 1
    if not _LEAST_LINES <= lines <= _MOST_LINES:
        return False
    explained = len(_COMMENT.findall(file.text))
    explained += sum(match[0].count("\n") + 1 for match in _DOCSTRING.finditer(file.text))
    return _LEAST_COMMENTED <= explained / lines <= _MOST_COMMENTED
