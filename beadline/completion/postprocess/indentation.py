"""Repairs the indentation of a suggestion. Knows lines and columns; the only rule that writes.

Blanks at the start of a line are taken away or put there, and nothing else: where the first line
repeats the indentation that is typed already, where a block has to be deeper than its header,
where lines below the first are shifted as a whole, where tabs meet spaces. A document's own widths
are kept: odd indentations are not made even.
"""

from __future__ import annotations

from beadline.context.hole import Hole
from beadline.context.lexer import OPENERS, Lexer, columns, indent_of

_NEIGHBOURHOOD = 4000
"""Characters on each side of the cursor in which tabs and spaces are counted."""
_UNIT = 4
"""Spaces for a tab where the document shows no width of its own."""


def repaired(text: str, hole: Hole, indent: str) -> str:
    """`text` with its lines indented as the document is around the hole."""
    if hole.scanned.string or hole.scanned.comment or not text.strip():
        return text
    text = _first_line(text, hole, indent)
    first, newline, others = text.partition("\n")
    if not newline:
        return text
    rows = others.split("\n")
    inside = _starts_in_string(text, hole)
    rows = _as_document(rows, inside, hole)
    if hole.language.blocks == "indent" and not hole.scanned.stack:
        rows = _shifted(first, rows, inside, hole)
    return first + newline + "\n".join(rows)


def _first_line(text: str, hole: Hole, indent: str) -> str:
    """The first line starts where the typed indentation ends."""
    lead = indent_of(text)
    if not hole.left_blank or text[len(lead) : len(lead) + 1] == "\n" or _in_brackets(hole):
        return text
    typed = columns(hole.left)
    if lead and hole.left and typed >= columns(indent):
        return text[len(lead) :]
    by_indent = hole.language.blocks == "indent"
    if by_indent and hole.header_before and indent.startswith(hole.left + lead):
        return indent[len(hole.left) :] + text[len(lead) :]
    return text


def _in_brackets(hole: Hole) -> bool:
    stack = hole.scanned.stack
    return bool(stack) and (hole.language.blocks == "indent" or stack[-1][0] != "{")


def _starts_in_string(text: str, hole: Hole) -> list[bool]:
    """For each line below the first: does it start inside a string, or a block comment?"""
    lexer = Lexer(hole.language, hole.scanned)
    found = []
    for character in text:
        lexer.feed(character)
        if character == "\n":
            found.append(bool(lexer.string))
    return found


def _as_document(rows: list[str], inside: list[bool], hole: Hole) -> list[str]:
    """Tabs where the document has only tabs, spaces where it has only spaces."""
    near = hole.text[max(0, hole.offset - _NEIGHBOURHOOD) : hole.offset + _NEIGHBOURHOOD]
    indents = [i for line in near.split("\n")[1:] if line.strip() and (i := indent_of(line))]
    tabs = any("\t" in i for i in indents)
    spaces = any(i.startswith("  ") for i in indents)
    if tabs == spaces:
        return rows
    own = [indent_of(row) for row, skip in zip(rows, inside, strict=True) if not skip]
    if tabs:
        unit = min((len(i) for i in own if i and "\t" not in i), default=_UNIT)
        return [
            row if skip or "\t" in indent_of(row) else _with_tabs(row, max(2, unit))
            for row, skip in zip(rows, inside, strict=True)
        ]
    unit = min((len(i) for i in indents), default=_UNIT)
    return [
        row if skip else indent_of(row).replace("\t", " " * unit) + row[len(indent_of(row)) :]
        for row, skip in zip(rows, inside, strict=True)
    ]


def _with_tabs(row: str, unit: int) -> str:
    blanks = indent_of(row)
    return "\t" * (len(blanks) // unit) + " " * (len(blanks) % unit) + row[len(blanks) :]


def _shifted(first: str, rows: list[str], inside: list[bool], hole: Hole) -> list[str]:
    """Lines that are all deeper than a first line which opens nothing: one shift too far right.

    Only where indentation is syntax, and the first line is a whole statement of the block.
    """
    code = [r for r, skip in zip(rows, inside, strict=True) if r.strip() and not skip]
    if not hole.left_blank or not code or not first.strip():
        return rows
    if first.rstrip().endswith((":", "\\", ",", *OPENERS)) or any(inside):
        return rows
    lexer = Lexer(hole.language, hole.scanned)
    for character in first:
        lexer.feed(character)
    column = columns(hole.left + indent_of(first))
    extra = min(columns(indent_of(r)) for r in code) - column
    if extra <= 0 or lexer.stack or lexer.string or any("\t" in indent_of(r) for r in code):
        return rows
    return [row[extra:] if row.strip() else row for row in rows]
