"""Reads types written with angle brackets: `Map<String, List<T>>`. Knows no file and no graph."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from beadline.context.symbols.resolve.chains import split

_WORD = re.compile(r"[^\W\d]\w*")


def generic(text: str) -> tuple[str, Sequence[str]]:
    """What stands before the first `<`, and the arguments in it; nothing behind it is read."""
    name, opened, rest = text.partition("<")
    if not opened:
        return name.strip(), ()
    depth = 1
    for at, character in enumerate(rest):
        if character == "<":
            depth += 1
        elif character == ">" and rest[at - 1 : at] not in ("-", "="):
            depth -= 1
            if depth == 0:
                return name.strip(), split(rest[:at])
    return name.strip(), split(rest)


def parameters(header: str, name: str) -> Sequence[str]:
    """Names of the type parameters that a header declares right behind `name`: `T` and `U` of
    `class A<T extends B, U>`; lifetimes are none."""
    match = re.search(rf"\b{re.escape(name)}\s*(?=<)", header)
    if match is None:
        return ()
    found = (_WORD.match(each.removeprefix("const ")) for each in generic(header[match.end() :])[1])
    return tuple(each[0] for each in found if each is not None)


def substituted(text: str, values: Mapping[str, str]) -> str:
    """A type with its parameters replaced."""
    if not values:
        return text
    return _WORD.sub(lambda match: values.get(match[0], match[0]), text)
