"""When lines complete a hole where words close blocks: Ruby, Bash. Knows no stream."""

from __future__ import annotations

import re

from beadline.context.cursor.keywords import (
    CLAUSES,
    count_words,
    opens_arm,
    unfinished_line,
)
from beadline.context.cursor.text import column_before, first_word, next_column
from beadline.context.hole import Hole
from beadline.context.types import CursorContext, Expected

_SHELL_WORDS = re.compile(r"(?:^|(?<=[;\s(]))(?:if|case|do|fi|done|esac)(?=$|[;\s)])|;;")
_PAIRS = {"fi": "if", "done": "do", "esac": "case", ";;": "arm"}


class WordEnds:
    """A block ends before the word that closes it, a statement with its line or its `end`."""

    def __init__(self, hole: Hole, cursor: CursorContext) -> None:
        self._hole = hole
        self.reason = "newline"
        self.block = cursor.expected is Expected.BLOCK
        self._own: list[str] = []
        """Blocks that the hole itself has opened."""
        following = hole.next_code.lstrip()
        outer = column_before(hole)
        self._closed = not self.block or (
            _closing(hole, following) and next_column(hole) >= outer and bool(following)
        )
        """What is around the hole is closed behind it."""
        self._clause_follows = first_word(following) in CLAUSES
        self._last = False
        """The line closes what was open before the hole."""
        self._open = False
        """Ruby: a call may go on with `.` on the next line."""

    def line(self, code: str, column: int, *, inline: bool) -> bool:
        """Every line at the hole's own depth, unless it opens something or goes on."""
        if self._last:
            return True
        depth = len(self._own)
        self._count(code)
        if self.block:
            return False
        if self._own:
            return not depth and self._hole.has_body(column)
        if not depth and first_word(code) in CLAUSES:
            self.block = True
            return False
        if unfinished_line(self._hole, code):
            return False
        self._open = self._hole.language.id == "ruby" and not self._hole.rest_code
        return not self._open

    def next(self, character: str, column: int) -> bool | None:
        """A line that starts with a closing word may close what is around the hole."""
        if self._open and not self._own and not self.block:
            return character not in ".&|"
        if character.isalpha() or character == ";":
            return None
        return False

    def word(self, word: str) -> bool:
        """A closing word for which nothing is open in the hole."""
        if self._own:
            return False
        closers = self._hole.language.words.closers
        if word in closers or (word == ";;" and self._hole.language.id == "shellscript"):
            self.reason = "block"
            if self._closed:
                return True
            self._last = True
            return False
        if word in CLAUSES and self.block and self._clause_follows:
            self.reason = "block"
            return True
        return False

    def mark(self, code: str) -> bool:
        """`;` only divides what is on one line."""
        return False

    def _count(self, code: str) -> None:
        """Keep what the line opens, drop what it closes."""
        if self._hole.language.id == "shellscript":
            self._count_shell(code)
            return
        opened, closed = count_words(code, self._hole.language)
        self._own += ["block"] * opened
        del self._own[max(0, len(self._own) - closed) :]

    def _count_shell(self, code: str) -> None:
        arm = opens_arm(code, self._hole.language)
        for word in _SHELL_WORDS.findall(code):
            if word not in _PAIRS:
                self._own.append(word)
                continue
            if _PAIRS[word] == "case" and self._own[-1:] == ["arm"]:
                self._own.pop()
            if self._own[-1:] == [_PAIRS[word]]:
                self._own.pop()
        if arm:
            self._own.append("arm")


def _closing(hole: Hole, following: str) -> bool:
    word = first_word(following)
    return (
        word in hole.language.words.closers or word in CLAUSES or following.startswith((";;", "}"))
    )
