"""What definitions and imports of Python files are. Knows Python's grammar; knows no other file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from beadline.context.symbols.reader import FileReader, Nodes, first_named
from beadline.context.symbols.types import Import, Kind, Parameter

if TYPE_CHECKING:
    import tree_sitter

_RECEIVERS = frozenset({"self", "cls", "mcs", "mcls", "metacls"})
_SPLATS = frozenset({"list_splat_pattern", "dictionary_splat_pattern"})
_WRAPPERS = frozenset({"await", "parenthesized_expression"})
_SELF = re.compile(rb"\bself\.(?=[^\s=:.,;()\[\]{}]+[ \t]*(?::|=(?!=)))")
"""Where an attribute may be set; most of them are no assignments but look like one."""
_CLASS = re.compile(r"(?:\w+\.)*_*[A-Z]\w*")
_TYPES = re.compile(r"\[[\w.,|\[\] \"']+\]")
_MOST_ARGUMENTS = 120
"""Characters of the type arguments that are kept: `Shelf[Cart]` is a class."""
_DOC_BYTES = 1000
_FIELD = 99
"""Behind all patterns of the query."""
_DEEPEST = 12
"""Links of a chain that is followed to its start."""


class Reader(FileReader):
    """See `FileReader`."""

    deepest = 7

    def beside(self, root: tree_sitter.Node) -> Iterator[tuple[int, Nodes]]:
        """See `FileReader`: the attributes that methods set."""
        for match in _SELF.finditer(self.source.data):
            name = root.named_descendant_for_byte_range(match.end(), match.end() + 1)
            attribute = name.parent if name is not None else None
            node = attribute.parent if attribute is not None else None
            if name is None or node is None or node.type != "assignment":
                continue
            if node.child_by_field_name("left") == attribute:
                parts = {
                    "definition.field": node,
                    "name": name,
                    "type": node.child_by_field_name("type"),
                    "value": node.child_by_field_name("right"),
                }
                yield _FIELD, {key: [part] for key, part in parts.items() if part is not None}

    def imports(self, node: tree_sitter.Node) -> Iterator[Import]:
        """See `FileReader`. `import a.b` is called `a.b`."""
        source = self.source
        module_node = node.child_by_field_name("module_name")
        module = "".join(source.text(module_node).split())
        span = node.start_byte, node.end_byte
        for child in node.children_by_field_name("name"):
            alias = child.child_by_field_name("alias")
            named = child.child_by_field_name("name") if alias is not None else child
            name = "".join(source.text(named).split())
            called = source.text(alias) or name
            if module_node is None:
                yield Import(name, "", called, *span, exported=True)
            else:
                yield Import(module, name, called, *span, exported=True)
        if any(child.type == "wildcard_import" for child in node.named_children):
            yield Import(module, "*", "*", *span, exported=True)

    def outer(self, node: tree_sitter.Node) -> tree_sitter.Node:
        """See `FileReader`: with its decorators."""
        parent = node.parent
        around = ("decorated_definition", "expression_statement")
        return parent if parent is not None and parent.type in around else node

    def kind(self, kind: Kind, name: str, owner: str) -> Kind:
        """See `FileReader`: a name in capitals is a constant."""
        if kind is Kind.VARIABLE and not owner and name.isupper():
            return Kind.CONSTANT
        return super().kind(kind, name, owner)

    def exported(self, node: tree_sitter.Node, name: str, owner: str) -> bool:
        """An underscore in front says no, two on both sides yes."""
        return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))

    def parameters(self, node: tree_sitter.Node) -> tuple[Parameter, ...]:
        """See `FileReader`. `*args` and `**kwargs` are there with their stars."""
        found: list[Parameter] = []
        for child in node.named_children:
            written = child.type
            if written == "identifier" or written in _SPLATS:
                text = self.source.text(child)
                found.append(Parameter(text, "", text.startswith("*")))
                continue
            named = child.child_by_field_name("name")
            name = first_named(child) if written == "typed_parameter" else named
            if name is None:
                continue  # `/`, `*`, a comment
            text = self.source.text(name)
            kind = self.source.line(child.child_by_field_name("type"))
            found.append(Parameter(text, kind, "default" in written or text.startswith("*")))
        if found and found[0].name in _RECEIVERS:
            del found[0]
        return tuple(found)

    def value(self, node: tree_sitter.Node) -> str:
        """See `FileReader`: the names, calls and indices of it, without arguments."""
        return self._chain(node, _DEEPEST)

    def result(self, body: tree_sitter.Node) -> str:
        """See `FileReader`: what the last statement returns."""
        count = body.named_child_count
        last = body.named_child(count - 1) if count else None
        while last is not None and last.type == "comment":
            last = last.prev_named_sibling
        if last is None or last.type != "return_statement":
            return ""
        return self._chain(first_named(last), _DEEPEST)

    def bases(self, node: tree_sitter.Node) -> Iterator[str]:
        """See `FileReader`: without `metaclass=`."""
        for child in node.named_children:
            if child.type not in ("keyword_argument", "comment"):
                yield self.source.line(child)

    def doc(self, node: tree_sitter.Node, body: tree_sitter.Node | None) -> str:
        """First line of the documentation string; else of the comment above."""
        first = first_named(body)
        while first is not None and first.type == "comment":
            first = first.next_named_sibling
        if first is not None and first.type == "expression_statement":
            string = first_named(first)
            if string is not None and string.type == "string":
                end = min(string.end_byte, string.start_byte + _DOC_BYTES)
                text = self.source.data[string.start_byte : end].decode("utf-8", "ignore")
                text = text.lstrip("rRuUbB").strip("\"'").strip()
                return text.split("\n", 1)[0].strip()
        return super().doc(node, body)

    def _chain(self, node: tree_sitter.Node | None, depth: int) -> str:
        """`a.b()[]` for `a.b(x)[0]`; of several values the one that is made; empty for others."""
        if node is None or depth == 0:
            return ""
        kind = node.type
        if kind == "identifier" or kind == "type":
            return self.source.line(node)
        if kind == "attribute":
            of = self._chain(node.child_by_field_name("object"), depth - 1)
            return of and f"{of}.{self.source.text(node.child_by_field_name('attribute'))}"
        if kind == "call":
            of = self._chain(node.child_by_field_name("function"), depth - 1)
            arguments = node.child_by_field_name("arguments")
            if of.rpartition(".")[2] == "cast" and arguments is not None:
                of = self._chain(first_named(arguments), depth - 1)
            return of and f"{of}()"
        if kind == "subscript":
            of = self._chain(node.child_by_field_name("value"), depth - 1)
            if depth == _DEEPEST and _CLASS.fullmatch(of):
                arguments = self.source.line(node)[len(of) :]
                if len(arguments) <= _MOST_ARGUMENTS and _TYPES.fullmatch(arguments):
                    return of + arguments
            return of and f"{of}[]"
        if kind in _WRAPPERS:
            return self._chain(first_named(node), depth - 1)
        if kind in ("boolean_operator", "conditional_expression"):
            # `a or B()`, `a if a else B()`
            parts = [self._chain(child, depth - 1) for child in node.named_children]
            if kind == "conditional_expression" and len(parts) == 3:
                del parts[1]
            made = [part for part in parts if part.endswith(")")]
            return next(iter(made or [part for part in parts if part]), "")
        return ""
