"""Writes LSP4IJ's `template.json` from the languages beadline knows. Knows no settings.

    python packaging/lsp4ij.py            write the file
    python packaging/lsp4ij.py --check    only say whether it is out of date; exit code 1 if it is

The files of settings beside it are `generate.py`'s; `installer.json` and `README.md` are written
by hand. Which keys there are, and where that is documented: tests/editors/jetbrains/keys.py.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from beadline.context.languages.registry import Registry
from beadline.context.languages.types import PLAINTEXT, Language

TEMPLATE = Path(__file__).resolve().parent / "jetbrains" / "template" / "template.json"

_SPELLED = {
    "gnumakefile": "GNUmakefile",
    "pkgbuild": "PKGBUILD",
    "sconscript": "SConscript",
    "sconstruct": "SConstruct",
}
"""Names of files that are neither in small letters nor merely capitalised."""


def template() -> dict[str, Any]:
    """What the file has to hold."""
    languages = [each for each in Registry().known() if each.id != PLAINTEXT]
    return {
        "id": "beadline",
        "name": "beadline",
        # Without one LSP4IJ links to a page of its own documentation, which has none of beadline.
        "url": "",
        "programArgs": {
            "default": "beadline serve --stdio",
            "windows": "beadline.exe serve --stdio",
        },
        "env": {"includeSystemEnvironmentVariables": True, "variables": {}},
        # Settings are written with dots in their names; the server is asked for `beadline` alone.
        "expandConfiguration": True,
        "fileTypeMappings": [
            {"fileType": {"patterns": patterns(each)}, "languageId": each.id}
            for each in sorted(languages, key=lambda language: language.id)
        ],
    }


def patterns(language: Language) -> list[str]:
    """Names of the language's files as an IDE matches them: `*.py` whatever its case, a whole name
    exactly as it is spelled."""
    suffixes = [f"*{extension}" for extension in language.extensions]
    names = (
        spelling
        for name in language.filenames
        for spelling in (name, _SPELLED.get(name, name.capitalize()))
    )
    return list(dict.fromkeys((*suffixes, *names)))


def text() -> str:
    """The file as it should be."""
    return json.dumps(template(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(description="Write the template of LSP4IJ.")
    parser.add_argument("--check", action="store_true", help="only say whether it is out of date")
    args = parser.parse_args(arguments)
    if TEMPLATE.is_file() and TEMPLATE.read_text("utf-8") == text():
        return 0
    if args.check:
        print(f"{TEMPLATE.name} is out of date: run python packaging/lsp4ij.py")
        return 1
    TEMPLATE.write_text(text(), "utf-8", newline="\n")
    print(f"{TEMPLATE.name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
