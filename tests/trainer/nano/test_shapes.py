"""Shapes that fill the file, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from beadline.errors import InputError
from beadline.trainer.nano.shapes import (
    MOST_BYTES,
    ModelShape,
    candidates,
    filling,
    named,
    new_model,
    small,
)


def test_candidates_fill_the_file_to_the_last_layer():
    found = candidates()
    assert len({each.name for each in found}) == len(found) == 4
    for each in found:
        each.shape.check()
        assert 0.85 * MOST_BYTES < each.file_bytes <= MOST_BYTES, each.name
        more = replace(each.shape, layers=each.shape.layers + 1)
        assert more.file_bytes(each.quantisation) > MOST_BYTES
        assert named(each.name) == each
    assert 15e6 < small(8192).shape.parameters < 18e6


def test_fewer_bits_hold_more_parameters():
    wide, narrow = (filling(ModelShape(layers=1), kind) for kind in ("Q8_0", "Q4_K_M"))
    assert narrow.parameters > 1.4 * wide.parameters


@pytest.mark.slow
def test_parameters_are_counted_as_torch_counts_them():
    shape = ModelShape(512, 256, 3, 4, 2, 512, 128)
    model = new_model(shape, 1)
    assert shape.parameters == sum(p.numel() for p in model.parameters())


def test_what_cannot_be_made():
    for shape in (ModelShape(hidden=384), ModelShape(feed_forward=1000), ModelShape(heads=7),
                  ModelShape(kv_heads=3)):  # fmt: skip
        with pytest.raises(InputError):
            shape.check()
    with pytest.raises(InputError, match="no layer"):
        filling(ModelShape(), "Q8_0", 1_000_000)
    with pytest.raises(InputError, match="q80-512"):
        named("no-such-shape")
