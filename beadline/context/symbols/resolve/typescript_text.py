"""TypeScript's words, and types taken apart. Knows text and brackets; no files and no symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence

from beadline.context.symbols.resolve.chains import closer, split

_WORDS = """
    abstract async await break case catch class const constructor continue debugger declare
    default delete do else enum export extends false finally for function if implements import in
    infer instanceof interface keyof let namespace new null private protected public readonly
    require return satisfies static switch throw true try type typeof undefined var void while
    with yield
"""
WORDS = frozenset(_WORDS.split())
"""Keywords that are neither called nor names of definitions."""
_PREFIX = re.compile(r"(?:(?:readonly|unique|infer|abstract)\s|(?:asserts\s)?[\w$]+\sis\s)+")
_INNER = {
    **dict.fromkeys((
        "Promise", "PromiseLike", "Awaited", "Readonly", "Partial", "Required", "NonNullable",
        "Array", "ReadonlyArray", "Set", "ReadonlySet", "WeakSet", "Iterable", "AsyncIterable",
        "Iterator", "AsyncIterator", "IterableIterator", "Generator", "AsyncGenerator", "Pick",
        "Omit", "Exclude", "Extract", "InstanceType", "DeepReadonly", "NoInfer",
    ), 0),
    "Map": 1, "ReadonlyMap": 1, "WeakMap": 1, "Record": 1,
}  # fmt: skip
"""Types whose members matter less than those of one argument, and which."""


def outside(text: str, token: str, start: int = 0) -> int:
    """Offset of the first `token` outside of all brackets, from an offset that is outside of them;
    -1 where there is none."""
    depth = 0
    for at in range(start, len(text)):
        character = text[at]
        if depth == 0 and text.startswith(token, at):
            return at
        if character in "([{<":
            depth += 1
        elif character in ")]}" or (character == ">" and text[at - 1 : at] != "="):
            depth -= 1
    return -1


def bare(text: str) -> str:
    """A type without modifiers and without `x is` in front of it."""
    text = text.strip()
    prefix = _PREFIX.match(text)
    return text[prefix.end() :] if prefix else text


def branches(text: str) -> list[str]:
    """The two results of a conditional type; none for other types."""
    extends = outside(text, " extends ")
    asked = outside(text, "?", extends) if extends >= 0 else -1
    return split(text[asked + 1 :], ":") if asked >= 0 else []


def result(text: str) -> str:
    """The type that a function of a type gives; empty for other types."""
    arrow = outside(text, "=>")
    return text[arrow + 2 :].strip() if arrow >= 0 else ""


def parameter(function: str, position: int) -> str:
    """The type of a parameter of a function type; empty where it has none there."""
    opened = outside(function, "(")
    close = closer(function, opened, len(function)) if opened >= 0 else -1
    parts = split(function[opened + 1 : close]) if close > 0 else []
    if position < len(parts):
        return parts[position].partition(":")[2].strip()
    rest = parts[-1] if parts and parts[-1].startswith("...") else ""
    return rest.partition(":")[2].strip()


def alternatives(text: str) -> list[str]:
    """The parts of a union or an intersection; the type itself for others."""
    parts, start, depth = [], 0, 0
    for at, character in enumerate(text):
        if character in "([{<":
            depth += 1
        elif character in ")]}" or (character == ">" and text[at - 1 : at] != "="):
            depth -= 1
        elif character in "|&" and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def indexed(text: str) -> tuple[str, str]:
    """What stands before the last pair of square brackets, and in it: of `A["b"]`, `A[]`, `[A]`."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == "]") - (text[at] == "[")
        if depth == 0:
            return text[:at].strip(), text[at + 1 : -1].strip()
    return "", text.strip("[] ")


def inner(name: str, arguments: Sequence[str]) -> str:
    """The argument that a generic type of a library is about: `A` of `Promise<A>`."""
    return arguments[min(_INNER.get(name, 0), len(arguments) - 1)] if arguments else ""
