"""Labels calls by names that have exactly one definition in the repository. Knows no types.

The way for languages without a better one, and for all of them the answer to the question whether
a call that could not be resolved might be one into another file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from beadline.evaluation.cases.calls import Call
from beadline.evaluation.cases.format import Symbol
from beadline.evaluation.cases.labels import Label, Verdict
from beadline.evaluation.cases.source import LANGUAGES, Parsers, Source, group_of
from beadline.evaluation.sources import language_at

if TYPE_CHECKING:
    import tree_sitter

_KINDS = {
    "abstract_class_declaration": "class",
    "abstract_method_signature": "method",
    "annotation_type_declaration": "interface",
    "class": "class",
    "class_declaration": "class",
    "class_definition": "class",
    "class_specifier": "class",
    "delegate_declaration": "type",
    "enum_declaration": "enum",
    "enum_item": "enum",
    "enum_variant": "variant",
    "function_declaration": "function",
    "function_definition": "function",
    "function_item": "function",
    "function_signature": "function",
    "function_signature_item": "function",
    "generator_function_declaration": "function",
    "interface_declaration": "interface",
    "local_function_statement": "function",
    "method": "method",
    "method_declaration": "method",
    "method_definition": "method",
    "method_elem": "method",
    "method_signature": "method",
    "method_spec": "method",
    "module": "module",
    "public_field_definition": "method",
    "record_declaration": "class",
    "singleton_method": "method",
    "struct_declaration": "class",
    "struct_item": "class",
    "struct_specifier": "class",
    "trait_declaration": "interface",
    "trait_item": "interface",
    "type_spec": "class",
    "union_item": "class",
    "variable_declarator": "function",
}
"""Kinds of nodes that define what can be called, in all the grammars -> what they define."""
_VALUES = ("variable_declarator", "public_field_definition")
"""Of those, what defines a function only where its value is one."""
_SPECIFIERS = ("class_specifier", "struct_specifier")
"""Of those, what defines a type only where it has a body."""
_OWNERS = frozenset({"class", "interface", "enum", "module"})
_WORD = re.compile(r"[^\W\d]\w*")


class Names:
    """The definitions of a repository's files by name. A `Labeller`."""

    name = "unique names"

    def __init__(
        self, folder: Path, progress: Callable[[int, int], None] = lambda done, of: None
    ) -> None:
        """Read all files below `folder`; `progress` is told how many of how many."""
        self._found: dict[tuple[str, str], list[Symbol]] = defaultdict(list)
        parsers = Parsers()
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for count, file in enumerate(files, start=1):
            path = file.relative_to(folder).as_posix()
            language = language_at(path)
            if language in LANGUAGES:
                text = file.read_bytes().decode("utf-8", "replace")
                source = parsers.parse(text, language)
                for symbol in definitions(source, path) if source is not None else ():
                    self._found[group_of(language), symbol.name].append(symbol)
            progress(count, len(files))

    def label(self, path: str, text: str, language: str, call: Call) -> Label:
        """See `Labeller`."""
        del text
        found = self._found.get((group_of(language), call.name), [])
        if not self.elsewhere(path, language, call.name):
            return Label(Verdict.LOCAL if found else Verdict.EXTERNAL)
        if len(found) > 1:
            return Label(Verdict.UNLABELLED)
        return Label(Verdict.LABELLED, found[0])

    def elsewhere(self, path: str, language: str, name: str) -> bool:
        """Whether another file than the one at `path` defines a name."""
        found = self._found.get((group_of(language), name), [])
        return any(symbol.path != path for symbol in found)

    def close(self) -> None:
        """See `Labeller`."""


def definitions(source: Source, path: str) -> Iterable[Symbol]:
    """What a parsed file defines that can be called, functions inside of functions included."""
    for node in source.nodes():
        kind = _KINDS.get(node.type)
        if kind is None or not node.is_named:
            continue
        name = _name(node)
        if name is None or not _defines(node):
            continue
        owner = _owner(node, source)
        row = name.start_point.row
        yield Symbol(
            name=source.of(name),
            kind="method" if owner and kind == "function" else kind,
            path=path,
            line=row + 1,
            signature=source.line(row),
            cls=owner,
        )


def _defines(node: tree_sitter.Node) -> bool:
    if node.type in _VALUES:
        value = node.child_by_field_name("value")
        return value is not None and ("function" in value.type or value.type == "class")
    return node.type not in _SPECIFIERS or node.child_by_field_name("body") is not None


def _name(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The name of a definition; C hides it in declarators, C++ puts classes in front of it."""
    name = node.child_by_field_name("name")
    inner = node.child_by_field_name("declarator") if name is None else None
    while inner is not None:
        name, inner = inner, inner.child_by_field_name("declarator")
    while name is not None and name.type in ("qualified_identifier", "template_function"):
        name = name.child_by_field_name("name")
    return name if name is not None and not name.named_children else None


def _owner(node: tree_sitter.Node, source: Source) -> str:
    """Name of the type that a definition is a member of."""
    receiver = node.child_by_field_name("receiver")  # Go
    if receiver is not None:
        words = _WORD.findall(source.of(receiver).partition("[")[0])
        return words[-1] if words else ""
    above = node.parent
    while above is not None:
        if above.type == "impl_item":  # Rust
            of = above.child_by_field_name("type")
            words = _WORD.findall(source.of(of).partition("<")[0]) if of is not None else []
            return words[-1] if words else ""
        kind = _KINDS.get(above.type) if above.is_named else None
        if kind in _OWNERS:
            name = _name(above)
            return source.of(name) if name is not None else ""
        if kind in ("function", "method"):
            return ""  # local
        above = above.parent
    return ""
