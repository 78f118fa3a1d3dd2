"""Which licence a text is, and under which one a tree's files stand. Knows no source and no filter.

A licence is told by its text alone, never by a file's name or a badge: by the sentences that SPDX's
matching guidelines let nobody change (https://spdx.github.io/spdx-spec, annex on matching). White
space, quotes, case and comment signs do not count, as there. What is not recognised is unknown, and
what adds terms that take back what is granted is not permissive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

UNKNOWN = ""
LONGEST_FILE = 400_000
"""Bytes; a longer file is no licence."""
_NAME = re.compile(r"(?i)(?:un)?licen[cs]es?(?:[-_.].*)?|copying(?:[-_.].*)?|.*[-_.]licen[cs]e")
_CODE = frozenset(
    {".py", ".js", ".ts", ".java", ".go", ".rs", ".c", ".cc", ".cpp", ".h", ".json", ".html", ".sh"}
)
"""Suffixes of files that are about licences and are none (`licenses.py`)."""
_SIGNS = re.compile(r"[\"'`\u2018\u2019\u201c\u201d*#/|>=_~-]+")
_DISCLAIMER_MIT = "the software is provided as is without warranty of any kind"
_GRANT_BSD = "redistribution and use in source and binary forms with or without modification"
_KEEP_BSD = "redistributions of source code must retain the above copyright notice"
_TERMS: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    (
        "Apache-2.0", True,
        ("apache license version 2.0", "grant of copyright license", "grant of patent license"),
    ),
    (
        "MIT", True,
        (
            "permission is hereby granted free of charge to any person obtaining a copy",
            "to deal in the software without restriction",
            _DISCLAIMER_MIT,
        ),
    ),
    (
        "BSD-3-Clause", True,
        (_GRANT_BSD, _KEEP_BSD, "may be used to endorse or promote products derived from"),
    ),
    (
        "BSD-2-Clause", True,
        (_GRANT_BSD, _KEEP_BSD, "redistributions in binary form must reproduce"),
    ),
    (
        "ISC", True,
        (
            "permission to use copy modify and or distribute this software for any purpose with or "
            "without fee is hereby granted",
            "the software is provided as is",
        ),
    ),
    (
        "PSF-2.0", True,
        (
            "python software foundation",
            "grants licensee a nonexclusive royalty free world wide license to reproduce analyze "
            "test perform and or display publicly prepare derivative works",
        ),
    ),
    (
        "Zlib", True,
        (
            "in no event will the authors be held liable for any damages arising from the use of "
            "this software",
            "altered source versions must be plainly marked as such",
        ),
    ),
    (
        "Unlicense", True,
        ("this is free and unencumbered software released into the public domain",),
    ),
    ("AGPL", False, ("gnu affero general public license",)),
    ("LGPL", False, ("gnu lesser general public license",)),
    ("GPL", False, ("gnu general public license",)),
    ("MPL", False, ("mozilla public license",)),
    ("EPL", False, ("eclipse public license",)),
    ("CDDL", False, ("common development and distribution license",)),
    ("BUSL", False, ("business source license",)),
    ("SSPL", False, ("server side public license",)),
    ("Elastic", False, ("elastic license",)),
    ("PolyForm", False, ("polyform",)),
    ("CC-NC", False, ("noncommercial",)),
)  # fmt: skip
"""SPDX identifier, whether it is one of those that the list of repositories allows, and sentences
that its text has all of. BSD with four clauses is asked apart: its third is among these."""
_ADVERTISING = "all advertising materials mentioning features or use of this software"
_TAKES_BACK = (
    "commons clause", "shall be used for good not evil", "for non commercial", "noncommercial use",
    "all rights are reserved by", "you may not use this software",
)  # fmt: skip
"""Terms that stand beside a permissive text and take back what it grants."""
_COPYRIGHT = re.compile(r"(?im)^[\s*#/;-]*((?:portions )?copyright\b[^\n]{3,200})$")
_NO_NOTICE = re.compile(
    r"(?i)copyright (?:notice|holder|owner|license|statement|\(c\) <|\[yyyy|law|and licen|in )"
)
_MOST_NOTICES = 12


@dataclass(frozen=True)
class Licence:
    """What a folder's files stand under."""

    spdx: str
    """Identifier; `UNKNOWN` where nothing is recognised."""
    permissive: bool
    path: str = ""
    """The file that says so; empty where there is none."""
    notices: tuple[str, ...] = ()
    """Its copyright lines, which redistribution has to keep."""
    text: str = ""


def identify(text: str) -> tuple[str, bool]:
    """SPDX identifier of a licence's text, and whether it is permissive.

    Of several texts in one file the one that begins first counts: what follows is of code that is
    bundled, which lies in folders that are left out.
    """
    plain = _plain(text)
    found: list[tuple[int, int, str, bool]] = []
    for number, (spdx, permissive, sentences) in enumerate(_TERMS):
        places = [plain.find(_plain(sentence)) for sentence in sentences]
        if min(places) >= 0:
            found.append((places[0], number, spdx, permissive))
    if not found:
        return UNKNOWN, False
    begins, _, spdx, permissive = min(found)
    following = [place for place, *_ in sorted(found) if place > begins + 1]
    own = plain[: following[0]] if following else plain
    if permissive and any(_plain(term) in own for term in _TAKES_BACK):
        return UNKNOWN, False
    if spdx.startswith("BSD") and _ADVERTISING in own:
        return "BSD-4-Clause", False
    return spdx, permissive


def is_licence(path: str) -> bool:
    """Whether a file of this path says, by its name, under what licence its folder stands."""
    pure = PurePosixPath(path)
    if pure.suffix.lower() in _CODE:
        return False
    in_folder = pure.parent.name.lower() in ("license", "licenses", "licence", "licences")
    return bool(_NAME.fullmatch(pure.name)) or in_folder


def folder_of(path: str) -> str:
    """The folder whose files a licence file is about: its own; of `LICENSES/MIT.txt` the one
    above."""
    parent = PurePosixPath(path).parent
    if parent.name.lower() in ("license", "licenses", "licence", "licences"):
        parent = parent.parent
    return "" if str(parent) == "." else str(parent)


def decide(texts: Mapping[str, str]) -> dict[str, Licence]:
    """The licence of every folder that has licence files, by the folder's path; "" is the top.

    `texts`: licence files by path. One permissive licence of several is enough: whoever gives a
    choice gives that one.
    """
    by_folder: dict[str, list[Licence]] = {}
    for path, text in sorted(texts.items(), key=lambda each: (len(each[0]), each[0])):
        spdx, permissive = identify(text)
        licence = Licence(spdx, permissive, path, notices(text), text)
        by_folder.setdefault(folder_of(path), []).append(licence)
    return {
        folder: next((each for each in found if each.permissive), found[0])
        for folder, found in by_folder.items()
    }


def refused_folders(decided: Mapping[str, Licence]) -> list[str]:
    """Folders below the top whose own licence is not permissive, those with an unknown one too."""
    return sorted(folder for folder, each in decided.items() if folder and not each.permissive)


def notices(text: str) -> tuple[str, ...]:
    """The copyright lines of a text, each once, in order; at most a dozen."""
    found: dict[str, None] = {}
    for match in _COPYRIGHT.finditer(text):
        line = " ".join(match[1].split())
        if not _NO_NOTICE.match(line):
            found[line] = None
    return tuple(found)[:_MOST_NOTICES]


def _plain(text: str) -> str:
    """Lower case, one blank between words, without signs that may vary."""
    lowered = _SIGNS.sub(" ", text.lower()).replace(",", " ").replace("(c)", " ")
    return " ".join(lowered.replace("(", " ").replace(")", " ").split())
