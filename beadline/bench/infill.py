"""What llama.vim sends and shows: requests from a buffer, hints from answers. Knows no clock.

After ggml-org/llama.vim a1c8e6e, autoload/llama.vim; line numbers in comments are of that file.
Columns are code points from 0 instead of bytes, lines count from 1.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beadline.bench.ring import PREFIX_LINES, SUFFIX_LINES, getline

PREDICT = 128
"""n_predict (l. 73)."""
MAX_LINE_SUFFIX = 8
"""max_line_suffix (l. 79)."""
FIRST_MS, FOLLOWING_MS, PROMPT_MS = 250, 1000, 500
"""t_max_predict_ms of a first request and of one that follows (l. 741-745), t_max_prompt_ms."""
CACHED = 250
"""max_cache_keys (l. 80)."""
WALK_BACK = 128
"""Characters (l. 980)."""
_SPLIT = "Î"
"""Between what is before and after the cursor in a key (l. 753)."""


@dataclass(frozen=True)
class Buffer:
    """A text with a cursor."""

    lines: tuple[str, ...]
    x: int
    y: int
    filename: str

    @classmethod
    def of(cls, text: str, offset: int, filename: str) -> Buffer:
        """A file's text as Vim holds it: the last line break ends a line and starts none."""
        start = text.rfind("\n", 0, offset) + 1
        y = text.count("\n", 0, start) + 1
        lines = text.split("\n")
        if lines[-1] == "" and len(lines) > 1 and y < len(lines):
            lines.pop()
        return cls(tuple(lines), offset - start, y, filename)

    @property
    def line(self) -> str:
        """The cursor's line."""
        return self.lines[self.y - 1]


@dataclass(frozen=True)
class Local:
    """The text around the cursor as it is sent."""

    prefix: str
    middle: str
    suffix: str
    indent: int
    line_suffix: str

    def cache_keys(self) -> list[str]:
        """Keys of the cache: this text, and without its first one to three lines (l. 747-763)."""
        keys = [self.prefix + self.middle + _SPLIT + self.suffix]
        prefix = self.prefix
        for _ in range(3):
            prefix = prefix.partition("\n")[2] if "\n" in prefix else prefix
            if not prefix:
                break
            keys.append(prefix + self.middle + _SPLIT + self.suffix)
        return keys


def local(buffer: Buffer, shown: Sequence[str] = (), indent_last: int = -1) -> Local:
    """s:fim_ctx_local (l. 607-679). `shown` is a hint as if it were accepted already."""
    y, n_prefix = buffer.y, PREFIX_LINES
    below = getline(buffer.lines, y + 1, min(len(buffer.lines), y + SUFFIX_LINES))
    if not shown:
        above = list(getline(buffer.lines, max(1, y - n_prefix), y - 1))
        line = buffer.line
        before, after = line[: buffer.x], line[buffer.x :]
        indent = len(line) - len(line.lstrip(" \t"))
        if not line.strip(" \t"):  # l. 619-624: a line of blanks is asked for from its start
            before, after, indent = "", "", 0
    else:
        above = list(getline(buffer.lines, max(1, y - n_prefix + len(shown) - 1), y - 1))
        before, after, indent = buffer.line + shown[0], "", indent_last
        if len(shown) > 1:
            above += [buffer.line + shown[0], *shown[1:-1]]
            before = shown[-1]
    return Local(
        "\n".join(above) + "\n", before, f"{after}\n" + "\n".join(below) + "\n", indent, after
    )


def request(where: Local, extra: list[dict[str, str]], predict_ms: int) -> dict[str, Any]:
    """The body of a completion (l. 796-825); greedy, which the plugin is not: its sampler chain
    has no temperature, so that the server samples. `response_fields` is left out."""
    return {
        "id_slot": 0,
        "input_prefix": where.prefix,
        "input_suffix": where.suffix,
        "input_extra": extra,
        "prompt": where.middle,
        "n_predict": PREDICT,
        "stop": [],
        "n_indent": where.indent,
        "top_k": 40,
        "top_p": 0.90,
        "samplers": ["top_k", "top_p", "infill", "temperature"],
        "temperature": 0.0,
        "stream": False,
        "cache_prompt": True,
        "t_max_prompt_ms": PROMPT_MS,
        "t_max_predict_ms": predict_ms,
    }


def warm_up(extra: list[dict[str, str]]) -> dict[str, Any]:
    """The body of the request after a change of the ring (l. 552-566)."""
    return {
        "id_slot": 0,
        "input_prefix": "",
        "input_suffix": "",
        "input_extra": extra,
        "prompt": "",
        "n_predict": 0,
        "temperature": 0.0,
        "samplers": [],
        "stream": False,
        "cache_prompt": True,
        "t_max_prompt_ms": 1,
        "t_max_predict_ms": 1,
    }


class Cache:
    """Answers by the text around the cursor (l. 143-171)."""

    def __init__(self) -> None:
        self._data: OrderedDict[str, str] = OrderedDict()

    def insert(self, key: str, content: str) -> None:
        if len(self._data) > CACHED - 1:
            self._data.popitem(last=False)
        self._data[key] = content
        self._data.move_to_end(key)

    def get(self, key: str) -> str | None:
        if key not in self._data:
            return None
        self._data.move_to_end(key)
        return self._data[key]

    def near(self, where: Local) -> str | None:
        """What is known here, or was a few characters earlier and agrees (s:fim_try_hint,
        l. 968-1007)."""
        if (content := self.get(where.cache_keys()[0])) is not None:
            return content
        before = where.prefix + where.middle
        found: str | None = None
        best = 0
        for count in range(1, min(WALK_BACK, len(before)) + 1):
            earlier = self.get(before[:-count] + _SPLIT + where.suffix)
            if earlier is None or earlier[:count] != before[-count:]:
                continue
            rest = earlier[count:]
            # As it is there: the first one found never counts as the best.
            if rest and (found is None or len(rest) > best):
                best = len(rest) if found is not None else best
                found = rest
        return found


@dataclass(frozen=True)
class Hint:
    """What is put on the screen."""

    lines: tuple[str, ...]
    """Virtual text from the cursor on; the last one ends with what the line has behind it."""
    line: str
    """The cursor's line, less its blanks where it has nothing else."""
    can_accept: bool

    def replaced(self, buffer: Buffer) -> str:
        """The lines that take the place of the cursor's line on acceptance (l. 1264-1274)."""
        return self.line[: buffer.x] + "\n".join(self.lines)


def render(buffer: Buffer, content: str) -> Hint:
    """s:fim_render (l. 1020-1153): the hint for an answer; what repeats the text is dropped."""
    lines = content.split("\n")
    while lines and lines[-1] == "":  # l. 1049-1052
        lines.pop()
    can_accept = bool(lines)
    lines = lines or [""]
    line = buffer.line
    if not line.strip(" \t"):  # l. 1082-1088
        lead = min(len(lines[0]) - len(lines[0].lstrip(" \t")), len(line))
        line, lines[0] = lines[0][:lead], lines[0][lead:]
    before, after = line[: buffer.x], line[buffer.x :]
    if _repeats(buffer, lines, before, after):
        lines = [""]
    lines[-1] += after
    if not "\n".join(lines).strip():  # l. 1150-1153
        can_accept = False
    return Hint(tuple(lines), line, can_accept)


def _repeats(buffer: Buffer, lines: Sequence[str], before: str, after: str) -> bool:
    """Whether a hint says what is there already (l. 1101-1137)."""
    text, y, count = buffer.lines, buffer.y, len(lines)
    if count > 1 and not lines[0] and [*lines[1:]] == [*getline(text, y + 1, y + count - 1)]:
        return True
    if count == 1 and lines[0] == after:
        return True
    row = y + 1
    while row < len(text) and not _line(text, row).strip():
        row += 1
    if before + lines[0] != _line(text, row):
        return False
    if count == 1:
        return True
    if count == 2:
        return lines[-1] == _line(text, row + 1)[: len(lines[-1])]
    return [*lines[1:]] == [*getline(text, row + 1, row + count - 1)]


def _line(text: Sequence[str], row: int) -> str:
    return text[row - 1] if 0 < row <= len(text) else ""
