"""Decides what is expected at a cursor in languages with `{}`. Knows lines, brackets and the tree.

The scan of brackets says whether a body is open and empty, the end of the code before the cursor
whether a statement is finished; the tree is asked about what looks the same in both cases.
"""

from __future__ import annotations

import re

from beadline.context.cursor.inline import (
    broken_within,
    inside_brackets,
    inside_line,
    unfinished,
)
from beadline.context.cursor.text import (
    BLOCK,
    LINE,
    NOTHING,
    NUMBER_AT_END,
    Decision,
    code_before,
    column_before,
    first_word,
    flatten,
    is_known,
    next_column,
    word_at_end,
)
from beadline.context.hole import Hole
from beadline.context.lexer import CLOSERS, columns
from beadline.context.syntax import SyntaxTree

_COMPLETE_WORDS = frozenset(
    ("true", "false", "null", "nil", "NULL", "nullptr", "undefined", "this", "self", "break",
     "continue", "fallthrough", "debugger")
)  # fmt: skip
LABEL = re.compile(
    r"(?:case\b.*|default\s*|else\s*|(?:if|elseif|for|foreach|while|switch)\s*\(.*\)\s*):$", re.S
)
"""A branch of `switch`, and the headers that PHP ends with a colon; statements follow."""
_ACCESS = re.compile(r"(?:public|private|protected|signals|slots)\b[\w\s]*:$|\w+:$")
"""Labels that open nothing."""
_LITERAL = re.compile(r"(?:[=(,\[?:&!+]|\|\||\b(?:return|yield|default|in|of|await|throw))$")
"""Before a `{` that opens no statements: a literal, a pattern, a list of names."""
_BEFORE_BODY = re.compile(r"(?:\)|\b(?:noexcept|const|override|final|mutable|volatile))$")
_RETURN_TYPE = re.compile(r"->\s*[\w\s:<>&*,]+$")
_NAMED_LITERALS = frozenset(("go", "rust", "cpp"))
"""Languages whose literals may stand behind the name of a type."""
_ENTRIES = re.compile(r"\b(?:enum|match|import|export|use)\b|\w\s+switch\s*$")
"""Before a `{` whose body is a list of entries divided by commas."""
CONTINUES = re.compile(r"\s*(?:\.(?!\.)|\?\.|->|&&|\|\||[?:](?!:)\s|=>|[+*/%|]\s)")
_NEEDS_SEMICOLON = re.compile(r"(?:typedef\s+)?(?:struct|enum|union|class)\b")
_FUNCTION = re.compile(
    r"(?:^|[=(,:?]\s*|\b(?:return|default|async|export|go|defer|pub|unsafe|const|extern)\s+)"
    r"(?:function|func|fn|fun)\b[^{}=;]*$"
)
_GROUP = re.compile(r"(?:import|const|var|type)\s*\Z")
"""Go: before a `(` whose entries are lines."""
_BODY_BELOW = frozenset(("namespace", "extern"))
"""Headers whose body is often not indented."""
_INCLUDE = re.compile(r"#\s*(?:include\s*(?:<.*>|\".*\")|endif|else|pragma\s+once|undef\s+\w+)$")


def decide(hole: Hole, tree: SyntaxTree | None) -> Decision:
    """What is expected at the hole, which is in code."""
    stack = hole.scanned.stack
    after_brace = bool(stack) and stack[-1][0] == "{" and code_before(hole).endswith("{")
    if after_brace and (not hole.rest_code or hole.rest_code[0] in CLOSERS):
        return _after_brace(hole, tree)
    if hole.rest_code:
        return inside_line(hole, tree)
    if stack and stack[-1][0] != "{":
        return _in_group(hole) if _is_group(hole) else inside_brackets(hole)
    if hole.left_blank and not hole.statement:
        return _on_blank_line(hole)
    return _at_line_end(hole, tree)


def _is_group(hole: Hole) -> bool:
    at = hole.scanned.stack[-1][1]
    line = hole.text.rfind("\n", 0, at) + 1
    return hole.language.id == "go" and _GROUP.match(hole.text, line, at) is not None


def _in_group(hole: Hole) -> Decision:
    if hole.left_blank:
        return LINE, "new_statement"
    if unfinished(hole, hole.statement) or hole.statement.endswith("("):
        return LINE, "inside_statement"
    if hole.left[-1:].isspace() or word_at_end(hole.statement):
        return LINE, "ambiguous_end"
    return NOTHING, "complete_statement"


def _after_brace(hole: Hole, tree: SyntaxTree | None) -> Decision:
    """Nothing but blanks and closers between an open `{` and the line's end."""
    if hole.scanned.state.interpolated:
        return LINE, "inside_brackets"
    column = column_before(hole)
    header = code_before(hole)[:-1]
    if not hole.rest_code and _has_body(hole, header, column):
        return (LINE, "new_statement") if hole.left_blank else (NOTHING, "header_complete")
    block = None if tree is None else _is_block(hole, tree)
    # The grammar of C++ takes `operator()() const {}` and `decltype(x) {}` for values.
    by_tree = block is False and not _BEFORE_BODY.search(header.rstrip())
    if not block and (by_tree or _is_literal(hole, header)):
        return LINE, "inside_brackets"
    return BLOCK, "open_block"


def _is_block(hole: Hole, tree: SyntaxTree) -> bool | None:
    """What the tree says of the bracket that is open at the cursor; None where it is broken."""
    at = hole.scanned.stack[-1][1]
    if (near := tree.around(hole.offset)) is None:
        return None
    part, skipped = near
    if at < skipped:
        return None
    byte = part.byte_offset(at - skipped)
    node = part.root.descendant_for_byte_range(byte, byte + 1)
    node = node if node is None or node.is_named else node.parent
    kinds = tree.language.kinds
    if node is None or node.is_error or node.start_byte != byte:
        return None
    if node.type in kinds.blocks:
        return True
    return None if node.has_error or node.type not in kinds.expressions else False


def _has_body(hole: Hole, header: str, column: int) -> bool:
    following = hole.next_code.lstrip()
    if not following or following[0] in CLOSERS:
        return False
    if LABEL.match(following) or first_word(following) in ("case", "default"):
        return hole.missing == 0 and next_column(hole) >= column
    if first_word(header) in _BODY_BELOW or _ACCESS.match(following):
        return True
    return next_column(hole) > column


def _is_literal(hole: Hole, header: str) -> bool:
    """A `{` after `header`, its blanks included, opens entries rather than statements."""
    spaced = header[-1:].isspace()
    header = header.strip()
    if not header:
        return False
    if header[-1] in "(,[":
        return True
    language = hole.language.id
    if first_word(header) == "where" or (language == "cpp" and _RETURN_TYPE.search(header)):
        return False
    if language == "csharp" and (header.endswith(")") or not _LITERAL.search(header)):
        return re.search(r"\b(?:new|with|stackalloc)\b[^;]*$", header) is not None
    if header.endswith((")", "=>", "->")):
        return False
    if first_word(header.lstrip("}) ")) in hole.language.words.headers and spaced:
        return False
    if _LITERAL.search(header):
        return not LABEL.match(header)
    flat = flatten(header, hole.language)
    if language not in _NAMED_LITERALS or _BEFORE_BODY.search(header):
        return False
    if set(re.findall(r"\w+", flat)) & hole.language.words.headers:
        return False
    return word_at_end(header) is not None or header.endswith(("]", ">"))


def _on_blank_line(hole: Hole) -> Decision:
    if not hole.scanned.lines:
        return LINE, "new_statement"
    previous = hole.text_of(-1)
    column = hole.scanned.lines[-1].column
    if LABEL.match(previous):
        return _after_label(hole, column)
    if unfinished(hole, previous) and not _ACCESS.match(previous) and previous[0] != "#":
        return LINE, "inside_statement"
    if columns(hole.left) == column and _jumps(hole, -1):
        return NOTHING, "after_jump"
    return LINE, "new_statement"


def _after_label(hole: Hole, column: int) -> Decision:
    following = hole.next_code.lstrip()
    if following[:1] in tuple(CLOSERS) or next_column(hole) <= column:
        return BLOCK, "open_block"
    if hole.left_blank:
        return LINE, "new_statement"
    return NOTHING, "header_complete"


def _jumps(hole: Hole, index: int) -> bool:
    """The logical line is the end of a jump, which may have begun above at the same column."""
    lines = hole.scanned.lines
    at = len(lines) + index
    column = lines[at].column
    while at > 0 and hole.text_of(at)[0] in CLOSERS + ".?:&|":
        at -= 1
        while at > 0 and lines[at].column > column:
            at -= 1
        if lines[at].column < column:
            return False
    return first_word(hole.text_of(at)) in hole.language.words.jumps


def _at_line_end(hole: Hole, tree: SyntaxTree | None) -> Decision:
    """Code before the cursor, none after it, no parenthesis open."""
    statement = hole.statement
    if hole.scanned.escaped or hole.wanted:
        return LINE, "inside_statement"
    if not statement or hole.left.rstrip().endswith("*/"):
        return NOTHING, "comment_closed"
    if statement[0] == "#" and hole.language.id in ("c", "cpp", "csharp"):
        return _at_directive_end(hole, statement)
    spaced = hole.left[-1:].isspace()
    last = statement[-1]
    if LABEL.match(statement):
        return _after_label(hole, hole.statement_column)
    if last == ":" and _ACCESS.match(statement) and not in_entries(hole):
        return NOTHING, "complete_statement"
    if last == ";":
        return NOTHING, "complete_statement"
    if last == ",":
        if spaced:
            return LINE, "inside_statement"
        return (NOTHING, "complete_entry") if in_entries(hole) else (LINE, "inside_statement")
    if last == "}":
        return _after_closed_brace(hole, statement)
    if unfinished(hole, statement):
        return LINE, "inside_statement"
    following = hole.next_code.lstrip()
    if is_header(hole, statement):
        if following[:1] == "{" or (last == ")" and next_column(hole) > hole.statement_column):
            return NOTHING, "header_complete"
        return LINE, "ambiguous_end" if word_at_end(statement) else "inside_statement"
    if word := word_at_end(statement):
        return _after_word(hole, word.group(), spaced)
    if last == ">" and not statement.endswith("/>") and "</" not in statement:
        return LINE, "inside_statement"
    if spaced:
        return LINE, "ambiguous_end" if not hole.language.semicolons else "inside_statement"
    return _completeness(hole, statement, tree)


def _after_word(hole: Hole, word: str, spaced: bool) -> Decision:
    if hole.language.semicolons:
        return LINE, "inside_statement" if spaced else "ambiguous_end"
    if spaced:
        return LINE, "inside_statement" if word in hole.language.words.jumps else "ambiguous_end"
    if word in _COMPLETE_WORDS:
        return NOTHING, "complete_statement"
    if is_known(hole, word):
        return NOTHING, "known_name"
    return LINE, "ambiguous_end"


def _completeness(hole: Hole, statement: str, tree: SyntaxTree | None) -> Decision:
    """A statement that ends in a closer, a quote or a number, without `;`."""
    following = hole.next_code.lstrip()
    flat = flatten(statement, hole.language)
    if is_attribute(flat):
        return NOTHING, "complete_statement"
    if CONTINUES.match(following):
        return NOTHING, "complete_construct"
    tail = following[:1] in ("}", ",") or not following
    if in_entries(hole):
        return (NOTHING, "complete_entry") if tail else (LINE, "ambiguous_end")
    if hole.language.id == "rust" and following[:1] == "}" and first_word(flat) != "let":
        return NOTHING, "tail_expression"
    if hole.language.semicolons:
        return LINE, "inside_statement"
    if tree is not None and broken_within(tree, hole, hole.offset - len(hole.left), hole.offset):
        return LINE, "inside_statement"
    return NOTHING, "complete_statement"


def _after_closed_brace(hole: Hole, statement: str) -> Decision:
    """Behind a `}`: of a block, after which nothing is missing, or of a part of a statement."""
    header = _opened_by(hole, statement)
    following = hole.next_code.lstrip()
    if first_word(header) == "do" and first_word(following) != "while":
        return LINE, "inside_statement"
    if not hole.language.semicolons or following[:1] in (";", ",", ")"):
        return NOTHING, "complete_statement"
    if hole.language.id in ("c", "cpp") and _NEEDS_SEMICOLON.match(header):
        return LINE, "inside_statement"
    if _is_literal(hole, header) and not in_entries(hole) and following[:1] != "}":
        return LINE, "inside_statement"
    return NOTHING, "complete_statement"


def _opened_by(hole: Hole, statement: str) -> str:
    """The code before the `{` that the statement's last `}` closes."""
    if "{" in statement and not statement.startswith("}"):
        return flatten(statement, hole.language).rpartition("{")[0]
    lines = hole.scanned.lines
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].column <= hole.statement_column:
            header = hole.text_of(index)
            if header == "{" and index > 0:
                header = hole.text_of(index - 1) + " {"
            return header.rpartition("{")[0]
    return ""


def is_attribute(code: str) -> bool:
    """A line that belongs to the definition below it: an annotation, an attribute, a template."""
    if re.match(r"template\s*<.*>$", code, re.S):
        return True
    return (
        code[:1] in "@#["
        and re.search(r"^@[\w.]+(?:\(.*\))?$|^#?!?\[.*\]$", code, re.S) is not None
    )


def is_header(hole: Hole, statement: str) -> bool:
    """A statement that lacks its `{`."""
    text = statement.lstrip("}) ")
    words = hole.language.words.headers
    if first_word(text) in words:
        return True
    return _FUNCTION.search(statement) is not None


def in_entries(hole: Hole) -> bool:
    """The innermost open bracket holds entries, not statements."""
    stack = hole.scanned.stack
    if not stack:
        return False
    bracket, at = stack[-1]
    if bracket != "{":
        return True
    line_start = hole.text.rfind("\n", 0, at) + 1
    header = hole.text[line_start:at]
    if not header.strip():  # a bracket on a line of its own
        above = hole.text.rfind("\n", 0, max(0, line_start - 1)) + 1
        header = hole.text[above:line_start]
    if hole.language.id == "rust" and re.search(r"\b(?:struct|union)\b", header):
        return True
    listed = hole.language.id != "go" and _ENTRIES.search(header) is not None
    return listed or _is_literal(hole, header)


def _at_directive_end(hole: Hole, statement: str) -> Decision:
    """The end of a line of the preprocessor."""
    if _INCLUDE.match(statement):
        return NOTHING, "complete_statement"
    if hole.left[-1:].isspace() or unfinished(hole, statement):
        return LINE, "inside_statement"
    if statement[-1] in CLOSERS + "\"'" or NUMBER_AT_END.search(statement):
        return NOTHING, "complete_statement"
    return LINE, "ambiguous_end"
