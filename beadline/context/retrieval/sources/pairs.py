"""The module that a test file tests, and the tests of a module. Knows names of files, no index.

Pairs are found by the conventions of the languages' test runners; where several files fit, the one
whose folders are most alike is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from beadline.context.retrieval.sources import Candidate, Files
from beadline.context.retrieval.sources.queries import Queries
from beadline.context.retrieval.sources.texts import beginning, line_range
from beadline.context.symbols.resolve.scene import enclosing
from beadline.context.symbols.types import Definition, Kind, Scene

_TEST = re.compile(
    r"(?:test|spec)_(?P<behind>.+)"
    r"|(?P<before>.+?)(?:[_.-](?:tests?|specs?)|Tests?|TestCase|IT|Spec)"
)
"""Stems of test files: `test_a`, `a_test`, `a.spec`, `ATest`."""
_FORMS = (
    "test_{0}", "{0}_test", "{0}.test", "{0}.spec", "{0}-test", "{0}_spec", "{0}_tests",
    "{0}Test", "{0}Tests", "{0}TestCase", "{0}Spec",
)  # fmt: skip
"""Stems of the tests of a module."""
_FOLDERS = frozenset({"test", "tests", "__tests__", "spec", "specs", "testing"})
_OUTER = frozenset({*_FOLDERS, "src", "lib", "main", "java", "kotlin", "scala", "app", "packages"})
"""Folders that say nothing about what is tested."""
_WHOLE_FOLDER = ("__init__", "index", "mod", "lib")
"""Stems of modules that are called by their folder's name."""
_SUFFIXES = {
    ".ts": (".ts", ".tsx"), ".tsx": (".tsx", ".ts"), ".js": (".js", ".jsx"), ".jsx": (".jsx", ".js")
}  # fmt: skip
"""Suffixes of either half, where they may differ."""
_FUNCTIONS = frozenset({Kind.FUNCTION, Kind.METHOD})
_LONGEST = 1600
"""Characters of one function that are shown; of longer ones the beginning."""
_READ = 12
"""Functions that are read as a whole, those whose names fit best."""
_MOST = 3
LEAST_COVERAGE = 0.08


class Pairs:
    """The functions of the other half of a pair that share most words with the cursor.

    The signatures of what a test calls are definitions' business (`sources.definitions`); what
    comes from here is how the module's other tests look, or what of the module a test is about.
    """

    name = "pair"

    def __init__(self, files: Files, queries: Queries) -> None:
        self._files, self._queries = files, queries

    def search(self, scene: Scene, room: int) -> list[Candidate]:
        """See `Source`."""
        if room <= 0 or not self._queries.of(scene).terms:
            return []
        path = self._pair(_pure(scene.symbols.path))
        file = self._files.file(path) if path else None
        text = self._files.read(path) if file is not None else None
        if file is None or text is None:
            return []
        around = [each.name.lower() for each in enclosing(scene) if len(each.name) > 2]
        named: list[tuple[float, Definition]] = []
        for definition in file.definitions:
            if definition.kind in _FUNCTIONS:
                score = self._queries.coverage(scene, definition.name)
                # `test_parse` is about `parse`.
                score += any(name in definition.name.lower() for name in around)
                if score:
                    named.append((score, definition))
        named.sort(key=lambda each: (-each[0], each[1].start))
        ranked: list[tuple[float, Candidate]] = []
        for above, definition in named[:_READ]:
            start, end = line_range(text, definition.start, definition.end)
            shown = beginning(text[start:end], _LONGEST)
            covered = self._queries.coverage(scene, shown)
            if covered >= LEAST_COVERAGE:
                candidate = Candidate.of_chunk(path, start, shown, covered, self.name)
                ranked.append((covered + above, candidate))
        ranked.sort(key=lambda each: (-each[0], each[1].key))
        return [candidate for _, candidate in ranked[:_MOST]]

    def _pair(self, own: PurePosixPath) -> str:
        """Path of the other half; empty where there is none."""
        found = {
            path
            for stem in _other_stems(own)
            for suffix in _SUFFIXES.get(own.suffix, (own.suffix,))
            for path in self._files.paths_ending(stem + suffix)
            if is_test(_pure(path)) != is_test(own)
        }
        return max(found, key=lambda path: (_alike(own, _pure(path)), path), default="")


@lru_cache(maxsize=1024)
def _pure(path: str) -> PurePosixPath:
    """A path, taken apart once."""
    return PurePosixPath(path)


@lru_cache(maxsize=1024)
def is_test(path: PurePosixPath) -> bool:
    """Whether a file is one of tests, by its name or a folder of it."""
    return bool(_TEST.fullmatch(path.stem)) or not _FOLDERS.isdisjoint(path.parts[:-1])


def _other_stems(own: PurePosixPath) -> Iterator[str]:
    """Names, without suffix, that the other half may have."""
    match = _TEST.fullmatch(own.stem)
    if match is not None:
        name = match["behind"] or match["before"]
        yield name
        for stem in _WHOLE_FOLDER:
            yield f"{name}/{stem}"
        return
    names = [own.stem]
    if own.stem in _WHOLE_FOLDER and own.parent.name:
        names.append(own.parent.name)
    for name in names:
        for form in _FORMS:
            yield form.format(name)
    yield own.stem  # `src/parser.rs` and `tests/parser.rs`


def _alike(own: PurePosixPath, other: PurePosixPath) -> float:
    """How many of their folders are the same, those that mean nothing left out."""
    first, second = ([p for p in path.parts[:-1] if p not in _OUTER] for path in (own, other))
    same = len(set(first) & set(second))
    return same - 0.1 * len(second) + (own.parent == other.parent)
