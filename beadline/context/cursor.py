"""Reads off the text around a cursor what is expected there. Knows syntax; knows no model.

Code at a cursor is broken as a rule, so decisions rest on a scan of brackets, strings and logical
lines that cannot fail; the tree is asked only whether the statement is complete without the hole.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter

from beadline.context import languages
from beadline.context.hole import HEADER, Hole, look
from beadline.context.lexer import CLOSERS, OPENERS, Lexer, Scanned, columns, indent_of
from beadline.context.syntax import SyntaxTree
from beadline.context.types import CursorContext, Document, Expected, Scope

Decision = tuple[Expected, str]

_NOTHING, _LINE, _BLOCK = Expected.NOTHING, Expected.LINE, Expected.BLOCK

_DEFINITION = re.compile(r"(?:async\s+)?(def|class)\s+(\w+)")
_JUMP = re.compile(r"(?:return|raise|continue|break|pass)\b")
_DOCSTRING = re.compile(r"[rRuUbB]{0,2}(?:\"\"\"|'''|\"|')")
_WORD_AT_END = re.compile(r"[^\W\d]\w*$")
_NUMBER_AT_END = re.compile(r"(?<![\w.])(?:\d[\w.]*|\.\d\w*)$")
_ASSIGNMENT = re.compile(r"(?<![=!<>:])=(?!=)|:=")
_INLINE_BODY = re.compile(r"(?<!lambda):\s*(\S.*)$", re.S)
_STRING_ONLY = re.compile(r"[rbfuRBFU]{0,2}[\"']+")
_ENDS_IN_NAME = re.compile(
    r"return [\w.]+|import .*|from .* import .*|.* (?:==|!=|<|>|<=|>=|is|is not|in|not in) [\w.]+",
    re.S,
)
"""Statements after whose last name little ever follows (1 in 60 on the development code)."""

_COMPLETE_WORDS = frozenset(("pass", "break", "continue", "True", "False", "None"))
_INCOMPLETE_WORDS = frozenset(keyword.kwlist) - {
    *_COMPLETE_WORDS,
    "return",
    "raise",
    "yield",
}
_COMPLETE_OR_NOT = frozenset(("return", "raise", "yield"))
_STATEMENT_WORDS = frozenset(keyword.kwlist) - {"None", "True", "False", "not", "lambda"}
"""What starts a statement that does something, whatever it ends in."""


def read_cursor(document: Document, offset: int, tree: SyntaxTree | None) -> CursorContext:
    """What is expected at `offset` (clamped to the text), and the scopes around it."""
    text = document.text
    offset = max(0, min(offset, len(text)))
    language = languages.get(document.language)
    hole = look(text, offset, language) if tree is None else tree.hole_at(offset)
    block = language.block_comment
    in_block_comment = block is not None and hole.scanned.string == block[1]
    in_comment = hole.scanned.comment or in_block_comment
    in_string = bool(hole.scanned.string) and not in_block_comment
    if in_comment:
        expected, reason = _LINE, "comment"
    elif in_string:
        expected, reason = _LINE, "string"
    elif language.id == "python":
        expected, reason = _python(hole, tree)
    else:
        expected, reason = _by_lines(hole)
    indent = _indent(hole, expected)
    return CursorContext(
        offset=offset,
        expected=expected,
        reason=reason,
        scopes=_scopes(hole, expected, indent) if language.id == "python" else (),
        node=tree.node_at(offset) if tree is not None else "",
        in_comment=in_comment,
        in_string=in_string,
        indent=indent,
    )


def _python(hole: Hole, tree: SyntaxTree | None) -> Decision:
    if hole.rest_code:
        return _inside_line(hole, tree)
    if hole.scanned.stack:
        return _inside_brackets(hole)
    if hole.left_blank and not hole.statement:
        return _on_blank_line(hole)
    return _at_line_end(hole)


def _inside_line(hole: Hole, tree: SyntaxTree | None) -> Decision:
    """Code follows on the line."""
    rest = hole.rest_code
    before = hole.left[-1:]
    if _is_word(before) and _is_word(hole.rest[:1]):
        return _NOTHING, "inside_word"
    if hole.left_blank and not hole.scanned.stack:
        return _NOTHING, "text_follows"
    line_end = hole.offset + len(hole.rest)
    statement_start = hole.offset - len(hole.left) + len(indent_of(hole.left))
    if tree is not None and tree.broken_between(statement_start, line_end):
        return _LINE, "inside_statement"
    last = hole.statement[-1:]
    if last in OPENERS or last == ",":
        if rest[0] in CLOSERS:
            return _LINE, "inside_brackets"
        return _NOTHING, "complete_construct"
    if rest[0] in CLOSERS + ",:" and _is_word(before):
        return _LINE, "ambiguous_end"
    return _NOTHING, "complete_construct"


def _inside_brackets(hole: Hole) -> Decision:
    """A bracket is open and nothing follows on the line."""
    if hole.missing:
        return _LINE, "inside_brackets"
    last = hole.statement[-1:]
    if hole.left_blank and last not in OPENERS + ",":
        # The last item has no comma: only an operator or `for` could follow.
        return (_NOTHING, "complete_expression") if hole.adjacent else (_LINE, "inside_brackets")
    if hole.left_blank or last in OPENERS:
        return _LINE, "inside_brackets"
    return _LINE, "ambiguous_end"


def _on_blank_line(hole: Hole) -> Decision:
    lines = hole.scanned.lines
    if not lines:
        return _LINE, "new_statement"
    previous = lines[-1]
    column = columns(hole.left)
    if hole.header_before:
        if hole.has_body(previous.column):
            return _LINE, "new_statement"
        return _BLOCK, "open_block"
    if _docstring_only(hole) and not hole.has_body(previous.column - 1):
        return _BLOCK, "body_after_docstring"
    if column == previous.column and _JUMP.match(hole.text_of(-1)):
        return _NOTHING, "after_jump"
    return _LINE, "new_statement"


def _at_line_end(hole: Hole) -> Decision:
    """Code before the cursor, none after it, no bracket open."""
    statement = hole.statement
    if hole.scanned.escaped or hole.wanted:
        return _LINE, "inside_statement"
    if hole.is_header(statement):
        if hole.has_body(hole.statement_column):
            return _NOTHING, "header_complete"
        return _BLOCK, "open_block"
    if HEADER.match(statement) and (inline := _INLINE_BODY.search(flatten(statement))):
        statement = inline.group(1)
    spaced = hole.left[-1:].isspace()
    if word := _WORD_AT_END.search(statement):
        decision = _after_word(statement, word.group(), spaced)
        if decision[1] == "ambiguous_end" and not spaced and _is_known(hole, word.group()):
            return _NOTHING, "known_name"
        return decision
    if HEADER.match(statement):
        return _LINE, "inside_statement"
    last = statement[-1:]
    flat = flatten(statement)
    literal = _NUMBER_AT_END.search(statement) is not None or last in "\"'"
    if not (literal or last in CLOSERS or statement.endswith("...")):
        if flat.endswith("import *"):
            return _NOTHING, "complete_statement"
        return _LINE, "inside_statement"
    if spaced:
        return _LINE, "ambiguous_end"
    return _completeness(hole, flat, last)


def _after_word(statement: str, word: str, spaced: bool) -> Decision:
    if statement.endswith("." + word):
        # An attribute, even if it is spelled like a keyword.
        return _LINE, "inside_statement" if HEADER.match(statement) else "ambiguous_end"
    if word in _INCOMPLETE_WORDS:
        return _LINE, "inside_statement"
    if word in _COMPLETE_OR_NOT:
        return _LINE, "inside_statement" if spaced else "ambiguous_end"
    if HEADER.match(statement):
        return _LINE, "inside_statement"
    if word in _COMPLETE_WORDS and not spaced:
        return _NOTHING, "complete_statement"
    return _LINE, "ambiguous_end"


def _is_known(hole: Hole, word: str) -> bool:
    """A statement that rarely goes on after a name ends in one that the file has elsewhere.

    Not so where a longer name starts with it: then it may be half typed.
    """
    if not _ENDS_IN_NAME.fullmatch(flatten(hole.statement)):
        return False
    whole = False
    for match in re.finditer(r"(?<!\w)" + re.escape(word) + r"(\w?)", hole.text):
        if match.group(1):
            return False
        whole = whole or match.end() != hole.offset
    return whole


def _completeness(hole: Hole, flat: str, last: str) -> Decision:
    """A statement that ends in a closer, a literal or an ellipsis: can it stand like this?"""
    first = _first_word(flat)
    if _ASSIGNMENT.search(flat) or first in _STATEMENT_WORDS or flat.startswith("@"):
        return _NOTHING, "complete_statement"
    if ":" in flat:
        return _LINE, "ambiguous_end"  # An annotation: a value may follow.
    if last == ")":
        # A call does something; a tuple or a parenthesis alone does nothing.
        called = re.search(r"[\w)\]\"']\(\)$", flat) is not None
        return (_NOTHING, "complete_statement") if called else (_LINE, "inside_statement")
    if last in "\"'" and _STRING_ONLY.fullmatch(flat):
        lines = hole.scanned.lines
        if not lines or hole.header_before or '"""' in hole.statement or "'''" in hole.statement:
            return _NOTHING, "complete_statement"
        return _LINE, "ambiguous_end"
    if flat.endswith("..."):
        return _NOTHING, "complete_statement"
    return _LINE, "inside_statement"


def _by_lines(hole: Hole) -> Decision:
    """Languages without a tree: brackets, indentation and the characters beside the cursor."""
    language = hole.language
    before, after = hole.left[-1:], hole.rest[:1]
    if _is_word(before) and _is_word(after):
        return _NOTHING, "inside_word"
    last = hole.statement[-1:]
    rest = hole.rest_code
    if rest:
        if hole.left_blank and not hole.scanned.stack:
            return _NOTHING, "text_follows"
        if last in OPENERS or last == ",":
            return (_LINE, "inside_brackets") if rest[0] in CLOSERS else (_NOTHING, "text_follows")
        if _is_word(before):
            return _LINE, "ambiguous_end"
        if last in CLOSERS + "\"'`;":
            return _NOTHING, "complete_construct"
        return (_NOTHING, "text_follows") if _is_word(after) else (_LINE, "inside_statement")
    if language.blocks == "none" and not language.line_comment:
        return _LINE, "new_line" if hole.left_blank else "ambiguous_end"
    opened = hole.scanned.stack[-1][0] if hole.scanned.stack else ""
    if opened == "{" and _last_code(hole) == "{" and language.blocks == "braces":
        if hole.adjacent or hole.missing:
            return _BLOCK, "open_block"
        return (_LINE, "new_statement") if hole.left_blank else (_NOTHING, "header_complete")
    if hole.left_blank:
        return _LINE, "new_statement"
    if language.blocks == "indent" and last == ":" and not hole.has_body(hole.statement_column):
        return _BLOCK, "open_block"
    if last in ";}" and last:
        return _NOTHING, "complete_statement"
    complete = last in CLOSERS + "\"'`" and not language.semicolons
    if complete and not before.isspace():
        return _NOTHING, "complete_statement"
    return _LINE, "ambiguous_end" if _is_word(before) else "inside_statement"


def _last_code(hole: Hole) -> str:
    """Last code character before the cursor, on whatever line."""
    if hole.statement:
        return hole.statement[-1]
    lines = hole.scanned.lines
    return hole.text[lines[-1].end - 1] if lines else ""


def flatten(statement: str) -> str:
    """A statement with the contents of its brackets and strings removed."""
    lexer = Lexer(languages.get("python"), Scanned())
    kept: list[str] = []
    for character in statement:
        inside = bool(lexer.stack) or bool(lexer.string) or lexer.comment
        event = lexer.feed(character)
        outer = not lexer.stack and not lexer.string and not lexer.comment
        if outer or (not inside and event in ("open", "opened_string")):
            kept.append(character)
    return "".join(kept)


def _docstring_only(hole: Hole) -> bool:
    """The last logical line is the docstring of a definition and its only statement so far."""
    lines = hole.scanned.lines
    if len(lines) < 2 or not _DOCSTRING.match(hole.text_of(-1)):
        return False
    header = hole.text_of(-2)
    return (
        hole.is_header(header)
        and _DEFINITION.match(header) is not None
        and lines[-2].column < lines[-1].column
    )


def _indent(hole: Hole, expected: Expected) -> str:
    """Blanks that a new statement at the cursor starts with."""
    lines = hole.scanned.lines
    if not hole.left_blank or hole.statement:
        here = hole.statement_indent
        return here + indent_unit(hole.text) if expected is _BLOCK else here
    if expected is _BLOCK and lines:
        if not hole.header_before:
            return lines[-1].indent
        deeper = columns(hole.left) > lines[-1].column
        return hole.left if deeper else lines[-1].indent + indent_unit(hole.text)
    if hole.left or not lines:
        return hole.left
    following = indent_of(hole.next_code)
    return min(following, lines[-1].indent, key=columns)


def indent_unit(text: str) -> str:
    """One level of indentation as this text has it; four spaces when it has none."""
    steps: Counter[str] = Counter()
    above = ""
    for line in text[:50_000].split("\n"):
        if not line.strip():
            continue
        indent = indent_of(line)
        if indent.startswith(above) and len(indent) > len(above):
            steps[indent[len(above) :]] += 1
        above = indent
    return min(steps, key=lambda s: (-steps[s], len(s))) if steps else "    "


def _scopes(hole: Hole, expected: Expected, indent: str) -> tuple[Scope, ...]:
    """Definitions around the cursor by indentation, which broken code keeps."""
    lines = hole.scanned.lines
    limit = columns(indent)
    found: list[Scope] = []
    if expected is _BLOCK and hole.statement and (m := _DEFINITION.match(hole.statement)):
        start = hole.scanned.code_end - len(hole.statement)
        found.append(Scope(_kind(m), m.group(2), start, hole.scanned.code_end))
        limit = hole.statement_column
    for index in range(len(lines) - 1, -1, -1):
        if not limit:
            break
        line = lines[index]
        if line.column >= limit:
            continue
        limit = line.column
        if m := _DEFINITION.match(hole.text_of(index)):
            body = lines[index + 1].start if index + 1 < len(lines) else line.end
            found.append(Scope(_kind(m), m.group(2), line.start, body))
    return tuple(reversed(found))


def _kind(match: re.Match[str]) -> str:
    return "class" if match.group(1) == "class" else "function"


def _first_word(text: str) -> str:
    match = re.match(r"\w+", text)
    return match.group() if match else ""


def _is_word(character: str) -> bool:
    return bool(character) and (character.isalnum() or character == "_")
