"""What definitions and imports of Python files are. Knows Python's grammar; knows no other file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from beadline.context.symbols.reader import FileReader, first_named
from beadline.context.symbols.types import Import, Kind, Parameter

if TYPE_CHECKING:
    import tree_sitter

_RECEIVERS = frozenset({"self", "cls", "mcs", "mcls", "metacls"})
_SPLATS = frozenset({"list_splat_pattern", "dictionary_splat_pattern"})
_WRAPPERS = frozenset({"await", "parenthesized_expression"})
_DEEPEST = 12
"""Links of a chain that is followed to its start."""


class Reader(FileReader):
    """See `FileReader`."""

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
            kind = child.child_by_field_name("type")
            name = child.child_by_field_name("name")
            if child.type == "identifier" or child.type in _SPLATS:
                name = child
            elif child.type == "typed_parameter":
                name = first_named(child)
            if name is None:
                continue  # `/`, `*`, a comment
            text = self.source.text(name)
            optional = "default" in child.type or text.startswith("*")
            found.append(Parameter(text, self.source.line(kind), optional))
        if found and found[0].name in _RECEIVERS:
            del found[0]
        return tuple(found)

    def value(self, node: tree_sitter.Node) -> str:
        """See `FileReader`: the names, calls and indices of it, without arguments."""
        return self._chain(node, _DEEPEST)

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
                text = self.source.text(string).lstrip("rRuUbB").strip("\"'").strip()
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
