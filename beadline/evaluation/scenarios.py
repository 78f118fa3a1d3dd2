"""The thirteen scenarios of aiXcoder's fill-in-the-middle evaluation, found in any repository.

aiXcoder-7B's README names them; their data set holds files of other people, so here they are cut
from the user's own: the same kinds of holes, not the same holes. Knows no model and no seed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from beadline.evaluation import holes, tree_holes
from beadline.evaluation.holes import PythonReader
from beadline.evaluation.tree_holes import Span, TreeReader

if TYPE_CHECKING:
    import tree_sitter

_T = TypeVar("_T")

SCENARIOS = (
    "method_signature", "method_body", "single_line", "method_with_comment", "empty",
    "method_body_top", "method_body_mid", "method_body_bottom",
    "if_statement", "for_statement", "while_statement", "try_statement", "switch_statement",
)  # fmt: skip
"""In aiXcoder's order. `method_body`: of functions without documentation; `method_with_comment`: of
those with a docstring or a comment above. `*_top|mid|bottom`: a third of a body's statements."""
MAX_LINES = 12
MAX_CHARS = 800
"""Longer ones no model of our size is asked for."""
_PARTS = ("method_body_top", "method_body_mid", "method_body_bottom")
_PYTHON_STATEMENTS: dict[str, tuple[type[ast.stmt], ...]] = {
    "if_statement": (ast.If,),
    "for_statement": (ast.For, ast.AsyncFor),
    "while_statement": (ast.While,),
    "try_statement": (ast.Try,),
    "switch_statement": (ast.Match,),
}
_TREE_STATEMENTS = {
    "if_statement": "if if_statement if_expression",
    "for_statement": (
        "for for_statement for_expression for_each_statement for_in_statement for_range_loop "
        "foreach_statement enhanced_for_statement c_style_for_statement"
    ),
    "while_statement": "while while_statement while_expression do_statement",
    "try_statement": "begin try_statement try_with_resources_statement",
    "switch_statement": (
        "case case_statement switch_statement switch_expression match_expression "
        "expression_switch_statement type_switch_statement"
    ),
}
_FUNCTIONS = ("function", "method", "constructor")
"""Parts of the names of nodes that have a body which runs."""


def python(reader: PythonReader, scenario: str) -> Iterator[Span]:
    """The holes of a scenario in a Python file."""
    if scenario == "empty":
        return iter(sorted(set(holes.empties(reader))))
    if scenario == "single_line":
        return _lines(reader, holes.CATEGORIES["statement"](reader))
    if scenario in _PYTHON_STATEMENTS:
        return _python_statements(reader, _PYTHON_STATEMENTS[scenario])
    return _python_functions(reader, scenario)


def _lines(reader: PythonReader | TreeReader, statements: Iterator[Span]) -> Iterator[Span]:
    """Those that are one line."""
    return (span for span in statements if reader.whole_lines(span, 1))


def _python_statements(reader: PythonReader, kinds: tuple[type[ast.stmt], ...]) -> Iterator[Span]:
    for node in ast.walk(reader.tree):
        if isinstance(node, kinds):
            span = reader.span(node)
            elif_ = reader.text.startswith("elif", span[0])
            if not elif_ and reader.whole_lines(span, MAX_LINES, MAX_CHARS):
                yield span


def _python_functions(reader: PythonReader, scenario: str) -> Iterator[Span]:
    for node in ast.walk(reader.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        documented = ast.get_docstring(node, clean=False) is not None
        body = node.body[1:] if documented else node.body
        if scenario == "method_signature":
            start = reader.offset(node.lineno, node.col_offset)
            below = reader.span(node.body[0])[0]
            header = reader.text[start:below].rstrip()
            # A comment may stand between a header and its body: then neither ends here.
            if header.endswith(":") and "\n" in reader.text[start + len(header) : below]:
                span = start, start + len(header)
                if reader.whole_lines(span, MAX_LINES, MAX_CHARS):
                    yield span
            continue
        if scenario in _PARTS:
            body = _part(body, scenario)
        elif documented != (scenario == "method_with_comment"):
            continue
        if body:
            span = reader.span(body[0], body[-1])
            if reader.whole_lines(span, MAX_LINES, MAX_CHARS):
                yield span


def _part(body: Sequence[_T], scenario: str) -> Sequence[_T]:
    """The top, middle or bottom third of statements; nothing of fewer than three."""
    if len(body) < len(_PARTS):
        return ()
    number = _PARTS.index(scenario)
    return body[len(body) * number // 3 : len(body) * (number + 1) // 3]


def tree(reader: TreeReader, scenario: str) -> Iterator[Span]:
    """The holes of a scenario in a file of another language."""
    if scenario == "empty":
        return iter(tree_holes.spans(reader, holes.EMPTY))
    if scenario == "single_line":
        return _lines(reader, iter(tree_holes.spans(reader, "statement")))
    if scenario in _TREE_STATEMENTS:
        return _tree_statements(reader, frozenset(_TREE_STATEMENTS[scenario].split()))
    return _tree_functions(reader, scenario)


def _tree_statements(reader: TreeReader, kinds: frozenset[str]) -> Iterator[Span]:
    for node in reader.code:
        if node.type in kinds and node.is_named:
            span = reader.ended(reader.span(node))
            behind_else = reader.line_prefix(span[0]).strip().endswith("else")
            if not behind_else and reader.whole_lines(span, MAX_LINES, MAX_CHARS):
                yield span


def functions(reader: TreeReader) -> Iterator[tuple[tree_sitter.Node, tree_sitter.Node]]:
    """Functions with a body of statements, and that body."""
    for node in reader.code:
        if node.is_named and any(part in node.type for part in _FUNCTIONS):
            body = node.child_by_field_name("body")
            named = body is not None and ("body" in body.type or "block" in body.type)
            if body is not None and (named or body.type in reader.kinds.blocks):
                yield node, body


def _tree_functions(reader: TreeReader, scenario: str) -> Iterator[Span]:
    for node, body in functions(reader):
        inner = [
            child
            for child in tree_holes.inside_block(reader, body)
            if scenario not in _PARTS or child.is_named
        ]
        if scenario == "method_signature":
            start, below = reader.span(node)[0], reader.span(body)[0]
            end = start + len(reader.text[start:below].rstrip())
            alone = not reader.line_prefix(start).strip()
            if alone and start < end and reader.text.count("\n", start, end) < MAX_LINES:
                yield start, end
            continue
        documented = _is_documented(reader, node)
        if scenario in _PARTS:
            statements = [c for c in inner if c.type not in reader.kinds.comments]
            inner = list(_part(statements, scenario))
        elif documented != (scenario == "method_with_comment"):
            continue
        if inner:
            span = tree_holes.span_of(reader, inner)
            if reader.whole_lines(span, MAX_LINES, MAX_CHARS):
                yield span


def _is_documented(reader: TreeReader, node: tree_sitter.Node) -> bool:
    """Whether a comment stands right above a function, or above what it is wrapped in."""
    row = node.start_point.row
    while node.parent is not None and node.parent.start_point.row == row:
        node = node.parent
    above = node.prev_sibling
    return (
        above is not None and above.type in reader.kinds.comments and row - above.end_point.row <= 1
    )
