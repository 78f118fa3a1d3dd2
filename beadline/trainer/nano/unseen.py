"""What must stay unseen: the repositories that are measured on, and the files of public benchmarks.

No training file may share 50 consecutive code tokens with one of them, or be nearly the same. Knows
no filter and no sample.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beadline.context.languages import known, language_of
from beadline.errors import InputError
from beadline.evaluation.sources import PYTHON
from beadline.trainer.corpus.duplicates import Duplicates, SharedRuns
from beadline.trainer.corpus.filters import decode
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.nano.repositories import Public

_MOST_BYTES = 2_000_000
_TOGETHER = (
    ("prompt", "canonical_solution"),
    ("prompt", "canonical_solution", "suffix"),
    ("prompt", "canonical_solution", "test"),
    ("prompt", "ground_truth"),
    ("text", "code"),
)
"""Fields of benchmarks' records that are parts of one text: HumanEval, HumanEval-Infilling and
SantaCoder-FIM, MultiPL-E, SAFIM, MBPP."""
_BY_NAME = {
    "java": "java", "javascript": "javascript", "js": "javascript", "typescript": "typescript",
    "ts": "typescript", "go": "go", "rust": "rust", "rs": "rust", "cpp": "cpp", "c++": "cpp",
    "csharp": "csharp", "c#": "csharp", "c_sharp": "csharp", "php": "php", "ruby": "ruby",
}  # fmt: skip
SHARED = "shares code with what must stay unseen"


@dataclass
class Unseen:
    """Says of a file whether it comes too near to what is measured on."""

    near: float = 0.7
    """Jaccard similarity from which a file is like another."""
    commits: dict[str, str] = field(default_factory=dict)
    """Repository -> commit, of those that were added."""
    benchmarks: dict[str, int] = field(default_factory=dict)
    """Name of a benchmark's file -> records."""
    files: int = 0
    _runs: SharedRuns = field(default_factory=SharedRuns, repr=False)

    def __post_init__(self) -> None:
        self._duplicates = Duplicates(self.near)

    def add_repository(self, source: Public) -> None:
        """Everything of a repository that is in a known language."""
        trees = frozenset(language.id for language in known() if language.has_tree)
        chosen = [
            each
            for each in source.files()
            if language_of(each.path) in trees and 0 <= each.size <= _MOST_BYTES
        ]
        for each, content in source.read(chosen):
            # `decode` leaves out longer files; those are data.
            text, reason = decode(content)
            if not reason:
                self._add(text, language_of(each.path))
        self.commits[source.full_name] = source.revision

    def add_benchmark(self, path: Path) -> None:
        """The texts of a file of JSON lines, gzipped or not. Raises `InputError`."""
        count = 0
        for record in _records(path):
            count += 1
            language = _language(record, path)
            for text in _texts(record):
                self._runs.add(text, language)
        self.benchmarks[path.name] = count

    def reason(self, file: CorpusFile) -> str:
        """Why a file must not be trained on, or is like one that came before; empty, and it is
        remembered, where nothing speaks against it."""
        if self._runs.has(file.text, file.language):
            return SHARED
        return self._duplicates.reason(file.text)

    def _add(self, text: str, language: str) -> None:
        self.files += 1
        self._runs.add(text, language)
        self._duplicates.hold(text)


def benchmark_files(paths: Iterable[Path]) -> list[Path]:
    """The files of JSON lines among some paths, and below those that are folders."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (each for each in sorted(path.rglob("*")) if each.is_file())
            found += [each for each in inside if _is_lines(each)]
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"There is no {path}.", hint="Name a benchmark's file or folder.")
    return found


def _is_lines(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson"))


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if line.strip() and isinstance(record := json.loads(line), dict):
                    yield record
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} is no file of JSON lines: {exc}.") from exc


def _texts(record: Mapping[str, Any]) -> Iterator[str]:
    """Every text of a record, and those that are parts of one together."""
    strings = {name: value for name, value in record.items() if isinstance(value, str)}
    yield from strings.values()
    for names in _TOGETHER:
        if all(name in strings for name in names):
            yield "".join(strings[name] for name in names)
            yield "\n".join(strings[name] for name in names)
    for value in record.values():
        if isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))


def _language(record: Mapping[str, Any], path: Path) -> str:
    said = record.get("lang") or record.get("language")
    if isinstance(said, str):
        return _BY_NAME.get(said.lower(), PYTHON)
    parts: Sequence[str] = path.name.lower().replace("-", "_").replace(".", "_").split("_")
    return next((_BY_NAME[part] for part in parts if part in _BY_NAME), PYTHON)
