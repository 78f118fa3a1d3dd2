"""The rule by which a layout takes the plain one's place, on outcomes made up for it."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from beadline.bench.layout import verdict
from beadline.bench.layout.measure import Arm, Outcome
from beadline.bench.layout.verdict import choose, healing_rows, rows
from beadline.engine.protocol import Layout

PSM, ANCHORED, SPM = str(Layout.PSM), str(Layout.ANCHORED), str(Layout.SPM)


def outcomes(
    count: int = 600, *, likelihood: float = 1.0, match: float = 0.3, plain_match: float = 0.3
) -> list[Outcome]:
    """Cases of 10 to 50 bytes; `likelihood`: what the anchored layout costs of PSM's."""
    rng = random.Random(1)
    made: list[Outcome] = []
    for number in range(count):
        size = rng.randint(10, 50)
        nll = size * rng.uniform(0.5, 1.5)
        lucky = rng.random()
        plain = Arm(nll, 1.0, 5, lucky < plain_match, lucky < plain_match, "")
        other = replace(
            plain,
            nll=nll * likelihood * rng.uniform(0.99, 1.01),
            whole=lucky < match,
            first_line=lucky < match,
        )
        made.append(
            Outcome(
                f"h{number}", "mid_word" if number % 3 == 0 else "statement", number % 3 == 0,
                "python", 0, "x", size, {ANCHORED: other, PSM: plain},
                {PSM: replace(plain, nll=2 * nll)} if number % 3 == 0 else {},
                {PSM: [90, 110], ANCHORED: [1, 2]} if number == 0 else {},
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("arguments", "passes"),
    [
        ({}, True),
        ({"likelihood": 0.8}, True),
        ({"likelihood": 1.005}, True),
        ({"likelihood": 1.02}, False),
        ({"match": 0.2}, False),
        ({"match": 0.29}, True),
        # Exact match that is too rare to tell anything does not count.
        ({"plain_match": 0.03, "match": 0.0}, True),
        # With few cases the same ratio is not certain enough.
        ({"match": 0.28, "count": 100}, False),
    ],
)
def test_the_rule(arguments: dict[str, float], passes: bool) -> None:
    plain, anchored = rows(outcomes(**arguments), Layout.PSM)  # pyright: ignore
    assert (plain.layout, anchored.layout) == (PSM, ANCHORED)
    assert anchored.passes is passes
    chosen = choose([plain, anchored], [], Layout.PSM)
    assert chosen.layout == (ANCHORED if passes else PSM)
    assert (plain.nll_ratio.value, plain.nll_ratio.high) == (1.0, 1.0)
    assert (plain.tokens_per_keystroke, anchored.median_tokens) == (100.0, 1.5)


def test_of_those_that_pass_the_cheaper_and_then_the_likelier_one_is_chosen() -> None:
    plain, anchored = rows(outcomes(), Layout.PSM)
    spm = replace(anchored, layout=SPM, tokens_per_keystroke=1.6, nll_per_byte=0.5)
    assert choose([plain, anchored, spm], [], Layout.PSM) is spm
    dear = replace(spm, tokens_per_keystroke=30.0)
    assert choose([plain, dear, anchored], [], Layout.PSM) is anchored
    unknown = replace(spm, tokens_per_keystroke=math.nan)
    assert choose([plain, unknown, anchored], [], Layout.PSM) is anchored
    assert choose([plain, replace(anchored, passes=False)], [], Layout.ANCHORED) is plain


@pytest.mark.parametrize(("factor", "wins"), [(1.0, False), (0.995, False), (0.9, True)])
@pytest.mark.slow
def test_the_default_stands_until_another_one_is_clearly_likelier(
    factor: float, wins: bool
) -> None:
    made = [
        replace(o, arms={**o.arms, SPM: replace(o.arms[ANCHORED], nll=o.arms[PSM].nll * factor)})
        for o in outcomes()
    ]
    plain, anchored, spm = rows(made, Layout.PSM)
    same = [plain, anchored, replace(spm, tokens_per_keystroke=1.5, nll_per_byte=0.0)]
    assert choose(same, made, Layout.ANCHORED).layout == (SPM if wins else ANCHORED)


def test_healing_is_compared_on_mid_word_cases_alone() -> None:
    (row,) = healing_rows(outcomes(30))
    assert (row.layout, row.cases) == (PSM, 10)
    assert row.nll_ratio.value == pytest.approx(0.5)
    assert healing_rows([o for o in outcomes(30) if not o.mid_word]) == []
    assert rows([], Layout.PSM) == []


def test_rows_are_plain_json() -> None:
    made = outcomes(9, plain_match=0.0)
    for row in verdict.rows(made, Layout.PSM):
        values = row.as_dict()
        assert values["match_ratio"]["value"] is None
        assert isinstance(values["nll_ratio"]["high"], float)
