"""Draws cases from a repository and labels them. Knows no model, no prompt and no table.

None is picked or dropped by hand: what a case is, is said by code (`spans`, `calls`), which ones
are drawn by a seed, and what they need by tools that `context` shares nothing with (`labels_*`).
Verdicts are kept in a file as they come, so that an interrupted run goes on, and another seed asks
only for calls that are new.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from beadline import __version__
from beadline.evaluation import results
from beadline.evaluation.cases import labels_python, labels_typescript
from beadline.evaluation.cases.calls import MAX_CHARS, Call, calls
from beadline.evaluation.cases.draw import rounds
from beadline.evaluation.cases.format import CROSS_FILE_CALL, Case, Symbol
from beadline.evaluation.cases.labels import Label, Labeller, Verdict
from beadline.evaluation.cases.labels_names import Names
from beadline.evaluation.cases.source import Parsers
from beadline.evaluation.cases.spans import CATEGORIES, Reader
from beadline.evaluation.scenarios import SCENARIOS
from beadline.evaluation.sources import SourceFile

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is, and of how much."""


@dataclass(frozen=True)
class Wanted:
    """How many cases, of every language."""

    each: int = 20
    """Of every category but calls."""
    calls: int = 100
    """Calls with a label; those without one come on top, as they are drawn."""
    scenarios: int = 0
    """Of each of aiXcoder's scenarios."""
    seed: int = 1


@dataclass(frozen=True)
class Ways:
    """How calls are labelled."""

    names_only: bool = False
    """By unique names, whatever tools there are."""
    typescript: Path | None = None
    """Folder of the TypeScript compiler; None: the one on the path."""


@dataclass
class Made:
    """The cases, and what was sampled for them."""

    cases: list[Case] = field(default_factory=list)
    sampled: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Language -> verdict -> sampled calls."""
    ways: dict[str, str] = field(default_factory=dict)
    """Language -> what labelled its calls."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values: counts, no cases."""
        return {
            "cases": len(self.cases),
            "by_category": dict(Counter(case.category for case in self.cases)),
            "by_language": dict(Counter(case.language for case in self.cases)),
            "sampled_calls": {
                language: {str(verdict): counts[verdict] for verdict in Verdict}
                for language, counts in self.sampled.items()
            },
            "labels": self.ways,
        }


@contextlib.contextmanager
def labellers(folder: Path, ways: Ways, progress: Progress) -> Iterator[dict[str, Labeller]]:
    """What labels the calls of each language; languages that are missing have the one of `""`.

    `folder` holds the repository's files. Raises `InputError` for a compiler that is none.
    """
    names = Names(folder, lambda done, of: progress("definitions", done, of))
    found: dict[str, Labeller] = {"": names}
    try:
        if not ways.names_only:
            if labels_python.available():
                python = labels_python.PythonLabels(folder, names)
                found |= dict.fromkeys(labels_python.LANGUAGES, python)
            package = labels_typescript.compiler(ways.typescript)
            if package is not None:
                typescript = labels_typescript.TypeScriptLabels(folder, names, package)
                found |= dict.fromkeys(labels_typescript.LANGUAGES, typescript)
        yield found
    finally:
        for labeller in set(found.values()):
            labeller.close()


class Maker:
    """Draws from the files of one repository."""

    def __init__(
        self,
        files: Sequence[SourceFile],
        found: dict[str, Labeller],
        path: Path,
        progress: Progress,
    ) -> None:
        """`path` keeps verdicts. Raises `InputError` when it is another file."""
        self._files = files
        self._labellers = found
        self._progress = progress
        self._parsers = Parsers()
        self._readers: dict[str, Reader] = {}
        self._calls: dict[str, list[Call]] = {}
        languages = sorted({file.language for file in files})
        self._ways = {language: self._of(language).name for language in languages}
        header = {
            "version": __version__,
            "repo": files[0].repo,
            "commit": files[0].commit,
            "labels": self._ways,
        }
        self._known = {line["call"]: Label.of(line) for line in results.read(path, header)}
        self._writer = results.Writer(path, header)

    def make(self, wanted: Wanted) -> Made:
        """Draw `wanted` cases; fewer where the files do not have enough."""
        made = Made(ways=self._ways)
        for language in self._ways:
            files = sorted(
                (file for file in self._files if file.language == language),
                key=lambda file: file.path,
            )
            counts = {category: wanted.each for category in CATEGORIES}
            counts |= {scenario: wanted.scenarios for scenario in SCENARIOS}
            del counts[CROSS_FILE_CALL]
            for category, count in counts.items():
                made.cases += self._category(files, category, count, wanted.seed)
            self._cross_file(files, wanted, made)
        return made

    def close(self) -> None:
        """Close the file of verdicts."""
        self._writer.__exit__()

    def _category(
        self, files: Sequence[SourceFile], category: str, count: int, seed: int
    ) -> Iterator[Case]:
        key = _key(files[0], category, seed)
        drawn = rounds(files, lambda file: self._reader(file).spans(category), key)
        for number, (file, span) in enumerate(islice(drawn, count), start=1):
            self._progress(f"{file.language}: {category}", number, count)
            yield self._case(file, category, *span)

    def _cross_file(self, files: Sequence[SourceFile], wanted: Wanted, made: Made) -> None:
        """Calls in the order drawn, until enough of them are labelled."""
        language = files[0].language
        labelled = 0
        drawn = rounds(files, self._short_calls, _key(files[0], CROSS_FILE_CALL, wanted.seed))
        for file, call in drawn if wanted.calls else ():
            label = self._label(file, call)
            made.sampled[language][label.verdict] += 1
            if label.verdict not in (Verdict.LABELLED, Verdict.UNLABELLED):
                continue
            case = _cut(file, CROSS_FILE_CALL, call.start, call.end)
            if label.symbol is not None:
                case = replace(case, crossfile_symbols=(label.symbol,))
                labelled += 1
            made.cases.append(case)
            self._progress(f"{language}: {CROSS_FILE_CALL}", labelled, wanted.calls)
            if labelled == wanted.calls:
                break

    def _case(self, file: SourceFile, category: str, start: int, end: int) -> Case:
        """A case with what the calls in its middle need."""
        case = _cut(file, category, start, end)
        symbols: dict[tuple[str, int], Symbol] = {}
        for call in self._calls_of(file):
            if start <= call.start and call.end <= end:
                symbol = self._label(file, call).symbol
                if symbol is not None:
                    symbols[symbol.path, symbol.line] = symbol
        return replace(case, crossfile_symbols=tuple(symbols.values()))

    def _label(self, file: SourceFile, call: Call) -> Label:
        key = f"{file.path}:{call.start}-{call.end}"
        if key not in self._known:
            label = self._of(file.language).label(file.path, file.text, file.language, call)
            self._writer.append({"call": key, **label.as_dict()})
            self._known[key] = label
        return self._known[key]

    def _of(self, language: str) -> Labeller:
        return self._labellers.get(language, self._labellers[""])

    def _reader(self, file: SourceFile) -> Reader:
        return self._readers.setdefault(file.path, Reader(file))

    def _calls_of(self, file: SourceFile) -> list[Call]:
        if file.path not in self._calls:
            self._calls[file.path] = calls(file.text, file.language, self._parsers)
        return self._calls[file.path]

    def _short_calls(self, file: SourceFile) -> list[Call]:
        return [call for call in self._calls_of(file) if call.end - call.start <= MAX_CHARS]


def _cut(file: SourceFile, category: str, start: int, end: int) -> Case:
    text = file.text
    return Case(file.path, file.language, category, text[:start], text[end:], text[start:end])


def _key(file: SourceFile, category: str, seed: int) -> str:
    return f"{seed}:{file.repo}:{file.language}:{category}"
