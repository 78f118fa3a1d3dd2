"""Reads chains of names, calls and indices (`a.b(c)[0].d`) off text. Knows no language and no tree.

Text at a cursor is unfinished, so nothing here asks for it to be correct: a bracket that nothing
closes reaches to the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LONGEST = 4000
"""Characters of one expression."""
_GENERIC_CHARS = 200
_NAME = re.compile(r"#?(?!\d)[\w$]+")
_LEAD = re.compile(r"(?:\s+|[&*]+|(?:await|new|mut)\s+(?=[\w$(&*]))*")
_JOINT = re.compile(r"\s*(?:::|->|\.(?!\.))\s*")
_JOINTS = ("?.", "!.", "::", "->", ".")
_COMMENT = re.compile(r"#|//|--|^\s*\*", re.M)
_BRACKET = re.compile(
    r'"""[\s\S]*?"""'
    r"|'''[\s\S]*?'''"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'"
    r"|`(?:\\.|[^`\\])*`"
    r"|[()\[\]{}]"
)
"""A string, so that brackets in it are passed by, or a bracket."""
_OPENERS, _CLOSERS, _QUOTES = "([{", ")]}", "\"'`"
_GENERIC = re.compile(r"[\w\s,.<>&:'\[\]?|()$]")
"""What type arguments are written with."""


@dataclass(frozen=True, slots=True)
class Link:
    """One name of a chain and what is done with it before the next one."""

    name: str
    called: bool = False
    indexed: bool = False
    arguments: str = field(default="", compare=False)
    """What stands in the brackets of the first call."""


def chain(expression: str) -> tuple[Link, ...]:
    """The links of `a.b(c)[0].d`; empty when the expression is no plain chain.

    `await`, `new`, `&` and `*` in front, `?`, `!` and type arguments behind names are passed by,
    as is a pair of brackets around the first links.
    """
    stop = len(expression.rstrip())
    links, end = _links(expression, 0, stop)
    return tuple(links) if end >= stop else ()


def expression(text: str, start: int, stop: int | None = None) -> str:
    """The chain that starts at `start`, as written; empty where there is none."""
    stop = min(len(text) if stop is None else stop, start + _LONGEST)
    links, end = _links(text, start, stop)
    return text[start:end].strip() if links else ""


def start_of(text: str, end: int) -> int:
    """Where the chain that ends at `end` starts; `end` where there is none."""
    floor = max(0, end - _LONGEST)
    start = at = end
    while True:
        operand = _operand(text, at, floor)
        if operand == at:
            return start
        start = operand
        gap = behind_blanks(text, operand, floor)
        joint = next((each for each in _JOINTS if text.endswith(each, floor, gap)), "")
        # With a blank behind it `->` stands before the type of a result.
        if not joint or (joint == "->" and gap < operand):
            return start
        at = behind_blanks(text, gap - len(joint), floor)
        line = text.rfind("\n", 0, at) + 1
        if "\n" in text[at:operand] and _COMMENT.search(text, line, at):
            return start  # a full stop


def behind_blanks(text: str, end: int, floor: int = 0) -> int:
    """The offset behind the last character before `end` that is no white space."""
    while end > floor and text[end - 1].isspace():
        end -= 1
    return end


def closer(text: str, at: int, stop: int) -> int:
    """Offset of the bracket that closes the one at `at`; -1 where nothing before `stop` does."""
    depth = 0
    for match in _BRACKET.finditer(text, at, stop):
        if match[0] in _OPENERS:
            depth += 1
        elif match[0] in _CLOSERS:
            depth -= 1
            if depth == 0:
                return match.start()
    return -1


def split(text: str, separator: str = ",") -> list[str]:
    """The parts of a list, cut at separators outside of brackets and strings, without outer blanks;
    empty parts are left out. `<` and `>` count as brackets where a separator is a comma."""
    angles = "<>" if separator == "," else ""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text):
        character = text[at]
        if character in _QUOTES and (found := _BRACKET.match(text, at)):
            at = found.end()
            continue
        if character in _OPENERS or (angles and character == "<"):
            depth += 1
        elif character in _CLOSERS or (angles and character == ">" and text[at - 1] not in "-="):
            depth -= 1
        elif character == separator and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _links(text: str, at: int, stop: int) -> tuple[list[Link], int]:
    """The links from `at` on and where the last of them ends."""
    links: list[Link] = []
    if lead := _LEAD.match(text, at, stop):
        at = lead.end()
    end = at
    while at < stop:
        if match := _NAME.match(text, at, stop):
            links.append(Link(match[0]))
            at = match.end()
        elif not links and text[at] == "(":
            close = closer(text, at, stop)
            inner = chain(text[at + 1 : close]) if close > 0 else ()
            if not inner:
                break
            links, at = list(inner), close + 1
        else:
            break
        called, indexed, arguments, at = _applied(text, at, stop)
        last = links[-1]
        links[-1] = Link(
            last.name,
            last.called or called,
            last.indexed or indexed,
            last.arguments or arguments,
        )
        if last.name == "await" and len(links) > 1 and not called:
            links.pop()  # `future.await` of Rust
        end = at
        joint = _JOINT.match(text, at, stop)
        if joint is None:
            break
        at = joint.end()
    return links, end


def _applied(text: str, at: int, stop: int) -> tuple[bool, bool, str, int]:
    """Whether the name that ends at `at` is called and indexed, with what, and where that ends."""
    called = indexed = False
    arguments = ""
    while at < stop:
        character = text[at]
        if character in "([":
            close = closer(text, at, stop)
            if character == "(" and not called:
                arguments = text[at + 1 : stop if close < 0 else close].strip()
            called, indexed = called or character == "(", indexed or character == "["
            at = stop if close < 0 else close + 1
        elif character in "?!" and text[at + 1 : at + 2] != "=":
            at += 1
            if text.startswith((".(", ".["), at):
                at += 1  # `f?.(x)`
        elif (end := _angle_end(text, at, stop)) > 0:
            at = end
        else:
            break
    return called, indexed, arguments, at


def _angle_end(text: str, at: int, stop: int) -> int:
    """End of the type arguments that start at `at` (`<T>`, `::<T>`); -1 where there are none."""
    opened = at + 2 if text.startswith("::<", at) else at
    if opened >= stop or text[opened] != "<":
        return -1
    depth = 0
    for i in range(opened, min(stop, opened + _GENERIC_CHARS)):
        if text[i] == "<":
            depth += 1
        elif text[i] == ">" and text[i - 1] not in "-=":
            depth -= 1
            if depth == 0:
                # Behind a comparison stands an operand.
                follows = text[i + 1 : i + 2] if i + 1 < stop else ""
                return i + 1 if follows in ("", "(", ".", ":", "[", "?", "!", "{", ")") else -1
        elif not _GENERIC.match(text[i]) and text[i] not in "-=":
            return -1
    return -1


def _operand(text: str, end: int, floor: int) -> int:
    """Where the name with its calls and indices that ends at `end` starts; `end` for none."""
    start = end
    while start > floor:
        character = text[start - 1]
        if character in ")]":
            opened = _opener(text, start - 1, floor)
            if opened < 0:
                return start
            start = opened
            if text.endswith("?.", floor, start):
                start -= 2
        elif character == ">":
            opened = _angle_start(text, start - 1, floor)
            if opened < 0:
                return start
            start = opened - 2 if text.endswith("::", floor, opened) else opened
        elif character in "?!" and start - 1 > floor and text[start - 2] not in " \t\n":
            start -= 1
        elif character == "_" or character == "$" or character.isalnum():
            while start > floor and (text[start - 1] in "_$" or text[start - 1].isalnum()):
                start -= 1
            if text.endswith(".#", floor, start):
                start -= 1
            return start
        elif character in _QUOTES and start == end:
            opened = text.rfind(character, floor, start - 1)
            return opened if opened >= 0 else start
        else:
            return start
    return start


def _opener(text: str, at: int, floor: int) -> int:
    """Offset of the bracket that the one at `at` closes; -1 where there is none."""
    depth, i = 0, at
    while i >= floor:
        character = text[i]
        if character in _QUOTES:
            line = max(floor, text.rfind("\n", 0, i) + 1)
            opened = text.rfind(character, line, i)
            i = opened if opened >= 0 else i  # else an apostrophe
        elif character in _CLOSERS:
            depth += 1
        elif character in _OPENERS:
            depth -= 1
            if depth == 0:
                return i
        i -= 1
    return -1


def _angle_start(text: str, at: int, floor: int) -> int:
    """Offset of the `<` of the type arguments that end at `at`; -1 where there are none."""
    depth = 0
    for i in range(at, max(floor, at - _GENERIC_CHARS) - 1, -1):
        if text[i] == ">" and text[i - 1 : i] not in ("-", "="):
            depth += 1
        elif text[i] == "<":
            depth -= 1
            if depth == 0:
                named = i > floor and (text[i - 1] in "_:$" or text[i - 1].isalnum())
                return i if named else -1
        elif not _GENERIC.match(text[i]) and text[i] not in "-=>":
            return -1
    return -1
