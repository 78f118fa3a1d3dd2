"""What a file offers of each category of cases. Knows no seed, no labels and no model.

Calls, which need labels, are found in `calls`; aiXcoder's scenarios in `evaluation.scenarios`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from beadline.evaluation import holes, scenarios, tree_holes
from beadline.evaluation.cases.format import CROSS_FILE_CALL
from beadline.evaluation.holes import PythonReader
from beadline.evaluation.sources import PYTHON, SourceFile, parse
from beadline.evaluation.tree_holes import Span, TreeReader

REST_OF_LINE = "rest_of_line"
MID_WORD = "mid_word"
CATEGORIES = (
    REST_OF_LINE, MID_WORD, "statement", "block", "function_body", "import", CROSS_FILE_CALL,
)  # fmt: skip
"""The categories of cases, scenarios apart."""
TO_LINE_END = frozenset({REST_OF_LINE, MID_WORD})
"""Those whose middle ends with its line."""
_LEAST_WORD = 3
_WORD = re.compile(r"[^\W\d]\w*")
_IMPORTS = frozenset(
    {
        "import_declaration", "import_spec", "import_statement", "namespace_use_declaration",
        "preproc_include", "use_declaration", "using_directive",
    }
)  # fmt: skip
"""Kinds of nodes that import, in all grammars; Ruby's are calls like others."""
_KEYWORD = re.compile(r"#?\s*[a-z_]+[ \t]+(?=\S)")


class Reader:
    """One file, parsed when something is first asked of it."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self._python: PythonReader | None = None
        self._tree: TreeReader | None = None
        self._parsed = False

    def spans(self, category: str) -> list[Span]:
        """The ranges of a category, in the order of the text; none of text that does not parse."""
        self._parse()
        found: set[Span] = set()
        if self._python is not None:
            if category in scenarios.SCENARIOS:
                found = set(scenarios.python(self._python, category))
            else:
                found = set(_python(self._python, category))
        elif self._tree is not None:
            if category in scenarios.SCENARIOS:
                found = set(scenarios.tree(self._tree, category))
            else:
                found = set(_TREE[category](self._tree))
        return sorted(found)

    def _parse(self) -> None:
        if self._parsed:
            return
        self._parsed = True
        file = self.file
        if file.language != PYTHON:
            self._tree = tree_holes.read(file.text, file.language)
        elif (tree := parse(file.text)) is not None:
            self._python = PythonReader(file.text, tree)


def _python(reader: PythonReader, category: str) -> list[Span]:
    names = {"block": "block_body", "import": "import_line", MID_WORD: REST_OF_LINE}
    found = list(holes.CATEGORIES[names.get(category, category)](reader))
    return _inside_words(reader.text, found) if category == MID_WORD else found


def _inside_words(text: str, rests: list[Span]) -> list[Span]:
    """The middles of the words that rests of lines begin with."""
    found: list[Span] = []
    for start, end in rests:
        word = _WORD.match(text, start, end)
        if word is not None and word.end() - start >= _LEAST_WORD:
            found.append((start + (word.end() - start) // 2, end))
    return found


def _function_body(reader: TreeReader) -> list[Span]:
    found: list[Span] = []
    for function, body in scenarios.functions(reader):
        del function
        inner = tree_holes.inside_block(reader, body)
        if inner:
            span = tree_holes.span_of(reader, inner)
            if reader.whole_lines(span, scenarios.MAX_LINES, scenarios.MAX_CHARS):
                found.append(span)
    return found


def _import(reader: TreeReader) -> list[Span]:
    """What an import names: the line behind its keyword, or all of it where it has none."""
    found: list[Span] = []
    for node in reader.code:
        if node.type not in _IMPORTS:
            continue
        start, end = reader.span(node)
        if not reader.whole_lines((start, end), 1):
            continue
        keyword = _KEYWORD.match(reader.text, start, end)
        found.append((keyword.end() if keyword is not None else start, end))
    return found


_TREE: dict[str, Callable[[TreeReader], list[Span]]] = {
    REST_OF_LINE: lambda reader: tree_holes.spans(reader, REST_OF_LINE),
    MID_WORD: lambda reader: _inside_words(reader.text, tree_holes.spans(reader, REST_OF_LINE)),
    "statement": lambda reader: tree_holes.spans(reader, "statement"),
    "block": lambda reader: tree_holes.spans(reader, "block_body"),
    "function_body": _function_body,
    "import": _import,
}
