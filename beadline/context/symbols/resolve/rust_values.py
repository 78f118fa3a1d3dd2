"""What the expressions of Rust code are. Knows no prompt and ranks nothing.

`unwrap`, `?`, `lock` and their like give what they are called on: wrappers are seen through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import call_before, cut
from beadline.context.symbols.resolve.rust_crates import Module
from beadline.context.symbols.resolve.rust_types import Type, Types, segments
from beadline.context.symbols.resolve.scene import Link, chain, expression, local_text
from beadline.context.symbols.resolve.words import uses, words
from beadline.context.symbols.types import Located, Scene

_DEEPEST = 8
"""Expressions that an expression's type hangs on."""
_BEFORE = 200
"""Characters before a name in which its declaration starts."""
_TUPLE_INDEX = re.compile(r"\.(?=\d+\b)")
_ANGLES = r"<[^()<>]*(?:<[^()<>]*>[^()<>]*)*>"
_PATH = re.compile(rf"[&*\s]*(?:mut\s+)?((?:\w+\s*(?:::\s*{_ANGLES})?\s*::\s*)*\w+)")
_GENERIC = re.compile(rf"::\s*{_ANGLES}")
_WRAPS = re.compile(
    r"(?:^|::)(?:Box|Arc|Rc|Mutex|RwLock|RefCell|Cell|Some|Ok|Cow|Pin|OnceCell|Reverse)(?:::\w+)?\Z"
)
_TYPED = re.compile(
    r"\s*:(?!:)\s*(?=(?:&|\*|'\w+\s|mut\s|dyn\s|impl\s|const\s|[\[(])*(?:\w+::)*[A-Z])"
)
_CALL = re.compile(r"\w\(")
_BINDS = re.compile(r"[^=;{}]*(?:\{[^{};=]*\}[^=;{}]*)?=(?![=>])\s*")
_LET = re.compile(r"\blet\s+([^=;]*)\Z")
_FOR = re.compile(r"\bfor\s+([^{};]*)\Z")
_IN = re.compile(r"[^{};]*?\bin\s+")
_BAR = re.compile(r"\|[^|(){};]*(?:\([^|(){};]*)?\Z")
_BAR_END = re.compile(r"[^|;{}]{0,80}\|")
_ARM = re.compile(r"[^=\n;]*=>")
_MATCH = re.compile(r"\bmatch\s+")
_MADE = re.compile(r"((?:\w+::)*\w+)\s*([({])([^(){}]*)\Z")
_SAME = words(
    "unwrap expect unwrap_or unwrap_or_else unwrap_or_default ok ok_or ok_or_else map_err context "
    "with_context clone cloned copied to_owned as_ref as_mut as_deref as_deref_mut borrow lock "
    "read borrow_mut write iter iter_mut into_iter next last first get get_mut pop take replace "
    "filter rev skip peekable into_inner inspect collect by_ref load deref find enumerate chain "
    "nth entry min_by_key max_by_key or_insert_with or_default remove swap_remove drain "
    "values"
)
"""Methods of the library that give what they are called on, wrappers aside."""


class Values(Types):
    """The values seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        super().__init__(scene, graph)
        self._text, self._offset = scene.document.text, scene.offset
        self._local = scene.offset - len(local_text(scene))
        self._hanging = 0

    def of(self, text: str) -> Type | None:
        """The type of an expression at the cursor."""
        if self._hanging >= _DEEPEST:
            return None
        self._hanging += 1
        try:
            return self._of(_TUPLE_INDEX.sub("._", text.strip()))
        finally:
            self._hanging -= 1

    def path(self, text: str) -> Located | Module | None:
        """What a path at the cursor stands for: a module, a type, a function."""
        return self._path(segments(_GENERIC.sub("", text)))

    def variable(self, name: str) -> Type | None:
        """The type of a local variable or a parameter."""
        text = self._text
        for start in uses(text, name, self._local, self._offset):
            at = start + len(name)
            if text.startswith("::", at) or text.endswith(":", 0, start):
                continue
            before = text[max(self._local, start - _BEFORE) : start]
            if "//" in before.rpartition("\n")[2]:
                continue
            if typed := _TYPED.match(text, at):
                kind = _type_at(text, typed.end())
                if "Fn" in kind or not _CALL.search(kind):  # else the field of a literal
                    return self.here(kind)
            if let := _LET.search(before):
                if binds := _BINDS.match(text, at):
                    return self._bound(let[1], name, binds.end())
            elif loop := _FOR.search(before):
                if begins := _IN.match(text, at):
                    return self._bound(loop[1], name, begins.end())
            elif (bar := _BAR.search(before)) and _BAR_END.match(text, at):
                called = call_before(text, start - len(before) + bar.start())
                if found := self.of(cut(called)[0]):
                    return found
            elif _ARM.match(text, at):
                heads = list(_MATCH.finditer(text, self._local, start))
                value = heads[-1].end() if heads else len(text)
                return self._bound(before.rpartition("\n")[2], name, value)
        return None

    def _bound(self, pattern: str, name: str, at: int) -> Type | None:
        """The type of a name of a pattern: `pattern` is what stands before it, and at `at` the
        value starts."""
        made = _MADE.search(pattern)
        if made is None or made[1] in ("Some", "Ok"):
            return self.of(expression(self._text, at))
        found = self._path(segments(made[1]))
        if not isinstance(found, Located):
            return None
        return self.payload(found, name if made[2] == "{" else made[3].count(","))

    def _of(self, text: str) -> Type | None:
        links = chain(text)
        match = _PATH.match(text)
        if not links or match is None:
            return None
        path = segments(_GENERIC.sub("", match[1]))
        if len(path) > len(links):
            return None
        last, rest = links[len(path) - 1], links[len(path) :]
        if last.called and _WRAPS.search("::".join(path)):
            return self._walk(self.of(last.arguments), rest)
        if path == ("self",):
            return self._walk(self.self_type, rest)
        if len(path) == 1 and (local := self.variable(path[0])):
            return self._walk(local, rest)
        found = self._path(path)
        if found is None and len(path) > 1 and last.called:  # derived: `Foo::default()`
            return self._walk(self.here("::".join(path[:-1])), rest)
        if not isinstance(found, Located):
            return None
        around = self._path(path[:-1]) if len(path) > 1 else None
        return self._walk(self.result(found, around), rest)

    def _path(self, path: tuple[str, ...]) -> Located | Module | None:
        if path == ("Self",):
            return self.named(self.self_type)
        found = None if path[:1] == ("Self",) else self.resolve(path, self.own)
        if found is not None or len(path) < 2:
            return found
        of = self.named(self.here("::".join(path[:-1])))  # an alias, or a trait's function
        members = self.find(of, path[-1]) if of else []
        return members[0] if members else None

    def _walk(self, found: Type | None, links: Sequence[Link]) -> Type | None:
        for link in links:
            located = self.named(found)
            if located is None:
                return None
            if link.name[:1] == "_" and link.name[1:].isdigit():
                found = self.payload(located, int(link.name[1:]))
            elif members := self.find(located, link.name):
                found = self.result(members[0], located)
            elif link.name not in _SAME:
                return None
        return found


def _type_at(text: str, at: int) -> str:
    """The type that starts at `at`, up to what ends it."""
    depth = 0
    for i in range(at, min(len(text), at + _BEFORE)):
        character = text[i]
        if character in "<([":
            depth += 1
        elif character in ">)]" and text[i - 1] != "-":
            depth -= 1
            if depth < 0:
                return text[at:i].strip()
        elif character in ",=;{|" and depth == 0:
            return text[at:i].strip()
    return text[at : at + _BEFORE].strip()
