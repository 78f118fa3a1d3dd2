"""The command that makes the built-in model: prepare, train, export. Knows no serving.

    python -m beadline.trainer.nano prepare --work DIR --held-out REPO [REPO...]
    python -m beadline.trainer.nano train   --work DIR --steps 1500
    python -m beadline.trainer.nano export  --work DIR --output beadline/models/beadline-nano.gguf

Every step can be interrupted and resumes. `REPO` is a git checkout or a bare repository whose code
must stay unseen; nothing of any repository is written into this project.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from beadline.evaluation.sources import SourceFile, read_repository
from beadline.trainer.corpus.build import CorpusOptions, build
from beadline.trainer.corpus.installed import Installed, StandardLibrary, licence_of
from beadline.trainer.corpus.sources import Several
from beadline.trainer.corpus.storage import read_corpus, write_corpus
from beadline.trainer.corpus.types import CorpusFile, Report
from beadline.trainer.pretrain import ModelShape, PretrainOptions, load_model, pretrain
from beadline.trainer.samples.shards import pretraining_options, write_shards
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.tokenizer import TokenizerVocabulary, train_tokenizer

SEED = 20261121
VOCABULARY = 6144
PACKAGES = (
    "torch", "transformers", "accelerate", "peft", "huggingface_hub", "tokenizers", "sympy",
    "networkx", "numpy", "jinja2", "PyYAML", "fsspec", "filelock", "setuptools",
)  # fmt: skip
"""Installed packages that the repository list allows."""


def main(arguments: list[str] | None = None) -> int:
    """Run one step; returns the exit code."""
    parser = argparse.ArgumentParser(prog="beadline.trainer.nano", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    prepare = steps.add_parser("prepare", help="corpus, tokenizer and shards")
    prepare.add_argument("--held-out", nargs="*", type=Path, default=[], metavar="REPO")
    prepare.add_argument("--epochs", type=int, default=1)
    prepare.add_argument(
        "--control", action="store_true",
        help="samples of the control model: PSM alone, random character spans",
    )  # fmt: skip
    prepare.add_argument("--package-limit", type=int, default=8_000_000, metavar="CHARACTERS")
    train = steps.add_parser("train", help="train, or go on training")
    train.add_argument("--steps", type=int, default=PretrainOptions.total_steps)
    train.add_argument("--batch-rows", type=int, default=PretrainOptions.batch_rows)
    train.add_argument("--threads", type=int, default=0)
    train.add_argument("--bf16", action="store_true", help="autocast (CPUs with AMX, GPUs)")
    train.add_argument("--no-compile", action="store_true")
    export = steps.add_parser("export", help="write the GGUF")
    export.add_argument("--output", type=Path, required=True)
    export.add_argument("--name", default="beadline-nano", help="`general.name` of the file")
    export.add_argument("--quantisation", default="Q8_0", choices=("Q8_0", "F16", "F32"))
    for step in (prepare, train, export):
        step.add_argument("--work", type=Path, required=True, metavar="DIR")
    args = parser.parse_args(arguments)
    return {"prepare": _prepare, "train": _train, "export": _export}[args.step](args)


def _everything(repository: Path) -> list[SourceFile]:
    """All Python files of a repository, large ones too: what must stay unseen."""
    return read_repository(repository, max_bytes=10_000_000)


def _corpus(held_out: list[SourceFile], package_limit: int) -> tuple[list[CorpusFile], Report]:
    """Python files of the standard library and of packages under permissive licences, which are
    noted in the report; at most so many characters of each."""
    licences = {name: licence_of(name) for name in (StandardLibrary.name, *PACKAGES)}
    packages = [Installed(name) for name in PACKAGES if licences[name]]
    files, report = build(
        Several("packages under permissive licences", [StandardLibrary(), *packages]),
        CorpusOptions(
            languages=("python",),
            unseen=tuple(file.text for file in held_out),
            seed=SEED,
            least=200,
            longest_line=400,
            near=0.7,
            most_files=1_000_000,
            most_characters=1_000_000_000,
            repo_characters=package_limit,
        ),
    )
    for name, licence in licences.items():
        report.notes.append(f"{name}: {licence or 'no licence is known, left out'}")
    return files, report


def _prepare(args: argparse.Namespace) -> int:
    console = Console(stderr=True)
    work: Path = args.work
    work.mkdir(parents=True, exist_ok=True)
    cached = work / "corpus.jsonl"
    if not cached.exists():
        held_out = [file for repo in args.held_out for file in _everything(repo)]
        console.print(f"{len(held_out)} held-out files")
        files, report = _corpus(held_out, args.package_limit)
        seen = sorted({f"{file.repo}@{file.commit}" for file in held_out})
        summary = {**report.as_dict(), "held_out": seen}
        (work / "corpus.json").write_text(json.dumps(summary, indent=1))
        console.print_json(json.dumps(summary))
        write_corpus(cached, files)
    files = read_corpus(cached)
    if not (work / "tokenizer.json").exists():
        tokenizer = train_tokenizer((file.text for file in files), VOCABULARY)
        tokenizer.save(str(work / "tokenizer.json"))
    vocabulary = TokenizerVocabulary.load(work / "tokenizer.json")
    options = pretraining_options(control=args.control)
    stream = SampleStream(files, vocabulary, options, SEED)
    started = time.perf_counter()
    for rows in write_shards(
        stream,
        work / "shards",
        row_tokens=options.row_tokens,
        epochs=args.epochs,
        about={"seed": SEED, "control": args.control},
    ):
        tokens = rows * options.row_tokens
        rate = tokens / (time.perf_counter() - started)
        console.print(f"{tokens / 1e6:.1f}M tokens in shards, {rate:,.0f} tokens/s")
    return 0


def _train(args: argparse.Namespace) -> int:
    work: Path = args.work
    options = PretrainOptions(
        total_steps=args.steps,
        batch_rows=args.batch_rows,
        threads=args.threads,
        bf16=args.bf16,
        compile=not args.no_compile,
    )
    log = (work / "loss.jsonl").open("a", encoding="utf-8")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with log, Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("starting", total=options.total_steps)

        def report(step: int, loss: float, rate: float) -> None:
            text = f"step {step} loss {loss:.3f} {rate:,.0f} tokens/s"
            progress.update(bar, completed=step, description=text)
            if step % 10 == 0:
                log.write(json.dumps({"step": step, "loss": loss, "rate": rate}) + "\n")
                log.flush()

        try:
            pretrain(
                work / "shards",
                work / "run",
                ModelShape(VOCABULARY),
                options,
                seed=SEED,
                report=report,
            )
        except KeyboardInterrupt:
            progress.console.print("interrupted; run the same command again to go on")
            return 130
    return 0


def _export(args: argparse.Namespace) -> int:
    from tokenizers import Tokenizer

    from beadline.trainer.export import export_gguf

    work: Path = args.work
    args.output.parent.mkdir(parents=True, exist_ok=True)
    partial = args.output.with_suffix(".part")
    export_gguf(
        load_model(work / "run" / "checkpoint"),
        Tokenizer.from_file(str(work / "tokenizer.json")),
        partial,
        name=args.name,
        quantisation=args.quantisation,
        metadata={"general.license": "apache-2.0"},
    )
    partial.replace(args.output)
    Console(stderr=True).print(f"{args.output}: {args.output.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
