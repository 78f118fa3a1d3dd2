"""Draws holes from source files by a seed. Knows `ast` and `tokenize`; no model, no tree-sitter.

Python is read with its own tools, not with the tree that serving uses, so that a mistake in
serving cannot hide in the choice of cases. Other languages have only the tree (`tree_holes`).
"""

from __future__ import annotations

import ast
import hashlib
import io
import random
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from beadline.evaluation import tree_holes
from beadline.evaluation.sources import PYTHON, SourceFile, parse

EMPTY = "empty"
"""Category of holes right after a complete statement; the truth is nothing."""
_SIMPLE = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Assert,
    ast.Delete,
    ast.Expr,
    ast.Raise,
    ast.Return,
)
_ENDING = (*_SIMPLE, ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom)
_MAX_CHARS = 400
_MAX_BODY_LINES = 12
_MAX_BLOCK_LINES = 8
_MAX_STATEMENT_LINES = 3
Span = tuple[int, int]


@dataclass(frozen=True)
class Hole:
    """`text` without [start, end) is what is completed at `start`; the cut range is the truth."""

    repo: str
    commit: str
    path: str
    category: str
    start: int
    end: int
    """Code points; text[:start] + truth + text[end:] == text."""
    text: str = field(repr=False)
    language: str = PYTHON

    @property
    def id(self) -> str:
        """Stable name of the hole within a run."""
        return f"{self.repo}@{self.commit[:12]}:{self.path}:{self.category}:{self.start}-{self.end}"

    @property
    def prefix(self) -> str:
        return self.text[: self.start]

    @property
    def truth(self) -> str:
        return self.text[self.start : self.end]

    @property
    def suffix(self) -> str:
        return self.text[self.end :]

    def as_dict(self) -> dict[str, Any]:
        """Everything but the file's text."""
        values = asdict(self)
        del values["text"]
        return values


def draw(files: Sequence[SourceFile], *, holes: int, empty: int, seed: int) -> list[Hole]:
    """`holes` holes with an answer, balanced over languages, repositories and categories, and
    `empty` ones.

    The same files and seed always give the same holes, in the same order. Fewer come back where
    the files do not have enough.
    """
    languages = sorted({f.language for f in files})
    drawn: list[Hole] = []
    for index, language in enumerate(languages):
        drawn += _draw_language(
            [f for f in files if f.language == language],
            _share(holes, len(languages), index),
            _share(empty, len(languages), index),
            seed,
        )
    return drawn


def _draw_language(files: Sequence[SourceFile], holes: int, empty: int, seed: int) -> list[Hole]:
    repos = sorted({f.repo for f in files})
    drawn: list[Hole] = []
    for index, repo in enumerate(repos):
        own = sorted((f for f in files if f.repo == repo), key=lambda f: f.path)
        readers = [_LazyReader(file) for file in own]
        left = _share(holes, len(repos), index)
        if own[0].language == PYTHON:
            for category, count in _shares(left, list(CATEGORIES)).items():
                drawn += _draw(readers, category, count, seed)
        else:
            # Not every language has every category; what one lacks the next ones give.
            names = list(tree_holes.CATEGORIES)
            for at, category in enumerate(names):
                found = list(_draw(readers, category, -(-left // (len(names) - at)), seed))
                left -= len(found)
                drawn += found
        drawn += _draw(readers, EMPTY, _share(empty, len(repos), index), seed)
    return drawn


def _share(total: int, parts: int, index: int) -> int:
    return total // parts + (1 if index < total % parts else 0)


def _shares(total: int, names: list[str]) -> dict[str, int]:
    return {name: _share(total, len(names), i) for i, name in enumerate(names)}


def _draw(readers: Sequence[_LazyReader], category: str, count: int, seed: int) -> Iterator[Hole]:
    """One hole per file and round, so that a large file has no more weight than a small one."""
    if not readers:
        return
    first = readers[0].file
    # Python came first; its holes stay those of the runs that were recorded then.
    language = "" if first.language == PYTHON else f"{first.language}:"
    key = f"{seed}:{first.repo}:{language}{category}".encode()
    # Not the built-in hash(): it differs between processes.
    rng = random.Random(int.from_bytes(hashlib.sha256(key).digest()[:8], "big"))
    left: dict[int, list[Span]] = {}
    order = list(range(len(readers)))
    while count > 0 and order:
        rng.shuffle(order)
        empty: set[int] = set()
        for i in order:
            if count == 0:
                return
            spans = left.setdefault(i, list(readers[i].spans(category)))
            if not spans:
                empty.add(i)
                continue
            start, end = spans.pop(rng.randrange(len(spans)))
            file = readers[i].file
            yield Hole(
                file.repo, file.commit, file.path, category, start, end, file.text, file.language
            )
            count -= 1
        order = [i for i in order if i not in empty]


class _LazyReader:
    """A file whose spans are looked for when a hole is drawn from it: most never are."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self._find: Callable[[str], list[Span]] | None = None
        self._found: dict[str, list[Span]] = {}

    def spans(self, category: str) -> list[Span]:
        if category not in self._found:
            if self._find is None:
                self._find = finder(self.file)
            self._found[category] = self._find(category)
        return self._found[category]


def finder(file: SourceFile) -> Callable[[str], list[Span]]:
    """What finds the spans of a category in a file; nothing where the file does not parse."""
    if file.language != PYTHON:
        tree_reader = tree_holes.read(file.text, file.language)
        if tree_reader is None:
            return lambda category: []
        return lambda category: tree_holes.spans(tree_reader, category)
    tree = parse(file.text)
    if tree is None:
        return lambda category: []
    reader = PythonReader(file.text, tree)
    return lambda category: sorted(set(CATEGORIES.get(category, empties)(reader)))


class PythonReader:
    """One parsed file and its offsets."""

    def __init__(self, text: str, tree: ast.Module) -> None:
        self.text = text
        self.tree = tree
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def offset(self, line: int, byte_column: int) -> int:
        """Offset of an `ast` position: 1-based line, column in UTF-8 bytes."""
        text = self.lines[line - 1]
        column = byte_column
        if not text.isascii():
            column = len(text.encode()[:byte_column].decode("utf-8", "ignore"))
        return self.starts[line - 1] + column

    def span(self, first: ast.AST, last: ast.AST | None = None) -> Span:
        """From the start of one node (its decorators included) to the end of another."""
        last = last or first
        decorators = getattr(first, "decorator_list", None)
        line, column = first.lineno, first.col_offset  # type: ignore[attr-defined]
        if decorators:
            line = decorators[0].lineno
            column = len(self.lines[line - 1]) - len(self.lines[line - 1].lstrip())
        end = self.offset(last.end_lineno, last.end_col_offset)  # type: ignore[attr-defined]
        return self.offset(line, column), end

    def line_prefix(self, offset: int) -> str:
        return self.text[self.text.rfind("\n", 0, offset) + 1 : offset]

    def rest(self, offset: int) -> str:
        end = self.text.find("\n", offset)
        return self.text[offset : end if end >= 0 else len(self.text)]

    def whole_lines(self, span: Span, most_lines: int, most_chars: int = _MAX_CHARS) -> bool:
        """Alone on its lines (but for a comment), and neither too long nor too tall."""
        start, end = span
        rest = self.rest(end).strip()
        text = self.text[start:end]
        return (
            not self.line_prefix(start).strip()
            and (not rest or rest.startswith("#"))
            and text.count("\n") < most_lines
            and 0 < len(text) <= most_chars
        )


def _rest_of_line(reader: PythonReader) -> Iterator[Span]:
    tokens = list(tokenize.generate_tokens(io.StringIO(reader.text).readline))
    tall = {n for t in tokens if t.start[0] != t.end[0] for n in range(t.start[0], t.end[0] + 1)}
    kinds = (tokenize.NAME, tokenize.NUMBER, tokenize.OP, tokenize.STRING)
    for token in tokens:
        line, column = token.start
        if token.type not in kinds or line in tall:
            continue
        text = reader.lines[line - 1]
        if text[:column].strip():
            yield reader.starts[line - 1] + column, reader.starts[line - 1] + len(text.rstrip())


def _call_arguments(reader: PythonReader) -> Iterator[Span]:
    for node in ast.walk(reader.tree):
        if not isinstance(node, ast.Call) or not (node.args or node.keywords):
            continue
        _, function_end = reader.span(node.func)
        _, end = reader.span(node)
        if reader.text[function_end : function_end + 1] != "(":
            continue
        start, end = function_end + 1, end - 1
        truth = reader.text[start:end]
        if truth.strip() and len(truth) <= _MAX_CHARS and truth.count("\n") < _MAX_STATEMENT_LINES:
            yield start, end


def _statement(reader: PythonReader) -> Iterator[Span]:
    for node in ast.walk(reader.tree):
        if isinstance(node, _SIMPLE) and not _is_docstring(node):
            span = reader.span(node)
            if reader.whole_lines(span, _MAX_STATEMENT_LINES):
                yield span


def _function_body(reader: PythonReader) -> Iterator[Span]:
    for node in ast.walk(reader.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[1:] if _is_docstring(node.body[0]) else node.body
        if body:
            span = reader.span(body[0], body[-1])
            if reader.whole_lines(span, _MAX_BODY_LINES, 2 * _MAX_CHARS):
                yield span


def _block_body(reader: PythonReader) -> Iterator[Span]:
    kinds = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try)
    for node in ast.walk(reader.tree):
        if isinstance(node, kinds):
            span = reader.span(node.body[0], node.body[-1])
            if reader.whole_lines(span, _MAX_BLOCK_LINES):
                yield span


def _import_line(reader: PythonReader) -> Iterator[Span]:
    for node in ast.walk(reader.tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        start, end = reader.span(node)
        source = reader.text[start:end]
        if "\n" in source or "\\" in source or not reader.whole_lines((start, end), 1):
            continue
        for word in ("from ", "import "):
            position = source.find(word)
            if position >= 0:
                yield start + position + len(word), end


def empties(reader: PythonReader) -> Iterator[Span]:
    for node in ast.walk(reader.tree):
        if isinstance(node, _ENDING):
            _, end = reader.span(node)
            if not reader.rest(end).strip():
                yield end, end


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


CATEGORIES: dict[str, Callable[[PythonReader], Iterator[Span]]] = {
    "rest_of_line": _rest_of_line,
    "call_arguments": _call_arguments,
    "statement": _statement,
    "function_body": _function_body,
    "import_line": _import_line,
    "block_body": _block_body,
}
"""Categories of Python's holes with an answer, and who finds them."""
