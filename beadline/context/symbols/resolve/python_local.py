"""What the names of the file at a cursor are bound to, read off its text. Knows no other file.

The text is broken at the cursor, and often behind it: an open bracket takes everything that
follows. So nothing here is read off the tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from beadline.context.symbols.resolve.scene import Bound, Namespace, headers, local_text, split
from beadline.context.symbols.types import Definition, Kind, Located, Scene

_NAMES = r"(?P<name>\w+(?:[ \t]*,[ \t]*\w+)*)"
_VALUE = r"[ \t]*=[ \t]*(?!=)(?P<value>[\w(\[{\"'])"
_DECLARED = r"(?:[ \t]*:[ \t]*(?P<type>[^=\n#]+?))?"
_OTHERWISE = r"[ \t]*=[^=\n][^\n]*?\b(?:or|else)[ \t]+(?P<value>[\w(])"
_TYPE = (
    r"[\"']?[\w.]+(?:\[[^\n]*?\](?=[\"']?[ \t]*(?:[,)=|#]|$)))?[\"']?"
    r"(?:[ \t]*\|[ \t]*[\"']?[\w.]+(?:\[[^\]\n]*\])?[\"']?)*"
)
_ANNOTATED = rf"[ \t]*:[ \t]*(?P<type>{_TYPE})[ \t]*(?:\#.*)?$"
_RETURNS = (
    r"def(?<!\wdef)[ \t]+(?P<name>\w+)\((?:[^()]++|\([^()]*\))*+\)[ \t]*->[ \t]*(?P<type>[^:\n]+):"
)
_PARAMETER = rf"[(,]\s*\*{{0,2}}(?P<name>\w+)[ \t]*:[ \t]*(?P<type>{_TYPE})"
_MEMBER = r"\n(?:[ ]{4}|[ ]{2}|\t)"
"""Indentation in the body of a class."""


# A pattern that begins with letters is looked for by them: `self(?<!\wself)` says what `\bself`
# says, and takes less time. `\n` is the start of a line (`Namespace`).
def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.M) for pattern in patterns)


_LOCALS = _compiled(
    rf"\n[ \t]*{_NAMES}{_DECLARED}{_VALUE}",
    rf"\n[ \t]*(?P<name>\w+){_OTHERWISE}",
    rf"\n[ \t]*(?P<name>\w+){_ANNOTATED}",
    r"(?<!\w)(?P<name>\w+)[ \t]*:=[ \t]*(?P<value>[\w(])",
    rf"for(?<!\wfor)[ \t]+\(?{_NAMES}\)?[ \t]+in[ \t]+(?P<items>[\w(])",
    r"(?:with(?<!\wwith)\b[\s(]*|,\s*)(?P<entered>[\w(][^\n]*?)[ \t]+as[ \t]+\(?(?P<name>\w+)",
    r"except(?<!\wexcept)\b[ \t]+\(?(?P<type>[\w.]+)[^\n:]*?[ \t]as[ \t]+(?P<name>\w+)",
    r"isinstance(?<!\wisinstance)\([ \t]*(?P<name>\w+)[ \t]*,[ \t]*\(?(?P<type>[\w.]+)",
    _PARAMETER,
)
_GLOBALS = _compiled(rf"\n{_NAMES}{_DECLARED}{_VALUE}", rf"\n(?:async[ \t]+)?{_RETURNS}")
_FIELDS = _compiled(
    rf"self(?<!\wself)\.(?P<name>\w+){_DECLARED}{_VALUE}",
    rf"self(?<!\wself)\.(?P<name>\w+){_OTHERWISE}",
    rf"self(?<!\wself)\.(?P<name>\w+){_ANNOTATED}",
    rf"{_MEMBER}(?P<name>\w+){_DECLARED}{_VALUE}",
    rf"{_MEMBER}(?P<name>\w+){_ANNOTATED}",
    rf"{_MEMBER}(?:async[ \t]+)?{_RETURNS}",
)
_PARAMETERS = _compiled(_PARAMETER)
_CLASS = re.compile(r"class\s+(?P<name>\w+)\s*(?:\[[^\]]*\])?\s*(?:\((?P<bases>.*)\))?\s*:", re.S)
_DEF = re.compile(r"(?:async\s+)?def\s+(?P<name>\w+)")
_OUTSIDE = re.compile(r"^(?:class\b|def\b|async\b|@|if\b)", re.M)
"""Lines behind a class at the level of the file."""
_MOST = 4
"""Bindings of one name that are looked at, the last ones."""


class Local:
    """The text around one cursor."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._headers = headers(scene)

    @cached_property
    def function(self) -> str:
        """Name of the innermost function around the cursor; empty for none."""
        found = [match["name"] for each in self._headers if (match := _DEF.match(each))]
        return found[-1] if found else ""

    @cached_property
    def owner(self) -> Located | None:
        """The innermost class around the cursor."""
        text, offset = self._scene.document.text, self._scene.offset
        found = [(match, each) for each in self._headers if (match := _CLASS.match(each))]
        if not found:
            return None
        match, header = found[-1]
        start = text.rfind(header, 0, offset)
        definition = Definition(
            name=match["name"],
            kind=Kind.CLASS,
            owner=".".join(outer["name"] for outer, _ in found[:-1]),
            start=start,
            end=offset,
            header=start,
            header_end=start + len(header),
            line=text.count("\n", 0, start) + 1,
            signature=" ".join(header.split()).rstrip(" :"),
            bases=tuple(base for base in split(match["bases"] or "") if "=" not in base),
        )
        return Located(self._scene.symbols.path, definition)

    def names(self, name: str) -> Sequence[Bound]:
        """What a name is bound to inside the function, the last binding first; then a parameter of
        that name of the class's methods."""
        return [*self._locals.of(name)[:_MOST], *self._parameters.of(name)[:1]]

    def bound(self, name: str) -> bool:
        """The function around the cursor binds a name."""
        return bool(self._locals.of(name))

    def globals(self, name: str) -> Sequence[Bound]:
        """What a name is bound to at the level of the file; for a function its result."""
        return self._globals.of(name)[:_MOST]

    def fields(self, name: str) -> Sequence[Bound]:
        """What an attribute of `self` is bound to in the class; for a method its result."""
        return self._fields.of(name)[:_MOST]

    @cached_property
    def _locals(self) -> Namespace:
        return Namespace(local_text(self._scene), _LOCALS)

    @cached_property
    def _globals(self) -> Namespace:
        return Namespace(self._scene.document.text, _GLOBALS)

    @cached_property
    def _fields(self) -> Namespace:
        return Namespace(self._class_text, _FIELDS)

    @cached_property
    def _parameters(self) -> Namespace:
        return Namespace(self._class_text, _PARAMETERS)

    @cached_property
    def _class_text(self) -> str:
        if self.owner is None:
            return ""
        text, start = self._scene.document.text, self.owner.definition.header
        behind = _OUTSIDE.search(text, max(self._scene.offset, start + 1))
        return text[start : behind.start() if behind else len(text)]
