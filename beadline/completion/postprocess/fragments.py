"""Takes off ends that are not whole: half words, half lines, headers without a body, blanks."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator

from beadline.context.hole import Hole
from beadline.context.lexer import CLOSERS, Lexer, columns, indent_of

_TOKEN_CUTS = 32
"""Most token boundaries considered."""
_ONE_BY_ONE = 4
"""Of the lines, and of the tokens, so many are dropped one by one before halving."""
_WORD = re.compile(r"\w+\Z")
_WORDS = re.compile(r"\w+")
_BLOCK_PARAMETERS = re.compile(r"\|[^|]*\|\Z")
"""Ruby: `do |a, b|`."""


def without_cut_end(text: str, hole: Hole) -> str:
    """A text that a limit cut anywhere, up to its last whole line, or word if it is one line."""
    if "\n" not in text.strip():
        return _WORD.sub("", text) if _WORD.sub("", text).strip() else text
    text = without_last_line(text)
    while "\n" in text.strip() and opens_block(text, hole):
        text = without_last_line(text)
    return text


def without_last_line(text: str) -> str:
    """`text` up to the end of its last line but one."""
    return text[: max(0, text.rstrip().rfind("\n"))]


def without_bare_header(text: str, hole: Hole) -> str:
    """A new statement without the headers at its end whose bodies are missing; may be empty.

    A header is welcome where the user has begun it, or where its body stands below already. Alone
    between two statements it breaks the code that it is put into.
    """
    if not hole.left_blank or hole.statement or hole.scanned.stack or hole.rest.strip():
        return text
    while text.strip() and opens_block(text, hole) and not _has_body(text, hole):
        text = without_last_line(text)
    return text


def opens_block(text: str, hole: Hole) -> bool:
    """Whether the last line of `text` ends in what a body has to follow."""
    language = hole.language
    lexer = Lexer(language, hole.scanned)
    outer = len(lexer.stack)
    end = 0
    for at, character in enumerate(text, start=1):
        lexer.feed(character)
        if not character.isspace() and not lexer.comment:
            end = at
    code = text[:end]
    line = code[code.rfind("\n") + 1 :].strip()
    if lexer.string or not line:
        return False
    if language.blocks == "indent":
        return line.endswith(":") and len(lexer.stack) == outer
    if line.endswith("{"):
        return len(lexer.stack) > outer
    words = _WORDS.findall(_BLOCK_PARAMETERS.sub("", line))
    if not words or len(lexer.stack) > outer:
        return False
    if language.blocks == "braces":
        return words[0] in language.words.headers and line.endswith((")", "else"))
    if words[-1] in language.words.closers:
        return False
    return words[-1] in language.words.openers or words[0] in language.words.headers


def _has_body(text: str, hole: Hole) -> bool:
    last = text.rstrip()
    line = last[last.rfind("\n") + 1 :] if "\n" in last else hole.left + last
    return hole.has_body(columns(indent_of(line)))


def trimmed(text: str, hole: Hole) -> str:
    """`text` without the white space that would be left at the end of a line."""
    rest, left = hole.rest, hole.left
    if not rest.strip() or not text.strip():
        return text.rstrip()
    # Before more text on the line a space may be a separator; a line inserted above the cursor's
    # text needs its line end and indentation.
    if not left.strip() and "\n" in text:
        return text
    return text if rest[0].isalnum() or rest[0] == "_" else text.rstrip()


def longest_valid(text: str, hole: Hole, adds_error: Callable[[str], bool]) -> str:
    """A long leading part of `text` that `adds_error` lets through; empty when there is none."""
    parts = parts_to_check(text, hole)
    part = next(parts)
    while True:
        try:
            part = parts.send(adds_error(part))
        except StopIteration as ended:
            return ended.value


def parts_to_check(text: str, hole: Hole) -> Generator[str, bool, str]:
    """Gives leading parts of `text`, is sent whether they add an error, and returns a long one that
    does not; empty when there is none.

    Tried: the whole, then without trailing lines, then the first line cut after names, literals
    and closing brackets (never inside a word, never after an operator). Every check is a parse,
    so of many cuts only the last few are tried one by one and the others by halving: what is
    valid may not be the longest valid part, but it is valid.
    """
    if not (yield text):
        return text
    return (yield from _longest_of(_line_cuts(text))) or (
        yield from _longest_of(_token_cuts(text, hole))
    )


def _longest_of(cuts: list[str]) -> Generator[str, bool, str]:
    """`cuts` from short to long."""
    for cut in reversed(cuts[-_ONE_BY_ONE:]):
        if not (yield cut):
            return cut
    low, high, best = 0, len(cuts) - _ONE_BY_ONE, ""
    while low < high:
        middle = (low + high) // 2
        if (yield cuts[middle]):
            high = middle
        else:
            low, best = middle + 1, cuts[middle]
    return best


def _line_cuts(text: str) -> list[str]:
    cuts: list[str] = []
    shorter = text
    while (newline := shorter.rfind("\n")) > 0:
        shorter = shorter[:newline].rstrip()
        if shorter.strip():
            cuts.append(shorter)
    return cuts[::-1]


def _token_cuts(text: str, hole: Hole) -> list[str]:
    """Parts of the first line that says something, up to the ends of its tokens."""
    lead = len(text) - len(text.lstrip("\n"))
    first = text[:lead] + text[lead:].partition("\n")[0]
    lexer = Lexer(hole.language, hole.scanned)
    ends: list[int] = []
    word = ""
    for at, character in enumerate(first):
        event = lexer.feed(character)
        in_code = not lexer.string and not lexer.comment
        if character.isalnum() or character == "_":
            word += character
            continue
        # Words inside a string, and a string's own prefix, are no ends.
        whole = word and word not in hole.language.words.incomplete
        if whole and in_code and event != "closed_string":
            ends.append(at)
        word = ""
        if in_code and (event == "closed_string" or character in CLOSERS):
            ends.append(at + 1)
    return [first[:end] for end in ends[-_TOKEN_CUTS:] if end < len(first)]
