"""What each step of making the built-in model does, from arguments to files. Computes nothing.

A work folder holds all of it: `clean/` and `data/` (files), `tokenizer.json`, `shards/` (samples),
`rows/` (tokens), `runs/NAME/` (weights). Imports are inside of the steps: the machine that trains
has no grammars, and the one that prepares needs no torch.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline.errors import InputError, ModelError
from beadline.trainer.screen import Terminal

if TYPE_CHECKING:
    from beadline.trainer.nano.encode import RowStore
    from beadline.trainer.nano.shapes import Candidate
    from beadline.trainer.nano.training import Settings

RUNS, TRAINED, WEIGHTS = "runs", "trained.json", "weights"


def data(args: argparse.Namespace, screen: Terminal) -> None:
    """Clean every source's files, then compare all of them."""
    from beadline.trainer.nano import corpus, repositories, unseen

    screen.phase("Reading and cleaning repositories", 0.0, 0.0)
    listing = repositories.read(args.repositories)
    there, missing = repositories.located(listing.training, args.clones)
    held, absent = repositories.located(listing.unseen, args.clones)
    if absent and not args.incomplete:
        raise InputError(
            f"There are no clones of {', '.join(absent)}, which must stay unseen.",
            hint="Clone them below --clones; --incomplete goes on without comparing.",
        )
    if missing:
        screen.say(f"No clones of {len(missing)} repositories: {', '.join(missing)}.")
    origins = [corpus.Origin(name, str(path.resolve())) for name, path in there.items()]
    if not args.no_installed:
        origins += corpus.installed_origins()
    if not origins:
        raise InputError("There is no source to train on.", hint="Name folders with --clones.")
    args.work.mkdir(parents=True, exist_ok=True)
    corpus.clean_all(
        origins, args.work, screen.tell,
        repo_characters=args.repo_characters, workers=_workers(args),
    )  # fmt: skip
    screen.phase("Comparing with what must stay unseen", 0.0, 0.0)
    kept_out = unseen.Unseen()
    for number, (name, path) in enumerate(held.items()):
        screen.tell("reading what stays unseen", number, len(held))
        kept_out.add_repository(repositories.Public(path, name))
    for path in unseen.benchmark_files(args.benchmarks):
        kept_out.add_benchmark(path)
    found = corpus.merge(origins, kept_out, args.work, screen.tell)
    left = sum(source["files"] for source in found["sources"])
    screen.say(f"{left:,} files, {sum(found['characters'].values()):,} characters")
    for reason, count in found["dropped"].items():
        screen.say(f"{count:,} files: {reason}")


def prepare(args: argparse.Namespace, screen: Terminal) -> None:
    """Learn the tokenizer, count tokens, draw samples."""
    from beadline.trainer.nano import prepare as drawing
    from beadline.trainer.nano import words

    screen.phase("Learning the tokenizer", 0.0, 0.0)
    counted = words.make(args.work, screen.tell, size=args.vocabulary)
    screen.say(
        f"{counted['tokens']:,} tokens, {counted['characters_per_token']:g} characters a token"
    )
    screen.phase("Drawing samples", 0.0, 0.0)
    wanted = drawing.wanted(args.work, args.recipe, args.epochs, args.final)
    made = drawing.draw_all(args.work, wanted, screen.tell, workers=_workers(args))
    screen.say(
        f"{made['records']:,} samples in {len(made['shards'])} shards, "
        f"{made['bytes'] / 1e6:,.1f} MB"
    )


def pack(args: argparse.Namespace, screen: Terminal) -> None:
    """Lay samples out in parts."""
    from beadline.trainer.nano import parts

    for part in parts.pack(args.work, args.output, int(args.part_mib * (1 << 20))):
        size = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
        screen.say(f"{part}: {size / (1 << 20):.1f} MiB")


def rows(args: argparse.Namespace, screen: Terminal) -> None:
    """Render all samples."""
    screen.phase("Rendering samples", 0.0, 0.0)
    counts = _rows(args, screen).summary()
    screen.say(", ".join(f"{phase} {count / 1e6:,.1f}M tokens" for phase, count in counts.items()))


def train(args: argparse.Namespace, screen: Terminal) -> None:
    """Train one shape."""
    from beadline.trainer.nano import parts, training

    store = _rows(args, screen)
    screen.phase("Training", 0.0, 0.0)
    own = _run(args)
    settings = _settings(args)
    done = training.train(
        _shape(args, args.shape), store, own, settings,
        identity=parts.identity_of(args.work), report=screen.step, say=screen.say,
    )  # fmt: skip
    told = {**done.as_dict(), "settings": _told(settings), "device": _device()}
    _write(own / TRAINED, told)
    screen.say(
        f"{told['steps']:,} steps, {told['tokens'] / 1e6:,.1f}M tokens, "
        f"{told['tokens_per_second']:,} tokens/s, validation loss {told['validation_loss']}"
    )


def scale(args: argparse.Namespace, screen: Terminal) -> None:
    """Train several shapes for equal steps."""
    from beadline.trainer.nano import parts, shapes, training

    store = _rows(args, screen)
    vocabulary = _vocabulary(args.work)
    names = [name for name in args.shapes.split(",") if name]
    chosen = [shapes.named(name, vocabulary) for name in names] or shapes.candidates(vocabulary)
    screen.phase("Comparing shapes", 0.0, 0.0)
    table = training.scale(
        chosen, store, _run(args), _settings(args),
        identity=parts.identity_of(args.work), report=screen.step, say=screen.say,
    )  # fmt: skip
    for line in training_table(table):
        print(line)


def shapes(args: argparse.Namespace, screen: Terminal) -> None:
    """Print the shapes and their sizes."""
    from beadline.trainer.nano import shapes as sizes

    del screen
    vocabulary = _vocabulary(args.work)
    for each in (*sizes.candidates(vocabulary), sizes.small(vocabulary)):
        shape = each.shape
        print(
            f"{each.name:14} {each.quantisation:7} {shape.parameters / 1e6:6.1f}M parameters "
            f"{each.file_bytes / 1e6:6.2f} MB  {shape.layers} layers, feed-forward "
            f"{shape.feed_forward}, {shape.heads}/{shape.kv_heads} heads"
        )


def split(args: argparse.Namespace, screen: Terminal) -> None:
    """Cut weights into pieces, and hand some of them out."""
    from beadline.trainer.nano import transfer

    own = _run(args)
    trained = _trained(own)
    kept = own / "pieces"
    if not (kept / transfer.NOTE).exists():
        piece = int(args.piece_mib * (1 << 20))
        transfer.split(_weights(own, trained), trained, kept, piece)
    count = args.count or 1 << 20
    handed = transfer.hand_out(kept, args.output, args.first, count)
    screen.say(f"{len(handed) - 1} pieces in {args.output}")


def join(args: argparse.Namespace, screen: Terminal) -> None:
    """Put pieces together: a run as if it had been made here."""
    from beadline.trainer.nano import transfer

    own = _run(args)
    own.mkdir(parents=True, exist_ok=True)
    about = transfer.join(args.pieces, own / WEIGHTS)
    _write(own / TRAINED, about)
    screen.say(f"{own / WEIGHTS}: {about['name']}, {about['tokens'] / 1e6:,.1f}M tokens")


def export(args: argparse.Namespace, screen: Terminal) -> None:
    """Write the GGUF and score it on the validation rows, if there are any here."""
    from tokenizers import Tokenizer
    from transformers import LlamaForCausalLM

    from beadline.trainer.export import export_gguf
    from beadline.trainer.nano.shapes import MOST_BYTES

    own = _run(args)
    trained = _trained(own)
    weights = _weights(own, trained)
    screen.phase("Writing the model", 0.0, 0.0)
    args.output.mkdir(parents=True, exist_ok=True)
    target = args.output / f"{args.name}.gguf"
    partial = target.with_suffix(".part")
    model = LlamaForCausalLM.from_pretrained(weights, local_files_only=True)
    export_gguf(
        model.float(),
        Tokenizer.from_file(str(args.work / "tokenizer.json")),
        partial,
        name=args.name,
        quantisation=trained["quantisation"],
        metadata={"general.license": "apache-2.0"},
    )
    size = partial.stat().st_size
    if size > MOST_BYTES:
        raise ModelError(
            f"The file has {size:,} bytes, more than {MOST_BYTES:,}.", hint="Train a smaller shape."
        )
    partial.replace(target)
    screen.say(f"{target}: {size / 1e6:.2f} MB")
    _score(args, screen, own, weights, target)


def card(args: argparse.Namespace, screen: Terminal) -> None:
    """Write the model card and the attribution."""
    from beadline.trainer.nano import card as cards

    own = _run(args)
    trained = _trained(own)
    file = args.output / "beadline-nano.gguf"
    if not file.exists():
        raise InputError(f"There is no {file}.", hint="The step `export` writes it.")
    for path in cards.write(args.work, _candidate(trained), trained, file, args.output):
        screen.say(f"{path}")


def make(args: argparse.Namespace, screen: Terminal) -> None:
    """All steps one after the other."""
    data(args, screen)
    prepare(args, screen)
    train(args, screen)
    export(args, screen)
    if args.name == "beadline-nano":
        card(args, screen)


def training_table(table: list[dict[str, Any]]) -> list[str]:
    """The comparison of shapes as Markdown."""
    lines = [
        "| shape | parameters | file, MB | tokens | tokens/s | validation loss |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for each in table:
        lines.append(
            f"| {each['name']} | {each['parameters'] / 1e6:.1f}M | "
            f"{each['file_bytes'] / 1e6:.1f} | "
            f"{each['tokens'] / 1e6:.1f}M | {each['tokens_per_second']:,} | "
            f"{each['validation_loss']} |"
        )
    return lines


def _rows(args: argparse.Namespace, screen: Terminal) -> RowStore:
    """The rows, rendered where they are missing."""
    from beadline.trainer.nano import encode, parts
    from beadline.trainer.nano.recipe import RECIPES

    manifest = parts.read_manifest(args.work)
    return encode.encode_all(
        parts.paths_of(args.work, manifest),
        args.work / parts.TOKENIZER,
        args.work / encode.ROWS,
        RECIPES[manifest["recipe"]["name"]],
        screen.tell,
        seed=manifest["seed"],
        workers=getattr(args, "workers", 0),
    )


def _score(
    args: argparse.Namespace, screen: Terminal, own: Path, weights: Path, file: Path
) -> None:
    """Note the loss of the weights and of the file on the same rows."""
    from beadline.trainer.nano import encode, scoring

    folder = args.work / encode.ROWS
    if not folder.exists():
        screen.say("There are no rows here: the file is not scored.")
        return
    store = encode.RowStore(folder, seed=0)
    held = store.validation(max(1, 65_536 // store.row_tokens))
    if not len(held):
        return
    screen.phase("Scoring the file", 0.0, 0.0)
    before, after = (scoring.validation_loss(path, held) for path in (weights, file))
    found = {"weights": before, "file": after, "rows": len(held), "bytes": file.stat().st_size}
    _write(own / "exported.json", found)
    screen.say(f"validation loss {before:.4f} of the weights, {after:.4f} of the file")


def _settings(args: argparse.Namespace) -> Settings:
    from beadline.trainer.nano.training import Settings

    return Settings(
        minutes=args.minutes,
        steps=args.steps,
        batch_tokens=args.batch_tokens,
        peak=args.peak,
        decay=args.decay,
        threads=args.threads,
        seed=args.seed,
    )


def _told(settings: Settings) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(settings)


def _shape(args: argparse.Namespace, name: str) -> Candidate:
    """The shape of a name; without one, what suits the machine."""
    from beadline.trainer.nano import shapes as sizes
    from beadline.trainer.nano.training import GPU, hardware

    vocabulary = _vocabulary(args.work)
    if name:
        return sizes.named(name, vocabulary)
    return sizes.candidates(vocabulary)[0] if hardware() is GPU else sizes.small(vocabulary)


def _candidate(trained: Mapping[str, Any]) -> Candidate:
    from beadline.trainer.nano.shapes import Candidate, ModelShape

    return Candidate(trained["name"], ModelShape(**trained["shape"]), trained["quantisation"])


def _vocabulary(work: Path) -> int:
    """Size of the tokenizer."""
    from tokenizers import Tokenizer

    path = work / "tokenizer.json"
    if not path.exists():
        raise InputError(f"There is no tokenizer in {work}.", hint="The step `prepare` makes it.")
    return Tokenizer.from_file(str(path)).get_vocab_size(with_added_tokens=True)


def _run(args: argparse.Namespace) -> Path:
    return args.work / RUNS / args.run


def _trained(own: Path) -> dict[str, Any]:
    try:
        return json.loads((own / TRAINED).read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{own} holds no trained model.", hint="Train one first.") from exc


def _weights(own: Path, trained: Mapping[str, Any]) -> Path:
    """Weights that came from elsewhere, else those that were trained here."""
    joined = own / WEIGHTS
    return joined if joined.exists() else Path(trained["weights"])


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{os.cpu_count()} processors"


def _workers(args: argparse.Namespace) -> int:
    return args.workers or os.cpu_count() or 1


def _write(path: Path, values: Mapping[str, Any]) -> None:
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(values, indent=1), "utf-8")
    partial.replace(path)
