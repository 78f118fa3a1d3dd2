"""Thins commented-out code, as aiXcoder's data pipeline does. Knows grammars; knows no file.

A model that is tuned on it writes comments where code is wanted. Prose is not touched, nor are
documentation comments, whose examples are meant to be there.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from beadline.context.languages import Language
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document
from beadline.evaluation.sources import PYTHON, parses

if TYPE_CHECKING:
    import tree_sitter

LEAST_LINES = 3
"""Lines of a block; one or two lines are an example, or a switch that somebody turns."""
_MOST_CODE = 0.5
"""Share of a block's lines that look like code, from which it is code."""
_DOCUMENTATION = ("///", "//!", "/**", "/*!", "#!", "#:", "##", "--|")
_STARS = re.compile(r"^[ \t]*\*(?!/) ?", re.M)
_CODE_LINE = re.compile(
    r"[;{}]\s*$|^\s*[)\]}]|[\w\])]\s*(?:[-+*/|&:]?=|\()\s*\S|\w\(\)|^\s*@\w"
    r"|^\s*(?:return|import|from|if|elif|else|for|while|try|except|with|def|class|raise|assert|del"
    r"|pass|break|continue|var|let|const|function|func|fn|use|pub|private|public|protected|static"
    r"|package|case|switch|end|echo|local|export)\b.*[\w)\]}:;,{\"']\s*$"
)
_SENTENCE = re.compile(r"^[A-Z][a-z]+(?: [a-z]+){2,}|\w[.!?]\s*$")
"""Lines of prose; some of its words are keywords."""


class Thinner:
    """Leaves blocks out of texts. Keeps parsers, so it belongs to one thread at a time."""

    def __init__(self, rate: float, seed: int) -> None:
        """`rate`: share of the blocks that is left out."""
        self._rate = rate
        self._seed = seed
        self._trees = SyntaxTrees(limit=1)

    def thin(self, document: Document, tree: SyntaxTree) -> tuple[str, int]:
        """The text without some blocks of commented-out code, and how many those are; which ones
        depends on the path, the block and the seed alone."""
        text = document.text
        parts: list[str] = []
        at = count = 0
        for start, end, content in _blocks(tree):
            draw = random.Random(f"{self._seed}/{document.path}/{content}").random()
            if draw < self._rate and self._is_code(content, tree.language):
                parts.append(text[at:start])
                at, count = end, count + 1
        return "".join(parts) + text[at:], count

    def _is_code(self, content: str, language: Language) -> bool:
        lines = [line for line in content.split("\n") if line.strip()]
        if len(lines) < LEAST_LINES:
            return False
        code = sum(bool(_CODE_LINE.search(x)) and not _SENTENCE.search(x) for x in lines)
        if code < _MOST_CODE * len(lines):
            return False
        if language.id == PYTHON:
            return parses(content)
        opening = f"{language.embedded[0]}\n" if language.embedded else ""
        tree = self._trees.parse(Document("block", "", language.id, opening + content))
        return tree is not None and not tree.root.has_error


def _blocks(tree: SyntaxTree) -> Iterator[tuple[int, int, str]]:
    """Start and end of runs of comments that have their lines for themselves, the last newline
    included, and what they hold without comment signs."""
    text, language = tree.text, tree.language
    block: list[str] = []
    first = last = -1
    for start, end in [*_comments(tree), (-1, -1)]:
        comment = text[start:end]
        top = text.rfind("\n", 0, start) + 1 if start >= 0 else -1
        content = _content(comment, language) if start >= 0 else None
        bottom = text.find("\n", end) + 1 or len(text)
        alone = start >= 0 and not text[top:start].strip() and not text[end:bottom].strip()
        if block and (content is None or not alone or top != last):
            yield first, last, textwrap.dedent("\n".join(block))
            block = []
        if content is not None and alone:
            if not block:
                first = top
            block.append(content)
            last = bottom


def _comments(tree: SyntaxTree) -> Iterator[tuple[int, int]]:
    """Ranges of the comments, in order, without the newline behind them."""
    kinds = tree.language.kinds
    pending: list[tree_sitter.Node] = [tree.root]
    while pending:
        node = pending.pop()
        if node.type in kinds.comments:
            start, end = tree.offset(node.start_byte), tree.offset(node.end_byte)
            yield start, start + len(tree.text[start:end].rstrip("\n"))
        elif not (node.is_named and node.type in kinds.strings):
            pending.extend(reversed(node.children))


def _content(comment: str, language: Language) -> str | None:
    """What a comment says, its columns kept; None for documentation and for what has no signs."""
    if comment.startswith(_DOCUMENTATION):
        return None
    if (block := language.block_comment) and comment.startswith(block[0]):
        inner = comment[len(block[0]) :].removesuffix(block[1])
        return textwrap.dedent(_STARS.sub("", inner)).strip("\n")
    for mark in sorted((language.line_comment, *language.line_comments), key=len, reverse=True):
        if mark and comment.startswith(mark):
            return comment[len(mark) :]
    return None
