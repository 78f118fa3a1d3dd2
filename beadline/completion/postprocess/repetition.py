"""Cuts where a text starts to loop. Knows the text alone, nothing of its surroundings."""

from __future__ import annotations

import re

from beadline.completion.postprocess.lines import same

_TIMES = 3
"""Equal lines or blocks in a row that are a loop (Continue)."""
_PERIOD = 4
"""Most lines of a block that loops."""
_NEAR_LINES = 6
"""Near lines in a row that are a loop: one, and 5 repetitions of it (Tabby)."""
_LINE_LOOPS = (re.compile(r"(.{3,}?)\1{5,}$"), re.compile(r"(.{10,}?)\1{3,}$"))
"""Ends of lines that loop (Tabby's two patterns)."""
_WORD_LOOP = re.compile(r"\b((?:[^\W\d_]++ ){2,6}?)\1{2,}")
"""Prose that loops: the same two to six words three times. Not once in 359,000 lines of the
development code."""
_LETTER_TIMES = 12
"""One or two characters loop when they are letters or digits: rulers are legitimate."""
_LINE_CHARS = 240
"""Characters at the end of a line that are searched for a loop."""


def without_loops(text: str) -> str:
    """`text` up to the end of the first round of a loop of lines, or of the last line's end."""
    return _without_line_loop(_without_word_loop(_without_block_loop(text)))


def _without_block_loop(text: str) -> str:
    lines = text.split("\n")
    for first in range(len(lines)):
        for period in range(1, _PERIOD + 1):
            if first + _TIMES * period > len(lines):
                break
            block = lines[first : first + period]
            if any(line.strip() for line in block) and all(
                lines[first + n * period : first + (n + 1) * period] == block
                for n in range(1, _TIMES)
            ):
                return "\n".join(lines[: first + period])
        run = lines[first : first + _NEAR_LINES]
        if len(run) == _NEAR_LINES and run[0].strip() and all(same(run[0], r) for r in run):
            return "\n".join(lines[: first + 1])
    return text


def _without_word_loop(text: str) -> str:
    match = _WORD_LOOP.search(text + " ")
    return text[: match.end(1)].rstrip() if match else text


def _without_line_loop(text: str) -> str:
    start = max(text.rfind("\n") + 1, len(text) - _LINE_CHARS)
    line = text[start:]
    for pattern in _LINE_LOOPS:
        match = pattern.search(line)
        if match and match.group(1).strip() and len(set(match.group(1))) > 1:
            return text[: start + match.end(1)]
    for period in (1, 2):
        unit = line[-period:]
        if unit.isalnum() and line.endswith(unit * _LETTER_TIMES):
            while text.endswith(unit * 2):
                text = text[:-period]
            return text
    return text
