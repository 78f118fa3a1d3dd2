"""From a commit to the rows that are trained on: corpus, general code, samples. Trains nothing.

Every step's outcome is kept in the run's folder, and taken from there when the run goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
from beadline.trainer.drawing import Recipe, draw
from beadline.trainer.finetune import rows
from beadline.trainer.finetune.replay import Part
from beadline.trainer.finetune.rows import Form, StoredRows
from beadline.trainer.memorisation import Planted, Planting
from beadline.trainer.options import LEAST_EPOCHS, MOST_EPOCHS, SAMPLES, TrainOptions
from beadline.trainer.order import order
from beadline.trainer.samples.options import SampleOptions
from beadline.trainer.samples.snapshot import Snapshot, snapshot
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.samples.tokens import IGNORED, Sample
from beadline.trainer.structured_fim.sampler import RANDOM, STRUCTURED
from beadline.trainer.vocabulary import TrainingVocabulary

ROW_TOKENS = 2048
"""Of a packed row; the longest samples are no longer."""
_VALIDATION = 0.03
"""Share of the characters by whose loss training stops; those files are neither trained on nor
among the held-out ones, which prove the outcome."""
_GUARD = 0.15
"""The same of general code."""
_MOST_VALIDATION = 200_000
_VALIDATION_SAMPLES, _FEW_SAMPLES = 256, 32
_VALIDATION_PART = 25
"""One in so many of the training's samples is drawn of each: scored ten times, by forward passes
alone, those for stopping cost about an eighth of the training, and general code, scored five times
at most, half of that."""
_LEAST_TRAINED = 3
"""Files that are trained on at least: of fewer none is taken for validation."""
_LEAST_GENERAL = 200_000
"""Bytes of general code: fewer would be a few files, seen often."""
_MOST_GENERAL = 20_000_000
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
    guard: Sequence[CorpusFile] = field(repr=False)
    """General code that is not trained on either: it says how much of an adapter is used."""
    manifests: dict[str, str] = field(repr=False)
    report: dict[str, Any] = field(repr=False)
    """`corpus.types.Report.as_dict` of the repository's."""

    @property
    def texts(self) -> Iterator[str]:
        """Everything that may come into a sample."""
        for file in (*self.files, *self.validation, *self.general, *self.guard):
            yield file.text
        yield from self.manifests.values()

    @property
    def characters(self) -> int:
        """Of the files that are trained on."""
        return sum(len(file.text) for file in self.files)

    @property
    def digest(self) -> str:
        """Of all texts and their order."""
        hashed = hashlib.sha256()
        for group in (self.files, self.validation, self.general, self.guard):
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
    trained, validation = _split(files, options.seed, _VALIDATION)
    general = _general(source, files, options, folder, tell)
    general, guard = _split(general, options.seed, _GUARD)
    return Data(
        trained,
        validation,
        general,
        guard,
        _manifests(source),
        json.loads(report_file.read_text("utf-8")),
    )


def _commit(plan: Plan, options: TrainOptions) -> str:
    """The commit that is trained on; a plain folder has none."""
    return options.commit if plan.cut.startswith("dir:") else plan.cut


def _split(
    files: Sequence[CorpusFile], seed: int, share: float
) -> tuple[list[CorpusFile], list[CorpusFile]]:
    """The files to train on, in their order, and a share of code that is kept out of it."""
    total = sum(len(file.text) for file in files)
    wanted = min(_MOST_VALIDATION, share * total)
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
        share = options.replay / (1 - options.replay)
        wanted = int(characters * passes(options, characters) * share)
        most = min(_MOST_GENERAL, max(_LEAST_GENERAL, wanted))
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
def searched(data: Data, options: SampleOptions, tell: Tell) -> Iterator[Snapshot | None]:
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
    guard: Path | None
    samples: int
    padding: float
    """Share of the tokens that only fill rows."""
    row_count: int


def write_rows(
    data: Data,
    vocabulary: Callable[[], TrainingVocabulary],
    drawn: SampleOptions,
    options: TrainOptions,
    folder: Path,
    tell: Tell,
    *,
    processes: int = 1,
    most_samples: int = 0,
) -> Prepared:
    """Draw and pack all samples of a training, by so many processes; what is there is kept.

    `vocabulary` opens the tokenizer, in whichever process. `most_samples`: no more than that, which
    are as many as can be trained on; 0: all of the epochs.
    """
    training, validation = folder / "rows", folder / "validation"
    note = folder / "rows.json"
    if not note.exists():
        with searched(data, drawn, tell) as search:
            samples = _write(
                data, vocabulary, drawn, options, folder, tell, search, processes, most_samples
            )
        stored = StoredRows(training)
        values = {"samples": samples, "padding": stored.padding, "rows": len(stored)}
        _note(note, values)
    values = json.loads(note.read_text("utf-8"))
    if not values["rows"]:
        raise InputError("There is nothing to train on.", hint="--dry-run shows every step.")
    guard = folder / "guard" if data.guard else None
    counts = values["samples"], values["padding"], values["rows"]
    return Prepared(training, validation, guard, *counts)


def _write(
    data: Data,
    vocabulary: Callable[[], TrainingVocabulary],
    drawn: SampleOptions,
    options: TrainOptions,
    folder: Path,
    tell: Tell,
    search: Snapshot | None,
    processes: int,
    most_samples: int,
) -> int:
    """The rows; how many samples they hold."""

    def told(done: int, of: int) -> None:
        tell("drawing samples", done, of)

    opened = vocabulary()
    place = search.place if search is not None else None
    own = SampleStream(data.files, opened, drawn, options.seed, search=search)
    share = options.replay if data.general else 0.0
    count = max(1, round(passes(options, data.characters) * own.samples_per_epoch / (1 - share)))
    count = _settled(folder / "count.json", min(count, most_samples or count))
    # Plain text fills what holes leave free: the row's length is that of the options.
    form = Form(drawn.row_tokens, opened.end, options.seed)
    recipe = Recipe(data.files, data.general, share, drawn, options.seed, vocabulary, place)
    draw(recipe, count, folder / "rows", form, processes=processes, progress=told)
    most = min(_VALIDATION_SAMPLES, max(_FEW_SAMPLES, count // _VALIDATION_PART))
    other, held = own, 0
    if data.validation:
        seed = options.seed + 1
        other = SampleStream(data.validation, opened, drawn, seed, search=search)
        held = min(most, 4 * other.samples_per_epoch)
    rows.write(other, held, folder / "validation", form)
    if data.guard:
        holes = replace(drawn, left_to_right=0.0)
        general = SampleStream(data.guard, opened, holes, options.seed + 2)
        held = min(most, 4 * general.samples_per_epoch)
        rows.write(_Middles(general), held, folder / "guard", form)
    return count


class _Middles:
    """Samples of which the last token is not learned. It is the end, which tuning learns first: its
    gain would hide what the middles themselves lose, and those are what the gate asks for."""

    def __init__(self, samples: SampleStream) -> None:
        self._samples = samples

    def batch(self, numbers: Sequence[int]) -> list[Sample]:
        """See `rows.Samples`."""
        return [_unended(sample) for sample in self._samples.batch(numbers)]


def _unended(sample: Sample) -> Sample:
    labels = sample.labels.copy()
    labels[-1:] = IGNORED
    return replace(sample, labels=labels)


def passes(options: TrainOptions, characters: int) -> float:
    """Passes over so many characters of code: as many as were asked for, or, of a small repository,
    more than of a large one, with other holes in each."""
    if options.epochs:
        return options.epochs
    samples = max(1.0, characters / SampleOptions.chars_per_sample)
    return min(MOST_EPOCHS, max(LEAST_EPOCHS, SAMPLES / samples))


def _settled(note: Path, count: int) -> int:
    """How many samples were to be drawn when that was begun: what the machine has to give may be
    another when it is gone on with."""
    if not note.exists():
        _note(note, count)
    return int(json.loads(note.read_text("utf-8")))


def _note(path: Path, value: Any) -> None:
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(value), "utf-8")
    partial.replace(path)
