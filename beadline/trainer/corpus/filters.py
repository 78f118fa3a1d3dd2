"""Why a file is no good material by itself: its text, its syntax, how much of it is data.

Knows no other file and no path. Steps and thresholds follow Abacus' cleaning of Python code
(HIT-SCIR/Abacus: syntax, data-dense, repetitive statements), on syntax trees, so that they hold for
every language with a grammar.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from beadline.context.positions import Newlines
from beadline.context.retrieval.workspace import MAX_BYTES, made_by_machine
from beadline.context.syntax import SyntaxTree
from beadline.evaluation.sources import PYTHON, parses

if TYPE_CHECKING:
    import tree_sitter

_BINARY_PROBE = 8192
"""Bytes searched for NUL, as git does."""
_LARGE_FILE = b"version https://git-lfs.github.com/spec/"
_MOST_ERRORS = 0.02
"""Share of a file's bytes under ERROR nodes. Not 0: a grammar does not know every macro."""
_LINES_A_PROBLEM = 100
_FEW_PROBLEMS = 2
_BLOB = re.compile(
    r"[A-Za-z0-9+/=]{1000,}"
    r"|(?:\\x[0-9A-Fa-f]{2}){100,}"
    r"|(?:^[ \t]*[\"'`]?[A-Za-z0-9+/]{56,}={0,2}(?:\\n)?[\"'`]?[ \t]*[,+\\]?[ \t]*\n){10,}",
    re.M,
)
"""Base 64 and escaped bytes, in one piece or line by line."""
_MOST_LONG = 0.5
"""Share of the characters in very long lines."""
_MOST_DIGITS = 0.3
_MOST_NUMBERS = 0.3
_DENSE_BYTES = 200
_DENSE_BLANKS = 30
"""A string of so many bytes with less than one blank in so many is no language, and no query."""
_MOST_DENSE = 0.5
_LEAST_SHAPE = 3
"""Leaves; shorter statements (`pass`, `return x`) are alike in all code."""
_NUMBER_KIND = re.compile(r"number|integer|float|int_literal|real_literal|imaginary|\bint\b")
_IMPORTS = re.compile(r"import|include|using|use_declaration|package|namespace|require")
_BENCHMARKS = re.compile(r"(?i)human_?eval|\bmbpp\b")


def decode(content: bytes | None) -> tuple[str, str]:
    """The text of a file, LF line ends and without a byte order mark, and why there is none."""
    if content is None:
        return "", "gone"
    if len(content) > MAX_BYTES:
        return "", "too large"
    if content.startswith(_LARGE_FILE):
        return "", "stands for a large file (git LFS)"
    if b"\0" in content[:_BINARY_PROBE]:
        return "", "binary"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", "not UTF-8"
    return Newlines.normalise(text)[0], ""


def text_reason(text: str, *, least: int, longest_line: int, foreign: bool) -> str:
    """Why a text is left out by its looks; empty where it is not.

    `least`: characters that are not blank. `foreign`: it is not the user's own; it may hold a
    benchmark's answers, and one line beyond `longest_line` characters is enough to leave it out. Of
    the user's own code such lines must be most of it: a test may hold an answer of a server.
    """
    if len("".join(text.split())) < least:
        return "too short"
    if made_by_machine(text):
        return "generated or minified"
    beyond = sum(size for size in map(len, text.split("\n")) if size > longest_line)
    if beyond > (0 if foreign else _MOST_LONG * len(text)):
        return "very long lines"
    if foreign and _BENCHMARKS.search(text):
        return "names a benchmark"
    return ""


def syntax_reason(text: str, language: str, tree: SyntaxTree | None) -> str:
    """Why a text is left out by its syntax: of Python what this Python cannot parse, of others what
    the grammar mostly cannot read. Languages without a grammar have no errors."""
    if language == PYTHON:
        return "" if parses(text) else "syntax errors"
    if tree is None:
        return ""
    problems = tree.problems()
    size = max(1, tree.root.end_byte)
    many = max(_FEW_PROBLEMS, text.count("\n") / _LINES_A_PROBLEM)
    broken = problems.error_bytes > _MOST_ERRORS * size or problems.count > many
    return "syntax errors" if broken else ""


def data_reason(text: str, tree: SyntaxTree | None, *, foreign: bool) -> str:
    """Why a text is left out as data: long literals, tables, the same statement again and again.

    Of foreign code (`foreign`) there is plenty, and what is half strings goes. The user's own code
    is what is to be learned: tests with fixtures, queries and tables of messages stay, and only
    what nobody writes by hand goes.
    """
    limits = _FOREIGN if foreign else _OWN
    encoded = sum(match.end() - match.start() for match in _BLOB.finditer(text))
    if encoded > limits.encoded * len(text):
        return "data: encoded bytes"
    if tree is None:
        digits = sum(map(str.isdigit, text))
        return "data: numbers" if digits > _MOST_DIGITS * len("".join(text.split())) else ""
    found = measure(tree)
    size = max(1, tree.root.end_byte)
    many = found.literals >= limits.least_strings and found.literals > limits.literals * size
    if many or found.dense > _MOST_DENSE * size:
        return "data: strings"
    if found.numbers >= limits.least_numbers and found.numbers > _MOST_NUMBERS * found.leaves:
        return "data: numbers"
    total = found.shapes.total()
    alike = max(found.shapes.values(), default=0)
    if total >= limits.least_statements and alike > limits.alike * total:
        return "repetitive"
    return ""


@dataclass(frozen=True)
class _Limits:
    """What is too much; shares are of the whole text, the leaves or the statements."""

    encoded: float
    literals: float
    least_strings: int
    """Bytes of strings below which they are not too many."""
    least_numbers: int
    least_statements: int
    alike: float


_FOREIGN = _Limits(0.0, 0.5, 0, 0, 30, 0.7)
"""Abacus drops 0.7 % of Python files; its thresholds are not published."""
_OWN = _Limits(0.5, 0.7, 50_000, 2000, 200, 0.9)
"""A table of thousands of rows teaches its rows, and nobody completes in it."""


@dataclass
class Measured:
    """What a text consists of."""

    leaves: int = 0
    numbers: int = 0
    literals: int = 0
    """Bytes of strings, those that document left out."""
    dense: int = 0
    """Of these, bytes in long strings with hardly any blanks: sequences, keys, packed data."""
    shapes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    """Statements by the kinds of their leaves: names and constants do not count. Definitions and
    imports are left out."""


@dataclass
class _Statement:
    node: int
    """Id of its node."""
    end: int
    counted: bool
    shape: list[int] = field(default_factory=list)
    """Kinds of its leaves, those of the statements in it left out."""


def measure(tree: SyntaxTree) -> Measured:
    """Count leaves, numbers, strings and shapes of statements in one walk."""
    kinds = tree.language.kinds
    found = Measured()
    opened: list[_Statement] = []

    def close(node: tree_sitter.Node) -> None:
        if opened and opened[-1].node == node.id:
            done = opened.pop()
            if done.counted and len(done.shape) >= _LEAST_SHAPE:
                found.shapes[tuple(done.shape)] += 1

    cursor = tree.root.walk()
    while True:
        node = cursor.node
        assert node is not None
        kind, named = node.type, node.is_named
        inside = True
        if kind in kinds.comments:
            inside = False
        elif named and kind in kinds.strings:
            inside = False
            found.leaves += 1
            if not _documents(node, opened):
                found.literals += node.end_byte - node.start_byte
                found.dense += _dense(node)
                if opened:
                    opened[-1].shape.append(node.kind_id)
        elif named and kind in kinds.statements:
            counted = kind not in kinds.definitions and _is_counted(kind)
            opened.append(_Statement(node.id, node.end_byte, counted))
        if inside:
            if cursor.goto_first_child():
                continue
            found.leaves += 1
            if opened:
                opened[-1].shape.append(node.kind_id)
            if named and _NUMBER_KIND.search(kind) and not kind.endswith("type"):
                found.numbers += 1
        close(node)
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
            parent = cursor.node
            assert parent is not None
            close(parent)


def _dense(node: tree_sitter.Node) -> int:
    """Bytes of a string that no words are in; 0 of any other."""
    size = node.end_byte - node.start_byte
    if size < _DENSE_BYTES:
        return 0
    text = node.text or b""
    return size if _DENSE_BLANKS * (len(text) - len(b"".join(text.split()))) < size else 0


def _documents(node: tree_sitter.Node, opened: list[_Statement]) -> bool:
    """Whether a string is a statement by itself."""
    return bool(opened) and not opened[-1].shape and opened[-1].end == node.end_byte


def _is_counted(kind: str) -> bool:
    """Whether a statement says something: fields and imports are alike in all code."""
    if _IMPORTS.search(kind) or kind.startswith("field_"):
        return False
    return kind.endswith(("_statement", "_declaration"))
