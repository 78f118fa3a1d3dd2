"""Counts the tags of JSX in text that arrives a character at a time. Knows no lines."""

from __future__ import annotations

LANGUAGES = frozenset(("javascript", "javascriptreact", "typescriptreact"))
_BEFORE_TAG = "(,=?:&|>{}[;"


class Tags:
    """Open elements of the text fed so far; `open` is their number."""

    def __init__(self, before: str) -> None:
        """`before`: code in front of the cursor, from which the meaning of a `<` is taken."""
        self.open = 0
        self._last = before.rstrip()[-1:]
        self._word = before.rstrip().endswith(("return", "default"))
        self._depth = -1
        """Bracket depth of the tag that is being read; -1 between tags."""
        self._closing = False
        self._fresh = False
        """The last character was the `<` of a tag."""
        self._letters = ""

    @property
    def in_tag(self) -> bool:
        """Between `<` and `>`."""
        return self._depth >= 0

    def feed(self, character: str, depth: int) -> bool:
        """Take a character of code at a depth of brackets; True: it closes an outer element."""
        outer = False
        if self._fresh:
            self._fresh = False
            if character == "/":
                self._closing = True
                outer = self.open == 0
            elif not (character.isalpha() or character in "_>"):
                self._depth = -1
        if self._depth < 0 and character == "<" and self._may_start():
            self._fresh, self._closing, self._depth = True, False, depth
        elif character == ">" and depth == self._depth and self._last != "=":
            if self._closing:
                self.open = max(0, self.open - 1)
            elif self._last != "/":
                self.open += 1
            self._depth = -1
        if not character.isspace():
            letters = character.isalnum() or character in "_$"
            self._letters = self._letters + character if letters else ""
            self._word = self._letters in ("return", "default")
            self._last = character
        return outer

    def _may_start(self) -> bool:
        return self.open > 0 or self._word or not self._last or self._last in _BEFORE_TAG
