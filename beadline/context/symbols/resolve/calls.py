"""Reads what is called around a place of a text, backwards. Knows no language and no tree."""

from __future__ import annotations

import re

from beadline.context.symbols.resolve.chains import start_of

_CHARS = 600
"""Characters before a place in which the call around it is looked for."""
_LAST = re.compile(
    r"(?:\?\.|!\.|::|->|\.|)\s*(?P<name>[\w$]+)!?"
    r"(?:\s*(?:::)?<[^()<>]*(?:<[^()<>]*>[^()<>]*)*>)?\s*\Z"
)


def call_before(text: str, at: int) -> str:
    """The expression in whose brackets `at` is, brackets that belong to no call passed by (those of
    a lambda's parameters); empty for none."""
    depth = 0
    for i in range(at - 1, max(-1, at - _CHARS), -1):
        character = text[i]
        if character in ")]}":
            depth += 1
        elif character in "([{":
            if depth:
                depth -= 1
            elif character != "(":
                return ""
            elif found := text[start_of(text, i) : i].strip():
                return found
        elif character == ";" and not depth:
            return ""
    return ""


def cut(callee: str) -> tuple[str, str]:
    """The receiver and the name of `a.b(c).name`; an empty receiver for a bare name."""
    match = _LAST.search(callee)
    return (callee[: match.start()].strip(), match["name"]) if match else ("", "")
