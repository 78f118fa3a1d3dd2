"""From shards of samples to rows of tokens, on several processes. Draws nothing and trains nothing.

Needs the tokenizer and the renderer, no grammar and no index. The rows of a shard's every phase and
epoch are a file of their own; `RowStore` puts them in the order in which they are trained on.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from beadline.errors import InputError
from beadline.trainer.finetune import rows as stored
from beadline.trainer.nano import shards
from beadline.trainer.nano.recipe import FINAL, MAIN, VALIDATION, Recipe
from beadline.trainer.nano.shards import Record, Shard
from beadline.trainer.samples.packing import GROUP, Row, pack
from beadline.trainer.samples.tokens import STRETCH, Encoder, Sample
from beadline.trainer.tokenizer import TokenizerVocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = "rows"
Tell = Callable[[str, int, int], None]


class ShardEncoder:
    """Renders the samples of shards for one tokenizer."""

    def __init__(self, vocabulary: TokenizerVocabulary, recipe: Recipe) -> None:
        self._vocabulary = vocabulary
        self._recipe = recipe
        self._encoders: dict[tuple[bool, str], Encoder] = {}

    def sample(self, shard: Shard, record: Record) -> Sample:
        """The tokens of one sample."""
        encoder = self._encoder(record)
        if record.kind == STRETCH:
            return encoder.stretch(shard.repo, shard.pieces(record), ends=record.closes)
        answer = self._recipe.samples(wide=record.wide).answer_tokens
        return encoder.encode(shard.drawn(record, answer_tokens=answer))

    def rows(self, shard: Shard, records: Sequence[Record], seed: str) -> list[Row]:
        """Samples packed group by group."""
        found: list[Row] = []
        for start in range(0, len(records), GROUP):
            samples = [self.sample(shard, each) for each in records[start : start + GROUP]]
            found += pack(
                samples,
                self._recipe.context_tokens,
                pad=self._vocabulary.end,
                seed=f"{seed}/{start // GROUP}",
            )
        return found

    def _encoder(self, record: Record) -> Encoder:
        # Labels are all that phases differ in, and only validation has its own.
        phase = VALIDATION if record.phase == VALIDATION else MAIN
        key = record.wide, phase
        if key not in self._encoders:
            options = self._recipe.samples(wide=record.wide, phase=phase)
            self._encoders[key] = Encoder(self._vocabulary, options)
        return self._encoders[key]


def encode_all(
    paths: Sequence[Path], tokenizer: Path, folder: Path, recipe: Recipe, tell: Tell,
    *, seed: int, workers: int = 0,
) -> RowStore:  # fmt: skip
    """The rows of all shards, below `folder`; those of a shard that are there are kept. `workers`
    0: one a processor."""
    folder.mkdir(parents=True, exist_ok=True)
    left = [path for path in paths if not _note(folder, path).exists()]
    tell("rendering samples", len(paths) - len(left), len(paths))
    if left:
        left.sort(key=lambda path: -path.stat().st_size)
        count = min(workers or os.cpu_count() or 1, len(left))
        context = get_context("spawn")
        with ProcessPoolExecutor(count, mp_context=context, initializer=_alone) as pool:
            tasks = [
                pool.submit(encode_one, path, tokenizer, folder, recipe, seed) for path in left
            ]
            try:
                for done, task in enumerate(as_completed(tasks), start=1):
                    task.result()
                    tell("rendering samples", len(paths) - len(left) + done, len(paths))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return RowStore(folder, seed)


def encode_one(path: Path, tokenizer: Path, folder: Path, recipe: Recipe, seed: int) -> None:
    """Write the rows of one shard, and a note of how many there are."""
    shard = shards.read(path)
    encoder = ShardEncoder(TokenizerVocabulary.load(tokenizer), recipe)
    groups: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for record in shard.records:
        groups[record.phase, record.epoch].append(record)
    counts: dict[str, int] = {}
    for (phase, epoch), records in sorted(groups.items()):
        # Neighbours in a file would share rows otherwise.
        order = np.random.default_rng([seed, epoch, len(records)]).permutation(len(records))
        chosen = [records[number] for number in order]
        name = f"{phase}-{epoch}-{path.stem}.npy"
        made = encoder.rows(shard, chosen, f"{seed}/{name}")
        if made:
            stored.save(folder / name, made, recipe.context_tokens)
            counts[name] = len(made)
    note = _note(folder, path)
    partial = note.with_name(f"{note.name}.part")
    partial.write_text(json.dumps(counts), "utf-8")
    partial.replace(note)


class RowStore:
    """All rows, and in which order they are trained on."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Raises `InputError` where rows are missing."""
        self._seed = seed
        counts: dict[str, int] = {}
        for note in sorted(folder.glob("*.json")):
            counts |= json.loads(note.read_text("utf-8"))
        names = sorted(counts)
        if not names:
            raise InputError(f"There are no rows in {folder}.", hint="Render the samples first.")
        self._arrays = [_load(folder / name, counts[name]) for name in names]
        self._groups: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, name in enumerate(names):
            phase, epoch, _ = name.split("-", 2)
            self._groups[phase, int(epoch)].append(number)

    @property
    def row_tokens(self) -> int:
        """Tokens of every row."""
        return int(self._arrays[0].shape[2])

    def count(self, phase: str) -> int:
        """How many rows a phase has."""
        return len(self.order(phase))

    def order(self, phase: str) -> NDArray[np.int64]:
        """The rows of a phase, (rows, 2): epoch after epoch, each in an order that the seed draws,
        so that rows of one repository are far apart."""
        parts: list[NDArray[np.int64]] = []
        for (own, epoch), numbers in sorted(self._groups.items()):
            if own != phase:
                continue
            rows = [
                np.stack([np.full(len(self._arrays[n]), n), np.arange(len(self._arrays[n]))], 1)
                for n in numbers
            ]
            whole = np.concatenate(rows).astype(np.int64)
            rng = np.random.default_rng([self._seed, epoch, len(whole)])
            parts.append(whole[rng.permutation(len(whole))])
        return np.concatenate(parts) if parts else np.empty((0, 2), np.int64)

    def chosen(self, numbers: NDArray[np.int64]) -> Chosen:
        """Some rows, in the order given."""
        return Chosen(self._arrays, numbers)

    def plan(self, steps: int, rows_per_step: int, decay: float) -> tuple[Chosen, int]:
        """The rows of a run of so many steps, and how many steps it really has.

        The last `decay` of the steps are of the final phase, as far as there are such rows, and
        those before of the main phase, from its beginning: a shorter run sees fewer epochs.
        """
        main, final = self.order(MAIN), self.order(FINAL)
        last = min(round(steps * decay), len(final) // rows_per_step)
        first = min(steps - last, len(main) // rows_per_step)
        if first + last == 0:
            raise InputError(
                f"{len(main) + len(final)} rows are too few for a step of {rows_per_step}.",
                hint="Prepare more data, or lower --batch-tokens.",
            )
        numbers = np.concatenate([main[: first * rows_per_step], final[: last * rows_per_step]])
        return self.chosen(numbers), first + last

    def validation(self, most_rows: int) -> Chosen:
        """Rows that are not trained on."""
        return self.chosen(self.order(VALIDATION)[:most_rows])

    def summary(self) -> Mapping[str, Any]:
        """How many tokens there are; plain JSON values."""
        length = self.row_tokens
        return {phase: self.count(phase) * length for phase in (MAIN, FINAL, VALIDATION)}


class Chosen:
    """Rows by their number; implements `finetune.batch.Rows`."""

    def __init__(self, arrays: Sequence[np.ndarray], numbers: NDArray[np.int64]) -> None:
        self._arrays = arrays
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, number: int) -> Row:
        if not 0 <= number < len(self):
            raise IndexError(number)
        array, row = self._numbers[number]
        return Row(*np.array(self._arrays[int(array)][int(row)]))


def _load(path: Path, count: int) -> np.ndarray:
    try:
        array = stored.load(path)
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} cannot be read: {exc}.", hint="Render them again.") from exc
    if len(array) != count:
        raise InputError(f"{path} is not complete.", hint="Render the samples again.")
    return array


def _note(folder: Path, shard: Path) -> Path:
    return folder / f"{shard.stem}.json"


def _alone() -> None:
    """Every process has one thread: there are as many processes as processors."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
