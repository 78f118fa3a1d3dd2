"""Reads Rust's types, headers and expressions off text. Knows no file and no graph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from beadline.context.symbols.resolve.chains import closer, expression, split
from beadline.context.symbols.resolve.generics import generic
from beadline.context.symbols.resolve.words import words

_LONGEST = 4000
"""Characters of one expression."""
_DEEPEST = 4
"""Blocks in blocks that an expression's value is looked for in."""
_BOUND = re.compile(r"(?<![\w:'])(\w+)\s*:(?!:)\s*")
_FN = re.compile(r"\b(?:Fn|FnMut|FnOnce|fn)\s*(?=\()")
_BRANCH = re.compile(r"(?:(?:if|match|for|while)\b[^{};]*|(?:unsafe|loop|async(?:\s+move)?)\s*|)\{")
_MATCH = re.compile(r"match\b")
_LIST = re.compile(r"(?:vec!\s*)?\[|vec!\s*\(")
_CLOSURE = re.compile(r"(?:move\s+)?\|[^|]*\|\s*")
_QUALIFIED = re.compile(r"<\s*(\w[^<>]*?)\s+as\s+[^<>]*(?:<[^<>]*>)?\s*>\s*(?=::)")
_CAST = re.compile(r"\s+as\s+(&?[\w:]+)")
_FRONT = re.compile(r"(?:[&*\s]|\bmut\s)+")
_STRING = re.compile(r'b?r?#*"(?:\\.|[^"\\])*"#*')
_GONE = re.compile(r"(?:todo|unimplemented|panic|unreachable)!|return\b|continue\b|break\b")
"""Values that are none."""
_SEGMENT = re.compile(r"(?:(?:ref|mut|box)\s+|&\s*)*(\w+)")
_PATH_BEFORE = re.compile(r"((?:\w+\s*::\s*)*\w+)\s*\Z")
_PATTERN_CHARS = 400
_STARTS = words("let for if while match fn return in")
"""Words that a pattern stands behind."""
_KEYWORDS = _STARTS | words("mut ref box move")

Step = tuple[str, str, int]
"""One pattern around a name: its path, the name of the field, the position in brackets."""


def parts(text: str) -> Sequence[str]:
    """The types of a tuple, or the values of one; empty for none."""
    text = text.strip()
    if not text.startswith("(") or closer(text, 0, len(text)) != len(text) - 1:
        return ()
    found = split(text[1:-1])
    return found if len(found) > 1 else ()


def summands(text: str) -> Sequence[str]:
    """The bounds of `A + B<C + D>`."""
    if "+" not in text:
        return (text,)
    depth, start, found = 0, 0, []
    for at, character in enumerate(text):
        if character in "<([":
            depth += 1
        elif character in ")]" or (character == ">" and text[at - 1] != "-"):
            depth -= 1
        elif character == "+" and depth <= 0:
            found.append(text[start:at].strip())
            start = at + 1
    return [*found, text[start:].strip()]


def given(text: str) -> str | None:
    """What a function's type returns, `Fn(A) -> B`; None for no such type."""
    match = _FN.match(text)
    if match is None:
        return None
    close = closer(text, match.end(), len(text))
    return text[close + 1 :].partition("->")[2].strip() if close > 0 else ""


def taken(text: str) -> Sequence[str]:
    """The types of a function type's parameters: those of a closure that is given for it."""
    match = _FN.search(text)
    if match is None:
        return ()
    close = closer(text, match.end(), len(text))
    return split(text[match.end() + 1 : close]) if close > 0 else ()


@lru_cache(maxsize=4096)
def declared(header: str, name: str) -> Sequence[tuple[str, str]]:
    """The type parameters that a header declares behind a name, and what they are by default."""
    found = []
    match = re.search(rf"\b{re.escape(name)}\s*(?=<)", header)
    for each in generic(header[match.end() :])[1] if match else ():
        parameter, _, default = each.partition("=")
        if not each.startswith("'"):
            found.append((parameter.partition(":")[0].strip(), default.strip()))
    return found


@lru_cache(maxsize=4096)
def bounds(header: str, name: str) -> Mapping[str, str]:
    """What a header says of the type parameters behind a name, in angles or behind `where`."""
    found: dict[str, str] = {}
    match = re.search(rf"\b{re.escape(name)}\s*(?=<)", header)
    texts = generic(header[match.end() :])[1] if match else ()
    for each in (*texts, *split(header.partition(" where ")[2])):
        if (bound := _BOUND.match(each)) and (
            said := each[bound.end() :].partition("=")[0].strip()
        ):
            found.setdefault(bound[1], each[bound.end() :].strip() if "<" in said else said)
    return found


def operand(text: str, at: int, depth: int = 0) -> str:
    """The expression that starts at `at`, as far as its type goes: of a block its last value, of a
    branch its first, of a list its first element, of a cast the type behind `_ as`."""
    front = _FRONT.match(text, at)
    at = front.end() if front else at
    stop = min(len(text), at + _LONGEST)
    if depth > _DEEPEST:
        return ""
    if branch := _BRANCH.match(text, at, stop):
        return _block(text, branch, stop, depth)
    if listed := _LIST.match(text, at, stop):
        close = closer(text, listed.end() - 1, stop)
        first = operand(text, listed.end(), depth + 1) or "_"
        return first + (_rest(text, close + 1, stop) if close > 0 else "")
    if string := _STRING.match(text, at, stop):
        return "_" + _rest(text, string.end(), stop)
    if closure := _CLOSURE.match(text, at, stop):
        return f"|| {operand(text, closure.end(), depth + 1)}"
    if text.startswith("(", at):
        close = closer(text, at, stop)
        if close > 0 and parts(text[at : close + 1]):
            return text[at : close + 1]
    if qualified := _QUALIFIED.match(text, at, stop):
        return qualified[1] + "::" + expression(text, qualified.end() + 2, stop)
    found = expression(text, at, stop)
    cast = _CAST.match(text, text.find(found, at) + len(found)) if found else None
    return f"_ as {cast[1]}" if cast else found


def _rest(text: str, at: int, stop: int) -> str:
    """The members that are asked for behind an operand."""
    return f".{expression(text, at + 1, stop)}" if text.startswith(".", at) else ""


def _block(text: str, branch: re.Match[str], stop: int, depth: int) -> str:
    close = closer(text, branch.end() - 1, stop)
    inside = text[branch.end() : close if close > 0 else stop]
    if _MATCH.match(branch[0]):
        values = [each.partition("=>")[2] for each in split(inside)]
    else:
        values = split(inside, ";")[-1:]
        if close > 0 and (other := re.match(r"\s*else\s*", text[close + 1 : stop])):
            values.append(text[close + 1 + other.end() : stop])
    for each in values:
        if each.strip() and not _GONE.match(each.strip()):
            return operand(each, 0, depth + 1)
    return ""


def route(text: str, start: int, floor: int) -> tuple[Sequence[Step], int, int]:
    """The patterns around the name that starts at `start`, outermost first, the position of the
    outermost in the list it stands in, and the offset where that ends on the left."""
    steps: list[Step] = []
    commas, segment, at = 0, start, start
    floor = max(floor, start - _PATTERN_CHARS)
    while at > floor:
        character = text[at - 1]
        if character in ")]}":
            at = _opened(text, at - 1, floor)
            continue
        if character == ",":
            if not commas:
                segment = at
            commas += 1
        elif character in "([{":
            path = _PATH_BEFORE.search(text, max(floor, at - 80), at - 1)
            path = None if path is not None and path[1] in _KEYWORDS else path
            name = path[1].rpartition("::")[2].strip() if path else ""
            if (name and not name[0].isupper()) or (character == "{" and not name):
                break
            field = ""
            if character == "{":
                first = _SEGMENT.match(text, _blanks(text, segment if commas else at))
                field = first[1] if first else ""
            steps.append((path[1] if path else "", field, commas))
            commas, at = 0, path.start() if path else at - 1
            segment = at
            continue
        elif character in ";=|":
            break
        elif character.isalpha():
            word = at
            while at > floor and (text[at - 1] == "_" or text[at - 1].isalnum()):
                at -= 1
            if text[at:word] in _STARTS:
                break
            continue
        at -= 1
    return steps[::-1], commas, at


def _blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _opened(text: str, at: int, floor: int) -> int:
    """Offset of the bracket that the one at `at` closes."""
    depth = 0
    for i in range(at, floor - 1, -1):
        if text[i] in ")]}":
            depth += 1
        elif text[i] in "([{":
            depth -= 1
            if depth == 0:
                return i
    return floor


def arms(text: str, start: int, floor: int) -> Iterator[int]:
    """Offsets of the values of the `match`es whose braces are open at `start`, innermost first."""
    for match in reversed(list(re.finditer(r"\bmatch\s+", text[floor:start]))):
        brace = text.find("{", floor + match.end(), start)
        if brace >= 0 and closer(text, brace, start) < 0:
            yield floor + match.end()
