"""From a commit to the rows that are trained on: corpus, general code, samples. Trains nothing.

Every step's outcome is kept in the run's folder, and taken from there when the run goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from beadline.context.languages import language_of
from beadline.context.retrieval.workspace import MAX_BYTES
from beadline.context.types import Document
from beadline.errors import InputError
from beadline.evaluation.heldout import Accept, Plan
from beadline.settings import Options
from beadline.trainer.corpus.build import PROSE, CorpusOptions, build, require
from beadline.trainer.corpus.filters import decode
from beadline.trainer.corpus.installed import general_code
from beadline.trainer.corpus.paths import PathRules
from beadline.trainer.corpus.scrub import Scrubber
from beadline.trainer.corpus.sources import Source, open_source
from beadline.trainer.corpus.storage import read_corpus, write_corpus
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.finetune import rows
from beadline.trainer.finetune.replay import Mixed, Part
from beadline.trainer.finetune.rows import StoredRows
from beadline.trainer.memorisation import Planted, Planting
from beadline.trainer.options import TrainOptions
from beadline.trainer.order import order
from beadline.trainer.samples.options import SampleOptions
from beadline.trainer.samples.requests import Searches
from beadline.trainer.samples.snapshot import snapshot
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.structured_fim.sampler import RANDOM, STRUCTURED
from beadline.trainer.vocabulary import TrainingVocabulary

ROW_TOKENS = 2048
"""Of a packed row; the longest samples are no longer."""
_VALIDATION = 0.03
"""Share of the characters by whose loss training stops; those files are neither trained on nor
among the held-out ones, which prove the outcome."""
_MOST_VALIDATION = 200_000
_VALIDATION_SAMPLES, _FEW_SAMPLES = 256, 32
_VALIDATION_PART = 25
"""One in so many of the training's samples is drawn of them: scored ten times, by forward passes
alone, they cost about an eighth of the training."""
_LEAST_TRAINED = 3
"""Files that are trained on at least: of fewer none is taken for validation."""
_LEAST_GENERAL = 200_000
"""Bytes of general code: fewer would be a few files, seen often."""
_MANIFESTS = frozenset(
    {
        "go.mod", "go.work", "package.json", "tsconfig.json", "jsconfig.json", "Cargo.toml",
        "pyproject.toml",
    }
)  # fmt: skip
"""Files that say what imports mean; the search reads them."""

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Data:
    """The texts of a training."""

    files: Sequence[CorpusFile] = field(repr=False)
    """The repository's, in the order of training."""
    validation: Sequence[CorpusFile] = field(repr=False)
    general: Sequence[CorpusFile] = field(repr=False)
    manifests: dict[str, str] = field(repr=False)
    report: dict[str, Any] = field(repr=False)
    """`corpus.types.Report.as_dict` of the repository's."""

    @property
    def texts(self) -> Iterator[str]:
        """Everything that may come into a sample."""
        for file in (*self.files, *self.validation, *self.general):
            yield file.text
        yield from self.manifests.values()

    @property
    def digest(self) -> str:
        """Of all texts and their order."""
        hashed = hashlib.sha256()
        for group in (self.files, self.validation, self.general):
            for file in group:
                hashed.update(f"{file.repo}\0{file.path}\0{file.digest}\n".encode())
            hashed.update(b"\n")
        return hashed.hexdigest()


def acceptance(source: Source, options: TrainOptions, private: Sequence[str] = ()) -> Accept:
    """Which paths of a source are trained on, for those who hold some of them out. `private`:
    patterns of the user's own that keep files out."""
    rules = PathRules(
        languages=options.languages,
        include=options.include,
        exclude=(*options.exclude, *private),
        rules=source.rules(),
    )
    return lambda path: not rules.reason(path)


def corpus_options(plan: Plan, options: TrainOptions, private: Sequence[str]) -> CorpusOptions:
    """How the repository's files are cleaned."""
    return CorpusOptions(
        languages=options.languages,
        include=options.include,
        exclude=(*options.exclude, *private),
        held_out=frozenset(plan.files),
        seed=options.seed,
    )


def gather(
    plan: Plan,
    options: TrainOptions,
    settings: Options,
    planted: Planted,
    folder: Path,
    tell: Tell,
) -> Data:
    """The texts of a training, cleaned. Raises `InputError` where there are too few."""
    kept = folder / "corpus.jsonl"
    report_file = folder / "corpus.json"
    source = open_source(options.repository, _commit(plan, options))
    if not kept.exists():
        files, report = build(
            Planting(source, planted),
            corpus_options(plan, options, settings.context.ignore),
            tell=tell,
        )
        report.write(report_file)
        require(files, report)
        write_corpus(kept, order(files, options.order, options.seed))
    files = read_corpus(kept)
    trained, validation = _split(files, options.seed)
    return Data(
        trained,
        validation,
        _general(source, files, options, folder, tell),
        _manifests(source),
        json.loads(report_file.read_text("utf-8")),
    )


def _commit(plan: Plan, options: TrainOptions) -> str:
    """The commit that is trained on; a plain folder has none."""
    return options.commit if plan.cut.startswith("dir:") else plan.cut


def _split(files: Sequence[CorpusFile], seed: int) -> tuple[list[CorpusFile], list[CorpusFile]]:
    """The files to train on, in their order, and a few of code for validation."""
    total = sum(len(file.text) for file in files)
    wanted = min(_MOST_VALIDATION, _VALIDATION * total)
    chosen: set[tuple[str, str]] = set()
    size = 0
    for file in sorted(files, key=lambda each: _rank(each, seed)):
        if size >= wanted or len(files) - len(chosen) <= _LEAST_TRAINED:
            break
        # A file of half of the repository would be missed.
        if file.language not in PROSE and len(file.text) <= max(wanted, total / 20):
            chosen.add((file.path, file.digest))
            size += len(file.text)
    trained = [file for file in files if (file.path, file.digest) not in chosen]
    return trained, [file for file in files if (file.path, file.digest) in chosen]


def _rank(file: CorpusFile, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/validation/{file.repo}/{file.path}".encode()).digest()


def _general(
    source: Source, files: Sequence[CorpusFile], options: TrainOptions, folder: Path, tell: Tell
) -> list[CorpusFile]:
    """General code of this machine, as much as its share of the samples is drawn from."""
    if not options.replay:
        return []
    kept = folder / "general.jsonl"
    if not kept.exists():
        characters = sum(len(file.text) for file in files)
        most = max(_LEAST_GENERAL, int(characters * options.epochs * options.replay))
        own = [each.path for each in source.files()]
        part = Part(general_code(own), most, options.seed)

        def told(what: str, done: int, of: int) -> None:
            tell("reading general code", done, of)

        found, _ = build(part, CorpusOptions(seed=options.seed), tell=told)
        write_corpus(kept, found)
    return read_corpus(kept)


def _manifests(source: Source) -> dict[str, str]:
    """What imports mean, secrets replaced."""
    wanted = [
        each
        for each in source.files()
        if PurePosixPath(each.path).name in _MANIFESTS and 0 <= each.size <= MAX_BYTES
    ]
    scrubber = Scrubber()
    found: dict[str, str] = {}
    for each, content in source.read(wanted):
        text, reason = decode(content)
        if not reason:
            document = Document(each.path, each.path, language_of(each.path), text, each.repo)
            found[each.path], _ = scrubber.clean(document)
    return found


def sample_options(options: TrainOptions, settings: Options, context: int) -> SampleOptions:
    """How samples are drawn for a model that is served with a context of so many tokens."""
    return SampleOptions(
        sample_tokens=min(context, ROW_TOKENS),
        row_tokens=ROW_TOKENS,
        context=settings.context,
        answer_tokens=settings.completion.max_tokens,
        left_to_right=options.left_to_right,
        mix=RANDOM if options.random_spans else STRUCTURED,
        snippet_share=options.snippet_share if settings.context.snippet_tokens else 0.0,
        healing=settings.engine.healing,
        loss=options.loss,
        pool_samples=options.pool,
    )


@contextmanager
def searched(data: Data, options: SampleOptions, tell: Tell) -> Iterator[Searches | None]:
    """The search for snippets of the repository's samples; None where they have none."""
    if not options.snippet_share:
        yield None
        return
    files = [*data.files, *data.validation]
    with snapshot(files, options.context, also=data.manifests, tell=tell) as search:
        yield search


@dataclass(frozen=True)
class Prepared:
    """Where the rows are."""

    rows: Path
    validation: Path
    samples: int
    padding: float
    """Share of the tokens that only fill rows."""
    row_count: int


def write_rows(
    data: Data,
    vocabulary: TrainingVocabulary,
    drawn: SampleOptions,
    options: TrainOptions,
    folder: Path,
    tell: Tell,
) -> Prepared:
    """Draw and pack all samples of a training; what is there is kept."""
    training, validation = folder / "rows", folder / "validation"
    note = folder / "rows.json"
    if not note.exists():
        samples = _write(data, vocabulary, drawn, options, training, validation, tell)
        stored = StoredRows(training)
        values = {"samples": samples, "padding": stored.padding, "rows": len(stored)}
        partial = note.with_name(f"{note.name}.part")
        partial.write_text(json.dumps(values), "utf-8")
        partial.replace(note)
    values = json.loads(note.read_text("utf-8"))
    if not values["rows"]:
        raise InputError("There is nothing to train on.", hint="--dry-run shows every step.")
    return Prepared(training, validation, values["samples"], values["padding"], values["rows"])


def _write(
    data: Data,
    vocabulary: TrainingVocabulary,
    drawn: SampleOptions,
    options: TrainOptions,
    training: Path,
    validation: Path,
    tell: Tell,
) -> int:
    """The rows; how many samples they hold."""

    def told(done: int, of: int) -> None:
        tell("drawing samples", done, of)

    # Plain text fills what holes leave free: the row's length is that of the options.
    pad, length = vocabulary.end, drawn.row_tokens
    with searched(data, drawn, tell) as search:
        own = SampleStream(data.files, vocabulary, drawn, options.seed, search=search)
        count = max(1, round(options.epochs * own.samples_per_epoch))
        samples: rows.Samples = own
        if data.general:
            # Its snippets would have to come from its own packages: it has none.
            general = SampleStream(data.general, vocabulary, drawn, options.seed)
            mixed = Mixed(own, general, options.replay)
            samples, count = mixed, mixed.count(count)
        rows.write(
            samples, count, training,
            row_tokens=length, pad=pad, seed=options.seed, progress=told,
        )  # fmt: skip
        other, held = own, 0
        if data.validation:
            seed = options.seed + 1
            other = SampleStream(data.validation, vocabulary, drawn, seed, search=search)
            most = min(_VALIDATION_SAMPLES, max(_FEW_SAMPLES, count // _VALIDATION_PART))
            held = min(most, 4 * other.samples_per_epoch)
        rows.write(other, held, validation, row_tokens=length, pad=pad, seed=options.seed)
    return count
