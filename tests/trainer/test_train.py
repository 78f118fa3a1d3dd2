"""The command on a small repository: data to verdict, resumed, refused, and what may go wrong."""

from __future__ import annotations

import argparse
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from beadline import settings
from beadline.commands import train
from beadline.context.index.lock import FileLock
from beadline.engine.adapter_store import AdapterStore
from beadline.engine.adapters import repository_key
from beadline.engine.private import make_private
from beadline.settings import Options
from beadline.trainer import memorisation, prepare, run
from beadline.trainer.finetune import job
from beadline.trainer.finetune.options import TuneOptions, Weighing
from beadline.trainer.finetune.progress import Step
from beadline.trainer.options import TrainOptions
from beadline.trainer.served import ServedVocabulary, context_of
from tests.cli import run as cli
from tests.context.retrieval.git import git, repository
from tests.evaluation.histories import History, module

SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
QUICK = TuneOptions(batch_tokens=2048, max_steps=3, evaluations=1, threads=1)


def history(root: Path) -> Path:
    """Some files, one with a secret, and twenty commits that each add one more."""
    made = History(root)
    first = {f"pack/m{number:02d}.py": module(f"m{number:02d}") for number in range(30)}
    made.commit({**first, "pack/keys.py": f'TOKEN = "{SECRET}"\n' + module("keys")})
    for number in range(20):
        made.commit({f"pack/late{number:02d}.py": module(f"late{number:02d}")})
    return root


def options_for(root: Path, **more) -> TrainOptions:
    values = {"epochs": 1.0, "holes": 8, "control": 4, "alone": False, "replay": 0.0, "tune": QUICK}
    return TrainOptions(root, **{**values, **more})


class Silent:
    """Watches, and interrupts where it is told to."""

    def __init__(self, interrupt_at: str = "") -> None:
        self.phases: list[str] = []
        self.said: list[str] = []
        self.steps: list[Step] = []
        self._interrupt_at = interrupt_at

    def phase(self, name: str, begin: float, end: float) -> None:
        self.phases.append(name)
        if self._interrupt_at and name.startswith(self._interrupt_at):
            raise KeyboardInterrupt

    def tell(self, what: str, done: int, of: int) -> None:
        pass

    def step(self, step: Step) -> None:
        self.steps.append(step)
        if self._interrupt_at == "step" and not step.evaluation:
            os.kill(os.getpid(), signal.SIGINT)

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(autouse=True)
def as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests behind these shall not run at the lowest priority."""
    for module_name in (run, job):
        monkeypatch.setattr(module_name.processes, "stand_back", lambda niceness: None)


@pytest.fixture
def root(tmp_path: Path, own_folders: Path) -> Path:
    return history(tmp_path / "project").resolve()


@pytest.mark.slow
def test_from_a_repository_to_a_verdict_through_interruptions(root: Path) -> None:
    """Interrupted in every phase, it comes to the same outcome as a run at one go would, and does
    nothing twice."""
    options, own = options_for(root), Options()
    for place in ("Drawing", "Tuning", "step", "Proving", "Deciding"):
        with pytest.raises(KeyboardInterrupt):
            run.train(options, own, Silent(place))
    screen = Silent()
    outcome = run.train(options, own, screen)
    assert not screen.steps, "the tuning was over"
    assert outcome.verdict == "not enough evidence" and not outcome.activated
    assert "will not become active" in " ".join(screen.said)
    assert outcome.evidence["proof"]["served"]["holes"] == 8
    assert outcome.evidence["memorised"]["planted"] == 6
    assert outcome.evidence["memorised"]["in_data"] == []
    text = Path(outcome.report).read_text("utf-8")
    assert text.startswith("# project: not enough evidence") and "| model |" in text
    # It is kept, with what it stands on, and active it may not be.
    stored = AdapterStore().get(outcome.name)
    assert stored.manifest is not None and not stored.active
    assert stored.manifest.repository == repository_key(root)
    assert stored.manifest.commit == outcome.plan["cut"]
    refused = cli("train", "activate", outcome.name)
    assert refused.code == 2 and "did not beat its model" in refused.err
    # The user's code is not left lying about, and the same command knows that it is done.
    place = settings.user_cache_dir() / run.FOLDER
    assert not list(place.rglob("corpus.jsonl")) and not list(place.rglob("rows-*.npy"))
    again = Silent()
    assert run.train(options, own, again) == outcome
    assert again.phases == ["Looking at the repository and the model"]


@pytest.mark.slow
def test_the_command_line_and_the_adapters(root: Path) -> None:
    flags = (
        "--epochs", "0.1", "--holes", "4", "--control", "2", "--only-served", "--replay", "0",
        "--max-steps", "2", "--batch-tokens", "2048", "--threads", "1",
    )  # fmt: skip
    done = cli("train", root, *flags, "--json")
    assert done.code == 0, done.err
    name = done.json["name"]
    assert name.startswith("project-")
    told = cli("train", root, *flags)
    assert told.code == 0 and "Not enough evidence" in told.out and "report:" in told.out
    listed = cli("train", "list")
    assert "project-" in listed.out and "beadline-nano" in listed.out
    assert "not enough evidence" in cli("train", "show", name).out
    assert cli("train", "deactivate", name).out.startswith(f"{name} was not active")
    merged = root / "merged.gguf"
    made = cli("train", "merge", name, merged)
    assert made.code == 0, made.err
    assert merged.stat().st_size > 1_000_000
    assert cli("train", "merge", name, merged).code == 2
    assert cli("train", "remove", name).code == 0
    assert cli("train", "show", name).code == 2
    assert "no adapters" in cli("train", "list").out


@pytest.mark.slow
def test_events_for_an_editor(root: Path) -> None:
    done = cli(
        "train", root, "--events", "--epochs", "0.1", "--holes", "4", "--control", "2",
        "--only-served", "--replay", "0", "--max-steps", "1", "--threads", "1",
    )  # fmt: skip
    assert done.code == 0, done.err
    told = [json.loads(line) for line in done.out.splitlines()]
    assert {each["event"] for each in told} == {"progress", "end"}
    assert told[-1]["event"] == "end" and "Not enough evidence" in told[-1]["message"]


@pytest.mark.slow
def test_a_dry_run_shows_the_corpus_and_samples_and_keeps_nothing(root: Path) -> None:
    before = sorted(root.rglob("*"))
    done = cli("train", root, "--dry-run")
    assert done.code == 0, done.err
    for text in ("secrets", "duplicates", "held-out holes", "sample 1", "<|fim_middle|>"):
        assert text in done.out, text
    assert SECRET not in done.out
    shown = cli("train", root, "--dry-run", "--json").json
    assert shown["corpus"]["revision"] == shown["cut"] and not shown["problem"]
    assert shown["held_out"]["holes"] and shown["held_out"]["files"]
    for each in shown["samples"]:
        assert each["kind"] == "left_to_right" or "<|fim_middle|>" in each["text"]
    assert sorted(root.rglob("*")) == before
    assert not (settings.user_cache_dir() / run.FOLDER).exists()


# -- data


@pytest.mark.slow
def test_what_is_held_out_is_not_trained_on(root: Path, tmp_path: Path) -> None:
    options, own = options_for(root), Options()
    plan = run.heldout.plan(root, run.Wanted(holes=8, seed=1))
    planted = memorisation.plant(1, "project")
    data = prepare.gather(plan, options, own, planted, tmp_path, lambda *_: None)
    trained = {file.path for file in data.files}
    stopping = {file.path for file in data.validation}
    assert plan.files and plan.commits
    assert not trained & stopping
    assert not (trained | stopping) & set(plan.files)
    assert not any("late19" in text for text in data.texts), "it was added by a later commit"
    assert not any(secret.value in text for secret in planted.secrets for text in data.texts)
    again = prepare.gather(plan, options, own, planted, tmp_path, lambda *_: None)
    assert again.digest == data.digest


@pytest.mark.slow
def test_general_code_is_mixed_in_and_has_no_control_package(root: Path, tmp_path: Path) -> None:
    from beadline.evaluation.installed import is_control

    options = options_for(root, replay=0.2)
    plan = run.heldout.plan(root, run.Wanted(holes=8, seed=1))
    planted = memorisation.plant(1, "project")
    data = prepare.gather(plan, options, Options(), planted, tmp_path, lambda *_: None)
    assert data.general and data.guard
    assert not {(f.repo, f.path) for f in data.general} & {(f.repo, f.path) for f in data.guard}
    assert not any(is_control(file.repo) for file in data.general if file.repo != "cpython")


@pytest.mark.slow
def test_rows_are_packed_tightly_and_hold_whole_prompts(root: Path, tmp_path: Path) -> None:
    options, own = options_for(root, epochs=6.0), Options()
    plan = run.heldout.plan(root, run.Wanted(holes=8, seed=1))
    planted = memorisation.plant(1, "project")
    data = prepare.gather(plan, options, own, planted, tmp_path, lambda *_: None)
    model = run.models.resolve("builtin")

    def vocabulary() -> ServedVocabulary:
        return ServedVocabulary(model, own.engine)

    drawn = prepare.sample_options(options, own, context_of(1024, own.engine))
    rows = prepare.write_rows(data, vocabulary, drawn, options, tmp_path, lambda *_: None)
    assert rows.row_count > 10
    assert rows.padding <= 0.05
    assert prepare.write_rows(data, vocabulary, drawn, options, tmp_path, lambda *_: None) == rows


# -- what may go wrong


def refused(*arguments: object) -> str:
    done = cli("train", *arguments)
    assert done.code == 2, done.out
    assert "Traceback" not in done.err
    return done.err


def test_a_place_that_is_no_repository(tmp_path: Path, own_folders: Path) -> None:
    assert "does not exist" in refused(tmp_path / "nothing")
    (tmp_path / "file.py").write_text("x = 1\n")
    assert "is not a directory" in refused(tmp_path / "file.py")
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q", ".")
    assert "no commits yet" in refused(empty)


@pytest.mark.slow
@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "x = 1\n", "b.py": "y = 2\n", "c.py": "z = 3\n"},
        {"image.png": b"\x89PNG\0\0", "data.bin": b"\0\1\2"},
        {"notes.unknown": "words\n" * 500},
    ],
    ids=["three files", "only binary", "no language"],
)
def test_too_little_to_learn_from(tmp_path: Path, own_folders: Path, files) -> None:
    root = repository(tmp_path / "small", files)
    git(root, "commit", "-q", "--allow-empty", "-m", "more")
    said = refused(root, "--holes", "4", "--control", "2")
    assert "too little to learn from" in said and "--dry-run" in said
    shown = cli("train", root, "--dry-run")
    assert shown.code == 2 and "too little to learn from" in shown.err


def test_a_model_that_cannot_fill_holes(root: Path, other_model: Path) -> None:
    assert "no fill-in-the-middle tokens" in refused(root, "--model", other_model)


def test_weights_of_another_model(root: Path, tmp_path: Path) -> None:
    config = {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 8, "vocab_size": 9}
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    header = json.dumps({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    data = len(header).to_bytes(8, "little") + header + b"\0\0\0\0"
    (folder / "model.safetensors").write_bytes(data)
    assert "is another model" in refused(root, "--weights", folder)
    assert "is no folder" in refused(root, "--weights", folder / "config.json")


def test_a_second_training_at_the_same_time(root: Path) -> None:
    place = settings.user_cache_dir() / run.FOLDER
    make_private(place)
    lock = FileLock.attempt(place / "lock")
    assert lock is not None
    with lock:
        assert "Another training is running" in refused(root)


def test_a_cache_that_cannot_be_written(root: Path, own_folders: Path) -> None:
    (own_folders / "cache").write_text("a file where a folder belongs")
    assert "cannot be written" in refused(root)


@pytest.mark.slow
def test_too_little_memory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.resources, "memory_free", lambda device: 1 << 20)
    assert "of memory" in refused(root, "--holes", "4", "--control", "2", "--replay", "0")


def test_numbers_that_cannot_be(root: Path) -> None:
    assert "--replay is a share" in refused(root, "--replay", "1")
    assert "--epochs must be a finite number" in refused(root, "--epochs", "nan")
    assert "--scale must be a finite number" in refused(root, "--scale", "inf")
    assert "--learning-rate cannot be negative" in refused(root, "--learning-rate", "-1")
    assert "There is no language 'cobol'" in refused(root, "--language", "cobol")
    assert "--rank cannot be negative" in refused(root, "--rank", "-1")
    assert "--patience cannot be negative" in refused(root, "--patience", "-1")
    assert "One repository at a time" in refused(root, root)
    assert "takes the name of an adapter" in refused("show")
    assert "There is no adapter named" in refused("activate", "nothing")


def test_patterns_of_several_flags_add_up() -> None:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    given = ["--exclude", "a/", "--language", "go", "--exclude", "c/", "x"]
    options = train.options_of(parser.parse_args(given))
    assert options.exclude == ("a/", "c/")
    assert options.languages == ("go",)
    assert options.repository == Path("x"), "no pattern takes the repository with it"


def test_the_outcome_does_not_depend_on_the_machine(root: Path) -> None:
    options = options_for(root)
    faster = replace(options, processes=4, tune=replace(QUICK, threads=8, micro_tokens=512))
    assert faster.outcome() == options.outcome()
    assert replace(options, seed=2).outcome() != options.outcome()


def test_what_is_proved_does_not_change_what_is_trained(root: Path) -> None:
    options = options_for(root)
    proved = replace(options, holes=50, control=9, alone=True, scale=0.5)
    assert proved.outcome() == options.outcome()
    for other in (
        replace(options, tune=replace(QUICK, max_hours=1.0)),
        replace(options, tune=replace(QUICK, loss_weight=Weighing.TOKEN)),
        replace(options, epochs=2.0),
    ):
        assert other.outcome() != options.outcome()


@pytest.mark.slow
def test_another_proof_of_the_same_training_trains_nothing(root: Path) -> None:
    own = Options()
    first = run.train(options_for(root), own, Silent())
    screen = Silent()
    second = run.train(options_for(root, control=6, scale=0.5), own, screen)
    assert not screen.steps and "Tuning the model" not in screen.phases
    assert second.name == first.name
    assert (first.facts.pop("scale"), second.facts.pop("scale")) == ("1", "0.5")
    assert second.facts == first.facts
    assert second.evidence["forgetting"]["holes"] == 6
    stored = AdapterStore().get(second.name).manifest
    assert stored is not None and stored.scale == 0.5
    again = Silent()
    assert run.train(options_for(root), own, again).evidence == first.evidence
    assert again.phases == ["Looking at the repository and the model"]
