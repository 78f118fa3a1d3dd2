"""How often languages are drawn, and which files are the best."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.nano.mixture import epochs_by_group, group_characters, is_best, rate
from beadline.trainer.nano.recipe import MOST_EPOCHS, SHARES
from tests.examples import examples

COUNTS = st.dictionaries(st.sampled_from(sorted(SHARES)), st.integers(1, 10**9), min_size=1)


def test_languages_of_one_group_count_together():
    counted = group_characters({"typescript": 3, "javascriptreact": 4, "c": 1, "lua": 9})
    assert counted == {"javascript": 7, "cpp": 1}


def test_the_shares_are_kept_where_there_is_text_enough():
    epochs = epochs_by_group({"python": 700, "typescript": 200, "java": 20}, 1.0)
    assert epochs["python"] == pytest.approx(1.0)
    share = 700 * SHARES["javascript"] / SHARES["python"]
    assert epochs["javascript"] * 200 == pytest.approx(share)
    assert epochs["java"] == pytest.approx(60 / 20)


@given(COUNTS, st.floats(0.01, MOST_EPOCHS))
@examples(100)
def test_nothing_is_drawn_too_often_and_the_largest_share_as_often_as_asked(counts, epochs):
    found = epochs_by_group(counts, epochs)
    assert set(found) == set(counts)
    assert all(0 < each <= MOST_EPOCHS for each in found.values())
    assert found[max(counts, key=lambda group: SHARES[group])] == pytest.approx(epochs)


@given(st.floats(0.0, MOST_EPOCHS))
@examples(50)
def test_the_rates_of_all_epochs_add_up(epochs: float):
    assert sum(rate(epochs, number) for number in range(5)) == pytest.approx(epochs)


GOOD = '"""What this is for."""\n\n' + "".join(
    f"def step_{i}(value):\n    # why it is so\n    return value + {i}\n\n\n" for i in range(12)
)


def test_the_best_files_are_explained_code_that_others_use():
    assert is_best(CorpusFile.of("pkg/core.py", "python", GOOD))
    for path in ("tests/core.py", "pkg/test_core.py", "docs/conf.py", "examples/core.py",
                 "src/a.test.ts", "bench/x.go", "setup.py"):  # fmt: skip
        assert not is_best(CorpusFile.of(path, "python", GOOD)), path
    bare = GOOD.replace("    # why it is so\n", "").partition("\n")[2]
    assert not is_best(CorpusFile.of("pkg/core.py", "python", bare))
    assert not is_best(CorpusFile.of("pkg/core.py", "python", GOOD[:200]))
    assert not is_best(CorpusFile.of("pkg/core.py", "python", GOOD * 40))
