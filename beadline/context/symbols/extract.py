"""Reads what a file defines, imports and names, off its syntax tree. Knows no other file.

A query a language (`languages/data/<id>.symbols.scm`) finds the nodes, a `FileReader` says what
they are. Captures: `@definition.<Kind>` with `@name` and where there are such `@body` (the
signature ends before it), `@parameters`, `@type`, `@bases`, `@value`; `@import`. Languages without
such a query are read by their grammar's own `tags.scm`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from beadline.context import languages
from beadline.context.retrieval.terms import words
from beadline.context.symbols.files import Symbols, symbols_of
from beadline.context.symbols.moved import Kept, moved
from beadline.context.symbols.reader import FileReader, Nodes, Source
from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind
from beadline.context.syntax import SyntaxTree
from beadline.context.syntax.bytes import Encoded, encode
from beadline.context.types import Document

if TYPE_CHECKING:
    import tree_sitter

LONGEST_SIGNATURE = 400
"""Characters; the rest of a longer header is left out."""
MOST_DEFINITIONS = 4000
"""Of one file: more is generated code or data."""
_ARGUMENTS = re.compile(r"<[^<>]*>")
_OPENERS = ("=>", ":", "{", "=")
"""What opens a body; the `>` of type arguments is none of it."""
_BODIES = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.MACRO})
"""What is defined in them is local, but for fields (`self.x = ...`)."""
_TYPES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.MODULE, Kind.TYPE})

_KINDS = {f"definition.{kind}": kind for kind in Kind}
_HEADER_BYTES = 16 * LONGEST_SIGNATURE
_Match = tuple[int, Kind, "tree_sitter.Node", Nodes]
"""Number of the query's pattern, what is defined, its node, all captures."""


class Extractor:
    """Extracts the symbols of documents. Keeps parsers, so it belongs to one thread at a time."""

    def __init__(self) -> None:
        self._symbols: dict[str, Symbols | None] = {}

    def symbols(
        self,
        document: Document,
        tree: SyntaxTree | None = None,
        names: Mapping[str, int] | None = None,
        kept: Kept | None = None,
    ) -> FileSymbols:
        """The symbols of a document. `tree` is its tree where there is one already; `names` is how
        often every identifier occurs in it, where that is known; `kept`: what is known of an
        earlier version, which changes nothing but the time it takes."""
        text = document.text
        if names is None and kept is not None:
            names = kept.names
        names = Counter(words(text)) if names is None else names
        empty = FileSymbols(document.path, document.language, names=names)
        known = self._of(document.language)
        if known is None:
            return empty
        encoded = Encoded(text)
        root = tree.root if tree is not None else known.parse(encoded.data)
        reader = known.reader(Source(encoded.data))
        found, imports = _matches(known.query, root, reader)
        return replace(
            empty,
            package=reader.package(root),
            definitions=tuple(_definitions(found, reader, encoded, kept)),
            imports=tuple(_imports(imports, reader, encoded)),
        )

    def moved(
        self, before: FileSymbols, old: str, document: Document, tree: SyntaxTree
    ) -> FileSymbols | None:
        """The symbols of a document by those of `old`, an earlier text of it; None where they have
        to be extracted anew (`moved`)."""
        known = self._of(document.language)
        if known is None or (before.path, before.language) != (document.path, document.language):
            return None
        reader = known.reader(Source(encode(document.text)))

        def matches(start: int, end: int) -> Iterator[Nodes]:
            for _, nodes in _captured(known.query, tree.root, reader, (start, end)):
                yield nodes

        found = moved(before, old, tree, matches)
        return None if found is None else replace(found, package=reader.package(tree.root))

    def _of(self, language: str) -> Symbols | None:
        if language not in self._symbols:
            self._symbols[language] = symbols_of(languages.get(language))
        return self._symbols[language]


def _matches(
    query: tree_sitter.Query, root: tree_sitter.Node, reader: FileReader
) -> tuple[list[_Match], list[tree_sitter.Node]]:
    """Matches of definitions, outer before inner, and the import nodes; each in order."""
    found: dict[tuple[int, int, int], _Match] = {}
    imports: dict[int, tree_sitter.Node] = {}
    for pattern, nodes in _captured(query, root, reader):
        if "import" in nodes:
            imports[nodes["import"][0].start_byte] = nodes["import"][0]
        if "name" not in nodes:
            continue
        capture = next((capture for capture in nodes if capture in _KINDS), "")
        if not capture:
            continue
        node = nodes[capture][0]
        key = node.start_byte, -node.end_byte, nodes["name"][0].start_byte
        known = found.get(key)
        # The query's first pattern that matches says what it is, with all it captures: matches
        # come in the order in which they end.
        if known is None:
            if len(found) >= MOST_DEFINITIONS:
                continue
        elif _rank(pattern, nodes) >= _rank(known[0], known[3]):
            continue
        found[key] = pattern, _KINDS[capture], node, nodes
    return [found[key] for key in sorted(found)], [imports[at] for at in sorted(imports)]


def _captured(
    query: tree_sitter.Query,
    root: tree_sitter.Node,
    reader: FileReader,
    within: tuple[int, int] | None = None,
) -> Iterator[tuple[int, Nodes]]:
    """Patterns and what they captured. `within`: a range of bytes; matches that do not touch it may
    be left out."""
    import tree_sitter

    cursor = tree_sitter.QueryCursor(query)
    cursor.set_max_start_depth(reader.deepest)
    if within is not None:
        cursor.set_byte_range(*within)
    yield from cursor.matches(root)
    yield from reader.beside(root)


def _rank(pattern: int, nodes: Nodes) -> tuple[int, int]:
    return pattern, -sum(map(len, nodes.values()))


def _definitions(
    found: list[_Match], reader: FileReader, encoded: Encoded, kept: Kept | None
) -> list[Definition]:
    source = reader.source
    made: list[Definition] = []
    around: list[tuple[int, Kind, str]] = []
    """End, kind and qualified name of the definitions around the next one."""
    fields: dict[tuple[str, str], int] = {}
    """Where in `made` the fields of classes are."""
    for _, kind, node, nodes in found:
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
            if kind is Kind.FIELD:
                known = fields.get((owner, name))
                if not owner or (known is not None and not _is_empty(made[known])):
                    continue  # of a class it is told once, where something is said of it
                if known is not None:
                    made[known] = _definition(kind, name, owner, node, nodes, reader, encoded, kept)
                    continue
        kind = reader.kind(kind, name, owner)
        if kind is Kind.FIELD:
            fields.setdefault((owner, name), len(made))
        made.append(_definition(kind, name, owner, node, nodes, reader, encoded, kept))
        if kind in _BODIES or kind in _TYPES:
            around.append((node.end_byte, kind, f"{owner}.{name}" if owner else name))
    return sorted(made, key=lambda each: (each.start, -each.end))


def _is_empty(field: Definition) -> bool:
    """Nothing is said of its type: `self.x = None`."""
    return not field.type and not field.value


def _definition(
    kind: Kind,
    name: str,
    owner: str,
    node: tree_sitter.Node,
    nodes: Nodes,
    reader: FileReader,
    encoded: Encoded,
    kept: Kept | None,
) -> Definition:
    source = reader.source
    body = nodes["body"][0] if "body" in nodes else None
    outer = reader.outer(node)
    top = reader.header(node)
    end = encoded.offset(max(outer.end_byte, node.end_byte))
    known = kept and kept.definition(encoded.offset(top), name, owner, kind, end)
    if known is not None:
        return known
    above = reader.comments_above(outer)
    first = above[0] if above else outer
    stop = body.start_byte if body is not None else node.end_byte
    header = source.data[top : min(stop, top + _HEADER_BYTES)].decode("utf-8", "replace")
    signature = " ".join(header[: 4 * LONGEST_SIGNATURE].split())
    value = ""
    if "value" in nodes:
        value = reader.value(nodes["value"][0])
    elif body is not None and kind in _BODIES:
        value = reader.result(body)
    if body is not None:
        signature = _without_opener(signature)
    return Definition(
        name=name,
        kind=kind,
        owner=owner,
        start=encoded.offset(first.start_byte),
        end=end,
        header=encoded.offset(top),
        header_end=encoded.offset(stop),
        line=nodes["name"][0].start_point.row + 1,
        signature=signature[:LONGEST_SIGNATURE],
        doc=reader.doc(outer, body),
        exported=reader.exported(node, name, owner),
        type=source.line(nodes["type"][0])[: 4 * LONGEST_SIGNATURE] if "type" in nodes else "",
        bases=(
            *(base for each in nodes.get("bases", ()) for base in reader.bases(each)),
            *(reader.implied(above) if kind in _TYPES else ()),
        ),
        value=value[:LONGEST_SIGNATURE],
        parameters=reader.parameters(nodes["parameters"][0]) if "parameters" in nodes else (),
    )


def _without_opener(signature: str) -> str:
    while signature.endswith(_OPENERS):
        signature = signature[: -2 if signature.endswith("=>") else -1].rstrip()
    return signature


def _imports(found: list[tree_sitter.Node], reader: FileReader, encoded: Encoded) -> list[Import]:
    return [
        Import(
            each.module,
            each.name,
            each.alias,
            encoded.offset(each.start),
            encoded.offset(each.end),
            each.exported,
        )
        for node in found
        for each in reader.imports(node)
    ]
