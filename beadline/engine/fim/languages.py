"""How to comment a line out, by a path's extension. Knows no syntax and no model.

The table is `languages.toml`; `context` has its own, richer one, which the engine may not import.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

_EXTENSION = re.compile(r"\.(\w+)$")
"""aiXcoder's own pattern, case and all."""


@dataclass(frozen=True)
class Language:
    """What a prompt may say about a language."""

    name: str = ""
    """As aiXcoder calls it; empty where it has no name for it."""
    comment: str = ""
    """aiXcoder's comment line, {} for the text."""
    plain: str = "// {}"
    """A comment line of the language, {} for the text."""

    def commented(self, text: str) -> str:
        """`text` with every line commented out, ending in a newline."""
        lines = [self.plain.replace("{}", line).rstrip() for line in text.rstrip("\n").split("\n")]
        return "\n".join(lines) + "\n"

    def tight(self, text: str) -> str:
        """`text` as a comment without the usual blank (`#utils.py`), as DeepSeek-Coder writes."""
        opener, _, closer = self.plain.partition("{}")
        return opener.strip() + text + closer.strip()

    def header(self, text: str) -> str:
        """Every line of `text` as aiXcoder comments it; empty for a language it does not know."""
        if not self.comment:
            return ""
        return "".join(self.comment.replace("{}", line) + "\n" for line in text.splitlines())


def of_path(path: str) -> Language:
    """The language of a file name; the default comments with `//` and has no name."""
    match = _EXTENSION.search(path)
    return _table().get(match[1] if match else "", Language())


@cache
def _table() -> dict[str, Language]:
    source = resources.files(__package__ or "beadline.engine.fim").joinpath("languages.toml")
    found: dict[str, Language] = {}
    for entry in tomllib.loads(source.read_text("utf-8"))["language"]:
        comment = entry.get("comment", "")
        language = Language(entry.get("name", ""), comment, entry.get("plain") or comment)
        found.update(dict.fromkeys(entry["extensions"], language))
    return found
