"""Guesses how unfinished code could be finished, and whether Python takes it. Knows no tree.

Used to compare code with and without a suggestion fairly: text at a cursor is broken before
anything is suggested, and a suggestion may end inside a bracket or before a block. What can stand
where is data of the language (`languages.Repair`); brackets and indentation are read off the text.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

from beadline.context.hole import Hole
from beadline.context.languages import Language
from beadline.context.lexer import CLOSER, columns, indent_of

_COMPILE_CHARS = 20_000
"""Longer code is only parsed: compiling costs three times as much and finds little more."""
_PARSE_CHARS = 200_000
"""Longer code is not given to Python at all."""
_TAG = re.compile(r"<(/?)([A-Za-z][\w.]*|(?=>))(?:[^<>]|=>)*?(/?)>")
"""An opening, closing or empty tag."""
_MOST_FILLINGS = 80
"""Every one is a parse."""
_INDENT = "{indent}"
_INDENTS = 3
"""Of the indentations of a suggestion, the innermost tried for an ending."""


def accepts(language_id: str, source: str) -> bool | None:
    """Whether the language's own compiler takes `source`; None when it cannot be asked."""
    return _python_accepts(source) if language_id == "python" else None


@lru_cache(maxsize=4)  # a text is asked about whole, and then as the part of it that is near
def _python_accepts(source: str) -> bool | None:
    if len(source) > _PARSE_CHARS:
        return None
    flags = 0 if len(source) <= _COMPILE_CHARS else ast.PyCF_ONLY_AST
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<suggestion>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True


def fillings(hole: Hole) -> list[str]:
    """What could stand at a cursor to make the text around it whole, likeliest first."""
    return _fillings(hole)[:_MOST_FILLINGS]


def _fillings(hole: Hole) -> list[str]:
    if hole.scanned.comment:
        return []
    closers = _closers(hole)
    tails = ("", *hole.language.repair.tails)
    if hole.scanned.string:
        if hole.string_closed:
            return []
        return [hole.scanned.string + closers + tail for tail in tails]
    if not hole.statement and hole.left_blank and not hole.scanned.stack and not hole.opened:
        return _statements(hole)
    repair = hole.language.repair
    found = ["", *repair.fillings]
    for word, further in repair.after:
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", hole.statement):
            found += further
    texts = [fill + closers for fill in found]
    if repair.tags and (tagged := _closers(hole, tags=True)) != closers:
        texts = [fill + tagged for fill in found] + texts
    if hole.scanned.stack:
        texts += [closers + ",", *(fill + closers + "," for fill in repair.fillings)]
    if hole.opened:
        texts = _with_opened(hole, found, closers) + texts
    texts += [fill + closers + tail for tail in repair.tails for fill in found]
    if hole.left_blank:
        texts += _statements(hole)
    return [text for text in dict.fromkeys(texts) if text]


def endings(hole: Hole, start: int) -> list[tuple[int, str]]:
    """How a suggestion from `start` to the hole that is unfinished at its own end may go on.

    Pairs of an offset and the text to put there: closers of brackets it found open, an end for
    its last block. With code behind it on its line, or with a bracket of its own left open that
    is no block's (which swallows what follows), it is not unfinished but wrong.
    """
    text, end = hole.text, hole.offset
    if hole.scanned.string or hole.rest_code:
        return []
    at = start + len(text[start:end].rstrip())
    if hole.scanned.comment:
        return []
    stack = hole.scanned.stack
    own = [bracket for bracket, offset in stack if offset >= start]
    closers = ""
    if own:
        if own[-1] != "{" or hole.language.blocks != "braces":
            return []
        closers = "".join(CLOSER[bracket] for bracket in reversed(own))
    elif hole.missing:
        closers = _closers(hole)
    indents = [indent_of(line) for line in text[text.rfind("\n", 0, start) + 1 : at].split("\n")]
    innermost = list(dict.fromkeys(reversed(indents)))[:_INDENTS]
    found = [(at, closers)] if closers else []
    for ending in hole.language.repair.endings:
        for indent in innermost if _INDENT in ending else [""]:
            found.append((at, closers + ending.replace(_INDENT, indent)))
    return list(dict.fromkeys(found))


def balanced(before: Hole, after: Hole) -> bool:
    """The text between the two offsets brings as many closers as it opens.

    Or as many as the text around it wants of it: `before` is the hole where it starts, in the
    text without it, `after` the one where it ends, in the text with it.
    """
    if after.scanned.string != before.scanned.string or after.scanned.comment:
        return False
    stack, length = after.scanned.stack, len(before.scanned.stack)
    kept = sum(offset < before.offset for _, offset in stack)
    opened = "".join(CLOSER[bracket] for bracket, _ in reversed(stack[kept:]))
    extra = len(after.scanned.extra_closers) - len(before.scanned.extra_closers)
    return not extra and length - kept == before.missing and opened == before.opened


def macros(hole: Hole, start: int) -> frozenset[str]:
    """Macros in the text from `start` to the hole, and before it on its line."""
    line = hole.text.rfind("\n", 0, start) + 1
    return macros_in(hole.text[line : hole.offset], hole.language)


def macros_in(text: str, language: Language) -> frozenset[str]:
    """Macros in a text, by their spelling."""
    pattern = language.repair.macro
    return frozenset(re.findall(pattern, text)) if pattern else frozenset()


def _closers(hole: Hole, tags: bool = False) -> str:
    """Closers of the brackets, and strings around them, that nothing behind the cursor closes.

    With `tags` also of the tags that are open in the cursor's statement.
    """
    stack, state = hole.scanned.stack, hole.scanned.state
    strings = {level + state.base: close for level, _, _, close, _ in state.outer}
    found = [
        (stack[depth - 1][1], CLOSER[stack[depth - 1][0]] + strings.get(depth, ""))
        for depth in range(len(stack) - hole.missing + 1, len(stack) + 1)
    ]
    if tags:
        found += _open_tags(hole)
    return "".join(closer for _, closer in sorted(found, reverse=True))


def _open_tags(hole: Hole) -> list[tuple[int, str]]:
    """Offsets and closing tags of what is open in the cursor's statement."""
    start = hole.scanned.code_end - len(hole.statement)
    found: list[tuple[int, str]] = []
    for tag in _TAG.finditer(hole.statement):
        closing, name, empty = tag.groups()
        if closing and found:
            found.pop()
        elif not closing and not empty:
            found.append((start + tag.start(), f"</{name}>"))
    return found


def _with_opened(hole: Hole, found: list[str], closers: str) -> list[str]:
    """Fillings that open the brackets that closers on later lines want."""
    openers = {closer: opener for opener, closer in CLOSER.items()}
    opened = "".join(openers[c] for c in reversed(hole.opened))
    if not opened.endswith("{"):
        return [fill + opened for fill in ("", " _", " = _", *found)]
    headers = hole.language.repair.headers
    # The innermost is a block: it has a header, and what is called with it a name.
    outer = opened[:-1].replace("(", "x(")
    texts = [header + opened for header in headers] if not outer else []
    texts += [closers + outer + header + "{" for header in headers if outer or closers]
    return texts + [fill + opened for fill in found]


def _statements(hole: Hole) -> list[str]:
    """A statement on the cursor's own line, at an indentation that fits."""
    statements = hole.language.repair.statements
    if hole.language.blocks != "indent":
        return list(statements)
    indents = [hole.left]
    if hole.scanned.lines:
        last = hole.scanned.lines[-1]
        indents.append(last.indent + "    " if hole.header_before else last.indent)
    if hole.next_code:
        indents.append(indent_of(hole.next_code))
    missing = [i[len(hole.left) :] for i in indents if columns(i) >= columns(hole.left)]
    separator = "; " if hole.rest_code else ""
    return [f"{blanks}{s}{separator}" for blanks in dict.fromkeys(missing) for s in statements]
