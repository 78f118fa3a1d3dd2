"""What stands at and around a cursor, for resolvers. Knows no language's syntax and no graph.

Read off text and lines first: the tree around a cursor is broken as a rule, and everything behind
it may be missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from beadline.context import languages
from beadline.context.hole import Hole, look
from beadline.context.lexer import Logical, columns, indent_of
from beadline.context.symbols.resolve.chains import (
    Link,
    behind_blanks,
    chain,
    expression,
    split,
    start_of,
)
from beadline.context.symbols.types import Definition, Kind, Scene

__all__ = [
    "Bound",
    "Cursor",
    "Link",
    "Namespace",
    "chain",
    "enclosing",
    "expression",
    "headers",
    "local_text",
    "split",
    "start_of",
]

NEAR_ABOVE = 40
"""Lines above the cursor whose names are in play."""
NEAR_BELOW = 8
_LOCAL_LINES = 200
_LOCAL_CHARS = 40_000
_LINE_CHARS = 400
"""Of longer lines the rest is not read: they are data."""
_IDENTIFIER = re.compile(r"(?<![\w$])[^\W\d][\w$]+")
_REST = re.compile(r"\A[\w$]+")
"""What is left of the word under the cursor: no name of its own."""
_IMPORT = re.compile(
    r"\s*(?:pub(?:\([^)]*\))?\s+)?"
    r"(?:import(?=[\s\"'{*]|\Z)|#\s*include\b"
    r"|(?:from|use|using|require|require_relative|include)(?=[\s\"'<]|\Z)(?!\s*[=(,)\]:])"
    r"|export\s+(?:type\s+)?[*{])"
)
_DECLARES = re.compile(r"(?<![\w.$])(?:def|func|fn|fun|function|class|sub)\b[^{};=:]*\Z")
"""What stands before the brackets of parameters, which are no call's."""
_FUNCTION = re.compile(r"(?:^|[\s=(:])(?:def|func|fn|fun|function)\b")
_UNINDENTED = re.compile(r"[{}]+|(?:\w+\s*:)")
"""Lines that say nothing about what is around: `{` of a header above, `public:`, `else:`."""
_BODIES = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.MACRO})
_AROUND = _BODIES | {Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.MODULE}


@dataclass(frozen=True, slots=True)
class Cursor:
    """What stands at a cursor."""

    word: str
    """The unfinished identifier before the cursor; empty for none."""
    receiver: str
    """The expression before the `.`, `?.`, `::` or `->` in front of `word`; empty for none."""
    callee: str
    """The expression whose argument list the cursor is in, innermost; empty for none."""
    callees: tuple[str, ...]
    """All calls around the cursor within its statement, innermost first."""
    in_import: bool
    near: tuple[str, ...]
    """Identifiers of the lines around, nearest first, each once; `word` is not among them."""

    @classmethod
    def at(cls, scene: Scene, *, words: frozenset[str]) -> Cursor:
        """Read a cursor. `words`: keywords that are neither called nor in play; `self`, `this` and
        `super` are no such."""
        text, offset, hole = scene.document.text, scene.offset, _hole(scene)
        start = offset
        while start and (text[start - 1] in "_$" or text[start - 1].isalnum()):
            start -= 1
        if start < offset and text[start].isdigit():
            start = offset
        callees = tuple(_callees(text, hole, words))
        return cls(
            word=text[start:offset],
            receiver=_receiver(text, start),
            callee=callees[0] if callees else "",
            callees=callees,
            in_import=_in_import(text, offset, hole),
            near=tuple(_near(text, start, offset, words)),
        )


def headers(scene: Scene) -> tuple[str, ...]:
    """The logical lines that the cursor's line is indented under, outermost first, whole:
    `class A(B):`, `async def f(self, a: A) -> B:`, `with a as b:`."""
    text = scene.document.text
    return tuple(text[line.start : line.end] for line in _outline(scene))


def enclosing(scene: Scene) -> tuple[Definition, ...]:
    """The definitions of the file that the cursor is in, outermost first.

    By indentation, which broken code keeps; in languages with braces also by their spans.
    """
    outline = _outline(scene)
    by_indent = languages.get(scene.document.language).blocks == "indent"
    found = [
        each
        for each in scene.symbols.definitions
        if each.header < scene.offset
        and each.kind in _AROUND
        and (
            any(line.start <= each.header <= line.end for line in outline)
            or (not by_indent and each.start <= scene.offset <= each.end)
        )
    ]
    return tuple(sorted(found, key=lambda each: (each.start, -each.end)))


def local_text(scene: Scene) -> str:
    """The function around the cursor from its header up to the cursor, decorators left out; where
    there is none, the last lines before the cursor."""
    text, offset = scene.document.text, scene.offset
    starts = [each.header for each in enclosing(scene) if each.kind in _BODIES]
    starts += [line.start for line in _outline(scene) if _FUNCTION.search(_first(text, line))]
    if starts:
        return text[max(min(starts), offset - _LOCAL_CHARS) : offset]
    at = offset
    for _ in range(_LOCAL_LINES):
        at = text.rfind("\n", max(0, offset - _LOCAL_CHARS), at)
        if at < 0:
            break
    return text[max(at + 1, offset - _LOCAL_CHARS) : offset]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a name is bound to at one place."""

    type: str = ""
    """The type as declared; empty where none is."""
    value: str = ""
    """The expression; of an iteration the one that is iterated."""
    how: str = "value"
    """`value`; `items`: the name is an element; `entered`: it is what `with` gives; or whatever
    other group a resolver's pattern has."""
    position: int = -1
    """Which of several names on the left side; -1 for the only one."""


class Namespace:
    """What the names of a piece of text are bound to, by regular expressions."""

    def __init__(self, text: str, patterns: Iterable[re.Pattern[str]]) -> None:
        """Patterns have the group `name` (`a` or `a, b`) and some of `type` and, where the
        expression starts, one of `value`, `items`, `entered`, ..., which tells `Bound.how`. The
        expression is read on from there to its end, over lines if need be.

        The text begins with a newline here: a pattern for the start of a line may begin with one,
        which is found many times faster than `^` is."""
        text = f"\n{text}"
        self._matches: dict[str, list[tuple[int, re.Match[str]]]] = defaultdict(list)
        """By name: which of several on the left side it is (-1: the only one), and where."""
        self._read: dict[str, list[Bound]] = {}
        """Of names that were asked for: few are."""
        for pattern in patterns:
            for match in pattern.finditer(text):
                names = match["name"].split(",")
                for position, name in enumerate(names):
                    if name := name.strip("()[]*& \t"):
                        at = position if len(names) > 1 else -1
                        self._matches[name].append((at, match))

    def of(self, name: str) -> Sequence[Bound]:
        """What a name is bound to, the last binding first; nothing for a name of elsewhere."""
        if name not in self._matches:
            return []
        read = self._read.get(name)
        if read is None:
            found = sorted(self._matches[name], key=lambda each: -each[1].start())
            read = self._read[name] = [_bound(match, position) for position, match in found]
        return read

    def names(self) -> Sequence[str]:
        """All names that are bound."""
        return list(self._matches)


def _bound(match: re.Match[str], position: int) -> Bound:
    groups = match.groupdict()
    ways = [way for way in match.re.groupindex if way not in ("name", "type")]
    how = next((way for way in ways if groups[way] is not None), "value")
    value = ""
    if how in groups and groups[how] is not None:
        value = expression(match.string, match.start(how)) or groups[how].strip()
    kind = " ".join((groups.get("type") or "").split())
    return Bound(kind, value, how, position)


def _hole(scene: Scene) -> Hole:
    if scene.tree is not None:
        return scene.tree.hole_at(scene.offset)
    return look(scene.document.text, scene.offset, languages.get(scene.document.language))


def _first(text: str, line: Logical) -> str:
    return text[line.start : min(line.end, line.start + _LINE_CHARS)].split("\n", 1)[0]


def _outline(scene: Scene) -> list[Logical]:
    """The logical lines before the cursor's that it is indented under, outermost first."""
    hole = _hole(scene)
    statement = hole.statement.strip()
    column = hole.statement_column if statement else columns(indent_of(hole.left))
    found: list[Logical] = []
    for line in reversed(hole.scanned.lines):
        if column == 0:
            break
        if line.column < column and not _UNINDENTED.fullmatch(
            scene.document.text, line.start, line.end
        ):
            found.append(line)
            column = line.column
    return found[::-1]


def _receiver(text: str, start: int) -> str:
    end = behind_blanks(text, start)
    for joint in ("::", "->", "."):
        # With a blank behind it `->` stands before the type of a result.
        if text.endswith(joint, 0, end) and not (joint == "->" and end < start):
            end -= len(joint)
            break
    else:
        return ""
    if "\n" in text[end:start] and _is_comment(text, end):
        return ""
    while end and text[end - 1] in "?!":
        end -= 1
    end = behind_blanks(text, end)
    return text[start_of(text, end) : end]


def _is_comment(text: str, at: int) -> bool:
    """The line that ends at `at` is a comment: its full stop is none of an expression."""
    line = text[text.rfind("\n", 0, at) + 1 : at].lstrip()
    return line.startswith(("#", "//", "--", "*", "/*"))


def _callees(text: str, hole: Hole, words: frozenset[str]) -> Iterator[str]:
    """The expressions called around the cursor, innermost first, as far as its statement goes."""
    braces = hole.language.blocks != "indent"
    stack = hole.scanned.stack
    for index in range(len(stack) - 1, -1, -1):
        bracket, at = stack[index]
        if bracket == "{" and braces and not _literal(text, stack[:index], at, words):
            return
        if bracket != "(":
            continue
        end = at
        while end and text[end - 1] in " \t":
            end -= 1
        start = start_of(text, end)
        found = text[start:end]
        links = chain(found)
        if not links or (len(links) == 1 and links[0].name in words):
            continue
        line = text.rfind("\n", 0, start) + 1
        if end < at and _IDENTIFIER.fullmatch(found) is None:
            continue  # `] (`, `) (`
        if not _DECLARES.search(text, line, start) and not links[-1].called:
            yield found


def _literal(text: str, outer: Sequence[tuple[str, int]], at: int, words: frozenset[str]) -> bool:
    """The `{` at `at` opens an object or a set of fields rather than a block."""
    before = text[outer[-1][1] if outer else max(0, at - _LINE_CHARS) : at].rstrip()
    if not before or before.endswith((")", "=>")):
        return False
    if before[-1] in "(,:=[{?&|<":
        return True
    # `f(Point { x:` against `f(if x {`
    in_call = bool(outer) and outer[-1][0] in "(["
    return in_call and words.isdisjoint(_IDENTIFIER.findall(before[-_LINE_CHARS:]))


def _in_import(text: str, offset: int, hole: Hole) -> bool:
    """The cursor's line, or one with a bracket that is open there, is an import statement's."""
    for at in (offset, *(at for _, at in reversed(hole.scanned.stack[-4:]))):
        line = text.rfind("\n", 0, at) + 1
        if _IMPORT.match(text, line, max(at + 1, line)):
            return True
    return False


def _near(text: str, start: int, offset: int, words: frozenset[str]) -> Iterator[str]:
    """See `Cursor.near`: [start, offset) is the unfinished word."""
    above = text[max(0, start - NEAR_ABOVE * _LINE_CHARS) : start].split("\n")[-NEAR_ABOVE - 1 :]
    below = text[offset : offset + NEAR_BELOW * _LINE_CHARS].split("\n")[: NEAR_BELOW + 1]
    below[0] = _REST.sub("", below[0])
    rows = [above[-1 - i] for i in range(len(above))]
    seen: set[str] = set()
    for distance in range(max(len(rows), len(below))):
        names: list[str] = []
        if distance < len(rows):
            names += reversed(_IDENTIFIER.findall(rows[distance][-_LINE_CHARS:]))
        if distance < len(below):
            names += _IDENTIFIER.findall(below[distance][:_LINE_CHARS])
        for name in names:
            if name not in seen and name not in words:
                seen.add(name)
                yield name
