"""From a source to the files that are trained on, every step counted. Knows no tokens, no model.

Steps, in their order: names, texts, secrets and personal data, commented-out code, syntax, data,
duplicates, style, size. Nothing of it touches the files that are read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from beadline.context.languages import language_of
from beadline.context.retrieval.workspace import MAX_BYTES
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document
from beadline.errors import InputError
from beadline.evaluation.sources import PYTHON
from beadline.trainer.corpus import lint
from beadline.trainer.corpus.comments import Thinner
from beadline.trainer.corpus.duplicates import Duplicates, SharedRuns
from beadline.trainer.corpus.filters import data_reason, decode, syntax_reason, text_reason
from beadline.trainer.corpus.paths import PathRules
from beadline.trainer.corpus.scrub import Scrubber
from beadline.trainer.corpus.sources import Listed, Source
from beadline.trainer.corpus.types import CorpusFile, Report, Step

PROSE = frozenset({"markdown", "yaml", "toml", "json", "html", "css"})
"""Languages of documentation and configuration; `CorpusOptions.prose_share` is about them."""
_LEAST_FILES = 5
_LEAST_CHARACTERS = 10_000
"""Less is nothing to learn from."""
_REASONS = 4
_TOLD = 256
"""Names between two words about progress."""


@dataclass(frozen=True)
class CorpusOptions:
    """What of a source is taken, and how it is cleaned."""

    languages: tuple[str, ...] = ()
    """Ids; none: all but those that are data as a rule."""
    include: tuple[str, ...] = ()
    """gitignore patterns; none: everything."""
    exclude: tuple[str, ...] = ()
    """gitignore patterns, the user's private files (`context.ignore`) among them."""
    held_out: frozenset[str] = frozenset()
    """Paths that are kept to prove the model on: neither they nor what is nearly the same."""
    unseen: tuple[str, ...] = ()
    """Python texts of which no run of 50 tokens may come in."""
    seed: int = 0
    least: int = 32
    """Characters of a file that are not blank."""
    longest_line: int = 2000
    near: float = 0.8
    """Jaccard similarity from which one of two files is left out."""
    commented: float = 0.8
    """Share of the blocks of commented-out code that is left out."""
    most_files: int = 20_000
    most_characters: int = 40_000_000
    repo_characters: int = 0
    """Of one repository; 0: no limit of its own."""
    prose_share: float = 0.2
    """Most of the characters that documentation and configuration may have."""


Tell = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""


def build(
    source: Source,
    options: CorpusOptions | None = None,
    *,
    tell: Tell = lambda what, done, of: None,
) -> tuple[list[CorpusFile], Report]:
    """The cleaned files of a source, by repository and path, and how they were made.

    The same source and options give the same files. There may be none: see `require`. Raises
    `InputError` where the source cannot be read.
    """
    options = options or CorpusOptions()
    report = Report(source.name, source.revision, notes=list(source.notes))
    kept = list(_Cleaning(source, options, report, tell).files())
    kept = _styled(kept, report, foreign=source.foreign)
    kept = _limited(kept, options, report.step("size"))
    report.finish(kept)
    return kept, report


def require(files: list[CorpusFile], report: Report) -> None:
    """Raise `InputError` where the files are too few to learn from, and say why they are."""
    if len(files) >= _LEAST_FILES and report.characters >= _LEAST_CHARACTERS:
        return
    counted = ", ".join(f"{why}: {n:,}" for why, n in report.reasons().most_common(_REASONS))
    left = f" Left out: {counted}." if counted else ""
    have = f"{len(files)} usable file{'s' * (len(files) != 1)}, {report.characters:,} characters"
    raise InputError(
        f"{report.source} has too little to learn from: {have}.{left}",
        hint=f"At least {_LEAST_FILES} files and {_LEAST_CHARACTERS:,} characters are needed; "
        "--dry-run shows every step.",
    )


class _Cleaning:
    """The steps that look at one file after the other."""

    def __init__(self, source: Source, options: CorpusOptions, report: Report, tell: Tell) -> None:
        self._source = source
        self._options = options
        self._report = report
        self._tell = tell
        self._rules = PathRules(
            languages=options.languages,
            include=options.include,
            exclude=options.exclude,
            rules=source.rules(),
        )
        self._trees = SyntaxTrees(limit=1)
        self._scrubber = Scrubber()
        self._thinner = Thinner(options.commented, options.seed)
        self._duplicates = Duplicates(options.near)
        self._unseen = SharedRuns(options.unseen)
        self._steps = {
            name: report.step(name)
            for name in ("names", "texts", "secrets", "comments", "syntax", "data", "duplicates")
        }

    def files(self) -> Iterator[CorpusFile]:
        """The files that are left."""
        listed = self._source.files()
        kept_back = self._options.held_out
        held = [e for e in listed if e.path in kept_back and 0 <= e.size <= MAX_BYTES]
        for _, content in self._source.read(held):
            self._duplicates.hold(decode(content)[0])
        chosen = self._chosen(listed)
        for done, (each, content) in enumerate(self._source.read(chosen)):
            self._tell("reading files", done, len(chosen))
            if (file := self._clean(each, content)) is not None:
                yield file
        self._tell("reading files", len(chosen), len(chosen))

    def _chosen(self, listed: list[Listed]) -> list[Listed]:
        """What is read: by its path, and of too many files some that the seed draws."""
        options, step = self._options, self._steps["names"]
        step.files = len(listed)
        found: list[Listed] = []
        for number, each in enumerate(listed):
            if number % _TOLD == 0:
                self._tell("choosing files", number, len(listed))
            reason = self._rules.reason(each.path)
            if not reason and each.path in options.held_out:
                reason = "held out"
            if not reason and not 0 <= each.size <= MAX_BYTES:
                reason = "absent" if each.size < 0 else "too large"
            if reason:
                step.drop(reason, each.path, 0)
            else:
                found.append(each)
        if len(found) > options.most_files:
            self._report.notes.append(
                f"There are {len(found):,} files; {options.most_files:,} of them, drawn by their "
                "names, are looked at. Choose folders with --include."
            )
            found.sort(key=lambda each: _rank(options.seed, each.repo, each.path))
            for each in found[options.most_files :]:
                step.drop(f"not among the {options.most_files:,} drawn", each.path, 0)
            order = {id(each): place for place, each in enumerate(listed)}
            found = sorted(found[: options.most_files], key=lambda each: order[id(each)])
        return found

    def _clean(self, listed: Listed, content: bytes | None) -> CorpusFile | None:
        """The file after all steps; None where one of them leaves it out."""
        options, path = self._options, listed.path
        text, reason = decode(content)
        language = language_of(path, text.partition("\n")[0])
        reason = (
            reason
            or self._rules.reason_of_language(language)
            or text_reason(
                text,
                least=options.least,
                longest_line=options.longest_line,
                foreign=self._source.foreign,
            )
        )
        if self._drops("texts", reason, path, len(text)):
            return None
        original = text
        document = Document(path, path, language, text, listed.repo)
        step = self._reached("secrets")
        text, counts = self._scrubber.clean(document)
        step.changed.update(counts)
        document = replace(document, text=text)
        tree = self._trees.parse(document)
        step = self._reached("comments")
        if tree is not None:
            text, thinned = self._thinner.thin(document, tree)
            if thinned:
                step.changed["blocks of commented-out code"] += thinned
                document = replace(document, text=text)
                tree = self._trees.parse(document)
        self._trees.forget(path)
        if self._drops("syntax", syntax_reason(text, language, tree), path, len(text)):
            return None
        if self._drops(
            "data", data_reason(text, tree, foreign=self._source.foreign), path, len(text)
        ):
            return None
        # Asked last, so that what is left out for another reason hides no other file.
        if self._unseen.has(original, language):
            reason = "shares code with what must stay unseen"
        else:
            reason = self._duplicates.reason(original)
        if self._drops("duplicates", reason, path, len(text)):
            return None
        return CorpusFile.of(path, language, text, listed.repo)

    def _reached(self, name: str) -> Step:
        step = self._steps[name]
        step.files += 1
        return step

    def _drops(self, name: str, reason: str, path: str, characters: int) -> bool:
        step = self._reached(name)
        if reason:
            step.drop(reason, path, characters)
        return bool(reason)


def _styled(files: list[CorpusFile], report: Report, *, foreign: bool) -> list[CorpusFile]:
    """What Ruff's rules leave of the Python files; of the user's own, all."""
    step = report.step("style")
    python = [file for file in files if file.language == PYTHON]
    step.files = len(python)
    linted = lint.lint([file.text for file in python], fix=foreign) if python else []
    if linted is None:
        report.notes.append("Ruff is not installed: names and layout were not looked at.")
        return files
    made: dict[int, CorpusFile | None] = {}
    for file, found in zip(python, linted, strict=True):
        undefined = found.found[lint.UNDEFINED]
        layout = {lint.WORDS[rule]: n for rule, n in found.found.items() if rule in lint.LAYOUT}
        if not foreign:
            step.noted.update(layout)
            if undefined:
                step.noted["files with " + lint.WORDS[lint.UNDEFINED]] += 1
        elif undefined:
            step.drop(lint.WORDS[lint.UNDEFINED], file.path, len(file.text))
            made[id(file)] = None
        elif layout:
            step.changed.update(layout)
            made[id(file)] = CorpusFile.of(file.path, file.language, found.text, file.repo)
    return [left for file in files if (left := made.get(id(file), file)) is not None]


def _limited(files: list[CorpusFile], options: CorpusOptions, step: Step) -> list[CorpusFile]:
    """Files within the limits of characters; which ones, the seed draws."""
    step.files = len(files)
    total = sum(len(file.text) for file in files)
    code = sum(len(file.text) for file in files if file.language not in PROSE)
    # Of the whole that is left, not of the whole there was.
    share = min(options.prose_share, 0.999)
    prose = code * share / (1 - share) if code else total
    left: dict[int, CorpusFile] = {}
    taken: Counter[str] = Counter()
    spent = spent_prose = 0
    for file in sorted(files, key=lambda each: _rank(options.seed, each.repo, each.path)):
        size = len(file.text)
        is_prose = file.language in PROSE
        if options.repo_characters and taken[file.repo] > options.repo_characters:
            step.drop("beyond the limit of one repository", file.path, size)
        elif is_prose and spent_prose + size > prose:
            step.drop("beyond the share of documentation and configuration", file.path, size)
        elif spent + size > options.most_characters:
            step.drop("beyond the limit of characters", file.path, size)
        else:
            left[id(file)] = file
            taken[file.repo] += size
            spent += size
            spent_prose += size if is_prose else 0
    return [file for file in files if id(file) in left]


def _rank(seed: int, repo: str, path: str) -> bytes:
    """An order that has nothing to do with names."""
    return hashlib.sha256(f"{seed}/{repo}/{path}".encode("utf-8", "surrogatepass")).digest()
