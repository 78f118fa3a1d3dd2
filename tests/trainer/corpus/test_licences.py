"""Licences are told by their texts: what is permissive, what takes that back, what is unknown."""

from __future__ import annotations

import pytest

from beadline.trainer.corpus.licences import (
    UNKNOWN,
    decide,
    folder_of,
    identify,
    is_licence,
    notices,
    refused_folders,
)

MIT = """MIT License

Copyright (c) 2020 Ada Example

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED.
"""
BSD3 = """Copyright (c) 2001, 2002 Grace Example.
All rights reserved.

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice.
2. Redistributions in binary form must reproduce the above copyright notice.
3. Neither the name of the author nor the names of its contributors may be
   used to endorse or promote products derived from this software.
"""
BSD2 = BSD3[: BSD3.index("3. Neither")]
BSD4 = BSD3 + "All advertising materials mentioning features or use of this software must say so.\n"
APACHE = """                                 Apache License
                           Version 2.0, January 2004

   2. Grant of Copyright License. Subject to the terms and conditions of
   3. Grant of Patent License. Subject to the terms and conditions of

   Copyright [yyyy] [name of copyright owner]
"""
ISC = """Copyright 2019 Edsger Example

Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that ...

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
"""
GPL = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"


@pytest.mark.parametrize(
    ("text", "spdx"),
    [(MIT, "MIT"), (BSD3, "BSD-3-Clause"), (BSD2, "BSD-2-Clause"), (APACHE, "Apache-2.0"),
     (ISC, "ISC")],
)  # fmt: skip
def test_permissive_licences_are_known_by_their_sentences(text: str, spdx: str):
    assert identify(text) == (spdx, True)
    commented = "\n".join(f" *  {line}" for line in text.splitlines())
    assert identify(f"/*\n{commented}\n */") == (spdx, True)


@pytest.mark.parametrize(
    ("text", "spdx"),
    [(GPL, "GPL"), (GPL.replace("GENERAL", "AFFERO GENERAL"), "AGPL"), (BSD4, "BSD-4-Clause"),
     ("All rights reserved. You may look at this.", UNKNOWN), ("", UNKNOWN),
     ("Licensed under the MIT licence, see the web.", UNKNOWN)],
)  # fmt: skip
def test_others_are_not_permissive(text: str, spdx: str):
    assert identify(text) == (spdx, False)


def test_terms_that_take_back_what_is_granted():
    clause = '"Commons Clause" License Condition v1.0\n\nThe grant does not include selling.\n\n'
    assert identify(clause + APACHE) == (UNKNOWN, False)
    assert identify(MIT + "\nThe Software shall be used for Good, not Evil.\n") == (UNKNOWN, False)


def test_the_first_of_several_texts_in_a_file_counts():
    assert identify(BSD3 + "\n\nBundled: ...\n" + GPL) == ("BSD-3-Clause", True)
    assert identify(GPL + "\n\nBundled: ...\n" + MIT) == ("GPL", False)


def test_one_permissive_licence_of_several_files_is_enough():
    decided = decide({"LICENSE-GPL": GPL, "LICENSE-MIT": MIT})
    assert (decided[""].spdx, decided[""].path) == ("MIT", "LICENSE-MIT")
    assert decided[""].notices == ("Copyright (c) 2020 Ada Example",)


def test_folders_with_a_licence_of_their_own():
    decided = decide(
        {"LICENSE": APACHE, "tools/COPYING": GPL, "pkg/license.txt": MIT, "odd/LICENSE": "Mine."}
    )
    assert decided[""].spdx == "Apache-2.0"
    assert refused_folders(decided) == ["odd", "tools"]
    assert refused_folders(decide({"LICENSE": MIT})) == []
    assert decide({}) == {}


def test_names_of_licence_files():
    for path in (
        "LICENSE", "LICENSE.txt", "LICENCE.md", "COPYING", "UNLICENSE", "LICENSE-APACHE",
        "MIT-LICENSE", "a/b/License", "LICENSE/LICENSE", "LICENSES/MIT.txt",
    ):  # fmt: skip
        assert is_licence(path), path
    for path in ("license.py", "src/licenses.go", "README.md", "copyright.txt", "licensed/a.txt"):
        assert not is_licence(path), path
    assert folder_of("LICENSES/MIT.txt") == folder_of("LICENSE") == ""
    assert folder_of("a/LICENSE/MIT") == folder_of("a/COPYING") == "a"


def test_notices_are_the_copyright_lines_and_no_other_sentence():
    assert notices(BSD3) == ("Copyright (c) 2001, 2002 Grace Example.",)
    assert notices(APACHE) == ()
    many = "".join(f"# Copyright {year} Somebody\n" for year in range(1990, 2020))
    assert len(notices(many)) == 12
