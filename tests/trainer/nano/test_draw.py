"""Samples of a repository: places that make the request that serving would, each epoch anew."""

from __future__ import annotations

from collections import Counter

import pytest

from beadline.trainer.nano.draw import Repository, is_validation
from beadline.trainer.nano.recipe import FINAL, MAIN, TOY, VALIDATION
from beadline.trainer.nano.shards import Shard
from beadline.trainer.order import order
from beadline.trainer.samples.drawn import PLAIN
from beadline.trainer.samples.snapshot import snapshot
from beadline.trainer.samples.tokens import STRETCH
from tests.trainer.nano import kit

SEED = 3
EPOCHS = {"python": 1.5}


@pytest.fixture(scope="module")
def files():
    return order(kit.corpus(), seed=SEED)


@pytest.fixture(scope="module")
def records(files):
    trained = [f for f in files if not is_validation(f, TOY.validation, SEED)]
    with snapshot(trained, TOY.served) as search:
        return list(Repository(files, TOY, SEED, search).records(EPOCHS, final=1.0))


class Capturing(Repository):
    """Keeps what was drawn beside what is written of it."""

    def _record(self, drawn, number, phase, epoch, wide):
        record = super()._record(drawn, number, phase, epoch, wide)
        self.__dict__.setdefault("seen", []).append((drawn, record))
        return record


@pytest.mark.slow
def test_what_is_written_makes_the_request_that_was_drawn(files):
    trained = [f for f in files if not is_validation(f, TOY.validation, SEED)]
    with snapshot(trained, TOY.served) as search:
        repository = Capturing(files, TOY, SEED, search)
        list(repository.records({"python": 0.5}, final=0.2))
    shard = Shard("tools", files, [])
    seen = repository.__dict__["seen"]
    assert any(record.pieces for _, record in seen)
    for drawn, record in seen:
        answer = TOY.samples(wide=record.wide).answer_tokens
        assert shard.drawn(record, answer_tokens=answer) == drawn


@pytest.mark.slow
def test_the_same_repository_gives_the_same_samples(files, records):
    with snapshot(
        [f for f in files if not is_validation(f, TOY.validation, SEED)], TOY.served
    ) as search:
        again = list(Repository(files, TOY, SEED, search).records(EPOCHS, final=1.0))
    assert again == records


def test_holes_are_ranges_of_their_files(files, records):
    shard = Shard("tools", files, records)
    holes = [record for record in records if record.kind not in (PLAIN, STRETCH)]
    assert len(holes) > 50
    for record in holes:
        drawn = shard.drawn(record, answer_tokens=96)
        text = files[record.file].text
        request = drawn.request
        assert request.prefix + drawn.middle + request.suffix == text[record.start : record.end]
        assert 0 <= request.anchor <= len(request.prefix)
        for piece in request.extra:
            # Nothing of the file itself from behind the cursor.
            if piece.path == request.path:
                assert piece.text in text[: record.cursor] or "..." in piece.text


def test_some_holes_have_text_of_other_files(records):
    holes = [r for r in records if r.kind not in (PLAIN, STRETCH) and r.phase == MAIN]
    assert 0 < sum(bool(record.pieces) for record in holes) < len(holes)
    final = [r for r in records if r.kind not in (PLAIN, STRETCH) and r.phase == FINAL]
    assert final
    share, final_share = (
        sum(bool(record.pieces) for record in group) / len(group) for group in (holes, final)
    )
    assert final_share > share


def test_what_is_held_out_is_in_no_other_sample(files, records):
    held = {n for n, file in enumerate(files) if is_validation(file, TOY.validation, SEED)}
    for record in records:
        assert (record.file in held) == (record.phase == VALIDATION)
        for piece in record.pieces:
            assert len(piece) == 2 or piece[0] not in held


def test_a_second_epoch_draws_its_share_of_other_places(records):
    holes = Counter(
        record.epoch
        for record in records
        if record.phase == MAIN and record.kind not in (PLAIN, STRETCH)
    )
    assert set(holes) == {0, 1}
    assert 0.25 * holes[0] < holes[1] < 0.8 * holes[0]
    places = {
        epoch: {
            (r.file, r.cursor, r.resume) for r in records if (r.phase, r.epoch) == (MAIN, epoch)
        }
        for epoch in (0, 1)
    }
    assert len(places[0] & places[1]) < 0.5 * len(places[1])


def test_stretches_are_whole_files_in_order(files):
    repository = Repository(files, TOY, SEED)
    numbers = list(range(len(files)))
    cut = list(repository._cut(numbers, 1500, 700))
    assert [closes for _, closes in cut] == [False] * (len(cut) - 1) + [True]
    places = [place for pieces, _ in cut for place in pieces]
    # One behind the other, nothing twice, nothing left out.
    together = "".join(files[n].text[start:end] for n, start, end in places)
    assert together == "".join(file.text for file in files)
    for pieces, _ in cut:
        assert sum(end - start for _, start, end in pieces) <= 1500
    uses = [file.path for file in files]
    assert uses.index("shapes/square.py") < uses.index("shapes/use.py")


def test_the_control_recipe_has_neither_snippets_nor_syntax(files):
    from beadline.trainer.nano.recipe import CONTROL

    found = list(Repository(files, CONTROL, SEED).records(EPOCHS, final=0.0))
    kinds = {record.kind for record in found}
    assert kinds <= {"two_cuts", PLAIN, STRETCH}
    assert {record.layout for record in found if record.kind == "two_cuts"} <= {"psm", ""}
    assert not [r for r in found if r.kind == "two_cuts" and r.pieces]
