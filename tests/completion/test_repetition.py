"""Loops are cut after their first round; what only looks alike is not."""

from __future__ import annotations

import pytest

from beadline.completion.postprocess.repetition import without_loops


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a = 1\na = 1\na = 1\na = 1", "a = 1"),
        ("b\nx()\ny()\nx()\ny()\nx()\ny()\nz", "b\nx()\ny()"),
        ("x = f(a, b, cc, dd)\n" + "x = f(a, b, cc,  dd)\n" * 5, "x = f(a, b, cc, dd)"),
        ("foo, bar, " + "baz, " * 9, "foo, bar, baz, "),
        ("0, 1" + "0" * 60, "0, 10"),
        ("message, " + "another_thing, " * 4, "message, another_thing, "),
        ("is the same as the same as the same as the\nlist of", "is the same as"),
    ],
)
def test_loops(text: str, kept: str):
    assert without_loops(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "a\na\nb",
        "'" + "-" * 40 + "'",
        "# " + "=" * 70,
        "\n".join(f"self.x{n} = x{n}" for n in range(12)),
        "\n".join(f"    ('item {n}', {n}, True, None)," for n in range(12)),
        "\n\n\n\nx",
        "[0, 0, 0, 0, 0, 0, 0, 0]",
        "unsigned long int, unsigned long int, unsigned long int",
    ],
)
def test_no_loops(text: str):
    assert without_loops(text) == text
