"""Which paths of a tree may be trained on, by their names and its rules. Knows no contents.

The same names are out as in the search for snippets (`context.retrieval.workspace`), and what the
tree itself says: `.beadlineignore`, and `linguist-generated` and `linguist-vendored` of
`.gitattributes`, which code hosts read as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from pathspec import GitIgnoreSpec

from beadline.context.ignore import known_spec, spec_of
from beadline.context.languages import PLAINTEXT, known, language_of
from beadline.context.retrieval.secrets import secret_name
from beadline.context.retrieval.workspace import IGNORE_FILE, enters, wanted_language

ATTRIBUTES_FILE = ".gitattributes"
RULE_FILES = frozenset({IGNORE_FILE, ATTRIBUTES_FILE})
"""Names of the files, at any level, that `PathRules` wants to know."""
LEFT_OUT = frozenset({"json"})
"""Languages that are data as a rule; the user may name them."""
_ATTRIBUTES = ("linguist-generated", "linguist-vendored")
_TRUE, _FALSE = ("", "=true", "=1"), ("=false", "=0")

NO_LANGUAGE = "in no language that is known"


def all_languages() -> frozenset[str]:
    """Ids of the languages that are trained on where the user names none."""
    return frozenset(language.id for language in known()) - LEFT_OUT - {PLAINTEXT}


class PathRules:
    """Says of a path why it is left out."""

    def __init__(
        self,
        *,
        languages: Collection[str] = (),
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        rules: Mapping[str, str] | None = None,
    ) -> None:
        """`languages`: ids, none: `all_languages`. `include` (none: everything) and `exclude` are
        gitignore patterns. `rules`: texts of the tree's `RULE_FILES` by their paths."""
        self._languages = frozenset(languages) or all_languages()
        include = tuple(include)
        self._include = known_spec(include) if include else None
        self._exclude = known_spec(tuple(exclude))
        rules = rules or {}
        ignored = {path: text.splitlines() for path, text in _named(rules, IGNORE_FILE)}
        self._ignored = _Levels(ignored)
        self._attributes = {
            attribute: _Levels(
                {
                    path: list(_patterns(text, attribute))
                    for path, text in _named(rules, ATTRIBUTES_FILE)
                }
            )
            for attribute in _ATTRIBUTES
        }

    def reason(self, path: str) -> str:
        """Why a path is left out; empty where it may be read. A script without a suffix says only
        in its first line what language it is in: see `reason_of_language`."""
        folder, _, name = path.rpartition("/")
        if folder and not enters(folder):
            return "in a vendored or hidden folder"
        if secret_name(name):
            return "named like a file of secrets"
        language = language_of(name)
        if language == PLAINTEXT and "." in name:
            return NO_LANGUAGE
        if not wanted_language(path):
            return "hidden" if name.startswith(".") else "generated, by its name"
        if language != PLAINTEXT and (reason := self.reason_of_language(language)):
            return reason
        if self._include is not None and not self._include.match_file(path):
            return "not among what is to be included"
        if self._exclude.match_file(path) or self._ignored.verdict(path):
            return "ignored"
        for attribute, levels in self._attributes.items():
            if levels.verdict(path):
                return f"{attribute.removeprefix('linguist-')}, by {ATTRIBUTES_FILE}"
        return ""

    def reason_of_language(self, language: str) -> str:
        """Why a file in a language is left out."""
        if language == PLAINTEXT:
            return NO_LANGUAGE
        return "" if language in self._languages else "in a language that is left out"


class _Levels:
    """gitignore rules of the folders of a tree; the deepest one with a word on a path decides."""

    def __init__(self, lines: Mapping[str, list[str]]) -> None:
        """`lines`: by the path of the file they stand in."""
        self._specs: dict[str, GitIgnoreSpec] = {
            path.rpartition("/")[0]: spec_of(each) for path, each in lines.items() if each
        }

    def verdict(self, path: str) -> bool:
        """Whether the rules are about a path."""
        folder = path.rpartition("/")[0]
        while self._specs:
            spec = self._specs.get(folder)
            below = path[len(folder) + 1 :] if folder else path
            if spec is not None and (said := spec.check_file(below).include) is not None:
                return said
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        return False


def _named(rules: Mapping[str, str], name: str) -> Iterator[tuple[str, str]]:
    return ((path, text) for path, text in rules.items() if PurePosixPath(path).name == name)


def _patterns(text: str, attribute: str) -> Iterator[str]:
    """The patterns of `.gitattributes` lines that set an attribute, as gitignore lines."""
    for line in text.splitlines():
        pattern, *given = line.split() or [""]
        if not pattern or pattern.startswith(("#", "[attr]", "!", '"')):
            continue
        for each in given:
            rest = each.removeprefix(attribute)
            if rest != each and rest in _TRUE:
                yield pattern
            elif each == f"-{attribute}" or (rest != each and rest in _FALSE):
                yield f"!{pattern}"
