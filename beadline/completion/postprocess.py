"""Cuts a model's text to what may be shown. Knows texts only; the syntax check is handed in.

Every rule only ever takes characters off the end: what is shown is a leading part of what the
model wrote. Rules after Cody, Copilot, Continue, Tabby and llama.vim.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_OPENERS = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = ")]}"
_QUOTES = ("'", '"')
_OVERLAP = 2000
"""Most characters compared with the suffix."""
_TOKEN_CUTS = 32
"""Most token boundaries considered."""
_ONE_BY_ONE = 4
"""Of the lines, and of the tokens, so many are dropped one by one before halving."""
_CLOSING_REST = re.compile(r"\s*[)>}\]\"'`]*\s*[:{;,]?\s*\Z")
"""A rest of line that a suggestion of several lines may stand before (Cody)."""
_TOKEN = re.compile(
    r"[rbfuRBFU]{0,2}(?:\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?)|\w+|\s+|[^\w\s]"
)
"""A string with its prefix (to the line's end when it is not closed), a word, blanks, a sign."""
# fmt: off
_UNFINISHED_WORDS = frozenset({
    "and", "as", "assert", "async", "await", "class", "def", "del", "elif", "else", "except",
    "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
    "raise", "return", "while", "with", "yield",
})
# fmt: on
"""Python's words that something must follow; other languages lose little by them."""
_LIMITED = frozenset({"length", "deadline"})


def tidy(text: str, before: str, after: str, *, stop_reason: str = "") -> str:
    """The leading part of `text` that repeats neither itself nor what follows the cursor.

    `before` and `after` are the document's text around the cursor, as far as known. White space
    at the end goes where it would be left trailing. May be empty.
    """
    rest, _, following = after.partition("\n")
    line_prefix = before[before.rfind("\n") + 1 :]
    if rest.strip() and line_prefix.strip() and not _CLOSING_REST.match(rest):
        text = text.partition("\n")[0]
    if stop_reason in _LIMITED and "\n" in text.strip():
        text = _without_last_line(text)  # a limit cut it anywhere
        while "\n" in text.strip() and text.rstrip().endswith((":", "{")):
            text = _without_last_line(text)  # a header whose body did not come
    text = _cut_repetition(text)
    text = _cut_following_line(text, following)
    text = _cut_overlap(text, after)
    text = _cut_closers(text, line_prefix, rest)
    return _trim_end(text, rest, line_prefix)


def _without_last_line(text: str) -> str:
    return text[: text.rstrip().rfind("\n")]


def longest_valid(text: str, adds_error: Callable[[str], bool]) -> str:
    """A long leading part of `text` that `adds_error` lets through; empty when there is none.

    Tried: the whole, then without trailing lines, then the first line cut after names, literals
    and closing brackets (never inside a word, never after an operator). Every check is a parse,
    so of many cuts only the last few are tried one by one and the others by halving: what is
    valid may not be the longest valid part, but it is valid.
    """
    if not adds_error(text):
        return text
    return _longest_of(_line_cuts(text), adds_error) or _longest_of(_token_cuts(text), adds_error)


def _longest_of(cuts: list[str], adds_error: Callable[[str], bool]) -> str:
    """`cuts` from short to long."""
    for cut in reversed(cuts[-_ONE_BY_ONE:]):
        if not adds_error(cut):
            return cut
    low, high, best = 0, len(cuts) - _ONE_BY_ONE, ""
    while low < high:
        middle = (low + high) // 2
        if adds_error(cuts[middle]):
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


def _token_cuts(text: str) -> list[str]:
    # Leading newlines belong to the first line that says something.
    lead = len(text) - len(text.lstrip("\n"))
    first = text[:lead] + text[lead:].partition("\n")[0]
    ends = [m.end() for m in _TOKEN.finditer(first) if _may_end(m.group())]
    return [first[:end] for end in ends[-_TOKEN_CUTS:] if end < len(first)]


def _may_end(token: str) -> bool:
    if token[-1] in _QUOTES:
        return token.count(token[-1]) > 1
    if token[0].isalnum() or token[0] == "_":
        return token not in _UNFINISHED_WORDS and not any(q in token for q in _QUOTES)
    return token in _CLOSERS


def _cut_repetition(text: str) -> str:
    """Cut where the text starts to loop: lines (period 1-4, three times) or a line's end."""
    lines = text.split("\n")
    for first in range(len(lines)):
        for period in range(1, 5):
            if first + 3 * period > len(lines):
                break
            block = lines[first : first + period]
            if not any(line.strip() for line in block):
                continue
            again = lines[first + period : first + 2 * period]
            third = lines[first + 2 * period : first + 3 * period]
            if block == again == third:
                return _cut_line_loop("\n".join(lines[: first + period]))
    return _cut_line_loop(text)


def _cut_line_loop(text: str) -> str:
    """A line that ends in `abcabcabcabcabcabc`: keep the first `abc` (Tabby's thresholds).

    One or two characters loop only when they are letters or digits: rulers are legitimate.
    """
    start = text.rfind("\n") + 1
    line = text[start:]
    for period in range(1, min(len(line) // 4, 120) + 1):
        unit = line[-period:]
        if period < 3 and not unit.isalnum():
            continue
        if period >= 3 and (not unit.strip() or len(set(unit)) < 2):
            continue
        least = 12 if period < 3 else 6 if period < 10 else 4
        if not line.endswith(unit * least):
            continue
        times = least
        while line.endswith(unit * (times + 1)):
            times += 1
        return text[: len(text) - period * (times - 1)]
    return text


def _cut_following_line(text: str, following: str) -> str:
    """Cut before a line that says the same as the next line of the document."""
    expected = next((ln.rstrip() for ln in following.split("\n", 50)[:50] if ln.strip()), "")
    if len(expected.strip()) < 4 or not any(c.isalnum() for c in expected):
        return text
    position = text.find("\n")
    while position >= 0:
        end = text.find("\n", position + 1)
        if text[position + 1 : end if end >= 0 else len(text)].rstrip() == expected:
            return text[:position]
        position = end
    return text


def _cut_overlap(text: str, after: str) -> str:
    """Take off the longest end of the text that the suffix begins with."""
    for count in range(min(len(text), len(after), _OVERLAP), 0, -1):
        if after.startswith(text[-count:]) and _is_overlap(text, count):
            return text[:-count]
    return text


def _is_overlap(text: str, count: int) -> bool:
    overlap = text[-count:]
    said = overlap.strip()
    # Closing brackets alone may be needed twice: counting decides, not equality.
    if said and all(c in _CLOSERS for c in said):
        return False
    split_word = count < len(text) and _is_word(text[-count - 1]) and _is_word(overlap[0])
    return not split_word


def _cut_closers(text: str, line_prefix: str, rest: str) -> str:
    """Cut at a closing bracket that the rest of the line already brings.

    Counts on the cursor's line alone: brackets opened on earlier lines are the syntax check's.
    """
    quote, opened, _ = _scan(line_prefix, "")
    inner_quote, _, closers = _scan(text, quote)
    _, _, brought = _scan(rest, inner_quote)
    spare = opened - len(brought)
    if brought and spare >= 0 and len(closers) > spare:
        return text[: closers[spare]]
    return text


def _scan(text: str, quote: str) -> tuple[str, int, list[int]]:
    """Quote open at the end, brackets left open, offsets of closers without an opener."""
    opened: list[str] = []
    unmatched: list[int] = []
    i = 0
    while i < len(text):
        character = text[i]
        if quote:
            if character == "\\":
                i += 1
            elif text.startswith(quote, i):
                i += len(quote) - 1
                quote = ""
            elif character == "\n" and len(quote) == 1:
                quote = ""
        elif character in _QUOTES:
            quote = character * 3 if text.startswith(character * 3, i) else character
            i += len(quote) - 1
        elif character in _OPENERS:
            opened.append(character)
        elif character in _CLOSERS:
            if opened:
                opened.pop()
            else:
                unmatched.append(i)
        i += 1
    return quote, len(opened), unmatched


def _trim_end(text: str, rest: str, line_prefix: str) -> str:
    if not rest.strip() or not text.strip():
        return text.rstrip()
    # Before more text on the line a space may be a separator; a line inserted above the cursor's
    # text needs its line end and indentation.
    if not line_prefix.strip() and "\n" in text:
        return text
    return text if _is_word(rest[0]) else text.rstrip()


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
