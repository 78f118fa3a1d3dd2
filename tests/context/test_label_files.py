"""The label files are what labels/README.md promises."""

from __future__ import annotations

from collections import Counter

import pytest

from beadline.context.types import Expected
from tests.context import labels

LANGUAGES = {
    "c", "cpp", "csharp", "go", "java", "javascript", "php", "python", "ruby", "rust",
    "shellscript", "typescript", "typescriptreact",
}  # fmt: skip


@pytest.mark.parametrize("name", labels.SETS)
def test_a_set_covers_every_language_and_answer(name: str) -> None:
    found = labels.load(name)

    assert Counter(label.language for label in found) == dict.fromkeys(LANGUAGES, 8)
    per_answer = Counter((label.language, label.expected) for label in found)
    assert all(
        per_answer[language, answer] >= 2 for language in LANGUAGES for answer in Expected
    ), per_answer
    total = Counter(label.expected for label in found)
    assert min(total.values()) >= 0.3 * len(found), total


def test_texts_are_lf_end_with_one_line_feed_and_have_one_mark() -> None:
    for label in (label for name in labels.SETS for label in labels.load(name)):
        assert "\r" not in label.text and labels.MARK not in label.text, label
        assert label.text.endswith("\n") and not label.text.endswith("\n\n\n"), label
        assert label.marked().count(labels.MARK) == 1
        assert label.path and label.why.endswith("."), label
        assert 5 <= len(label.text.splitlines()) <= 30, label


def test_no_document_stands_in_both_sets() -> None:
    dev, held_out = ({(at.language, at.text) for at in labels.load(name)} for name in labels.SETS)
    assert not dev & held_out
    assert len(dev) == len(held_out) == 104
