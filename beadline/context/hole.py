"""The text on both sides of a cursor, by lines and brackets. Knows no parser, decides nothing.

What `cursor` (is anything expected?) and `stop` (where does it end?) both need to know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from beadline.context.languages import Language
from beadline.context.lexer import (
    CLOSER,
    Scanned,
    barrier,
    closers_behind,
    columns,
    indent_of,
    scan,
    scan_on,
)

_DEEPER = 8
"""Most closers that a hole opens."""
_INNERMOST = 32
"""Of the open brackets so many are compared with the layout of the closers."""
_SUFFIX_CHARS = 8000
"""How far the suffix is searched for the closers of brackets that are open at the cursor."""

HEADER = re.compile(
    r"(?:async\s+)?(?:if|elif|else|for|while|try|except|finally|with|def|class)\b"
    r"|(?:match|case)\s+(?![=.)\]},:])",
)
"""Start of a Python statement that has a body."""


@dataclass(frozen=True)
class Hole:
    """Lexical surroundings of one offset."""

    language: Language
    text: str
    offset: int
    scanned: Scanned
    left: str
    """The cursor's line before the cursor."""
    rest: str
    """The cursor's line after the cursor."""
    statement: str
    """Code of the unfinished logical line before the cursor, comment and outer blanks removed."""
    first_line: str
    """First physical line of `statement` up to the cursor, with its indentation."""
    next_line: str
    """The next line that is not blank, whole; empty at the end of the text."""
    next_code: str
    """The next line that is neither blank nor a comment."""
    missing: int
    """How many of the innermost open brackets nothing behind the cursor closes: the hole's task."""
    adjacent: bool
    """The closer of the innermost open bracket is the next thing after the cursor."""
    wanted: str
    """Closers after the cursor, on deeper lines, that fit no opener: the hole opens them."""
    opened: str
    """The same with those on the cursor's own line."""
    string_closed: bool
    """The string that is open at the cursor is closed after it."""

    @property
    def left_blank(self) -> bool:
        """Nothing but blanks before the cursor on its line."""
        return not self.left.strip()

    @property
    def rest_code(self) -> str:
        """`rest` without outer blanks, empty when it is only a comment."""
        rest = self.rest.strip()
        comment = self.language.line_comment
        return "" if comment and rest.startswith(comment) else rest

    @property
    def statement_column(self) -> int:
        """Indentation of the logical line that the cursor is in, in columns."""
        return columns(self.statement_indent)

    @property
    def statement_indent(self) -> str:
        """Indentation of the logical line that the cursor is in."""
        return indent_of(self.first_line)

    @property
    def header_before(self) -> bool:
        """The last finished logical line is a header that waits for its body."""
        lines = self.scanned.lines
        return bool(lines) and self.is_header(self.text_of(len(lines) - 1))

    @staticmethod
    def is_header(statement: str) -> bool:
        """A Python header, up to its colon."""
        return statement.endswith(":") and HEADER.match(statement) is not None

    def text_of(self, index: int) -> str:
        """Text of a finished logical line."""
        line = self.scanned.lines[index]
        return self.text[line.start : line.end]

    def has_body(self, column: int) -> bool:
        """The next code line is deeper than a header at `column`."""
        return bool(self.next_code) and columns(indent_of(self.next_code)) > column


def look(
    text: str, offset: int, language: Language, before: tuple[Scanned, int] | None = None
) -> Hole:
    """Read the surroundings of `offset`.

    `before`, which changes nothing but the time it takes, is a scan of an earlier text, and how
    many characters at its start this text has in common with it (see `lexer.scan_on`).
    """
    if before is None:
        scanned = scan(text, language, 0, offset)
    else:
        scanned = scan_on(text, language, offset, *before)
    line_start = text.rfind("\n", 0, offset) + 1
    line_end = text.find("\n", offset)
    line_end = len(text) if line_end < 0 else line_end
    first = scanned.start
    while first < scanned.code_end and text[first] in " \t\n\f":
        first += 1
    after = offset
    string_closed = False
    if scanned.comment:
        after = line_end
    elif scanned.string:
        after, string_closed = _after_string(text, offset, line_end, scanned)
    extra, sure = _extra_closers(text, after, line_end, language, scanned)
    first_line = text[text.rfind("\n", 0, first) + 1 : offset]
    column = columns(indent_of(first_line))
    deeper = _wanted(text, line_end, column, extra)
    most = _eligible(text, line_end, column, extra)
    matched = _exactly([b for b, _ in scanned.stack], [c for c, _ in extra], most)
    if matched is None or not sure:
        skipped = 0 if sure else _of_the_hole(text, column, scanned.stack, extra[: len(deeper)])
        stack = [b for b, _ in scanned.stack]
        missing = 0 if sure else _missing_by_layout(text, scanned.stack, extra[skipped:])
        closers = [c for c, _ in extra[skipped:]]
        closed, further = _matched(stack[: len(stack) - missing], closers, sure)
        matched = skipped, closed, missing + further
    skipped, closed, missing = matched
    adjacent = not skipped and missing == 0 < closed and not text[after : extra[0][1]].strip()
    opened = "".join(closer for closer, _ in extra[:skipped])
    wanted = deeper[:skipped]
    if not skipped and closed + missing == len(scanned.stack):
        wanted = _wanted(text, line_end, column, extra[closed:])
    next_line, next_code = _next_lines(text, line_end, language)
    return Hole(
        language=language,
        text=text,
        offset=offset,
        scanned=scanned,
        left=text[line_start:offset],
        rest=text[offset:line_end],
        statement=text[first : scanned.code_end],
        next_line=next_line,
        next_code=next_code,
        missing=missing,
        adjacent=adjacent,
        wanted=wanted,
        opened=opened or wanted,
        string_closed=string_closed,
        first_line=first_line,
    )


def _after_string(text: str, offset: int, line_end: int, scanned: Scanned) -> tuple[int, bool]:
    """Offset behind the string that is open at `offset`, and whether it is closed there."""
    multiline = scanned.multiline
    stop = min(len(text), offset + _SUFFIX_CHARS) if multiline else line_end
    found = text.find(scanned.string, offset, stop)
    if found < 0:
        return line_end, False
    kind = scanned.state.form.kind if scanned.state.form else ""
    if multiline and kind == "string":
        # An even number of delimiters are strings of their own: ours is not closed.
        delimiters = text.count(scanned.string, offset, len(text))
        if delimiters % 2 == 0:
            return line_end, False
    return found + len(scanned.string), True


def _extra_closers(
    text: str, after: int, line_end: int, language: Language, scanned: Scanned
) -> tuple[list[tuple[str, int]], bool]:
    """Closers behind the cursor that fit no opener behind it; False when there may be more."""
    end = min(len(text), after + _SUFFIX_CHARS)
    sure = end == len(text)
    pattern = barrier(language)
    if pattern is not None and (found := pattern.search(text, line_end, end)):
        end, sure = found.start(), True
    return closers_behind(text, language, after, end, scanned), sure


def _exactly(stack: list[str], extra: list[str], most: int) -> tuple[int, int, int] | None:
    """How the closers behind the cursor close all of `stack`, when they are all in sight.

    The first ones, at most `most`, close what the hole opens, the next ones what is open, and the
    hole closes the rest itself: these three numbers, with as few of the first as possible.
    """
    wanted = [CLOSER[bracket] for bracket in reversed(stack)]
    for skipped in range(most + 1):
        missing = len(wanted) - len(extra) + skipped
        if 0 <= missing <= len(wanted) and extra[skipped:] == wanted[missing:]:
            return skipped, len(wanted) - missing, missing
    return None


def _of_the_hole(
    text: str, column: int, stack: list[tuple[str, int]], extra: list[tuple[str, int]]
) -> int:
    """How many closers belong to a block that the hole opens, by the layout of the lines.

    Such a closer is indented like the cursor's line, what is between is deeper, and what is open
    at the cursor is another bracket or one from a line that is indented otherwise.
    """
    if not extra or extra[0][0] != "}":
        return 0
    line = text.rfind("\n", 0, extra[0][1]) + 1
    if text[line : extra[0][1]].strip() or columns(text[line : extra[0][1]]) != column:
        return 0
    if stack and stack[-1][0] == "{":
        opened = text.rfind("\n", 0, stack[-1][1]) + 1
        if columns(indent_of(text[opened : stack[-1][1]])) >= column:
            return 0
    end = text.find("\n", line)
    return sum(1 for _, at in extra if at < end or end < 0)


def _missing_by_layout(
    text: str, stack: list[tuple[str, int]], extra: list[tuple[str, int]]
) -> int:
    """How many brackets are open inside the one that the first closer seems to belong to.

    Seems: it starts a line, and that line is indented like the one with the bracket.
    """
    if not extra:
        return 0
    closer, at = extra[0]
    line = text.rfind("\n", 0, at) + 1
    if text[line:at].strip():
        return 0
    column = columns(text[line:at])
    for inner, (bracket, opened) in enumerate(reversed(stack[-_INNERMOST:])):
        above = text.rfind("\n", 0, opened) + 1
        indented = columns(indent_of(text[above:opened]))
        if CLOSER[bracket] == closer and indented == column:
            return inner
        if indented < column:
            break
    return 0


def _matched(stack: list[str], extra: list[str], sure: bool) -> tuple[int, int]:
    """How many brackets of `stack` the closers close, and how many the hole has to close first.

    Taken is the smallest number that makes all brackets match. Where none does, or closers may
    be out of sight, the closers are taken to belong to the innermost brackets.
    """
    wanted = [CLOSER[bracket] for bracket in reversed(stack)]
    if sure:
        # Fewer missing than this would need more closers than there are.
        for missing in range(max(0, len(wanted) - len(extra)), len(wanted)):
            if extra[: len(wanted) - missing] == wanted[missing:]:
                return len(wanted) - missing, missing
    closed = 0
    while closed < min(len(wanted), len(extra)) and wanted[closed] == extra[closed]:
        closed += 1
    return closed, 0 if closed else len(wanted)


def _wanted(text: str, line_end: int, column: int, extra: list[tuple[str, int]]) -> str:
    wanted = ""
    for closer, at in extra[:_DEEPER]:
        between = text[line_end : text.rfind("\n", 0, at) + 1].split("\n")
        if at < line_end or any(s.strip() and columns(indent_of(s)) <= column for s in between):
            break
        wanted += closer
    return wanted


def _eligible(text: str, line_end: int, column: int, extra: list[tuple[str, int]]) -> int:
    """How many closers behind the cursor could close what the hole opens."""
    near = sum(at < line_end for _, at in extra[:_DEEPER])
    return near + len(_wanted(text, line_end, column, extra[near:]))


def _next_lines(text: str, line_end: int, language: Language) -> tuple[str, str]:
    next_line = ""
    at = line_end + 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        at = end + 1
        if not line.strip():
            continue
        next_line = next_line or line
        comment = language.line_comment
        if not comment or not line.lstrip().startswith(comment):
            return next_line, line
    return next_line, ""
