"""Reads what a file defines, imports and names, off its syntax tree. Knows no other file.

A query a language (`languages/data/<id>.symbols.scm`) finds the nodes, a `FileReader` says what
they are. Captures: `@definition.<Kind>` with `@name` and where there are such `@body` (the
signature ends before it), `@parameters`, `@type`, `@bases`, `@value`; `@import`. Languages without
such a query are read by their grammar's own `tags.scm`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from beadline.context import languages
from beadline.context.symbols.files import Symbols, symbols_of
from beadline.context.symbols.reader import FileReader, Source
from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind
from beadline.context.syntax import SyntaxTree
from beadline.context.syntax.bytes import Encoded
from beadline.context.types import Document

if TYPE_CHECKING:
    import tree_sitter

LONGEST_SIGNATURE = 400
"""Characters; the rest of a longer header is left out."""
MOST_DEFINITIONS = 4000
"""Of one file: more is generated code or data."""
_IDENTIFIER = re.compile(r"\b[^\W\d]\w*")
_ARGUMENTS = re.compile(r"<[^<>]*>")
_OPENERS = ("=>", ":", "{", "=")
"""What opens a body; the `>` of type arguments is none of it."""
_BODIES = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.MACRO})
"""What is defined in them is local, but for fields (`self.x = ...`)."""
_TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.MODULE, Kind.TYPE})

Nodes = dict[str, list["tree_sitter.Node"]]


class Extractor:
    """Extracts the symbols of documents. Keeps parsers, so it belongs to one thread at a time."""

    def __init__(self) -> None:
        self._symbols: dict[str, Symbols | None] = {}

    def symbols(self, document: Document, tree: SyntaxTree | None = None) -> FileSymbols:
        """The symbols of a document. `tree` is its tree where there is one already."""
        text = document.text
        names = Counter(_IDENTIFIER.findall(text))
        empty = FileSymbols(document.path, document.language, names=names)
        known = self._of(document.language)
        if known is None:
            return empty
        encoded = Encoded(text)
        root = tree.root if tree is not None else known.parse(encoded.data)
        reader = known.reader(Source(encoded.data))
        found, imports = _matches(known.query, root)
        return replace(
            empty,
            package=reader.package(root),
            definitions=tuple(_definitions(found, reader, encoded)),
            imports=tuple(_imports(imports, reader, encoded)),
        )

    def _of(self, language: str) -> Symbols | None:
        if language not in self._symbols:
            self._symbols[language] = symbols_of(languages.get(language))
        return self._symbols[language]


def _matches(
    query: tree_sitter.Query, root: tree_sitter.Node
) -> tuple[list[tuple[Kind, Nodes]], list[tree_sitter.Node]]:
    """Matches of definitions, outer before inner, and the import nodes; each in order."""
    import tree_sitter

    found: dict[tuple[int, int, int], tuple[Kind, Nodes]] = {}
    ranks: dict[tuple[int, int, int], tuple[int, int]] = {}
    imports: dict[int, tree_sitter.Node] = {}
    for pattern, nodes in tree_sitter.QueryCursor(query).matches(root):
        for capture, captured in nodes.items():
            if capture.startswith("definition.") and "name" in nodes:
                node, name = captured[0], nodes["name"][0]
                key = node.start_byte, -node.end_byte, name.start_byte
                # The query's first pattern that matches says what it is, with all it captures:
                # matches come in the order in which they end.
                rank = pattern, -sum(map(len, nodes.values()))
                if key in found:
                    if rank >= ranks[key]:
                        continue
                elif len(found) >= MOST_DEFINITIONS:
                    continue
                found[key], ranks[key] = (Kind(capture[11:]), nodes), rank
            elif capture == "import":
                imports[captured[0].start_byte] = captured[0]
    return [found[key] for key in sorted(found)], [imports[at] for at in sorted(imports)]


def _definitions(
    found: list[tuple[Kind, Nodes]], reader: FileReader, encoded: Encoded
) -> list[Definition]:
    source = reader.source
    made: list[Definition] = []
    around: list[tuple[int, Kind, str]] = []
    """End, kind and qualified name of the definitions around the next one."""
    fields: set[tuple[str, str]] = set()
    for kind, nodes in found:
        node = next(n[0] for capture, n in nodes.items() if capture.startswith("definition."))
        while around and around[-1][0] <= node.start_byte:
            around.pop()
        outside, _, name = source.text(nodes["name"][0]).rpartition("::")
        # Written with its owner: `Shape::area` of C++, `Net::Request` of Ruby.
        owner = _ARGUMENTS.sub("", outside).replace("::", ".") or reader.owner(node)
        if owner is None:
            inside = [each for each in around if each[1] in _BODIES]
            if inside and kind is not Kind.FIELD:
                continue
            types = [each for each in around if each[1] in _TYPES]
            owner = types[-1][2] if types else ""
            if kind is Kind.FIELD and (not owner or (owner, name) in fields):
                continue  # of a class it is told once, where it is seen first
        kind = reader.kind(kind, name, owner)
        if kind is Kind.FIELD:
            fields.add((owner, name))
        made.append(_definition(kind, name, owner, node, nodes, reader, encoded))
        if kind in _BODIES or kind in _TYPES:
            around.append((node.end_byte, kind, f"{owner}.{name}" if owner else name))
    return sorted(made, key=lambda each: (each.start, -each.end))


def _definition(
    kind: Kind,
    name: str,
    owner: str,
    node: tree_sitter.Node,
    nodes: Nodes,
    reader: FileReader,
    encoded: Encoded,
) -> Definition:
    source = reader.source
    body = nodes["body"][0] if "body" in nodes else None
    outer = reader.outer(node)
    above = reader.comments_above(outer)
    first = above[0] if above else outer
    stop = body.start_byte if body is not None else node.end_byte
    top = reader.header(node)
    header = source.data[top:stop].decode("utf-8", "replace")
    signature = " ".join(header[: 4 * LONGEST_SIGNATURE].split())
    if body is not None:
        signature = _without_opener(signature)
    return Definition(
        name=name,
        kind=kind,
        owner=owner,
        start=encoded.offset(first.start_byte),
        end=encoded.offset(max(outer.end_byte, node.end_byte)),
        header=encoded.offset(top),
        header_end=encoded.offset(stop),
        line=nodes["name"][0].start_point.row + 1,
        signature=signature[:LONGEST_SIGNATURE],
        doc=reader.doc(outer, body),
        exported=reader.exported(node, name, owner),
        type=source.line(nodes["type"][0])[: 4 * LONGEST_SIGNATURE] if "type" in nodes else "",
        bases=tuple(base for each in nodes.get("bases", ()) for base in reader.bases(each)),
        value=reader.value(nodes["value"][0])[:LONGEST_SIGNATURE] if "value" in nodes else "",
        parameters=reader.parameters(nodes["parameters"][0]) if "parameters" in nodes else (),
    )


def _without_opener(signature: str) -> str:
    while signature.endswith(_OPENERS):
        signature = signature[: -2 if signature.endswith("=>") else -1].rstrip()
    return signature


def _imports(
    found: list[tree_sitter.Node], reader: FileReader, encoded: Encoded
) -> list[Import]:
    return [
        replace(each, start=encoded.offset(each.start), end=encoded.offset(each.end))
        for node in found
        for each in reader.imports(node)
    ]
