"""A file of a corpus, and the report of how the corpus was made. Knows no source and no filter."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

_EXAMPLES = 5
"""Paths that a step names for each reason."""


def digest_of(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file that is trained on: cleaned, LF line ends. Samples are ranges of its text."""

    path: str
    """Relative to its repository, forward slashes."""
    language: str
    """Language id."""
    text: str
    repo: str
    """Name of the repository, as the prompts of a server give it."""
    digest: str
    """`digest_of(text)`."""

    @classmethod
    def of(cls, path: str, language: str, text: str, repo: str = "") -> CorpusFile:
        """A file with the digest of its text."""
        return cls(path, language, text, repo, digest_of(text))


@dataclass
class Step:
    """What one step did to the files that reached it."""

    name: str
    files: int = 0
    """Files that reached it."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason -> files that it left out."""
    changed: Counter[str] = field(default_factory=Counter)
    """What -> places that it changed."""
    noted: Counter[str] = field(default_factory=Counter)
    """What -> places that it would change or leave out in foreign code, and did not here."""
    characters: int = 0
    """Characters of the files that it left out."""
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Reason -> paths of some files that it left out."""

    def drop(self, reason: str, path: str, characters: int) -> None:
        """Count a file that is left out."""
        self.dropped[reason] += 1
        self.characters += characters
        shown = self.examples.setdefault(reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(path)

    @property
    def kept(self) -> int:
        """Files that went on."""
        return self.files - self.dropped.total()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; what is empty is left out."""
        counted = {
            "dropped": dict(self.dropped.most_common()),
            "changed": dict(self.changed.most_common()),
            "noted": dict(self.noted.most_common()),
            "examples": self.examples,
        }
        numbers: dict[str, Any] = {"name": self.name, "files": self.files, "kept": self.kept}
        if self.characters:
            numbers["characters_dropped"] = self.characters
        return numbers | {key: value for key, value in counted.items() if value}


@dataclass
class Report:
    """How a corpus was made: every step, and what is left."""

    source: str
    """What was read, for people."""
    revision: str = ""
    """Commit hash; empty where git knows nothing."""
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is worth knowing about the source, a sentence each."""
    files: int = 0
    characters: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    """Language id -> characters that are left."""
    repositories: Counter[str] = field(default_factory=Counter)
    """Name -> characters that are left."""

    def step(self, name: str) -> Step:
        """The step of a name, added behind the others where it is new."""
        for each in self.steps:
            if each.name == name:
                return each
        self.steps.append(Step(name))
        return self.steps[-1]

    def finish(self, files: Iterable[CorpusFile]) -> None:
        """Count what is left."""
        self.files = self.characters = 0
        self.languages.clear()
        self.repositories.clear()
        for file in files:
            self.files += 1
            self.characters += len(file.text)
            self.languages[file.language] += len(file.text)
            self.repositories[file.repo] += len(file.text)

    def reasons(self) -> Counter[str]:
        """Reason -> files that were left out, of all steps."""
        return sum((step.dropped for step in self.steps), Counter[str]())

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "source": self.source,
            "revision": self.revision,
            "files": self.files,
            "characters": self.characters,
            "languages": dict(self.languages.most_common()),
            "repositories": dict(self.repositories.most_common()),
            "notes": self.notes,
            "steps": [step.as_dict() for step in self.steps],
        }

    def write(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        partial = path.with_name(path.name + ".part")
        partial.write_text(json.dumps(self.as_dict(), indent=1) + "\n", "utf-8")
        partial.replace(path)

    def table(self) -> Table:
        """A rich table for the terminal: a row for each count of each step."""
        from rich.table import Table
        from rich.text import Text

        title = f"{self.source}: {self.files:,} files, {self.characters:,} characters"
        table = Table(title=Text(title), title_justify="left", caption_justify="left")
        for name in ("step", "files", "what", "how often"):
            table.add_column(name, justify="right" if name in ("files", "how often") else "left")
        for step in self.steps:
            first = (step.name, f"{step.files:,}")
            for what, count in _rows(step):
                table.add_row(*first, Text(what), f"{count:,}")
                first = ("", "")
            if first[0]:
                table.add_row(*first, Text("nothing to do"), "")
        if self.notes:
            table.caption = Text("\n".join(self.notes))
        return table


def _rows(step: Step) -> Iterator[tuple[str, int]]:
    for kind, counts in (
        ("left out", step.dropped),
        ("replaced", step.changed),
        ("would touch, left as it is", step.noted),
    ):
        for what, count in counts.most_common():
            yield f"{kind}: {what}", count
