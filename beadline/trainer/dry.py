"""What a training would do: the corpus and its report, some samples as the model would see them.

Trains nothing, keeps nothing, touches no file of the user's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from beadline.engine import models
from beadline.engine.gguf import read_header
from beadline.errors import InputError
from beadline.evaluation import heldout
from beadline.evaluation.heldout import Plan, Wanted
from beadline.settings import Options
from beadline.trainer import gate, prepare
from beadline.trainer.corpus.build import build, require
from beadline.trainer.corpus.sources import open_source
from beadline.trainer.corpus.types import CorpusFile, Report
from beadline.trainer.options import TrainOptions
from beadline.trainer.prepare import Tell
from beadline.trainer.samples.snapshot import snapshot
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.served import ServedVocabulary, context_of


@dataclass(frozen=True)
class Preview:
    """What is known without training."""

    plan: Plan
    report: Report
    """Its notes are those of the newest commit as well."""
    held: int
    """Held-out holes."""
    groups: int
    """Files and commits that they are from."""
    problem: str
    """Why nothing could be trained; empty when something can."""
    warning: str
    """Why what comes out could not become active; empty when it could."""
    files: list[CorpusFile] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, without the files."""
        return {
            "corpus": self.report.as_dict(),
            "cut": self.plan.cut,
            "held_out": {
                "holes": self.held,
                "groups": self.groups,
                "files": list(self.plan.files),
                "commits": list(self.plan.commits),
            },
            "problem": self.problem,
            "warning": self.warning,
        }


def look(options: TrainOptions, own: Options, tell: Tell) -> Preview:
    """Plan and corpus of a training. Raises `InputError` where there is no repository."""
    source = open_source(options.repository, options.commit)
    private = own.context.ignore
    wanted = Wanted(options.holes, options.seed, options.commit, options.languages)
    accept = prepare.acceptance(source, options, private)
    plan = heldout.plan(options.repository, wanted, accept)
    held = heldout.draw(options.repository, plan, accept)
    groups = len({each.group for each in held})
    cut = options.commit if plan.cut.startswith("dir:") else plan.cut
    files, report = build(
        open_source(options.repository, cut),
        prepare.corpus_options(plan, options, private),
        tell=tell,
    )
    report.notes = list(dict.fromkeys([*source.notes, *report.notes]))
    problem = ""
    try:
        require(files, report)
    except InputError as exc:
        problem = str(exc)
    # Packages for control are counted when it is proved.
    warning = gate.too_few(len(held), groups, options.control)
    return Preview(plan, report, len(held), groups, problem, warning, files)


@dataclass(frozen=True)
class Shown:
    """One sample for people."""

    kind: str
    path: str
    text: str
    """All of it, special tokens by their names."""
    tokens: int
    learned: int


def samples(
    preview: Preview, options: TrainOptions, own: Options, count: int, tell: Tell
) -> Iterator[Shown]:
    """Some samples that would be drawn from the corpus of a preview, for the user's model.

    Raises `ModelError` for a model that cannot be tuned."""
    model = models.resolve(own.engine.model)
    vocabulary = ServedVocabulary(model, own.engine)
    header = read_header(model)
    trained_for = header.number(f"{header.text('general.architecture')}.context_length")
    drawn = prepare.sample_options(options, own, context_of(trained_for, own.engine))
    with snapshot(preview.files, drawn.context, tell=tell) as search:
        stream = SampleStream(preview.files, vocabulary, drawn, options.seed, search=search)
        yield from islice(_shown(stream), count)


def _shown(stream: SampleStream) -> Iterator[Shown]:
    number = 0
    while True:
        drawn = stream.draw(number)
        sample = stream.encoder.encode(drawn)
        learned = int((sample.labels >= 0).sum())
        yield Shown(drawn.kind, drawn.file.path, stream.encoder.text(drawn), len(sample), learned)
        number += 1
