"""The longer match drafts: the prompt's own, or the repository's."""

from __future__ import annotations

import numpy as np

from beadline.engine.cache_model.distribution import Scope
from beadline.engine.cache_model.scopes import Scopes
from beadline.engine.cache_model.sources import TextSource
from beadline.engine.llama.cache_drafts import CHANCES, LEAST_MATCH, CacheDrafts
from beadline.engine.llama.drafts import PromptLookup


def drafts(prompt: list[int], known: list[int] | None) -> CacheDrafts:
    made = CacheDrafts(PromptLookup(50, ()))
    made.begin(prompt)
    if known is not None:
        made.scopes = Scopes([TextSource(np.array(known, dtype=np.uint32), Scope.OPEN)])
        made.scopes.begin(prompt)
    return made


def test_without_a_cache_it_is_the_prompts_lookup() -> None:
    made = drafts([1, 2, 3, 1, 2], None)
    assert made.propose(4) == [3, 1, 2]
    assert made.chance == 0.55


def test_the_longer_match_drafts() -> None:
    prompt = [1, 2, 9, 7, 6, 5, 1, 2]
    assert drafts(prompt, [6, 5, 1, 2, 30, 31]).propose(4) == [30, 31]
    assert drafts(prompt, [8, 8, 8, 2, 30, 31]).propose(4) == [9, 7, 6, 5]


def test_a_short_match_is_worth_nothing() -> None:
    prompt = list(range(10, 20))
    end = prompt[-LEAST_MATCH + 1 :]
    assert drafts(prompt, [*end, 30]).propose(4) == []
    assert drafts(prompt, [prompt[-LEAST_MATCH], *end, 30]).propose(4) == [30]


def test_longer_matches_are_surer() -> None:
    prompt = list(range(30))
    chances = []
    for length in sorted(CHANCES):
        made = drafts(prompt, [*prompt[-length:], 40])
        assert made.propose(1) == [40]
        chances.append(made.chance)
    assert chances == sorted(CHANCES.values())


def test_it_follows_what_is_decoded() -> None:
    made = drafts([1, 2, 3], [2, 3, 4, 5, 6])
    assert made.propose(4) == []
    made.append([4])
    assert made.scopes is not None
    made.scopes.append(4)  # as its guide does
    assert made.propose(4) == [5, 6]
