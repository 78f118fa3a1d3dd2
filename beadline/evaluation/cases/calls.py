"""Finds the calls of a file: where the callee's name starts and where its parentheses close.

Knows no definitions. Python is read with its own parser, the others with their grammars.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beadline.evaluation.cases.source import Parsers
from beadline.evaluation.holes import PythonReader
from beadline.evaluation.sources import PYTHON, parse

if TYPE_CHECKING:
    import tree_sitter

MAX_CHARS = 400
"""Longer calls (test suites in callbacks) are none that somebody completes at once."""
_CALLEES = {
    "call": "method",
    "call_expression": "function",
    "function_call_expression": "function",
    "invocation_expression": "function",
    "member_call_expression": "name",
    "method_invocation": "name",
    "new_expression": "constructor type",
    "nullsafe_member_call_expression": "name",
    "object_creation_expression": "type",
    "scoped_call_expression": "name",
}
"""Kinds of calls -> the field (or fields) of the callee; the first child where it has none."""
_PATHS = {
    "field_expression": "field",
    "generic_function": "function",
    "member_access_expression": "name",
    "member_expression": "property",
    "nested_identifier": "property",
    "qualified_identifier": "name",
    "qualified_name": "name",
    "scoped_identifier": "name",
    "scoped_type_identifier": "name",
    "selector_expression": "field",
    "template_function": "name",
    "template_method": "name",
    "template_type": "name",
}
"""Kinds of names with parts -> the field of the last part; the last child where it has none."""
_GENERIC = ("generic_name", "generic_type")
"""Kinds of names with type arguments behind them; the first child is the name."""
_NAMES = ("constant", "name")
"""Kinds of plain names that are not called identifiers."""


@dataclass(frozen=True)
class Call:
    """`text[start:end]` is the name of the callee, up to the closing parenthesis."""

    name: str
    start: int
    end: int
    """Code points."""
    root: str = ""
    """First name of the receiver's chain, or the callee's own; empty where it is no plain chain."""


def calls(text: str, language: str, parsers: Parsers) -> list[Call]:
    """The calls of a text in order, nothing where it does not parse at all."""
    found = _python(text) if language == PYTHON else _by_tree(text, language, parsers)
    return sorted(set(found), key=lambda call: (call.start, call.end))


def _python(text: str) -> Iterator[Call]:
    tree = parse(text)
    if tree is None:
        return
    reader = PythonReader(text, tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        callee = node.func
        if isinstance(callee, ast.Attribute):
            name = callee.attr
        elif isinstance(callee, ast.Name):
            name = callee.id
        else:
            continue
        after, end = reader.span(callee)[1], reader.span(node)[1]
        start = after - len(name)
        # Older Pythons have wrong positions inside of f-strings.
        if text[start : after + 1] == f"{name}(" and text[end - 1 : end] == ")":
            yield Call(name, start, end, _root(callee))


def _root(callee: ast.expr) -> str:
    while isinstance(callee, ast.Attribute):
        callee = callee.value
    return callee.id if isinstance(callee, ast.Name) else ""


def _by_tree(text: str, language: str, parsers: Parsers) -> Iterator[Call]:
    source = parsers.parse(text, language)
    if source is None:
        return
    for node in source.nodes():
        if node.type not in _CALLEES or not node.is_named or node.has_error:
            continue
        arguments = _arguments(node)
        callee = _callee(node)
        name = _last(callee) if callee is not None else None
        if arguments is None or name is None or name.start_byte >= arguments.start_byte:
            continue
        inside = source.of(arguments)
        if inside[:1] == "(" and inside[-1:] == ")":
            start, end = source.offset(name.start_byte), source.offset(arguments.end_byte)
            yield Call(source.of(name), start, end)


def _arguments(node: tree_sitter.Node) -> tree_sitter.Node | None:
    named = node.child_by_field_name("arguments")
    if named is not None:
        return named
    return next((child for child in node.named_children if "argument" in child.type), None)


def _callee(node: tree_sitter.Node) -> tree_sitter.Node | None:
    for field in _CALLEES[node.type].split():
        found = node.child_by_field_name(field)
        if found is not None:
            return found
    first = node.named_children[0] if node.named_children else None
    # PHP's `new` has its class without a field. A call's first child is what it is called on.
    return first if node.type == "object_creation_expression" else None


def _last(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The identifier at the end of a callee; None where it is another expression."""
    while node.child_count:
        parts = node.named_children
        if not parts:
            return None
        if node.type in _GENERIC:
            node = parts[0]
        elif node.type in _PATHS:
            node = node.child_by_field_name(_PATHS[node.type]) or parts[-1]
        else:
            return None
    return node if "identifier" in node.type or node.type in _NAMES else None
