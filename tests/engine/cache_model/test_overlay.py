"""Files come, change and go in any order: what is counted is what the files hold now."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from beadline.engine.cache_model import overlay
from beadline.engine.cache_model.array import SEPARATOR, build
from beadline.engine.cache_model.distribution import Scope
from beadline.engine.cache_model.overlay import plan
from beadline.engine.cache_model.ranges import Ranges
from beadline.engine.cache_model.search import Index
from beadline.engine.cache_model.sources import IndexSource
from beadline.engine.cache_model.store import Arrays
from tests.engine.cache_model.by_hand import followed, text

PATHS = st.sampled_from(["src/a.py", "src/b.py", "src/in/c.py", "tests/d.py", "e.py"])
TOKENS = st.lists(st.integers(0, 3) | st.just(SEPARATOR), max_size=20)


class Edits(RuleBasedStateMachine):
    """A repository that is edited, and its arrays."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, list[int]] = {}
        self.version = 0
        self.arrays = Arrays()

    @initialize(files=st.dictionaries(PATHS, TOKENS, min_size=1, max_size=5))
    def begin(self, files: dict[str, list[int]]) -> None:
        self.change(files, set())

    @rule(put=st.dictionaries(PATHS, TOKENS, max_size=2), dropped=st.sets(PATHS, max_size=1))
    def change(self, put: dict[str, list[int]], dropped: set[str]) -> None:
        dropped = dropped - put.keys()
        self.version += 1
        texts = {path: text(path, tokens, str(self.version)) for path, tokens in put.items()}
        planned = plan(self.arrays, texts, dropped)
        base = self.arrays.base if planned.base is None else Index.of(build(planned.base))
        changed = Index.of(build(planned.overlay)) if planned.overlay else None
        self.arrays = Arrays(base, changed, frozenset(planned.dead))
        self.files = {p: t for p, t in {**self.files, **put}.items() if p not in dropped}

    @rule(context=st.lists(st.integers(0, 3), min_size=1, max_size=5))
    def count(self, context: list[int]) -> None:
        sources = []
        if self.arrays.base is not None:
            sources.append(IndexSource(Ranges(self.arrays.base, self.arrays.dead, "src")))
        if self.arrays.overlay is not None:
            sources.append(IndexSource(Ranges(self.arrays.overlay, (), "src")))
        for order in range(1, len(context) + 1):
            counted: dict[Scope, Counter[int]] = {scope: Counter() for scope in Scope}
            for source in sources:
                source.begin(context)
                for counts in source.counts(order):
                    counted[counts.scope] += Counter(counts.followed)
            near = [tokens for path, tokens in self.files.items() if path.startswith("src/")]
            assert counted[Scope.REPOSITORY] == followed(self.files.values(), context[-order:])
            assert counted[Scope.DIRECTORY] == followed(near, context[-order:])

    @invariant()
    def the_files_are_known(self) -> None:
        assert self.arrays.versions().keys() == self.files.keys()


class Overlaid(Edits):
    """The same where the overlay is used at once, and may become large."""


TestBuiltAnew = Edits.TestCase
TestOverlaid = Overlaid.TestCase
TestBuiltAnew.settings = TestOverlaid.settings = settings(deadline=None, max_examples=40)


@pytest.fixture(autouse=True)
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "Overlaid" in request.node.nodeid:
        monkeypatch.setattr(overlay, "LEAST", 0)
        monkeypatch.setattr(overlay, "SHARE", 0.8)


def test_a_small_change_leaves_the_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "LEAST", 10)
    base = Index.of(build([text("a.py", [1, 2] * 200), text("b.py", [3, 4, 5])]))
    planned = plan(Arrays(base), {"b.py": text("b.py", [3, 4, 6], "2")}, ())
    assert planned.base is None
    assert [each.path for each in planned.overlay] == ["b.py"]
    assert planned.dead == ("b.py",)


def test_a_large_change_builds_all_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "LEAST", 10)
    base = Index.of(build([text("a.py", [1, 2] * 200), text("b.py", [3, 4, 5])]))
    planned = plan(Arrays(base), {"a.py": text("a.py", [1], "2")}, ())
    assert planned.base is not None and not planned.overlay and not planned.dead
    assert {each.path: each.version for each in planned.base} == {"a.py": "2", "b.py": "1"}
