"""What definitions and imports of Java files are. Knows Java's grammar; knows no other file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from beadline.context.symbols.reader import FileReader
from beadline.context.symbols.types import Import, Parameter

if TYPE_CHECKING:
    import tree_sitter

_IMPORT = re.compile(r"import\s+(?:static\s+)?([\w$.\s]+?)\s*(\.\s*\*)?\s*;?\s*")
_ANNOTATIONS = frozenset({"annotation", "marker_annotation"})
_NAMES = frozenset({"identifier", "scoped_identifier"})


class Reader(FileReader):
    """See `FileReader`."""

    deepest = 8

    def package(self, root: tree_sitter.Node) -> str:
        """See `FileReader`."""
        for child in root.named_children:
            if child.type == "package_declaration":
                names = [each for each in child.named_children if each.type in _NAMES]
                return "".join(self.source.text(names[0]).split()) if names else ""
        return ""

    def imports(self, node: tree_sitter.Node) -> Iterator[Import]:
        """See `FileReader`. A static import's module is the class; `import a.b.*` has the name
        `*`."""
        match = _IMPORT.fullmatch(self.source.line(node))
        if match is None:
            return
        module, name = "".join(match[1].split()), "*"
        if match[2] is None:
            module, _, name = module.rpartition(".")
        yield Import(module, name, name, node.start_byte, node.end_byte)

    def header(self, node: tree_sitter.Node) -> int:
        """See `FileReader`: annotations are the first of the modifiers."""
        modifiers = node.child(0)
        if modifiers is None or modifiers.type != "modifiers":
            return node.start_byte
        for child in modifiers.children:
            if child.type not in _ANNOTATIONS and "comment" not in child.type:
                return child.start_byte
        behind = node.child(1)
        return node.start_byte if behind is None else behind.start_byte

    def exported(self, node: tree_sitter.Node, name: str, owner: str) -> bool:
        """All but what is private."""
        modifiers = node.child(0)
        return (
            modifiers is None
            or modifiers.type != "modifiers"
            or all(child.type != "private" for child in modifiers.children)
        )

    def parameters(self, node: tree_sitter.Node) -> tuple[Parameter, ...]:
        """See `FileReader`."""
        found: list[Parameter] = []
        for child in node.named_children:
            if child.type == "formal_parameter":
                name, kind = child.child_by_field_name("name"), child.child_by_field_name("type")
                found.append(Parameter(self.source.text(name), self.source.line(kind)))
            elif child.type == "spread_parameter":
                kinds = [
                    each
                    for each in child.named_children
                    if each.type not in _ANNOTATIONS | {"modifiers", "variable_declarator"}
                ]
                declarator = child.named_children[-1]
                name = self.source.text(declarator.child_by_field_name("name"))
                kind = self.source.line(kinds[0]) if kinds else ""
                found.append(Parameter(name, f"{kind}..."))
        return tuple(found)

    def bases(self, node: tree_sitter.Node) -> Iterator[str]:
        """See `FileReader`."""
        for child in node.named_children:
            if child.type == "type_list":
                yield from self.bases(child)
            elif "comment" not in child.type:
                yield self.source.line(child)
