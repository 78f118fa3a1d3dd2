"""The frozen values of the symbol graph. Knows no parser, no index and no resolution.

Offsets are Unicode code points into LF-normalised text. Names, types and modules are as written in
the file; what they stand for is for the resolvers to find out, with the newest graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document


class Kind(StrEnum):
    """What a definition is."""

    CLASS = "class"
    """Also structs, records, traits' implementors: what has members and can be constructed."""
    INTERFACE = "interface"
    """Also traits and protocols."""
    ENUM = "enum"
    FUNCTION = "function"
    METHOD = "method"
    """A function with an owner."""
    FIELD = "field"
    """A variable with an owner, an enum's member included."""
    VARIABLE = "variable"
    CONSTANT = "constant"
    TYPE = "type"
    """An alias."""
    MODULE = "module"
    """A namespace inside a file."""
    MACRO = "macro"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function; the receiver (`self`) is none."""

    name: str
    type: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition at the level of its file or of another definition; no local of a body."""

    name: str
    kind: Kind
    owner: str
    """Names of the definitions around it, `Outer.Inner`; empty at the file's level. A Go method's
    owner is its receiver's type, a Rust one's the type of its `impl`."""
    start: int
    """Offset of the first character, decorators, attributes and doc comment included."""
    end: int
    header: int
    """Offset of the definition's own first line behind decorators and comments."""
    header_end: int
    """Offset where the body starts; the end where there is none."""
    line: int
    """1-based line of the name."""
    signature: str
    """The header in one line: runs of white space as one blank, without decorators and without the
    `:` or `{` that opens the body."""
    doc: str = ""
    """First line of the documentation, without comment signs."""
    exported: bool = True
    """Other files may use it."""
    type: str = ""
    """Declared type of a variable, return type of a function."""
    bases: tuple[str, ...] = ()
    """Base classes, interfaces, embedded types; a Rust type's traits."""
    value: str = ""
    """Of a variable without a type: what it is assigned, `Foo()` for a call, `foo` for a name; of a
    Python function: what its last statement returns."""
    parameters: tuple[Parameter, ...] = ()

    @property
    def qualified(self) -> str:
        """Owner and name."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a file takes from a module."""

    module: str
    """As written: `..pkg.mod`, `./util`, `java.util.List` without its last part, `fmt`,
    `crate::a::b`."""
    name: str
    """Of the module's names; empty: the module itself; `*`: all."""
    alias: str
    """What the file calls it; `name` or the module's own name where there is no `as`."""
    start: int
    end: int
    """Range of the whole import statement."""
    exported: bool = False
    """Other files see it here (re-export, `pub use`, anything imported in Python)."""


@dataclass(frozen=True, slots=True)
class FileSymbols:
    """What one file defines, imports and names."""

    path: str
    """Relative to the workspace, forward slashes."""
    language: str
    package: str = ""
    """As declared (Java, Go, Kotlin, C#, PHP); empty where the path says it."""
    definitions: tuple[Definition, ...] = ()
    """By start."""
    imports: tuple[Import, ...] = ()
    names: Mapping[str, int] = field(default_factory=dict)
    """How often every identifier occurs; keywords included."""


@dataclass(frozen=True, slots=True)
class Located:
    """A definition and its file."""

    path: str
    definition: Definition


class Reason(StrEnum):
    """Why a cursor needs a definition, in the order of how much."""

    CALLEE = "callee"
    """The cursor is among its arguments."""
    MEMBER = "member"
    """A member of the receiver in front of the cursor, `receiver.`."""
    RECEIVER = "receiver"
    """The receiver's type."""
    EXPORT = "export"
    """The module before the cursor offers it, `module.` or the import statement's: one of many, so
    of a class only its header is asked for."""
    NAME = "name"
    """The lines around the cursor name it."""
    TYPE = "type"
    """A variable in play is of this type."""
    BASE = "base"
    """The class around the cursor derives from it."""
    IMPORT = "import"
    """The file imports it and the cursor's neighbourhood has not used it yet."""


@dataclass(frozen=True, slots=True)
class Needed:
    """A definition that a cursor needs."""

    located: Located
    reason: Reason
    weight: float
    """Comparable within one cursor; higher is better."""
    members: tuple[str, ...] = ()
    """Of a class: names of members in the order of how likely the cursor needs them."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A cursor as resolvers see it."""

    document: Document
    offset: int
    symbols: FileSymbols
    """Of `document`, the unsaved text."""
    tree: SyntaxTree | None
