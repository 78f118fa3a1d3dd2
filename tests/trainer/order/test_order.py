"""Every method orders all files, the same way every time, one repository behind the other."""

from __future__ import annotations

import itertools
import random

import pytest

from beadline.errors import InputError
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.order import METHODS, order

FILES = [
    CorpusFile.of(f"m{n}.py", "python", f"from m{n + 1} import f\n\nf({n})\n", repo)
    for repo in ("one", "two")
    for n in range(8)
]


@pytest.mark.parametrize("method", METHODS)
def test_all_files_whatever_order_they_come_in(method: str):
    ordered = order(FILES, method, 3)
    assert sorted(ordered, key=lambda file: (file.repo, file.path)) == FILES
    shuffled = random.Random(7).sample(FILES, len(FILES))
    assert order(shuffled, method, 3) == ordered
    assert len([repo for repo, _ in itertools.groupby(ordered, lambda file: file.repo)]) == 2


def test_dependencies_come_first():
    paths = [file.path for file in order(FILES, "abacus") if file.repo == "one"]
    assert paths == [f"m{n}.py" for n in reversed(range(8))]


def test_the_seed_draws():
    orders = {tuple(file.path for file in order(FILES, "random", seed)) for seed in range(4)}
    assert len(orders) > 1
    assert [file.repo for file in order(FILES, "path", 0)] in (
        ["one"] * 8 + ["two"] * 8,
        ["two"] * 8 + ["one"] * 8,
    )


def test_no_files_and_no_such_method():
    assert order([]) == []
    with pytest.raises(InputError, match="no order 'best'"):
        order(FILES, "best")
