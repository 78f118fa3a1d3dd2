"""Cuts a model's text to what may be shown at a hole. Knows texts and lexical states; no tree.

Every rule takes text away; none writes any, except for blanks at the start of a line
(`indentation`). Sources of the rules and their constants are named where they are; Cody, Continue,
Copilot, llama.vim and Tabby are described in their own repositories.
"""

from __future__ import annotations

from beadline.completion.postprocess import (
    brackets,
    fragments,
    indentation,
    overlap,
    repetition,
)
from beadline.context.hole import Hole

_PASSES = 8
"""A rule's cut may make another one apply; texts settle after two or three passes."""
LIMITED = frozenset({"length", "deadline"})
"""Stop reasons that may leave half a line, half a word."""


def tidy(text: str, hole: Hole, *, indent: str = "", stop_reason: str = "") -> str:
    """`text` without what repeats itself or its surroundings, indented as its surroundings are.

    `indent` is what a new statement at the hole starts with. May be empty. Tidying the result
    again changes nothing (but for the reason to stop, which holds for `text` alone).
    """
    if stop_reason in LIMITED:
        text = fragments.without_cut_end(text, hole)
    for _ in range(_PASSES):
        tidied = _once(text, hole, indent)
        if tidied == text:
            return text
        text = tidied
    return text


def _once(text: str, hole: Hole, indent: str) -> str:
    text = overlap.without_repeated_start(text, hole)
    text = overlap.first_line_before_code(text, hole)
    text = repetition.without_loops(text)
    text = indentation.repaired(text, hole, indent)
    text = overlap.without_following_lines(text, hole)
    text = overlap.without_suffix(text, hole)
    text = brackets.without_closers_behind(text, hole)
    text = brackets.without_block_end_behind(text, hole)
    return fragments.trimmed(text, hole)
