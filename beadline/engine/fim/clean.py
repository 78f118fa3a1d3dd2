"""What of a model's output is the middle: a pure, stateful filter on text. Knows no tokens.

Families differ in what they write around the middle (`families.toml`): thoughts before it, the
current line once more, texts by which they go on when they should have ended.
"""

from __future__ import annotations

from beadline.engine.fim.family import Family


class Cleaner:
    """Text in, middle out. Text that may still turn out to be none of it is held back."""

    def __init__(self, family: Family, line: str) -> None:
        """`line`: what stands before the cursor in its line."""
        self._drop = family.drop
        self._stops = family.text_stops
        self._last_lines = family.last_lines
        self._line = line if family.repeats_line else ""
        self._opening = bool(self._drop or self._line)
        self._dropped = False
        self._held = ""
        self.ended = False
        """One of the family's end texts was met: nothing more comes."""

    @staticmethod
    def needed(family: Family) -> bool:
        """Whether the family writes anything that is no part of the middle."""
        return bool(family.drop or family.text_stops or family.last_lines or family.repeats_line)

    def feed(self, text: str) -> str:
        """The part of the middle that `text` makes certain; empty after the end."""
        if self.ended:
            return ""
        self._held += text
        if self._opening and not self._opened():
            return ""
        cut = min((at for stop in self._stops if (at := self._held.find(stop)) >= 0), default=-1)
        if cut >= 0:
            self.ended = True
            kept, self._held = self._held[:cut], ""
            return kept
        return self._release(self._uncertain())

    def finish(self) -> str:
        """What was held back and is part of the middle after all."""
        held, self._held = self._held, ""
        if self.ended or (self._opening and self._inside_dropped(held)):
            return ""
        line = held.rfind("\n")
        if line >= 0 and held[line + 1 :] in self._last_lines:
            return held[:line]
        return held

    def _opened(self) -> bool:
        """Drop what stands before the middle; False while that is not certain."""
        if self._dropped:
            self._held = self._held.lstrip("\n")
        if not self._held:
            return False
        for opener, closer in self._drop:
            if opener.startswith(self._held) and opener != self._held:
                return False
            if self._held.startswith(opener):
                end = self._held.find(closer)
                if end < 0:
                    return False
                self._held = self._held[end + len(closer) :]
                self._drop, self._dropped = (), True
                return self._opened()
        if self._line:
            if self._held != self._line and self._line.startswith(self._held):
                return False
            self._held = self._held.removeprefix(self._line)
        self._opening = False
        return True

    def _inside_dropped(self, held: str) -> bool:
        return any(held.startswith(opener) for opener, _ in self._drop)

    def _uncertain(self) -> int:
        """Where the held text may begin to be an end text, or a last line that is none."""
        start = len(self._held)
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(self._held)), 0, -1):
                if self._held.endswith(stop[:length]):
                    start = min(start, len(self._held) - length)
                    break
        line = self._held.rfind("\n")
        if line >= 0 and any(last.startswith(self._held[line + 1 :]) for last in self._last_lines):
            start = min(start, line)
        return start

    def _release(self, start: int) -> str:
        kept, self._held = self._held[:start], self._held[start:]
        return kept
