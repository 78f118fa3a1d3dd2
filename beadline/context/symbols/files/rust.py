"""What definitions and imports of Rust files are. Knows Rust's grammar; knows no other file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from beadline.context.symbols.reader import FileReader
from beadline.context.symbols.types import Import, Kind, Parameter

if TYPE_CHECKING:
    import tree_sitter

_ITEMS = frozenset({"const_item", "function_item", "function_signature_item", "type_item"})
"""What an `impl` has as members."""
_VISIBLE = frozenset({"enum_variant", "function_signature_item", "macro_definition"})
_TYPE_NAME = re.compile(
    r"(?:[&*\s(]|'\w+\s|\b(?:mut|const|dyn|impl)\s)*(?:\w+\s*::\s*)*([^\W\d]\w*)"
)
_NUMBERS = re.compile(r"[iu](?:8|16|32|64|128|size)|f32|f64|bool|str|char")
_USE = re.compile(r"::|\bas\b|[{},*]|(?:r#)?[^\W\d]\w*")
_COMMENT = re.compile(r"//.*|/\*[\s\S]*?\*/")
_DERIVE = re.compile(r"#\[\s*derive\s*\(([^()]*)\)")
_OWN = frozenset(
    ("", "Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd")
)
"""Traits of the language that are derived."""
_EXTERN = re.compile(r"extern\s+crate\s+(\w+)(?:\s+as\s+(\w+))?")


class Reader(FileReader):
    """See `FileReader`."""

    deepest = 8

    def imports(self, node: tree_sitter.Node) -> Iterator[Import]:
        """See `FileReader`. Of `use a::b` the module is `a` and the name `b`, which may be a module
        as well."""
        exported = self._is_public(node)
        if node.type == "extern_crate_declaration":
            if match := _EXTERN.search(self.source.line(node)):
                name, alias = match[1], match[2] or match[1]
                yield Import(name, "", alias, node.start_byte, node.end_byte, exported)
            return
        tree = self.source.text(node.child_by_field_name("argument"))
        tokens = _USE.findall(_COMMENT.sub("", tree))
        for path, alias in _leaves(tokens, 0, ())[0]:
            *module, name = path
            alias = alias or name
            if not module and name != "*":
                module, name = [name], ""
            yield Import("::".join(module), name, alias, node.start_byte, node.end_byte, exported)

    def owner(self, node: tree_sitter.Node) -> str | None:
        """See `FileReader`."""
        item = self._impl(node)
        if item is None or item.type != "impl_item":
            return None
        match = _TYPE_NAME.match(self.source.text(item.child_by_field_name("type")))
        return match[1] if match else None

    def kind(self, kind: Kind, name: str, owner: str) -> Kind:
        """See `FileReader`: what lies in a module is no member. Modules are written small."""
        last = owner.rpartition(".")[2]
        if last[:1].islower() and not _NUMBERS.fullmatch(last):
            return kind
        return super().kind(kind, name, owner)

    def exported(self, node: tree_sitter.Node, name: str, owner: str) -> bool:
        """See `FileReader`; `pub(crate)` is enough, and traits' members are as visible as they."""
        if node.type in _VISIBLE or self._is_public(node):
            return True
        item = self._impl(node)
        return item is not None and (
            item.type == "trait_item" or item.child_by_field_name("trait") is not None
        )

    def parameters(self, node: tree_sitter.Node) -> tuple[Parameter, ...]:
        """See `FileReader`."""
        return tuple(
            Parameter(
                self.source.line(child.child_by_field_name("pattern")),
                self.source.line(child.child_by_field_name("type")),
            )
            for child in node.named_children
            if child.type == "parameter"
        )

    def bases(self, node: tree_sitter.Node) -> Iterator[str]:
        """See `FileReader`: bounds of a trait, or the trait that is implemented."""
        if node.type != "trait_bounds":
            yield self.source.line(node)
            return
        for child in node.named_children:
            if child.type not in ("lifetime", "removed_trait_bound"):
                yield self.source.line(child)

    def implied(self, above: Sequence[tree_sitter.Node]) -> Iterator[str]:
        """See `FileReader`: the traits that are derived, but for the language's own."""
        for each in above:
            if each.type == "attribute_item" and (match := _DERIVE.match(self.source.line(each))):
                yield from (
                    name for name in map(str.strip, match[1].split(",")) if name not in _OWN
                )

    def doc(self, node: tree_sitter.Node, body: tree_sitter.Node | None) -> str:
        """See `FileReader`: attributes may stand above the comment."""
        for each in self.comments_above(node):
            if "comment" in each.type:
                return self.said(self.source.text(each))
        return ""

    def belongs_below(self, node: tree_sitter.Node) -> bool:
        """See `FileReader`."""
        return node.type == "attribute_item" or super().belongs_below(node)

    def _impl(self, node: tree_sitter.Node) -> tree_sitter.Node | None:
        """The `impl` or the trait that an item is a member of."""
        if node.type not in _ITEMS:
            return None
        block = node.parent
        if block is None or block.type != "declaration_list":
            return None
        item = block.parent
        return item if item is not None and item.type in ("impl_item", "trait_item") else None

    @staticmethod
    def _is_public(node: tree_sitter.Node) -> bool:
        first = node.named_child(0)
        return first is not None and first.type == "visibility_modifier"


_Leaves = list[tuple[tuple[str, ...], str]]


def _leaves(tokens: list[str], at: int, path: tuple[str, ...]) -> tuple[_Leaves, int]:
    """The paths of a `use` tree from token `at` on, each with its alias, and where it ended."""
    found: _Leaves = []
    here, alias, open_leaf = path, "", False
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token == "{":
            inner, at = _leaves(tokens, at, here)
            found += inner
            open_leaf = False
        elif token in (",", "}"):
            if open_leaf:
                found.append((here, alias))
            here, alias, open_leaf = path, "", False
            if token == "}":
                return found, at
        elif token == "as":
            alias = tokens[at] if at < len(tokens) else ""
            at += 1
        elif token != "::":
            # `{self}` stands for the path itself.
            if token != "self" or not path or here != path:
                here = (*here, token.removeprefix("r#"))
            open_leaf = True
    if open_leaf:
        found.append((here, alias))
    return found, at
