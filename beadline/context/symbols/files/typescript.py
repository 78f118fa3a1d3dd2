"""How TypeScript and JavaScript say what they define and import. Knows no graph and no resolution.

What a file exports by another name than its own is an import of the file itself, with an empty
module: `export { a as b }` takes `a` as `b`, `export default a` takes `a` as `default`,
`export = a` and `module.exports = a` take `a` as `export=`. A default export without a name is a
definition called `default`; what `module.exports` is assigned is one called `exports`. The call
signature of a type is a member called `(`, its construct signature one called `new`. What the
object has that a function returns, whose type is not written, are members of the function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from beadline.context.symbols.reader import FileReader, Source
from beadline.context.symbols.types import Import, Kind, Parameter

if TYPE_CHECKING:
    import tree_sitter

DEFAULT = "default"
WHOLE = "export="
"""What a file exports in place of its names; TypeScript's compiler calls it so."""
MAKER, CALL, CONSTRUCT = "constructor", "(", "new"
"""Members that say how a type is called: of classes, of interfaces, of interfaces with `new`."""
_EXPORTING = frozenset({"export_statement", "ambient_declaration"})
_DECLARATIONS = frozenset({
    "abstract_class_declaration", "class_declaration", "enum_declaration", "function_declaration",
    "function_signature", "generator_function_declaration", "interface_declaration",
    "internal_module", "lexical_declaration", "type_alias_declaration", "variable_declaration",
})  # fmt: skip
_DIRECTIVES = ("eslint", "@ts-", "biome-", "prettier-", "istanbul", "c8 ", "v8 ", "@__")
"""Comments for tools."""
_TAKEN_PATTERNS = frozenset({
    "object_assignment_pattern", "pair_pattern", "shorthand_property_identifier_pattern",
})  # fmt: skip
_FUNCTIONS = frozenset({
    "arrow_function", "function_declaration", "function_expression", "generator_function",
    "generator_function_declaration",
})  # fmt: skip
_AROUND_VALUES = frozenset({
    "as_expression", "parenthesized_expression", "return_statement", "satisfies_expression",
})  # fmt: skip
_TELLING = frozenset({
    "as_expression", "call_expression", "identifier", "member_expression", "new_expression",
})  # fmt: skip
"""Values that say of what type they are."""
_BESIDE = 1 << 16
"""Stands for the number of a pattern of the query, behind all of those."""
_TAKES = re.compile(rb"=\s*(?:await\s+import|require)(?=\s*\()")
_TAKEN_ABOVE = 6
"""Levels from what takes a module up to the variable."""
_LONGEST_VALUE = 1000
"""Bytes."""
_LONGEST_PATTERN = 60
"""Characters of a destructured parameter that stand for its name."""


class Reader(FileReader):
    """Reads one file."""

    deepest = 9

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._last: tuple[int, tree_sitter.Node] | None = None
        """Id of the node that was asked for last, and its outer node."""
        self._owners: dict[int, str] = {}
        """By the id of a member of an object that a function returns: name of the function."""

    def beside(
        self, root: tree_sitter.Node
    ) -> Iterator[tuple[int, dict[str, list[tree_sitter.Node]]]]:
        """See `FileReader`: what the objects have that the file's functions return, and the
        modules that are imported in bodies."""
        for match in _TAKES.finditer(self.source.data):
            node = root.named_descendant_for_byte_range(match.start(), match.end())
            for _ in range(_TAKEN_ABOVE):
                if node is None or node.type == "variable_declarator":
                    break
                node = node.parent
            if node is not None and node.type == "variable_declarator":
                yield _BESIDE, {"import": [node]}
        for statement in root.named_children:
            for name, function in self._functions(statement):
                if _field(function, "return_type") is not None:
                    continue
                for member in _returned(function):
                    if (parts := _member(member)) is not None:
                        self._owners[member.id] = name
                        found = {key: [part] for key, part in parts.items() if part is not None}
                        yield _BESIDE, found

    def _functions(self, node: tree_sitter.Node) -> Iterator[tuple[str, tree_sitter.Node]]:
        """Name and node of the functions that a statement of the file defines."""
        if node.type == "export_statement":
            declared = _field(node, "declaration") or _field(node, "value")
            if declared is not None:
                yield from self._functions(declared)
        elif node.type in _FUNCTIONS:
            yield self.source.text(_field(node, "name")) or DEFAULT, node
        elif node.type in ("lexical_declaration", "variable_declaration"):
            for each in node.named_children:
                value = _field(each, "value")
                if value is not None and value.type in _FUNCTIONS:
                    yield self.source.text(_field(each, "name")), value

    def outer(self, node: tree_sitter.Node) -> tree_sitter.Node:
        """See `FileReader`: `export` and `declare`."""
        if node.type not in _DECLARATIONS:
            return node
        if self._last is None or self._last[0] != node.id:
            found, parent = node, node.parent
            while parent is not None and parent.type in _EXPORTING:
                found, parent = parent, parent.parent
            self._last = node.id, found
        return self._last[1]

    def header(self, node: tree_sitter.Node) -> int:
        """See `FileReader`."""
        first = _child(node)
        if first is None or first.type != "decorator":
            return node.start_byte
        return next((c.start_byte for c in node.children if c.type != "decorator"), node.start_byte)

    def owner(self, node: tree_sitter.Node) -> str | None:
        """See `FileReader`: the object of an assignment in JavaScript, or the function that returns
        what the node is a member of."""
        if (function := self._owners.get(node.id)) is not None:
            return function
        if node.type != "expression_statement":
            return None
        left = _field(_inner(node), "left")
        owner = self.source.line(_field(left, "object")).removesuffix(".prototype")
        if owner in ("exports", "module.exports", "this"):
            return ""
        return "" if owner == "module" else owner

    def kind(self, kind: Kind, name: str, owner: str) -> Kind:
        """See `FileReader`."""
        if kind is Kind.METHOD and not owner:
            return Kind.FUNCTION
        return super().kind(kind, name, owner)

    def exported(self, node: tree_sitter.Node, name: str, owner: str) -> bool:
        """See `FileReader`: what is neither exported nor a member that is not private."""
        if not owner:
            return self.outer(node).type in (*_EXPORTING, "expression_statement")
        first = _child(node)
        if first is not None and first.type == "accessibility_modifier":
            return self.source.text(first) != "private"
        return not name.startswith("#")

    def parameters(self, node: tree_sitter.Node) -> tuple[Parameter, ...]:
        """See `FileReader`; a destructured one is called by its pattern."""
        if node.type == "identifier":
            return (Parameter(self.source.text(node)),)
        found: list[Parameter] = []
        for child in node.named_children:
            if child.type == "comment":
                continue
            # JavaScript's parameters are patterns themselves.
            pattern = _field(child, "pattern") or _field(child, "left") or child
            if pattern.type == "this":
                continue
            name = self.source.line(pattern)[:_LONGEST_PATTERN].removeprefix("...")
            optional = child.type in ("optional_parameter", "assignment_pattern", "rest_pattern")
            optional |= pattern.type == "rest_pattern" or _field(child, "value") is not None
            type_ = self.source.line(_field(child, "type")).removeprefix(":").strip()
            found.append(Parameter(name, type_, optional))
        return tuple(found)

    def value(self, node: tree_sitter.Node) -> str:
        """See `FileReader`; of a long value the beginning."""
        end = min(node.end_byte, node.start_byte + _LONGEST_VALUE)
        return " ".join(self.source.data[node.start_byte : end].decode("utf-8", "replace").split())

    def bases(self, node: tree_sitter.Node) -> Iterator[str]:
        """See `FileReader`."""
        for child in node.named_children:
            if child.type in ("extends_clause", "implements_clause"):
                yield from self.bases(child)
            elif child.type not in ("type_arguments", "comment"):
                yield self.source.line(child)

    def belongs_below(self, node: tree_sitter.Node) -> bool:
        """See `FileReader`."""
        return node.type in ("comment", "decorator")

    def doc(self, node: tree_sitter.Node, body: tree_sitter.Node | None) -> str:
        """See `FileReader`."""
        for above in self.comments_above(node):
            if above.type == "comment":
                said = self.said(self.source.text(above))
                if said and not said.startswith(_DIRECTIVES):
                    return said
        return ""

    def imports(self, node: tree_sitter.Node) -> Iterator[Import]:
        """See `FileReader`."""
        exported = node.type in ("export_statement", "expression_statement")
        declared = _field(node, "declaration") or _field(node, "value")
        end = declared.start_byte if exported and declared is not None else node.end_byte
        for module, name, alias in self._taken(node):
            yield Import(module, name, alias, node.start_byte, end, exported)

    def _taken(self, node: tree_sitter.Node) -> Iterator[tuple[str, str, str]]:
        """Module, name and alias of what an `@import` node takes."""
        if node.type == "import_statement":
            yield from self._imported(node)
        elif node.type == "export_statement":
            yield from self._exported(node)
        elif node.type == "variable_declarator":
            yield from self._required(_field(node, "name"), _field(node, "value"))
        else:
            yield from self._assigned(_inner(node))

    def _imported(self, node: tree_sitter.Node) -> Iterator[tuple[str, str, str]]:
        module = self._string(_field(node, "source"))
        for clause in node.named_children:
            if clause.type == "import_require_clause":
                required = self._string(_field(clause, "source"))
                yield required, "", self.source.text(_inner(clause))
            if clause.type != "import_clause":
                continue
            for part in clause.named_children:
                if part.type == "identifier":
                    yield module, DEFAULT, self.source.text(part)
                elif part.type == "namespace_import":
                    yield module, "", self.source.text(_inner(part))
                elif part.type == "named_imports":
                    yield from self._specified(module, part)

    def _exported(self, node: tree_sitter.Node) -> Iterator[tuple[str, str, str]]:
        source = _field(node, "source")
        module = self._string(source)
        listed = False
        for child in node.children:
            if child.type == "export_clause":
                listed = True
                yield from self._specified(module, child)
            elif child.type == "namespace_export":
                listed = True
                yield module, "", self._name(_inner(child))
        if source is not None:
            if not listed:
                yield module, "*", ""
            return
        if listed:
            return
        # `export default function a() {}`, `export default a`, `export = a`
        taken = _field(_field(node, "declaration"), "name") or _field(node, "value")
        if taken is None and node.named_child_count:
            taken = node.named_child(node.named_child_count - 1)
        if taken is not None and taken.type in ("identifier", "type_identifier"):
            whole = any(child.type == "=" for child in node.children)
            yield "", self.source.text(taken), WHOLE if whole else DEFAULT

    def _specified(self, module: str, node: tree_sitter.Node) -> Iterator[tuple[str, str, str]]:
        for each in node.named_children:
            name = self._name(_field(each, "name"))
            if name:
                yield module, name, self._name(_field(each, "alias")) or name

    def _required(
        self, target: tree_sitter.Node | None, value: tree_sitter.Node | None
    ) -> Iterator[tuple[str, str, str]]:
        """What a variable or an export takes by `require` or `import()`."""
        member = ""
        if value is not None and value.type == "member_expression":
            member, value = self._name(_field(value, "property")), _field(value, "object")
        if value is not None and value.type == "await_expression":
            value = _inner(value)
        called = self.source.text(_field(value, "function"))
        arguments = _field(value, "arguments")
        first = _inner(arguments)
        if called not in ("require", "import") or first is None or first.type != "string":
            return
        module = self._string(first)
        if target is None or target.type != "object_pattern":
            yield module, member, self._name(target)
            return
        for part in target.named_children:
            if part.type not in _TAKEN_PATTERNS:
                continue
            key = _field(part, "key") or _field(part, "left") or part
            alias = _field(part, "value") or key
            alias = _field(alias, "left") or alias
            yield module, self._name(key), self._name(alias)

    def _assigned(self, node: tree_sitter.Node | None) -> Iterator[tuple[str, str, str]]:
        """`exports.a = b`, `module.exports = a`, `exports = module.exports = a`."""
        targets: list[tree_sitter.Node | None] = []
        while node is not None and node.type == "assignment_expression":
            targets.append(_field(node, "left"))
            node = _field(node, "right")
        for target in targets:
            written = self.source.line(target)
            if written == "module.exports":
                alias = WHOLE
            elif written.startswith(("exports.", "module.exports.")):
                alias = written.rpartition(".")[2]
            else:
                continue
            if node is not None and node.type == "identifier":
                yield "", self.source.text(node), alias
            else:
                for module, name, _ in self._required(None, node):
                    yield module, name, alias

    def _name(self, node: tree_sitter.Node | None) -> str:
        """A name, which may be written as a string."""
        return self.source.text(node).strip("\"'")

    def _string(self, node: tree_sitter.Node | None) -> str:
        return self.source.text(node)[1:-1]


def _returned(function: tree_sitter.Node) -> Sequence[tree_sitter.Node]:
    """The members of the object that a function's last statement returns."""
    node = _field(function, "body")
    if node is not None and node.type == "statement_block" and node.named_child_count:
        node = node.named_child(node.named_child_count - 1)
    while node is not None and node.type in _AROUND_VALUES:
        node = _inner(node)
    return node.named_children if node is not None and node.type == "object" else ()


def _member(node: tree_sitter.Node) -> dict[str, tree_sitter.Node | None] | None:
    """The captures of a member of an object, as the query has them; None for others."""
    if node.type == "shorthand_property_identifier":
        return {"definition.field": node, "name": node, "value": node}
    name, value = _field(node, "name") or _field(node, "key"), node
    if node.type == "pair":
        value = _field(node, "value")
    elif node.type != "method_definition":
        return None
    if name is None or value is None or name.type != "property_identifier":
        return None
    if value is not node and value.type not in _FUNCTIONS:
        telling = value if value.type in _TELLING else None
        return {"definition.field": node, "name": name, "value": telling, "body": value}
    return {
        "definition.method": node,
        "name": name,
        "parameters": _field(value, "parameters") or _field(value, "parameter"),
        "type": _inner(_field(value, "return_type")),
        "body": _field(value, "body"),
    }


def _field(node: tree_sitter.Node | None, name: str) -> tree_sitter.Node | None:
    return None if node is None else node.child_by_field_name(name)


def _child(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The first child; None for a leaf, where the library raises."""
    return node.child(0) if node.child_count else None


def _inner(node: tree_sitter.Node | None) -> tree_sitter.Node | None:
    """The first named child; None where there is none."""
    return node.named_child(0) if node is not None and node.named_child_count else None
