"""Weights in pieces: what is put together is what was cut, and damage is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.trainer.nano import transfer
from beadline.trainer.nano.shapes import ModelShape, new_model

pytestmark = pytest.mark.slow

SHAPE = ModelShape(512, 64, 2, 4, 2, 96, 128)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    new_model(SHAPE, 1).save_pretrained(folder)
    return folder


def test_pieces_from_several_folders_make_the_model(tmp_path: Path, weights: Path):
    import torch
    from transformers import LlamaForCausalLM

    count = transfer.split(weights, {"name": "toy", "tokens": 5}, tmp_path / "pieces", 30_000)
    assert count > 3
    transfer.hand_out(tmp_path / "pieces", tmp_path / "one", 0, 2)
    transfer.hand_out(tmp_path / "pieces", tmp_path / "two", 2, 1000)
    about = transfer.join([tmp_path / "two", tmp_path / "one"], tmp_path / "joined")
    assert about == {"name": "toy", "tokens": 5}
    one = LlamaForCausalLM.from_pretrained(weights, dtype=torch.float32)
    two = LlamaForCausalLM.from_pretrained(tmp_path / "joined", dtype=torch.float32)
    for (name, first), (_, second) in zip(
        one.named_parameters(), two.named_parameters(), strict=True
    ):
        assert torch.allclose(first, second, atol=1e-3), name


def test_missing_and_damaged_pieces_are_told(tmp_path: Path, weights: Path):
    transfer.split(weights, {}, tmp_path / "pieces", 30_000)
    transfer.hand_out(tmp_path / "pieces", tmp_path / "one", 0, 2)
    with pytest.raises(InputError, match="none of the folders"):
        transfer.join([tmp_path / "one"], tmp_path / "joined")
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "pieces", copy)
    (copy / "weights-001.part").write_bytes(b"?" * 30_000)
    with pytest.raises(InputError, match="damaged"):
        transfer.join([copy], tmp_path / "joined")
    assert not (tmp_path / "joined").exists()
    with pytest.raises(InputError, match="no trained weights"):
        transfer.split(tmp_path, {}, tmp_path / "none")
