"""The client that stands for LSP4IJ, on answers of all kinds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.editors.jetbrains.client import inserted_by, meant_by, nested, variants, words


def item(text: str, start: int, end: int) -> dict[str, Any]:
    """One whose range is on the first line."""
    span = {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}}
    return {"insertText": text, "range": span}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("beadline serve --stdio", ["beadline", "serve", "--stdio"]),
        ('"/home/a b/bin/beadline" serve', ["/home/a b/bin/beadline", "serve"]),
        ("  beadline   serve ", ["beadline", "serve"]),
        ("", []),
    ],
)
def test_a_command_is_cut_at_blanks_outside_quotes(command: str, expected: list[str]) -> None:
    assert words(command) == expected


def test_names_with_dots_become_objects() -> None:
    settings = {"beadline.completion.max_lines": 8, "beadline.completion.enabled": True, "a": 1}
    assert nested(settings) == {
        "beadline": {"completion": {"max_lines": 8, "enabled": True}},
        "a": 1,
    }


@pytest.mark.parametrize("result", [None, [], {"items": []}, {"items": [item("  \n", 0, 0)]}])
def test_nothing_is_offered(result: Any) -> None:
    assert variants(result, "x = ", 4) == []


@pytest.mark.parametrize(
    ("text", "caret", "answer"),
    [
        ("x = ", 4, item("42", 4, 4)),
        ("x = 4", 5, item("42", 4, 5)),
        ("x = 🎉", 5, item("🎉🎉", 4, 6)),
        ("x = f()", 6, item("a, b", 6, 6)),
    ],
)
def test_what_is_inserted_is_what_is_meant(text: str, caret: int, answer: dict[str, Any]) -> None:
    (variant,) = variants([answer], text, caret)
    assert inserted_by(variant, text, caret) == meant_by(answer, text)


def test_text_behind_the_caret_stays_where_an_item_would_replace_it() -> None:
    """This is why the template sets `completion.replace_closers` to false."""
    answer = item("a).strip()", 6, 7)
    (variant,) = variants({"items": [answer]}, "x = f()", 6)
    assert meant_by(answer, "x = f()") == "x = f(a).strip()"
    assert inserted_by(variant, "x = f()", 6) == "x = f()a).strip()"


def test_what_was_typed_is_cut_off_by_its_length_alone() -> None:
    (variant,) = variants([item("other", 0, 2)], "ab", 2)
    assert variant.new == "her"
