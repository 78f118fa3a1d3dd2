"""gitignore patterns that match in bounded time, whoever wrote them. Knows no files.

pathspec turns a pattern into a regular expression with one `[^/]*` for every `*`. Python tries all
ways to share a name among them, so that `*a*a*a*a*a*a*b` in somebody's .gitignore stops a server
for hours. What stands between two stars may as well be taken where it is first found, as
`fnmatch.translate` does: atomic groups say so, and nothing is tried twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import AnyStr

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_STAR = "[^/]*"
"""How pathspec writes `*`."""
_ANY = re.escape(_STAR)
_ONE = r"(?:\[\^/\](?!\*)|\[\^?\]?(?:\\.|[^\]/\\])*\]|\\[^/]|[^\[\]()/\\*])"
"""One character in pathspec's expressions: `?`, a class, an escaped or a plain one."""
_IN_NAME = re.compile(rf"{_ANY}({_ONE}+)(?={_ANY})")
_BELOW = r"\(\?:/\.\+\)\?"
"""How it writes `**` between folders."""
_FIRST_FOLDERS = re.compile(rf"^\^\(\?:\.\+/\)\?((?:(?!{_BELOW}).)+?)(?={_BELOW})", re.S)
_FOLDERS = re.compile(rf"{_BELOW}((?:(?!{_BELOW}).)+?)(?={_BELOW})", re.S)


class _Pattern(GitIgnoreSpecPattern):
    @classmethod
    def pattern_to_regex(cls, pattern: AnyStr) -> tuple[AnyStr | None, bool | None]:
        regex, include = super().pattern_to_regex(pattern)
        return (_atomic(regex) if isinstance(regex, str) else regex), include


def spec_of(lines: Iterable[str]) -> GitIgnoreSpec:
    """Rules of gitignore lines, those left out that are none: they may come from anywhere."""
    patterns: list[_Pattern] = []
    for line in lines:
        try:
            patterns.append(_Pattern(line))
        except (ValueError, RecursionError, OverflowError):
            continue
    return GitIgnoreSpec(patterns)


@lru_cache(maxsize=8)
def known_spec(lines: tuple[str, ...]) -> GitIgnoreSpec:
    """As `spec_of`, made once for rules that are asked again and again."""
    return spec_of(lines)


def _atomic(regex: str) -> str:
    """The same language without a choice that was made being made again."""
    regex = re.sub(f"(?:{_ANY}){{2,}}", lambda _: _STAR, regex)
    regex = _IN_NAME.sub(r"(?>[^/]*?\1)", regex)
    regex = _FIRST_FOLDERS.sub(r"^(?>(?:.+?/)??\1(?=/))", regex)
    return _FOLDERS.sub(r"(?>(?:/.+?)??\1(?=/))", regex)
