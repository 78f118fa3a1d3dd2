"""Fitting confidence to outcomes, and saying how good it is."""

from __future__ import annotations

import io
import json
import math
import random
from dataclasses import fields
from pathlib import Path

import pytest
from rich.console import Console

from beadline.completion import weights
from beadline.completion.confidence import Estimator, Features
from beadline.engine.verdicts import digest
from beadline.errors import InputError
from beadline.evaluation import calibration, calibrations
from beadline.evaluation.calibration import Case
from beadline.evaluation.run import Outcome
from beadline.settings import EngineOptions, Options

PLAIN = {f.name: 0.0 for f in fields(Features)}
TRUE = Estimator({"mean_logprob": 2.0, "whole": 1.0}, -0.5)


def drawn(count: int, seed: int = 1) -> list[Case]:
    """Cases that come true as often as `TRUE` says, of three repositories."""
    rng = random.Random(seed)
    found: list[Case] = []
    for number in range(count):
        features = Features(
            **{**PLAIN, "mean_logprob": -rng.expovariate(1.0), "whole": float(rng.random() < 0.5)}
        )
        right = rng.random() < TRUE.estimate(features)
        found.append(Case(f"repo{number % 3}", features, right))
    return found


def test_weights_are_found_again():
    fitted = calibration.fit(drawn(4000))
    assert fitted.weights.keys() == {"mean_logprob", "whole"}, "constant terms get none"
    assert fitted.weights["mean_logprob"] == pytest.approx(2.0, abs=0.3)
    assert fitted.weights["whole"] == pytest.approx(1.0, abs=0.3)
    assert fitted.intercept == pytest.approx(-0.5, abs=0.2)


def test_estimates_for_a_repository_do_not_know_it():
    found = drawn(600)
    estimates = calibration.held_out(found)
    own = [n for n, case in enumerate(found) if case.group == "repo1"]
    others = calibration.fit([case for case in found if case.group != "repo1"])
    assert [estimates[n] for n in own] == [others.estimate(found[n].features) for n in own]


def test_one_repository_is_cut_into_parts():
    found = [Case("one", case.features, case.right) for case in drawn(600)]
    estimates = calibration.held_out(found)
    assert len(set(estimates)) > 500
    assert calibration.summary(found, estimates)["auc"]["value"] > 0.6


def test_too_little_is_refused():
    right = [Case("r", case.features, True) for case in drawn(100)]
    for found in ([], drawn(30), right):
        with pytest.raises(InputError, match="too few"):
            calibration.fit(found)


def test_scores_of_known_estimates():
    found = [Case("r", Features(**PLAIN), right) for right in (True, False, True, False)]
    best = calibration.summary(found, [0.9, 0.1, 0.8, 0.2])
    worst = calibration.summary(found, [0.1, 0.9, 0.2, 0.8])
    same = calibration.summary(found, [0.5] * 4)
    assert [s["auc"]["value"] for s in (best, worst, same)] == [1.0, 0.0, 0.5]
    assert best["calibration_error"]["value"] == pytest.approx(0.15)
    assert (same["shown"], same["right"]) == (4, 2)
    left = calibration.at_threshold(found, [0.9, 0.1, 0.8, 0.85], 0.84)
    assert left["precision"]["value"] == 0.5
    assert left["kept_right"]["value"] == 0.5
    assert left["shown"]["value"] == 0.5
    json.dumps(best)


def test_true_probabilities_are_calibrated():
    found = drawn(1200, seed=2)
    numbers = calibration.summary(found, [TRUE.estimate(case.features) for case in found])
    assert numbers["calibration_error"]["value"] < 0.05
    assert numbers["auc"]["low"] < numbers["auc"]["value"] < numbers["auc"]["high"]
    for row in numbers["bins"]:
        assert row["right"]["low"] - 0.05 <= row["estimate"] <= row["right"]["high"] + 0.05


def test_the_threshold_keeps_what_it_must():
    found = [Case("r", Features(**PLAIN), n < 100) for n in range(200)]
    estimates = [0.055] * 3 + [0.315] * 97 + [0.01] * 100
    assert calibration.least_confidence(found, estimates) == 31
    estimates = [0.055] * 4 + [0.315] * 96 + [0.01] * 100
    assert calibration.least_confidence(found, estimates) == 5
    assert calibration.least_confidence(found, [0.0] * 200) == 0


def outcome(
    start: int, *, right: bool, path: str = "a.py", repo: str = "r", **more: float
) -> Outcome:
    features = {**PLAIN, "whole": 1.0, **more}
    return Outcome(
        id=f"{repo}@c:{path}:typed:{start}-{start + 1}", category="typed", repo=repo, path=path,
        truth="x", prediction="x", silent_reason="", stop_reason="eog", expected="line",
        adds_error=False, python_broken=None, python_parses=None, language="python",
        window_exact=True, tree=None, first_line_right=right, baselines={},
        trace={"features": features},
    )  # fmt: skip


def test_recent_acceptance_is_played_in_the_order_of_the_file():
    found = calibration.cases(
        [outcome(200, right=False), outcome(30, right=True), outcome(1000, right=True, repo="s")]
    )
    shares = [case.features.acceptance for case in found]
    assert [case.right for case in found] == [True, False, True]
    assert shares[1] > shares[0] == shares[2], "another repository, another author"


def test_what_was_not_shown_is_no_case():
    hidden = outcome(1, right=False)
    for change in ({"prediction": ""}, {"trace": {}}):
        other = Outcome(**{**vars(hidden), **change})
        assert calibration.cases([other]) == []


@pytest.mark.slow
def test_fitted_weights_are_written_and_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BEADLINE_DATA_DIR", str(tmp_path / "data"))
    model = tmp_path / "own.gguf"
    model.write_bytes(b"GGUF of somebody")
    options = Options(engine=EngineOptions(model=str(model)))
    rng = random.Random(3)
    outcomes = []
    for n in range(400):
        logprob = -rng.expovariate(1.0)
        right = rng.random() < math.exp(2 * logprob)
        outcomes.append(outcome(n, right=right, repo=f"r{n % 2}", mean_logprob=logprob))
    header = {"repositories": {"r0": "c", "r1": "c"}, "seed": 1, "code": "d"}
    told = calibrations.fit_and_write(outcomes, options, None, header)
    assert str(weights.FILES.user_file(digest(model))) in told
    estimator = weights.estimator_of(model)
    assert estimator.weights["mean_logprob"] > 0.5
    console = Console(file=io.StringIO(), width=100)
    numbers = calibrations.report(outcomes, options, console)
    assert numbers["right"] == sum(o.first_line_right for o in outcomes)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "area under the curve" in text and "0.05" in text
    assert calibrations.report([], options, console) == {}
