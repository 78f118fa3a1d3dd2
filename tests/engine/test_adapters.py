"""An adapter is used with the model, the tokens and the prompts that it was trained with alone."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from beadline.engine import adapters
from beadline.engine.adapters import Base, Manifest, base_of, read_manifest, refusal, repository_key
from beadline.engine.fim.render import RENDERER
from beadline.engine.gguf import read_header
from beadline.errors import AdapterError, ModelError

BASE = Base("w", "t", "nano", "beadline", "anchored")
MANIFEST = Manifest(
    "repo-1", BASE, "/r", "c0ffee", "2026-11-21T08:00:00+00:00", "d", True, score={"holes": 500}
)


def test_a_manifest_survives_being_written() -> None:
    assert read_manifest(MANIFEST.as_json()) == MANIFEST


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", "[" * 100_000,
        json.dumps({**json.loads(MANIFEST.as_json()), "passed": "yes"}),
        json.dumps({**json.loads(MANIFEST.as_json()), "scale": None}),
        json.dumps({**json.loads(MANIFEST.as_json()), "score": 3}),
        json.dumps({**json.loads(MANIFEST.as_json()), "digest": 3}),
        json.dumps({**json.loads(MANIFEST.as_json()), "base": {"weights": "w"}}),
        json.dumps({**json.loads(MANIFEST.as_json()), "other": 1}),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(AdapterError, match="damaged"):
        read_manifest(text)


def test_another_version_is_told_apart_from_damage() -> None:
    text = json.dumps({**json.loads(MANIFEST.as_json()), "format": adapters.FORMAT + 1})
    with pytest.raises(AdapterError, match="another version"):
        read_manifest(text)


def test_nothing_is_refused_where_all_is_the_same() -> None:
    renamed = dataclasses.replace(BASE, name="renamed")
    assert refusal(MANIFEST, BASE) == refusal(MANIFEST, renamed) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"weights": "x"}, "made for another model of the same name (nano): train again"),
        ({"weights": "x", "name": "big"}, "made for another model (nano): train again"),
        ({"tokenizer": "x"}, "made for another model"),
        ({"renderer": RENDERER + 1}, "asks otherwise: train again"),
        ({"layout": "psm"}, "is asked as beadline/psm: train again"),
        ({"family": "qwen"}, "is asked as qwen/anchored: train again"),
    ],
    ids=lambda value: str(value),
)
def test_every_difference_is_refused_with_its_reason(change: dict, reason: str) -> None:
    assert reason in refusal(MANIFEST, dataclasses.replace(BASE, **change))


def test_one_that_was_not_better_is_refused() -> None:
    lost = dataclasses.replace(MANIFEST, passed=False, verdict="Not enough evidence.")
    assert "did not beat its model. Not enough evidence." in refusal(lost, BASE)


def test_a_base_is_known_by_what_is_in_its_file(model_path: Path, tmp_path: Path) -> None:
    found = base_of(model_path, family="beadline", layout="anchored")
    assert (found.family, found.layout, found.renderer) == ("beadline", "anchored", RENDERER)
    copy = tmp_path / "renamed.gguf"
    shutil.copy(model_path, copy)
    assert base_of(copy, family="beadline", layout="anchored") == found
    assert base_of(copy, family="beadline", layout="psm") == dataclasses.replace(
        found, layout="psm"
    )


def test_other_weights_and_other_tokens_are_another_base(model_path: Path, tmp_path: Path) -> None:
    found = base_of(model_path, family="f", layout="l")
    header = read_header(model_path, arrays=("tokenizer.ggml.tokens",))
    data = bytearray(model_path.read_bytes())
    middle = header.tensors[len(header.tensors) // 2]
    at = header.data_start + middle.offset + middle.size - 1
    data[at] ^= 1
    path = tmp_path / "other.gguf"
    path.write_bytes(data)
    weights = base_of(path, family="f", layout="l")
    assert weights.weights != found.weights
    assert weights.tokenizer == found.tokenizer
    data[at] ^= 1
    token = max((str(t) for t in header.arrays["tokenizer.ggml.tokens"]), key=len).encode()
    start = data.index(token)
    data[start : start + 1] = b"#" if token[:1] != b"#" else b"$"
    path.write_bytes(data)
    tokens = base_of(path, family="f", layout="l")
    assert tokens.tokenizer != found.tokenizer
    assert tokens.weights == found.weights


def test_a_missing_model_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        base_of(tmp_path / "nowhere.gguf", family="f", layout="l")


def test_a_repository_has_one_name_however_it_is_reached(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real, target_is_directory=True)
    assert repository_key(link) == repository_key(real) == repository_key(real / ".." / "real")
