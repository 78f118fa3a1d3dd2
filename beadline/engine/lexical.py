"""Brackets, strings, comments and indentation of decoded bytes. Knows no grammar and no tokens.

Much simpler than what `context` knows of a language, and on the safe side: what could mean several
things ends the reading (`in_code` is then false for good).
"""

from __future__ import annotations

from beadline.engine.guidance import Syntax

CLOSERS = {ord(")"): ord("("), ord("]"): ord("["), ord("}"): ord("{")}
"""Closing bracket -> opening bracket, as bytes."""
_OPENERS = b"([{"
_BLANKS = b" \t\r"
_TAB = 8
"""Columns, as Python counts."""
_NEWLINE, _BACKSLASH, _COLON, _AT = b"\n\\:@"


class Lexical:
    """Where a text is that goes on at the cursor. Bytes are fed, and never taken back."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._line_comments = [mark.encode() for mark in syntax.line_comments]
        self._block = tuple(mark.encode() for mark in syntax.block_comment or ())
        self._quotes = frozenset(quote.encode() for quote in syntax.quotes)
        self._multiline = frozenset(quote.encode() for quote in syntax.multiline_quotes)
        self._opaque = syntax.opaque.encode()
        self.stack = syntax.brackets.encode()
        """Open brackets, innermost last."""
        self.indents = syntax.indents or (0,)
        """Columns of open blocks, the hole's scope first."""
        self.deepens = syntax.deepens and syntax.starts_line
        """The last line of code opened a block."""
        self.fresh = syntax.starts_line
        """Nothing but blanks is on the line yet,"""
        self.column = syntax.column if syntax.starts_line else 0
        """and so many columns of them."""
        self.written = False
        """Something is written that is no blank."""
        self.lines = 0
        """Lines of code that were finished; lines of attributes and decorators do not count."""
        self._lost = False
        self._closing = b""
        """What ends the string or comment; empty in code."""
        self._matched = 0
        """Bytes of it that came last."""
        self._escaped = False
        self._string = False
        self._before = b""
        """The last byte of code, for marks of several bytes."""
        self._empty = b""
        """The quote of a string that has just been closed and is empty."""
        self._last = 0 if syntax.starts_line else _COLON if syntax.deepens else _BACKSLASH
        """The last byte of code of the line, or anything for what stands before the cursor."""
        self._attribute = False
        self._length = 0
        """Bytes of the open string."""

    @property
    def in_code(self) -> bool:
        """Neither in a string nor in a comment, for sure."""
        return not self._lost and not self._closing and not self._doubtful

    @property
    def _doubtful(self) -> bool:
        """The last byte may have begun something that is not code."""
        return self._before != b"" and self._before in self._opaque

    def key(self, deepest: int) -> tuple[object, ...]:
        """Equal where the same may follow; of the brackets the innermost ones count."""
        stack = self.stack[-deepest:]
        line = (self.column, self.indents, self.deepens) if self.fresh else ()
        depth = len(self.stack) <= len(self._syntax.brackets)
        return stack, len(self.stack) > deepest, line, self.written, self.lines > 0, depth

    def column_behind(self, blanks: bytes) -> int:
        """The line's column when these blanks have been written as well."""
        column = self.column
        for byte in blanks:
            column = _advanced(column, byte)
        return column

    def feed(self, data: bytes) -> None:
        """Take what was decoded."""
        for byte in data:
            if self._lost:
                return
            if self._closing:
                self._inside(byte)
            else:
                self._code(byte)

    def _inside(self, byte: int) -> None:
        """A byte of a string or a comment."""
        self._length += 1
        if self._closing == b"\n":
            if byte == _NEWLINE:
                self._closing = b""
                self._newline()
            return
        if self._string:
            if self._escaped:
                self._escaped = False
                return
            if byte == _BACKSLASH:
                self._escaped, self._matched = True, 0
                return
            short = len(self._closing) == 1 and self._closing not in self._multiline
            if byte == _NEWLINE and short:
                self._closing = b""
                self._newline()
                return
        # Marks are runs of one byte, or two bytes that differ: no way back into the middle of one.
        if byte == self._closing[self._matched]:
            self._matched += 1
        else:
            self._matched = int(byte == self._closing[0])
        if self._matched == len(self._closing):
            empty = self._string and self._length == 1
            self._empty = self._closing if empty else b""
            self._closing = self._before = b""

    def _code(self, byte: int) -> None:
        """A byte of code, or of what starts a string or a comment."""
        if byte == _NEWLINE:
            self._newline()
            return
        doubtful, mark = self._doubtful, bytes([byte])
        both, self._before = self._before + mark, mark
        for comment in self._line_comments:
            if comment in (both, mark):
                self._open(b"\n", string=False)
                return
        if self._block and both == self._block[0]:
            self._open(self._block[1], string=False)
            return
        if doubtful:
            self._lost = True
            return
        empty, self._empty = self._empty, b""
        if byte in _BLANKS:
            if self.fresh:
                self.column = _advanced(self.column, byte)
            return
        if self.fresh:
            self._starts(byte)
        self.written = True
        self._last = byte
        if byte == _BACKSLASH:
            self._lost = True
        elif empty == mark and mark * 3 in self._multiline:
            self._open(mark * 3, string=True)
        elif mark in self._quotes and byte not in self._opaque:
            self._open(mark, string=True)
        elif byte in _OPENERS:
            self.stack += mark
        elif byte in CLOSERS:
            if self.stack[-1:] != bytes([CLOSERS[byte]]):
                self._lost = True
            self.stack = self.stack[:-1]

    def _open(self, closing: bytes, *, string: bool) -> None:
        self.written = True
        self._closing, self._string = closing, string
        self._matched = self._length = 0
        self._escaped, self._before = False, b""

    def _newline(self) -> None:
        """A line end outside of strings."""
        self._lost = self._lost or self._doubtful
        self._before = self._empty = b""
        indented = self._syntax.indents is not None
        if indented and self.stack:
            self.fresh = False
            return
        if self._last:
            self.deepens = indented and self._last == _COLON
            self.lines += not self._attribute
        self.fresh, self.column, self._last, self._attribute = True, 0, 0, False

    def _starts(self, byte: int) -> None:
        """The first character of a line."""
        self.fresh = False
        self._attribute = byte == _AT
        if self._syntax.indents is None:
            return
        column = self.column
        if column < self.indents[0]:
            self._lost = True  # the hole has ended
            return
        kept = tuple(each for each in self.indents if each <= column)
        self.indents = kept if kept[-1] == column else (*kept, column)
        self.deepens = False


def _advanced(column: int, byte: int) -> int:
    if byte == ord("\t"):
        return column + _TAB - column % _TAB
    return column + (byte == ord(" "))
