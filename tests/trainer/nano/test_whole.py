"""All of it at toy size on the CPU: repositories in, a GGUF that the engine serves out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from beadline.engine import models
from beadline.trainer.corpus.storage import read_corpus
from beadline.trainer.nano import parts, shards
from beadline.trainer.nano.__main__ import main
from tests.cli import run
from tests.trainer.nano.kit import SQUARE, world
from tests.trainer.test_export import llama_logits, torch_logits

pytestmark = pytest.mark.slow

PREPARED = ("--recipe", "toy", "--vocabulary", "1024", "--epochs", "1", "--final", "0.5")
TRAINED = ("--shape", "toy", "--steps", "6", "--batch-tokens", "2048", "--threads", "1")


@pytest.fixture(scope="module")
def arguments(tmp_path_factory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("world")
    listing = world(folder)
    given = [
        "--repositories", str(listing), "--clones", str(folder / "clones"),
        "--benchmarks", str(folder / "benchmark.jsonl"), "--work", str(folder / "work"),
        "--no-installed", "--workers", "1",
    ]  # fmt: skip
    return folder, given


@pytest.fixture(scope="module")
def made(arguments) -> Path:
    """The folder in which all steps are done."""
    folder, given = arguments
    output = ["--output", str(folder / "out")]
    assert main(["make", *given, *PREPARED, *TRAINED, *output]) == 0
    return folder


def texts(made: Path, name: str) -> dict[str, str]:
    return {f.path: f.text for f in read_corpus(made / "work" / "data" / f"{name}.jsonl")}


def test_only_what_may_be_is_trained_on(made: Path):
    tools, web = texts(made, "ada+tools"), texts(made, "grace+web")
    assert {"shapes/square.py", "shapes/use.py", "pkg/shlex.py"} <= set(tools)
    # Nearly a file of a repository that is measured on; a benchmark's code; a copyleft folder.
    assert "pkg/textwrap.py" not in tools
    assert "pkg/leak.py" not in tools
    assert set(web) == {"src/shape.ts", "src/main.ts"}
    report = json.loads((made / "work" / "data.json").read_text("utf-8"))
    assert report["dropped"]["shares code with what must stay unseen"] == 2
    assert list(report["unseen"]["repositories"]) == ["held/out"]
    assert report["unseen"]["benchmarks"] == {"benchmark.jsonl": 1}
    assert [source["spdx"] for source in report["sources"]] == ["MIT", "MIT"]


def test_the_model_is_one_that_the_engine_takes(made: Path):
    path = made / "out" / "beadline-nano.gguf"
    described = models.describe(path)
    assert (described.family, described.architecture) == ("beadline", "llama")
    assert described.context == 1024
    assert described.quantisation == "Q8_0"


def test_the_file_computes_what_was_trained(made: Path):
    import llama_cpp
    from tokenizers import Tokenizer
    from transformers import LlamaForCausalLM

    path = made / "out" / "beadline-nano.gguf"
    tokenizer = Tokenizer.from_file(str(made / "work" / "tokenizer.json"))
    llama = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    for text in (*texts(made, "ada+tools").values(), *texts(made, "grace+web").values()):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert llama.tokenize(text.encode(), add_bos=False, special=False) == ids
    told = json.loads((made / "work" / "runs" / "main" / "trained.json").read_text("utf-8"))
    weights = LlamaForCausalLM.from_pretrained(told["weights"], local_files_only=True).float()
    ids = tokenizer.encode(SQUARE, add_special_tokens=False).ids[:100]
    expected, got = torch_logits(weights, ids), llama_logits(path, ids)
    assert np.abs(expected).max() > 0.2
    assert np.abs(expected - got).max() < 5e-2 * max(1.0, np.abs(expected).max())
    scores = json.loads((made / "work" / "runs" / "main" / "exported.json").read_text("utf-8"))
    assert scores["file"] == pytest.approx(scores["weights"], abs=0.02)


def test_the_model_completes_in_the_command_line(made: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("BEADLINE_ENGINE__THREADS", "1")
    source = tmp_path / "add.py"
    source.write_text("def add(a, b):\n    return \n", "utf-8")
    model = made / "out" / "beadline-nano.gguf"
    result = run("complete", f"{source}:2:12", "--model", model, "--json")
    assert result.code == 0, result.err
    trace = result.json["trace"]
    assert (trace["family"], trace["layout"]) == ("beadline", "anchored")
    assert trace["prompt_tokens"] > 10 and trace["generated_tokens"] > 0


def test_card_and_attribution_name_what_was_used(made: Path):
    card = (made / "out" / "beadline-nano.md").read_text("utf-8")
    attribution = (made / "out" / "ATTRIBUTION.md").read_text("utf-8")
    report = json.loads((made / "work" / "data.json").read_text("utf-8"))
    for source in report["sources"]:
        assert source["name"] in card and source["revision"][:12] in card
        assert source["revision"] in attribution
    assert "Copyright (c) 2020 Ada Example" in attribution
    assert attribution.count("Permission is hereby granted") == 1
    assert "6 steps" in card and "held/out@" in card


def test_done_steps_are_not_done_again(made: Path, arguments, capsys):
    _, given = arguments
    work = made / "work"
    watched = [*work.rglob("*.xz"), *work.rglob("*.npy"), work / "tokenizer.json"]
    stamps = {path: path.stat().st_mtime_ns for path in watched}
    output = ["--output", str(made / "out")]
    assert main(["make", *given, *PREPARED, *TRAINED, *output]) == 0
    assert stamps == {path: path.stat().st_mtime_ns for path in watched}


def test_another_machine_trains_from_parts_and_sends_weights_back(made: Path, tmp_path: Path):
    work, there, here = made / "work", tmp_path / "there", tmp_path / "here"
    assert main(["pack", "--work", str(work), "--output", str(tmp_path), "--part-mib", "0.05"]) == 0
    packed = sorted(tmp_path.glob("part-*"))
    assert len(packed) > 1
    for part in packed:
        for path in part.rglob("*"):
            if path.is_file():
                target = there / path.relative_to(part)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    assert len(shards.shards_of(there / "shards")) == 2
    assert main(["train", "--work", str(there), *TRAINED]) == 0
    pieces = tmp_path / "pieces"
    assert main(["split", "--work", str(there), "--output", str(pieces), "--piece-mib", "1"]) == 0
    here.mkdir()
    (here / "tokenizer.json").write_bytes((work / "tokenizer.json").read_bytes())
    assert main(["join", "--work", str(here), str(pieces)]) == 0
    assert main(["export", "--work", str(here), "--output", str(here / "out")]) == 0
    assert models.describe(here / "out" / "beadline-nano.gguf").family == "beadline"


def test_what_is_wrong_is_told_in_a_sentence(made: Path, arguments, tmp_path: Path, capsys):
    _, given = arguments
    without = ["--clones", str(tmp_path)]
    base = [*given[:2], *without, "--work", str(tmp_path / "w"), "--no-installed"]
    assert main(["data", *base]) == 2
    assert "must stay unseen" in capsys.readouterr().err
    assert main(["data", *base, "--incomplete"]) == 2
    assert "no source" in capsys.readouterr().err
    work = str(made / "work")
    again = ["--recipe", "toy", "--vocabulary", "1024", "--epochs", "0.5", "--final", "0.5"]
    assert main(["prepare", "--work", work, *again]) == 2
    assert "another way" in capsys.readouterr().err
    assert main(["prepare", "--work", work, "--epochs", "4", "--vocabulary", "1024"]) == 2
    assert "more than 4" in capsys.readouterr().err
    assert main(["rows", "--work", str(tmp_path)]) == 2
    assert "no shards" in capsys.readouterr().err
    first = next((made / "work" / "shards").glob("*.xz"))
    copy = tmp_path / "copy"
    (copy / "shards").mkdir(parents=True)
    (copy / "shards" / parts.MANIFEST).write_bytes(
        (made / "work" / "shards" / parts.MANIFEST).read_bytes()
    )
    (copy / "shards" / first.name).write_bytes(b"x")
    assert main(["rows", "--work", str(copy)]) == 2
    assert "missing" in (told := capsys.readouterr().err) or "damaged" in told
