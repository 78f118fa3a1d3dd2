"""Settings an editor sends: which of them count, and what it is told. Knows no editor.

All of them are untrusted: `.vscode/settings.json` is written by whoever wrote the repository.
Nothing is read from workspace files here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from beadline import settings
from beadline.settings import Options

SECTION = "beadline"
"""Name of our section in an editor's settings."""

SOURCE = "editor settings"

_ABOUT_THE_EDITOR = frozenset({"editorInfo", "editorPluginInfo"})
_MOST_NAMES = 8
_MOST_CHARACTERS = 120


class Configuration:
    """The user's own options, and over them what the editor sent last."""

    def __init__(self, base: Options) -> None:
        self.base = base
        """What the user's file, the environment and the flags say."""
        self.options = base
        """What holds now."""
        self._initial: Mapping[str, Any] = {}
        self._sent: Mapping[str, Any] = {}
        self._told: set[str] = set()

    def initialize(self, values: Any) -> list[str]:
        """`initializationOptions`; the messages to show."""
        section = ours(values)
        self._initial = {k: v for k, v in section.items() if k not in _ABOUT_THE_EDITOR}
        return self._merge()

    def update(self, values: Any) -> list[str]:
        """Settings that were pushed or pulled; they replace those sent before."""
        self._sent = ours(values)
        return self._merge()

    def _merge(self) -> list[str]:
        options, refused, problems = self.base, [], []
        for values in (self._initial, self._sent):
            try:
                applied = settings.apply(options, values, trusted=False, source=SOURCE)
            except RecursionError:
                problems.append(f"{SOURCE}: nested too deeply; ignored.")
                continue
            options = applied.options
            refused.extend(applied.refused)
            problems.extend(applied.problems)
        self.options = options
        return self._messages(refused, problems)

    def _messages(self, refused: Iterable[str], problems: Iterable[str]) -> list[str]:
        """At most two sentences to show, about what was not told before."""
        messages = []
        if names := self._new(refused):
            messages.append(
                f"Ignored settings that an editor or a workspace may not set: {_list(names)}. "
                f"Set them in {settings.user_config_file()}, the environment or a flag."
            )
        if sentences := self._new(problems):
            messages.append(_list(sentences, " "))
        return messages

    def _new(self, items: Iterable[str]) -> list[str]:
        new = [item for item in dict.fromkeys(items) if item not in self._told]
        self._told.update(new)
        return new


def ours(values: Any) -> Mapping[str, Any]:
    """Our section of what an editor sent, which may be the section itself, nested or dotted."""
    if not isinstance(values, Mapping):
        return {}
    section = values.get(SECTION)
    own: dict[str, Any] = dict(section) if isinstance(section, Mapping) else {}
    rest = {key: value for key, value in values.items() if key != SECTION}
    prefix = SECTION + "."
    own |= {k.removeprefix(prefix): v for k, v in rest.items() if k.startswith(prefix)}
    # With our section present the others belong to other servers (some editors send them all).
    return own if own or SECTION in values else rest


def _list(items: list[str], separator: str = ", ") -> str:
    shown = [_short(item) for item in items[:_MOST_NAMES]]
    more = len(items) - len(shown)
    return separator.join(shown) + (f" and {more} more" if more else "")


def _short(text: str) -> str:
    """One printable line: names of settings are written by strangers."""
    line = "".join(c if c.isprintable() else "?" for c in text)
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 3] + "..."
