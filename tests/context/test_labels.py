"""The cursor's decisions against what people want there (labels/README.md)."""

from __future__ import annotations

import pytest

from beadline.context.cursor import read_cursor
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document
from tests.context import labels

LEAST_AGREEMENT = 0.95


@pytest.mark.parametrize("name", labels.SETS)
def test_the_cursor_agrees_with_the_labels(name: str) -> None:
    trees = SyntaxTrees()
    found = labels.load(name)
    wrong = []
    for label in found:
        key = f"{label.language}/{label.path}"
        document = Document(key, label.path, label.language, label.text)
        cursor = read_cursor(document, label.offset, trees.parse(document))
        if cursor.expected is not label.expected:
            wrong.append(
                f"{label.language} {label.path}: {label.why} Wanted {label.expected}, "
                f"got {cursor.expected} ({cursor.reason})\n{label.marked()}"
            )
    print("\n".join(wrong))
    agreement = 1 - len(wrong) / len(found)
    assert agreement >= LEAST_AGREEMENT, f"{agreement:.1%} of {len(found)} agree"
