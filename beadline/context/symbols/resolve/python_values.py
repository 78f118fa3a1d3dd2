"""What expressions of Python may be: values, and how types are written. Knows no cursor.

A generic class (`class Box(Generic[T])`, `class Box[T]`) binds the names of its parameters to the
arguments that a value's type was written with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from beadline.context.symbols.resolve.chains import split
from beadline.context.symbols.resolve.python_modules import Modules, Symbol
from beadline.context.symbols.types import Kind, Located

CLASSES = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM})
HEAD = re.compile(r"\s*([\w.]+)\s*(?:\[(.*)\])?\s*\Z", re.S)
"""A type's name and its arguments."""
WRAPPED = frozenset(
    {"Optional", "Union", "ClassVar", "Final", "Required", "NotRequired", "ReadOnly", "Awaitable"}
)
"""Types that are one of their arguments."""
MAPPINGS = frozenset(
    {"dict", "Dict", "defaultdict", "DefaultDict", "OrderedDict", "Mapping", "MutableMapping",
     "WeakValueDictionary", "ChainMap"}
)  # fmt: skip
PARTED = frozenset({"tuple", "Tuple", "items"})
"""Containers with a type for each place."""
TAKERS = frozenset({"get", "pop", "popleft", "setdefault", "popitem"})
"""Methods of containers that give an element."""
SAME = frozenset(
    {"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "aiter", "copy", "deepcopy"}
)
"""Functions that give what they take, as far as its elements go."""
_DECLARED = re.compile(r"\bclass\s+\w+\s*\[([^\]]*)\]")
_GENERIC = re.compile(r"(?:\w+\.)?(?:Generic|Protocol)\[")
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Where:
    """Whose names an expression is written in."""

    path: str
    owner: Located | None = None
    """The class that `self` is an instance of."""
    here: bool = False
    """At the cursor: what its function binds counts."""
    bound: Mapping[str, tuple[str, Where]] = field(default_factory=dict, compare=False)
    """Type parameters: the arguments they stand for, and where those are written."""


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may be."""

    symbol: Symbol | None
    """A module, class or function of the workspace; None: a container of a foreign type."""
    instance: bool = False
    """An instance of the class `symbol`."""
    container: str = ""
    """Name of a foreign generic type; `values` and `items` for those of a mapping."""
    arguments: tuple[str, ...] = ()
    """Type arguments as written at `where`."""
    where: Where = field(default_factory=lambda: Where(""))

    @property
    def is_class(self) -> bool:
        """A class itself, no instance of one."""
        symbol = self.symbol
        return (
            isinstance(symbol, Located) and symbol.definition.kind in CLASSES and not self.instance
        )


def is_type_variable(symbol: Symbol | None) -> bool:
    """A name that stands for any type."""
    return isinstance(symbol, Located) and symbol.definition.value.endswith("TypeVar()")


def type_parameters(of: Located, modules: Modules) -> Sequence[str]:
    """Names of the type parameters of a class, in order."""
    if match := _DECLARED.search(of.definition.signature):
        names = (_WORD.search(part) for part in split(match[1]))
        return [name[0] for name in names if name is not None]
    bases = of.definition.bases
    inside = [base.partition("[")[2] for base in bases]
    inside = [base.partition("[")[2] for base in bases if _GENERIC.match(base)] or inside
    return [
        name
        for name in dict.fromkeys(_WORD.findall(",".join(inside)))
        if is_type_variable(modules.exported(of.path, name))
    ]
