"""A cursor where a tokenizer would not cut: between a blank or a dot and a word. Knows tokens.

`    |store` is four blanks, one token, and a word for who sees the cursor, and three blanks and
` store` in every file; `self.|name` is `self` and `.name` there, and `):|` often ends with its
line. So the context is the tokens of the file, up to the last that ends before the cursor, and what
follows them there is known to begin with what is left before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

Encode = Callable[[str], list[int]]
Spell = Callable[[int], bytes]
_WORD, _LINE_END = "x", "\n"
"""What may follow, as far as a tokenizer joins it with what stands before it."""


@dataclass(frozen=True)
class Seam:
    """What stands between the last token of the context and the cursor."""

    owed: bytes
    """Begins the token that follows in the files; empty: the cursor is between two tokens."""
    encode: Encode
    spell: Spell

    def behind(self, token: int) -> int | None:
        """Of a token that follows in a file, the first one of what it says behind the cursor; None
        where it cannot be what follows.
        """
        data = self.spell(token)
        if not data.startswith(self.owed) or len(data) == len(self.owed):
            return None
        try:
            return self.encode(data[len(self.owed) :].decode("utf-8"))[0]
        except UnicodeDecodeError:
            return None

    def continued(self, tokens: list[int]) -> list[int]:
        """Tokens that follow in a file as tokens behind the cursor, as far as they can be."""
        first = self.behind(tokens[0]) if tokens else None
        if first is None:
            return []
        whole = self.owed + self.spell(first) == self.spell(tokens[0])
        return [first, *tokens[1:]] if whole else [first]

    def filtered(self, followed: Mapping[int, int]) -> dict[int, int]:
        """Tokens that follow in files and how often, as tokens behind the cursor."""
        found: dict[int, int] = {}
        for token, count in followed.items():
            behind = self.behind(token)
            if behind is not None:
                found[behind] = found.get(behind, 0) + count
        return found

    def after(self, token: int) -> Seam:
        """The seam when a token was chosen behind the cursor: it may end within a file's token."""
        return replace(self, owed=self.owed + self.spell(token))

    def of(self, token: int) -> Seam:
        """The seam when such a token was chosen behind one that ended with its file's."""
        return replace(self, owed=self.spell(token))

    def first(self, followed: Mapping[int, int]) -> tuple[int, Seam] | None:
        """The likeliest token that follows in files and is the beginning, or all, of what is owed,
        and the seam behind it; None where there is none.
        """
        spelled = ((count, token, self.spell(token)) for token, count in followed.items())
        fitting = [each for each in spelled if each[2] and self.owed.startswith(each[2])]
        if not fitting:
            return None
        _, token, data = max(fitting)
        return token, replace(self, owed=self.owed[len(data) :])

    def tokens(self) -> list[int]:
        """What is owed as tokens of its own; a character that has only begun is not among them."""
        return self.encode(self.owed.decode("utf-8", "ignore"))


def split(line: str, encode: Encode, spell: Spell) -> tuple[list[int], Seam | None]:
    """The tokens of a line up to the cursor that are the same whatever follows, and the seam behind
    them; None where the line ends within a word, or as a tokenizer would cut it.
    """
    if not line or line[-1].isalnum():
        return encode(line), None
    data = line.encode("utf-8", "replace")
    # A line's end takes blanks before it away from what else they may belong to.
    behind = (_WORD,) if line[-1].isspace() else (_WORD, _LINE_END)
    ids: list[int] = []
    at = 0
    for first, *others in zip(*(encode(line + each) for each in behind), strict=False):
        end = at + len(spell(first))
        if end > len(data) or any(other != first for other in others):
            break
        ids.append(first)
        at = end
    owed = data[at:]
    return ids, Seam(owed, encode, spell) if owed else None
