"""What definitions and imports of Go files are. Knows Go's grammar; knows no other file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from beadline.context.symbols.reader import FileReader
from beadline.context.symbols.types import Import, Parameter

if TYPE_CHECKING:
    import tree_sitter

_RECEIVER = re.compile(r"([^\W\d]\w*)\s*(?:\[[^\]]*\])?\s*,?\s*\)\Z")
_VERSION = re.compile(r"v\d+")
_GROUPS = frozenset({"const_declaration", "type_declaration", "var_declaration"})


class Reader(FileReader):
    """See `FileReader`."""

    deepest = 6

    def package(self, root: tree_sitter.Node) -> str:
        """See `FileReader`."""
        for child in root.named_children:
            if child.type == "package_clause":
                return self.source.text(child.named_child(0))
        return ""

    def imports(self, node: tree_sitter.Node) -> Iterator[Import]:
        """See `FileReader`. `import . "fmt"` takes the name `*`, `import _ "fmt"` is called `_`."""
        path = self.source.text(node.child_by_field_name("path")).strip('"`')
        alias = self.source.text(node.child_by_field_name("name"))
        yield Import(
            path,
            "*" if alias == "." else "",
            alias or _package_of(path),
            node.start_byte,
            node.end_byte,
        )

    def outer(self, node: tree_sitter.Node) -> tree_sitter.Node:
        """See `FileReader`: `type A struct {}` outside of brackets is one with its keyword."""
        if node.type.endswith(("_spec", "_alias")):
            parent = node.parent
            if parent is not None and parent.type in _GROUPS and parent.child_count == 2:
                return parent
        return node

    def header(self, node: tree_sitter.Node) -> int:
        """See `FileReader`."""
        return self.outer(node).start_byte

    def owner(self, node: tree_sitter.Node) -> str | None:
        """See `FileReader`."""
        if node.type != "method_declaration":
            return None
        receiver = self.source.text(node.child_by_field_name("receiver"))
        match = _RECEIVER.search(receiver)
        return match[1] if match else None

    def exported(self, node: tree_sitter.Node, name: str, owner: str) -> bool:
        """A capital letter says so."""
        return name[:1].isupper()

    def parameters(self, node: tree_sitter.Node) -> tuple[Parameter, ...]:
        """See `FileReader`."""
        found: list[Parameter] = []
        for child in node.named_children:
            kind = self.source.line(child.child_by_field_name("type"))
            if child.type == "variadic_parameter_declaration":
                kind = f"...{kind}"
            elif child.type != "parameter_declaration":
                continue
            names = [self.source.text(name) for name in child.children_by_field_name("name")]
            found += [Parameter(name, kind) for name in names or [""]]
        return tuple(found)

    def bases(self, node: tree_sitter.Node) -> Iterator[str]:
        """See `FileReader`: what a struct or an interface embeds."""
        for child in node.named_children:
            if child.type == "field_declaration":
                if child.child_by_field_name("name") is None:
                    yield self.source.line(child.child_by_field_name("type"))
            elif child.type == "type_elem":
                text = self.source.line(child)
                if "|" not in text and "~" not in text:
                    yield text


def _package_of(path: str) -> str:
    """What a package is called as a rule: `yaml` of `gopkg.in/yaml.v3`, `foo` of `x/go-foo/v2`."""
    parts = path.split("/")
    if len(parts) > 1 and _VERSION.fullmatch(parts[-1]):
        parts.pop()
    name, _, version = parts[-1].rpartition(".")
    if not name or not _VERSION.fullmatch(version):
        name = parts[-1]
    return name.removeprefix("go-").replace("-", "_")
