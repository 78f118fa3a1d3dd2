"""The report of a training."""

from __future__ import annotations

from beadline.evaluation.heldout import Plan
from beadline.trainer.corpus.types import CorpusFile, Report
from beadline.trainer.evidence import Evidence
from beadline.trainer.gate import decide
from beadline.trainer.report import markdown
from tests.trainer.proofs import forgetting, memorised, proof

PLAN = Plan("owner/things", "h" * 40, "c" * 40, ("d" * 40, "h" * 40), ("a.py",), 400, 1, ())


def corpus() -> Report:
    report = Report("things", "c" * 40, notes=["A note | with a bar."])
    step = report.step("names")
    step.files = 3
    step.drop("vendored", "v.py", 10)
    report.finish([CorpusFile.of("a.py", "python", "x = 1\n", "things")])
    return report


def test_everything_is_told():
    evidence = Evidence(proof(), forgetting(), memorised())
    decision = decide(proof(), forgetting(), memorised())
    text = markdown(
        PLAN, evidence, decision, facts={"model": "nano"}, corpus=corpus().as_dict()
    )  # fmt: skip
    assert text.startswith("# owner/things: activated\n")
    for reason in decision.reasons:
        assert reason in text
    for line in (
        "| model | nano |",
        "| trained on | cccccccccccc |",
        "| later commits held out | 2, to hhhhhhhhhhhh |",
        "### With snippets, as served",
        "### Without snippets",
        "| rest of line | 400 | 10.0 | 14.0 | +4.0 [+2.0 to +6.0] | 1.40 [1.20 to 1.60] |",
        "| later commits | 400 |",
        "| statement | 500 | 0.9000 | 0.9100 | 1.005 [0.995 to 1.015] |",
        "6 planted for this training and 2 found in the repository: none in what was trained on",
        "1 files with 6 characters of things.",
        "| names | 3 | 2 | left out: vendored 1 |",
        "- A note \\| with a bar.",
        "at most 2 % (upper bound)",
    ):
        assert line in text, line
    tables = [line for line in text.split("\n") if line.startswith("|")]
    assert all(line.endswith(" |") for line in tables)


def test_secrets_are_told_by_their_places():
    evidence = Evidence(proof(), forgetting(), memorised(completed=("a.py:3",)))
    decision = decide(evidence.proof, evidence.forgetting, evidence.memorised)
    text = markdown(PLAN, evidence, decision, facts={})
    assert text.startswith("# owner/things: leaks secrets\n")
    assert "**1** (`a.py:3`) written by the tuned model" in text


def test_evidence_goes_through_json():
    evidence = Evidence(proof(), forgetting(), memorised())
    assert Evidence.of(evidence.as_dict()) == evidence
