"""What the names of a piece of TypeScript or JavaScript are bound to, by the text before a cursor.

Knows text and brackets; knows no files and no types. The nearest binding above counts: scopes are
not told apart, which is right for nearly all names and cannot fail on broken code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from beadline.context.symbols.resolve.chains import closer, expression, split, start_of

_MOST = 40
"""Places of a name that are looked at."""
_BACK = 800
"""Characters before a place in which the bracket around it opens."""
_LONGEST_TYPE = 400
_HEAD = 60
"""Characters before a place in which the keyword that declares it stands."""
_PATTERN_CHARS = 800
_KEYWORD = re.compile(r"\b(?:const|let|var|using)\s+\Z")
_STATEMENT = re.compile(r"(?:\A|[;{}\n])[ \t]*\Z")
_BEFORE_TYPED = re.compile(
    r"(?:[(,]|\.\.\.|\b(?:const|let|var|readonly|private|public|protected|override|declare))\s*\Z"
)
_TYPED = re.compile(r"\s*[?!]?\s*:\s*")
_ASSIGNED = re.compile(r"(?:\s*:[^=;(){}]{1,200})?\s*=(?![=>])\s*")
_OF = re.compile(r"\s+of\s+")
_ARROW = re.compile(r"\s*(?::[^=;{}]{1,200})?=>")
_ANONYMOUS = re.compile(r"(?:\basync\s*|\bfunction\s*\*?\s*)+\Z")
_KEY = re.compile(r"([\w$]+)\s*:\s*\Z")
_AS = re.compile(r"\s*\b(?:as|satisfies)\s+(?!const\b)")
_BINDS = re.compile(r"\s*(?:[?!]?:|=(?!=)|[,)\]}]|of\b)")
_GOES_ON = re.compile(r"\s*(?:[|&.?]|=>|extends\b)")
_STATEMENT_CHARS = 2000
_FROM = re.compile(r"\bfrom\s*[\"']([^\"'\n]+)[\"']")
_NEXT = re.compile(r"\n\s*(?:import|export|const|let|function|class)\b")
_OPENERS, _CLOSERS = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Local:
    """One binding of a name."""

    how: str
    """`type`: `text` is its type; `value`: the expression assigned; `item`: the expression it is
    an element of; `parameter`: the function that takes the callback whose parameter it is."""
    text: str
    key: str = ""
    """Destructured: the name it has in the object."""
    argument: int = 0
    """Which argument the callback is."""
    position: int = 0
    """Which of the callback's parameters it is."""


class Locals:
    """The bindings in a text that ends at a cursor."""

    def __init__(self, text: str) -> None:
        self._text = text

    def of(self, name: str) -> Iterator[Local]:
        """The bindings of a name, nearest first; some may be none (`f(a, b: c)` of other code)."""
        text, at, looked = self._text, len(self._text), 0
        while name and looked < _MOST and (at := text.rfind(name, 0, at)) >= 0:
            end = at + len(name)
            if _is_name(text, at, end) and _BINDS.match(text, end):
                looked += 1
                if (found := self._binding(name, at, end)) is not None:
                    yield found

    def _binding(self, name: str, start: int, end: int) -> Local | None:
        text = self._text
        before = text[max(0, start - _HEAD) : start]
        declared = _KEYWORD.search(before) is not None
        typed = _TYPED.match(text, end)
        if typed and _BEFORE_TYPED.search(before) and (type_ := type_at(text, typed.end())):
            return Local("type", type_)
        if (of := _OF.match(text, end)) and declared:
            return Local("item", value_at(text, of.end()))
        assigned = _ASSIGNED.match(text, end)
        if assigned and (declared or _STATEMENT.search(before)):
            return Local("value", value_at(text, assigned.end()))
        if _ARROW.match(text, end):
            return self._callback(start, 0)
        opened = _opened(text, start)
        if opened < 0:
            return None
        if text[opened] == "(":
            close = closer(text, opened, min(len(text), opened + _PATTERN_CHARS))
            if close < 0 or not self._takes(opened, close):
                return None
            return self._callback(opened, len(split(text[opened + 1 : start])))
        return self._destructured(name, opened, start)

    def _destructured(self, name: str, opened: int, start: int) -> Local | None:
        """The binding of a name in `{a, b: c}` or `[a, b]`, a pattern that starts at `opened`."""
        text = self._text
        close = closer(text, opened, min(len(text), opened + _PATTERN_CHARS))
        head = text[max(0, opened - _HEAD) : opened]
        if close < 0:
            return None
        key = ""
        if text[opened] == "{":
            renamed = _KEY.search(text, opened + 1, start)
            key = renamed[1] if renamed else name
        if _KEYWORD.search(head):
            if (of := _OF.match(text, close + 1)) is not None:
                return Local("item", value_at(text, of.end()), key)
            if (assigned := _ASSIGNED.match(text, close + 1)) is not None:
                return Local("value", value_at(text, assigned.end()), key)
            return None
        if not head.rstrip().endswith(("(", ",")):
            return None
        if (typed := _TYPED.match(text, close + 1)) is not None:
            return Local("type", type_at(text, typed.end()), key)
        around = _opened(text, opened)
        if around < 0 or text[around] != "(":
            return None
        end = closer(text, around, min(len(text), around + _PATTERN_CHARS))
        if end < 0 or not self._takes(around, end):
            return None
        return self._callback(around, len(split(text[around + 1 : opened])), key)

    def _takes(self, opened: int, close: int) -> bool:
        """The brackets hold the parameters of a function without a name."""
        head = self._text[max(0, opened - _HEAD) : opened]
        return _ARROW.match(self._text, close + 1) is not None or head.rstrip().endswith("function")

    def _callback(self, start: int, position: int, key: str = "") -> Local | None:
        """The parameter of a callback whose parameters start at `start`, in the call around it."""
        text = self._text
        before = text[max(0, start - _HEAD) : start]
        if (anonymous := _ANONYMOUS.search(before)) is not None:
            start -= len(before) - anonymous.start()
        call = _opened(text, start)
        if call < 0 or text[call] != "(":
            return None
        callee = text[start_of(text, call) : call]
        if not callee:
            return None
        return Local("parameter", callee, key, len(split(text[call + 1 : start])), position)


def source_at(text: str, offset: int) -> str:
    """The module that the import or export statement at an offset names; empty where it does not
    yet."""
    start = max(text.rfind("import", 0, offset), text.rfind("export", 0, offset), 0)
    after = _NEXT.search(text, offset, offset + _STATEMENT_CHARS)
    end = after.start() if after else offset + _STATEMENT_CHARS
    source = _FROM.search(text, start, min(end, len(text)))
    return source[1] if source else ""


def value_at(text: str, start: int) -> str:
    """The expression that starts at `start`, with the type that `as` gives it; its first operand
    where there are several."""
    found = expression(text, start)
    if found and (cast := _AS.match(text, start + len(found))) is not None:
        return f"{found} as {type_at(text, cast.end())}"
    return found


def type_at(text: str, start: int) -> str:
    """The type that is written at `start`, in one line."""
    depth, at = 0, start
    stop = min(len(text), start + _LONGEST_TYPE)
    while at < stop:
        character = text[at]
        if character == "=" and text.startswith("=>", at):
            at += 2
            continue
        if character in "([<" or (character == "{" and (depth or _expects(text, start, at))):
            depth += 1
        elif character in ")]}>":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and (
            character in ",;={"
            or (
                character == "\n" and not _expects(text, start, at) and not _GOES_ON.match(text, at)
            )
        ):
            break
        at += 1
    return " ".join(text[start:at].split())


def _expects(text: str, start: int, at: int) -> bool:
    """A type or a part of one must follow what is written from `start` to `at`."""
    written = text[start:at].rstrip()
    return not written or written.endswith(("|", "&", ":", "=>", "?", "extends", "keyof"))


def _opened(text: str, at: int) -> int:
    """Offset of the innermost bracket that is open at `at`; -1 where none is near."""
    depth = 0
    for i in range(at - 1, max(-1, at - 1 - _BACK), -1):
        if text[i] in _CLOSERS:
            depth += 1
        elif text[i] in _OPENERS:
            if depth == 0:
                return i
            depth -= 1
    return -1


def _is_name(text: str, start: int, end: int) -> bool:
    """[start, end) is a whole identifier and no member's, `.name`."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if before == "." and not text.startswith("...", max(0, start - 3)):
        return False
    return not any(each and (each.isalnum() or each in "_$#") for each in (before, after))
