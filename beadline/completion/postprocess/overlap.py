"""Takes off what stands before or behind the cursor already. Knows texts and lines; no brackets."""

from __future__ import annotations

import re

from beadline.completion.postprocess import lines
from beadline.context.hole import Hole
from beadline.context.lexer import CLOSERS, indent_of

_OVERLAP = 2000
"""Most characters compared with the suffix."""
_SUFFIX_LINES = 3
"""Lines that are compared with the lines behind the cursor as a whole (Tabby)."""
_SUFFIX_NEAR = 0.05
"""Edit distance by length up to which those lines say the same (Tabby); for three lines that is
0.08 % of 77,405 different neighbours in the development code."""
_REPEATED_START = 4
"""More characters of the cursor's line, with a blank in them, are not written again by chance."""
_INSIDE_SUFFIX = 20
_SUFFIX_START = 30
"""A text so long inside the suffix's first characters repeats them (Continue)."""
_CLOSING_REST = re.compile(r"\s*+[)>}\]\"'`]*+\s*+[:{;,]?+\s*+\Z")
"""A rest of line that a suggestion of several lines may stand before (Cody). Possessive: a line of
thousands of blanks is looked at once."""


def without_repeated_start(text: str, hole: Hole) -> str:
    """`text` without the start of the cursor's line, or the blank, that is written once more."""
    left = hole.left
    if hole.scanned.string or hole.scanned.comment or not left.strip():
        return text
    said = left.lstrip()
    if len(said) > _REPEATED_START and " " in said and text.startswith(said):
        text = text[len(said) :]
    if left[-1] in " \t" and text[:1] == " " and text.strip():
        return text.lstrip(" ")
    return text


def first_line_before_code(text: str, hole: Hole) -> str:
    """Before code on its line a text ends with that line (llama.vim), closers excepted (Cody)."""
    if hole.rest.strip() and not hole.left_blank and not _CLOSING_REST.match(hole.rest):
        return text.partition("\n")[0]
    return text


def repeats_following(text: str, hole: Hole) -> bool:
    """Whether the text as a whole is what the suffix begins with, or almost."""
    said = text.strip()
    behind = hole.text[hole.offset : hole.offset + _OVERLAP]
    following = behind[len(hole.rest) :]
    start = behind.lstrip()[: max(_SUFFIX_START, len(said))]
    if len(said) >= _INSIDE_SUFFIX and said in start:
        return True
    own = lines.filled(text, _SUFFIX_LINES)
    if not own:
        return False
    if not hole.rest.strip():
        own[0] = _whole_first(text, own[0], hole)
    below = lines.filled(following, len(own))
    if len(own) == 1:
        said = own[0].strip()
        if len(said) >= lines.SHORT and said == hole.rest.strip():
            return True
        return bool(below) and len(said) >= lines.SHORT and lines.same(said, below[0])
    if len(below) < len(own):
        return False
    if len(own) == _SUFFIX_LINES and lines.near(own, below, _SUFFIX_NEAR):
        return True
    return all(map(lines.same, own, below))


def repeats_previous(text: str, hole: Hole) -> bool:
    """Whether the text says what the lines above the cursor have just said (after Continue)."""
    own = lines.filled(text, 50)
    if not own:
        return False
    own[0] = _whole_first(text, own[0], hole)
    if len(own) == 1 and len(own[0].strip()) < lines.SHORT:
        return False
    before = hole.text[max(0, hole.offset - len(hole.left) - 2 * _OVERLAP) : hole.offset]
    above = lines.filled_before(before[: len(before) - len(hole.left)], len(own))
    return len(above) == len(own) and all(map(lines.same, own, above))


def _whole_first(text: str, first: str, hole: Hole) -> str:
    """The first line that says something, with what stands before it on the cursor's line."""
    return hole.left + first if text.startswith(first) else first


def without_following_lines(text: str, hole: Hole) -> str:
    """Cut before a line that says the same as the next line of the document (after Continue)."""
    expected = hole.next_line
    if not lines.says_something(expected) or (hole.rest.strip() and not hole.left_blank):
        return text
    at = 0
    while True:
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)]
        whole = line if at else hole.left + line
        if indent_of(whole) == indent_of(expected) and lines.same(whole, expected):
            return text[: max(0, at - 1)]
        if end < 0:
            return text
        at = end + 1


def without_suffix(text: str, hole: Hole) -> str:
    """Take off the longest end of the text that the suffix begins with."""
    after = hole.text[hole.offset : hole.offset + _OVERLAP]
    for count in range(min(len(text), len(after)), 0, -1):
        if after.startswith(text[-count:]) and _is_overlap(text, after, count):
            return text[:-count]
    return text


def _is_overlap(text: str, after: str, count: int) -> bool:
    overlap = text[-count:]
    said = overlap.strip()
    # Closing brackets alone may be needed twice: counting decides, not equality.
    if said and all(c in CLOSERS for c in said):
        return False
    return not _inside_word(text, len(text) - count) and not _inside_word(after, count)


def _inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _is_word(text[at - 1]) and _is_word(text[at])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
