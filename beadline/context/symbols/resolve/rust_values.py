"""What the expressions of Rust code are. Knows no prompt and ranks nothing.

`unwrap`, `?`, `lock` and their like give what they are called on: wrappers are seen through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.calls import call_before, cut
from beadline.context.symbols.resolve.chains import split
from beadline.context.symbols.resolve.generics import generic
from beadline.context.symbols.resolve.rust_crates import Module
from beadline.context.symbols.resolve.rust_text import (
    Step,
    arms,
    bounds,
    operand,
    parts,
    route,
    taken,
)
from beadline.context.symbols.resolve.rust_types import Type, Types, segments
from beadline.context.symbols.resolve.scene import Link, chain, local_text
from beadline.context.symbols.resolve.words import uses, words
from beadline.context.symbols.types import Kind, Located, Scene

_DEEPEST = 8
"""Expressions that an expression's type hangs on."""
_BEFORE = 200
"""Characters before a name in which its declaration starts."""
_TUPLE_INDEX = re.compile(r"\.(?=\d+\b)")
_ANGLES = r"<[^()<>]*(?:<[^()<>]*>[^()<>]*)*>"
_PATH = re.compile(rf"[&*\s]*(?:mut\s+)?((?:\w+\s*(?:::\s*{_ANGLES})?\s*::\s*)*\w+)")
_GENERIC = re.compile(rf"::\s*({_ANGLES})")
_TURBOFISH = re.compile(rf"(\w+)\s*::\s*<((?:[^<>]|{_ANGLES})*)>\s*(?=\()")
_WRAPS = re.compile(
    r"(?:^|::)(?:Box|Arc|Rc|Mutex|RwLock|RefCell|Cell|Some|Ok|Cow|Pin|OnceCell|Reverse)(?:::\w+)?\Z"
)
_TYPED = re.compile(
    r"\s*:(?!:)\s*(?=(?:&|\*|'\w+\s|mut\s|dyn\s|impl\s|const\s|[\[(])*(?:(?:\w+::)*[A-Z]|fn\b))"
)
_PATTERN_TYPED = re.compile(r"[^=;|{}]*?[)}\]]\s*:(?!:)\s*")
_LEFT_OUT = re.compile(r"\b_\b")
_CALL = re.compile(r"\w\(")
_BINDS = re.compile(r"[^=;]{0,200}=(?![=>])\s*")
_LET = re.compile(r"\blet\s+([^=;]*)\Z")
_FOR = re.compile(r"\bfor\s+([^{};]*)\Z")
_IN = re.compile(r"[^{};]*?\bin\s+")
_BAR = re.compile(r"\|[^|(){};]*(?:\([^|{};]*)?\Z")
_BAR_END = re.compile(r"[^|;{}]{0,80}\|")
_ARM = re.compile(r"[^=\n;]*(?:\bif\b[^\n;{}]*)?=>")
_PARAMETER = re.compile(r"\bfn\s+\w+[^{};]*(?:\{[^{};]*)?\Z")
_SAME = words(
    "unwrap expect unwrap_or unwrap_or_else unwrap_or_default ok ok_or ok_or_else map_err context "
    "with_context clone cloned copied to_owned as_ref as_mut as_deref as_deref_mut borrow lock "
    "read borrow_mut write iter iter_mut into_iter next last first get get_mut pop take replace "
    "filter rev skip peekable into_inner inspect collect by_ref load deref find chain "
    "nth entry min_by_key max_by_key or_insert_with or_default remove swap_remove drain "
    "values into into_values values_mut skip_while take_while step_by as_slice to_vec or or_else "
    "insert get_or_insert_with leak into_boxed as_mut_slice peek last_mut "
    "first_mut map_while upgrade downgrade await xor flatten cycle max_by min_by flat_map"
)
"""Methods of the library that give what they are called on, wrappers aside."""
_ERROR = words("unwrap_err expect_err err into_err map_err unwrap_or_else or_else inspect_err")
"""Methods of results that give the error, or take a function of it."""
_OF_KEY = words("keys into_keys")
_OF_VALUE = words("get get_mut values values_mut into_values entry remove get_or_insert_with")
_MAPPING = words("map and_then filter_map flat_map map_or map_or_else then then_some find_map scan")
"""Methods of the library that give what a function of theirs does."""


class Values(Types):
    """The values seen from one cursor."""

    def __init__(self, scene: Scene, graph: Graph) -> None:
        super().__init__(scene, graph)
        self._text = scene.document.text
        self._local = scene.offset - len(local_text(scene))
        self._until = scene.offset
        """Where the expression ends that is looked at: what is bound behind it is not meant."""
        self._bound: list[int] = []
        """Where the names stand whose values are looked at: not bound yet in them."""
        self._hanging = 0

    def of(self, text: str) -> Type | None:
        """The type of an expression at the cursor."""
        if self._hanging >= _DEEPEST:
            return None
        self._hanging += 1
        try:
            return self._of(text.strip())
        finally:
            self._hanging -= 1

    def path(self, text: str) -> Located | Module | None:
        """What a path at the cursor stands for: a module, a type, a function."""
        return self._path(segments(_GENERIC.sub("", text)))

    def variable(self, name: str) -> Type | None:
        """The type of a local variable or a parameter."""
        for start in uses(self._text, name, self._local, self._until):
            if start in self._bound:
                continue
            until = self._until
            self._bound.append(start)
            try:
                is_bound, found = self._declared(name, start)
            finally:
                self._bound.pop()
                self._until = until
            if is_bound:
                return found
        return None

    def _declared(self, name: str, start: int) -> tuple[bool, Type | None]:
        """Whether the name at `start` is bound there, and the type that it gets."""
        text, at = self._text, start + len(name)
        before = text[max(self._local, start - _BEFORE) : start]
        if text.startswith("::", at) or before.endswith(":") or "//" in before.rpartition("\n")[2]:
            return False, None
        if typed := _TYPED.match(text, at):
            kind = type_at(text, typed.end())
            is_type = "Fn" in kind or not _CALL.search(kind)  # else the field of a literal
            if is_type and not _LEFT_OUT.search(kind):
                return True, self.here(kind)
        if _LET.search(before):
            if binds := _BINDS.match(text, at):
                typed = _PATTERN_TYPED.match(text, at, binds.end())
                value = None if typed is None else self.here(type_at(text, typed.end()))
                return True, self._inside(
                    self._steps(start), value or self._value(binds.end(), ";")
                )
        elif _FOR.search(before):
            if begins := _IN.match(text, at):
                value = self._value(begins.end(), "{")
                return True, self._inside(self._steps(start), self.item(value) or value)
        elif (bar := _BAR.search(before)) and _BAR_END.match(text, at):
            found = self._parameter(start, start - len(before) + bar.start())
            return found is not None, found
        elif _ARM.match(text, at):
            steps = self._steps(start)
            for value in arms(text, start, self._local) if steps or _is_arm(before) else ():
                return True, self._inside(steps, self._value(value, "{"))
        elif _PARAMETER.search(before) and (typed := _PATTERN_TYPED.match(text, at)):
            return True, self._inside(self._steps(start), self.here(type_at(text, typed.end())))
        return False, None

    def _steps(self, start: int) -> Sequence[Step]:
        return route(self._text, start, self._local)[0]

    def _value(self, at: int, end: str) -> Type | None:
        """The type of the expression that starts at `at` and goes no further than `end`."""
        found = self._text.find(end, at, self._until)
        self._until = self._until if found < 0 else found
        return self.of(operand(self._text, at))

    def _parameter(self, start: int, bar: int) -> Type | None:
        """The type of the closure's parameter that starts at `start`: what the function that takes
        the closure says, or what the library gives the elements of its receiver to."""
        self._until = bar
        called = call_before(self._text, bar)
        receiver, name = cut(called)
        steps, position, _ = route(self._text, start, self._local)
        of = self.of(receiver) if receiver else None
        known = self.known(of)
        members = self.find(known[0], name)[:1] if known else []
        found = self._path(segments(_GENERIC.sub("", called))) if called else None
        if isinstance(found, Located):
            members = [found]
        for member in members:
            said = bounds(member.definition.signature, member.definition.name)
            for each in member.definition.parameters:
                wanted = taken(said.get(each.type, each.type))
                if position < len(wanted):
                    inside = self.written(wanted[position], member, *(known or (None, None)))
                    return self._inside(steps, inside)
        if name in _ERROR and (error := self.error(of)):
            return self._inside(steps, error)
        if name == "fold" and position == 0:
            first = split(self._text[self._text.rfind("(", 0, bar) + 1 : bar])
            return self.of(first[0]) if first else None
        return self._inside(steps, self.item(of) or of)

    def _inside(self, steps: Sequence[Step], of: Type | None) -> Type | None:
        """What a name is bound to in patterns that a value of type `of` is matched with."""
        for path, name, position in steps:
            if path == "Err":
                of = self.error(of) or of
            elif not path:
                elements = self.elements(of)
                of = elements[position] if position < len(elements) else of
            elif path == "Self" and of is not None:
                known = self.known(of)
                of = self.payload(known[0], name or position, known[1]) if known else None
            elif path not in ("Some", "Ok"):
                found = self._path(segments(path))
                if not isinstance(found, Located):
                    return None
                known = self.known(of)
                at = known[1] if known and known[0] == found else None
                of = self.payload(found, name or position, at)
        return of

    def _of(self, text: str) -> Type | None:
        if text.startswith("_ as "):
            return self.here(text.removeprefix("_ as "))
        if text.startswith("|| "):
            return self.of(text.removeprefix("|| "))
        if values := parts(text):
            found = {f"_{i}": self.of(each) for i, each in enumerate(values)}
            known = {name: each for name, each in found.items() if each is not None}
            return replace(self.here(f"({', '.join(found)})"), values=known)
        given = dict(_TURBOFISH.findall(text)) if "::<" in text else {}
        text = _TUPLE_INDEX.sub("._", text)
        links = chain(text)
        match = _PATH.match(text)
        if not links:
            return None
        path = segments(_GENERIC.sub("", match[1])) if match else ()
        if not 0 < len(path) <= len(links):
            path = (links[0].name,)
        last, rest = links[len(path) - 1], links[len(path) :]
        if last.called and _WRAPS.search("::".join(path)):
            return self._walk(self.of(operand(last.arguments, 0)), rest, given)
        if path == ("self",):
            return self._walk(self.self_type, rest, given)
        if path == ("_",):
            return self._walk(None, rest, given)
        if len(path) == 1 and (local := self.variable(path[0])):
            return self._walk(local, rest, given)
        found = self._path(path)
        if found is None and len(path) > 1 and last.called:  # derived: `Foo::default()`
            return self._walk(self.here("::".join(path[:-1])), rest, given)
        if not isinstance(found, Located):
            return self._walk(None, rest, given)
        around = self._path(path[:-1]) if len(path) > 1 else None
        return self._walk(self._given(self.result(found, around), found, given), rest, given)

    def _path(self, path: tuple[str, ...]) -> Located | Module | None:
        if path == ("Self",):
            return self.named(self.self_type)
        found = None if path[:1] == ("Self",) else self.resolve(path, self.own)
        if found is not None or len(path) < 2:
            return found
        of = self.named(self.here("::".join(path[:-1])))  # an alias, or a trait's function
        members = self.find(of, path[-1]) if of else []
        return members[0] if members else None

    def _walk(
        self, found: Type | None, links: Sequence[Link], given: dict[str, str]
    ) -> Type | None:
        """What the members of a chain give, one after the other."""
        for link in links:
            known = self.known(found)
            members = self._members(known[0], link) if known else []
            if members and known:
                found = self._given(self.result(members[0], *known), members[0], given)
            elif link.name[:1] == "_" and link.name[1:].isdigit():
                found = self._element(found, int(link.name[1:]))
            else:
                found = self._library(found, link, given)
            if link.indexed and found is not None:
                found = self._of_map(found, 1)
        return found

    def _members(self, located: Located, link: Link) -> list[Located]:
        """What a link of a chain means: a method is called, a field is not."""
        found = self.find(located, link.name)
        fitting = [each for each in found if (each.definition.kind is Kind.METHOD) is link.called]
        return (fitting or found)[:1]

    def _element(self, of: Type | None, position: int) -> Type | None:
        elements = self.elements(of)
        if position < len(elements):
            return elements[position]
        known = self.known(of)
        return self.payload(known[0], position, known[1]) if known else None

    def _library(self, of: Type | None, link: Link, given: dict[str, str]) -> Type | None:
        """What a method of the library gives on a type."""
        if link.name in given and not _LEFT_OUT.search(given[link.name]):
            return self.here(given[link.name])  # `parse::<Foo>()`
        if link.name in _MAPPING and link.arguments:
            return self._mapped(link.arguments) or (of if link.name != "map" else None)
        if of is None:
            return None
        if link.name in _ERROR and link.name.endswith("err") and link.name != "map_err":
            return self.error(of)
        if link.name == "enumerate":
            return Type("(usize, T)", self.own, values={"T": of})
        if link.name == "zip" and (other := self.of(link.arguments)):
            return Type("(T, U)", self.own, values={"T": of, "U": other})
        if link.name in _OF_KEY:
            return self._of_map(of, 0)
        if link.name in _OF_VALUE:
            return self._of_map(of, 1)
        return of if link.name in _SAME else None

    def _of_map(self, of: Type, position: int) -> Type:
        """The key or the value of a map; other types are as they are."""
        if "Map<" not in of.text:
            return of
        elements = self.elements(of)
        return elements[position] if len(elements) == 2 else of

    def _mapped(self, arguments: str) -> Type | None:
        """What a function that is given as the last argument gives."""
        last = split(arguments)[-1]
        if "|" in last:
            return self.of(operand(last.rpartition("|")[2], 0))
        found = self._path(segments(_GENERIC.sub("", last)))
        around = self._path(segments(last)[:-1]) if "::" in last else None
        return self.result(found, around) if isinstance(found, Located) else None

    def _given(self, of: Type | None, member: Located, given: dict[str, str]) -> Type | None:
        """A result with the type arguments that its function is called with."""
        definition = member.definition
        if of is None or definition.name not in given or definition.kind is Kind.FIELD:
            return of
        names = generic(definition.signature.partition(definition.name)[2].strip())[1]
        names = [each.partition(":")[0].strip() for each in names if not each.startswith("'")]
        said = {
            name: self.here(each)
            for name, each in zip(names, split(given[definition.name]), strict=False)
            if each != "_"
        }
        return replace(of, values={**of.values, **said})


def _is_arm(before: str) -> bool:
    """What stands before a name is the beginning of an arm's line."""
    return before.rpartition("\n")[2].strip() in ("", "ref", "mut", "|")


def type_at(text: str, at: int) -> str:
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
