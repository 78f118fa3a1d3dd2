"""Commented-out code goes, prose and documentation stay."""

from __future__ import annotations

import pytest

from beadline.trainer.corpus.comments import Thinner
from tests.trainer.corpus.kit import MODULES, document, tree_of

DEAD = """\
def live(a):
    # if a > 3:
    #     b = compute(a)
    #     return b.total
    return a
"""


def thin(text: str, path: str = "a.py", rate: float = 1.0) -> tuple[str, int]:
    return Thinner(rate, 0).thin(document(text, path), tree_of(text, path))


def test_a_block_goes_with_its_lines():
    assert thin(DEAD) == ("def live(a):\n    return a\n", 1)


@pytest.mark.parametrize(
    ("path", "text", "left"),
    [
        (
            "a.js",
            "f();\n// const a = g(1);\n// if (a) {\n//   h(a);\n// }\nk();\n",
            "f();\nk();\n",
        ),
        (
            "a.go",
            "package a\n\n/*\nfunc f() int {\n\treturn g(1)\n}\n*/\nfunc h() {}\n",
            "package a\n\nfunc h() {}\n",
        ),
    ],
)
def test_other_languages(path: str, text: str, left: str):
    assert thin(text, path) == (left, 1)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", MODULES["pkg/queue.py"]),
        (
            "a.py",
            "# What this does, in\n# words (not code): all of\n# it is prose = text.\nx = 1\n",
        ),
        ("a.py", "# a = 1\n# b = 2\nx = 1\n"),  # too short
        ("a.py", "#!/usr/bin/env python\n#: a = 1\n#: b = 2\n#: c = 3\nx = 1\n"),
        ("a.py", "a = 1  # b = 1\nb = 1  # c = 2\nc = 1  # d = 3\n"),
        ("a.py", 's = """\n# a = f(1)\n# b = f(2)\n# c = f(3)\n"""\n'),
        ("a.rs", "/// let a = f(1);\n/// let b = f(2);\n/// let c = f(3);\nfn f() {}\n"),
        ("a.js", "/**\n * a = f(1);\n * b = f(2);\n * c = f(3);\n */\nf();\n"),
        ("a.js", "// This is what it does, and\n// why it does so: because\n// it can.\nf();\n"),
    ],
)
def test_what_stays(path: str, text: str):
    assert thin(text, path) == (text, 0)


def test_the_rate_decides_by_block_the_same_way_every_time():
    blocks = [
        DEAD.replace("live", f"live_{number}").replace("compute", f"compute_{number}")
        for number in range(40)
    ]
    text = "\n\n".join(blocks)
    assert thin(text, rate=0.0) == (text, 0)
    assert thin(text, rate=1.0)[1] == 40
    half, count = thin(text, rate=0.5)
    assert 8 <= count <= 32
    assert thin(text, rate=0.5) == (half, count)
    alone = sum(thin(block, rate=0.5)[1] for block in blocks)
    assert alone == count
