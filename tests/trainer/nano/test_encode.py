"""From shards to rows: whole stretches, every sample once, the final phase at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from beadline.errors import InputError
from beadline.trainer.finetune.batch import samples_of
from beadline.trainer.nano import encode, shards
from beadline.trainer.nano.draw import Repository
from beadline.trainer.nano.encode import RowStore, ShardEncoder
from beadline.trainer.nano.recipe import FINAL, MAIN, TOY, VALIDATION
from beadline.trainer.nano.shards import Record, Shard
from beadline.trainer.order import order
from beadline.trainer.samples.tokens import IGNORED, STRETCH
from beadline.trainer.tokenizer import TokenizerVocabulary
from tests.trainer.nano import kit

pytestmark = pytest.mark.slow

SEED = 3


@pytest.fixture(scope="module")
def vocabulary(tokenizer) -> TokenizerVocabulary:
    return TokenizerVocabulary(tokenizer)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, tokenizer) -> tuple[Path, Path]:
    """A folder with one shard, and the tokenizer."""
    folder = tmp_path_factory.mktemp("shards")
    files = order(kit.corpus(), seed=SEED)
    records = list(Repository(files, TOY, SEED).records({"python": 2.0}, final=1.0))
    shards.write(folder / "tools-00.xz", "tools", files, records)
    path = folder / "tokenizer.json"
    tokenizer.save(str(path))
    return folder / "tools-00.xz", path


@pytest.fixture(scope="module")
def store(prepared, tmp_path_factory) -> RowStore:
    folder = tmp_path_factory.mktemp("rows")
    told: list[int] = []
    return encode.encode_all(
        [prepared[0]], prepared[1], folder, TOY, lambda what, done, of: told.append(done),
        seed=SEED, workers=1,
    )  # fmt: skip


def test_a_stretch_is_in_the_form_of_other_files_in_a_prompt(vocabulary):
    files = order(kit.corpus(), seed=SEED)
    shard = Shard("tools", files, [])
    record = Record(STRETCH, MAIN, 0, pieces=((0, 0, 60), (1, 0, 40)), closes=True)
    sample = ShardEncoder(vocabulary, TOY).sample(shard, record)
    text = b"".join(vocabulary.spell(token) for token in sample.ids.tolist()).decode()
    first, second = (files[n].text[:end] for n, end in ((0, 60), (1, 40)))
    first, second = (t if t.endswith("\n") else t + "\n" for t in (first, second))
    assert text == (
        f"<|repo_name|>tools\n<|file_sep|>{files[0].path}\n{first}"
        f"<|file_sep|>{files[1].path}\n{second}<|endoftext|>"
    )
    assert (sample.labels[1:] == sample.ids[1:]).all()


def test_a_long_stretch_is_cut_where_a_sample_ends(vocabulary):
    files = order(kit.corpus(), seed=SEED)
    longest = max(range(len(files)), key=lambda n: len(files[n].text))
    pieces = ((longest, 0, min(4000, len(files[longest].text))),)
    record = Record(STRETCH, MAIN, 0, pieces=pieces)
    sample = ShardEncoder(vocabulary, TOY).sample(Shard("tools", files, []), record)
    assert len(sample) == TOY.context_tokens
    assert vocabulary.end not in sample.ids


def test_every_sample_is_in_the_rows_once(prepared, store, vocabulary):
    shard = shards.read(prepared[0])
    encoder = ShardEncoder(vocabulary, TOY)
    for phase in (MAIN, FINAL, VALIDATION):
        wanted = [encoder.sample(shard, r) for r in shard.records if r.phase == phase]
        rows = store.chosen(store.order(phase))
        found = samples_of([rows[number] for number in range(len(rows))])
        whole = sorted(tuple(s.ids.tolist()) for s in wanted if not s.is_plain)
        have = sorted(tuple(s.ids.tolist()) for s in found)
        for ids in whole:
            assert ids in have
        assert sum(map(len, have)) >= 0.97 * sum(len(s) for s in wanted)


def test_of_validation_the_middle_alone_is_learned_else_everything(store):
    held, main = store.validation(8), store.chosen(store.order(MAIN))
    if len(held):
        parts = samples_of([held[number] for number in range(len(held))])
        assert all(IGNORED in part.labels[1:] for part in parts)
    parts = samples_of([main[number] for number in range(len(main))])
    assert not [part for part in parts if IGNORED in part.labels[1:]]


def test_a_plan_ends_with_the_final_phase_and_sees_epochs_in_order(store):
    rows, steps = store.plan(10, 2, 0.2)
    assert len(rows) == 2 * steps
    final = {tuple(place) for place in store.order(FINAL).tolist()}
    numbers = [tuple(place) for place in rows._numbers.tolist()]
    last = min(2, len(final) // 2) * 2
    assert all(place in final for place in numbers[len(numbers) - last :])
    assert not [place for place in numbers[: len(numbers) - last] if place in final]
    main = store.order(MAIN)
    assert np.array_equal(np.array(numbers[: len(numbers) - last]), main[: len(numbers) - last])
    assert len({tuple(place) for place in main.tolist()}) == len(main)
    with pytest.raises(InputError, match="too few"):
        store.plan(1, 10**6, 0.2)


def test_rows_that_are_there_are_kept_and_damage_is_told(prepared, store, tmp_path: Path):
    encode.encode_one(prepared[0], prepared[1], tmp_path, TOY, SEED)
    again = RowStore(tmp_path, SEED)
    for number in range(0, again.count(MAIN), 5):
        one, other = (s.chosen(s.order(MAIN))[number] for s in (store, again))
        assert np.array_equal(one.ids, other.ids)
    stamps = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    encode.encode_all(
        [prepared[0]], prepared[1], tmp_path, TOY, lambda *_: None, seed=SEED, workers=1
    )
    assert stamps == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    next(tmp_path.glob("main-0-*.npy")).write_bytes(b"x")
    with pytest.raises(InputError, match="Render"):
        RowStore(tmp_path, SEED)
    with pytest.raises(InputError, match="no rows"):
        RowStore(tmp_path / "none", SEED)
