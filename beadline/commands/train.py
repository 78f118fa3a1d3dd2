"""`beadline train REPO`: tune the model on a repository and prove it; and what to do with adapters.

Knows arguments, terminal and files; the training is in `trainer.run`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from beadline.commands import adapters, common, display
from beadline.context import languages
from beadline.errors import InputError
from beadline.settings import Options
from beadline.trainer import order
from beadline.trainer.finetune.options import Method, Switch, TuneOptions, Weighing
from beadline.trainer.finetune.schedule import Schedule
from beadline.trainer.options import LEAST_EPOCHS, MOST_EPOCHS, TrainOptions
from beadline.trainer.outcome import Outcome
from beadline.trainer.samples.options import ALL, MIDDLE

if TYPE_CHECKING:
    from beadline.trainer import dry

_SHOWN = 4
"""Samples that `--dry-run` shows."""
_DEFAULTS = TuneOptions()
_PLAIN = TrainOptions(Path())
_INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "repository", metavar="REPO|ACTION",
        help="the repository to tune on; or list, show NAME, activate NAME, deactivate NAME, "
        "remove NAME (adapters), or merge NAME FILE (a GGUF with the adapter in its weights). "
        "A folder of such a name is written ./list",
    )  # fmt: skip
    parser.add_argument("arguments", metavar="NAME", nargs="*", help="of an action")
    common.add_model_argument(parser)
    parser.add_argument(
        "--dry-run", action="store_true",
        help="only show what would be trained on: every step of the corpus, and some samples",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
    parser.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--quantisation", metavar="TYPE", default="keep",
        help="of the weights that merge writes: keep, F16, Q8_0... (default: keep)",
    )  # fmt: skip
    _add_data(parser.add_argument_group("data"))
    _add_tuning(parser.add_argument_group("tuning"))
    _add_machine(parser.add_argument_group("machine"))
    _add_proof(parser.add_argument_group("proof"))


def _add_data(group: Any) -> None:
    group.add_argument("--commit", default=_PLAIN.commit, help="newest commit (default: HEAD)")
    group.add_argument(
        "--language",
        metavar="ID",
        action="append",
        default=[],
        help="this language, and others where it is given again (default: all)",
    )
    group.add_argument(
        "--include", metavar="PATTERN", action="append", default=[],
        help="gitignore pattern of what is taken; may be given again (default: everything)",
    )  # fmt: skip
    group.add_argument(
        "--exclude", metavar="PATTERN", action="append", default=[],
        help="and of what is not; may be given again",
    )  # fmt: skip
    group.add_argument(
        "--epochs", type=float, default=_PLAIN.epochs,
        help="passes over the code, with other holes in each (default: "
        f"{LEAST_EPOCHS:g}, of small repositories up to {MOST_EPOCHS:g})",
    )  # fmt: skip
    group.add_argument(
        "--order", choices=order.METHODS, default=_PLAIN.order,
        help=f"of the files; counts with --pool (default: {_PLAIN.order})",
    )  # fmt: skip
    group.add_argument(
        "--pool", metavar="N", type=int, default=_PLAIN.pool,
        help="samples that are shuffled together (default: 0, all of an epoch)",
    )  # fmt: skip
    group.add_argument(
        "--left-to-right", metavar="SHARE", type=float, default=_PLAIN.left_to_right,
        help=f"share of samples without a hole (default: {_PLAIN.left_to_right:g})",
    )  # fmt: skip
    group.add_argument(
        "--random-spans", action="store_true", help="holes anywhere, not whole syntax nodes"
    )
    group.add_argument(
        "--snippets", metavar="SHARE", type=float, default=_PLAIN.snippet_share,
        help="share of holes with snippets of other files "
        f"(default: {_PLAIN.snippet_share:g})",
    )  # fmt: skip
    group.add_argument(
        "--loss", choices=(MIDDLE, ALL), default=_PLAIN.loss,
        help=f"what is learned of a sample (default: {_PLAIN.loss})",
    )  # fmt: skip
    group.add_argument(
        "--loss-weight", choices=[each.value for each in Weighing],
        default=_DEFAULTS.loss_weight.value,
        help="what counts the same: every sample, or every learned token, of which plain text has "
        f"far more (default: {_DEFAULTS.loss_weight})",
    )  # fmt: skip
    group.add_argument(
        "--replay", metavar="SHARE", type=float, default=_PLAIN.replay,
        help="share of samples of general code: the standard library and installed packages "
        f"(default: {_PLAIN.replay:g})",
    )  # fmt: skip


def _add_tuning(group: Any) -> None:
    group.add_argument(
        "--method", choices=[method.value for method in Method], default=_DEFAULTS.method.value,
        help="lora: adapters; qlora: the same over 4-bit weights, on CUDA; full: all weights "
        f"(default: {_DEFAULTS.method})",
    )  # fmt: skip
    group.add_argument(
        "--weights", metavar="DIR", type=Path,
        help="the model's weights as transformers has them (default: the GGUF, unpacked)",
    )  # fmt: skip
    group.add_argument(
        "--rank", type=int, default=_DEFAULTS.rank,
        help="of the adapters (default: 64 below 100 million parameters, 16 above)",
    )  # fmt: skip
    group.add_argument("--alpha", type=int, default=_DEFAULTS.alpha, help="default: twice the rank")
    group.add_argument("--dropout", type=float, help="default: 0 or 0.05, by the model's size")
    group.add_argument(
        "--learning-rate", metavar="RATE", type=float, default=0.0,
        help="the highest (default: by method and the model's size)",
    )  # fmt: skip
    group.add_argument(
        "--schedule", choices=[each.value for each in Schedule], default=_DEFAULTS.schedule.value,
        help=f"default: {_DEFAULTS.schedule}",
    )  # fmt: skip
    group.add_argument("--batch-tokens", metavar="N", type=int, default=_DEFAULTS.batch_tokens)
    group.add_argument("--max-steps", metavar="N", type=int, default=_DEFAULTS.max_steps)
    group.add_argument(
        "--patience", metavar="N", type=int, default=_DEFAULTS.patience,
        help="evaluations without a better loss after which it stops, 0: never "
        f"(default: {_DEFAULTS.patience})",
    )  # fmt: skip
    group.add_argument("--seed", type=int, default=_PLAIN.seed)


def _add_machine(group: Any) -> None:
    group.add_argument(
        "--max-hours",
        metavar="H",
        type=float,
        help="of tuning, 0: no limit (default: 0.4 below 100 million parameters, none above)",
    )
    group.add_argument(
        "--threads", metavar="N", type=int, default=0,
        help="of the CPU, for whatever is done: drawing samples, tuning, proving (default: all "
        "physical cores, all but one to prove)",
    )  # fmt: skip
    group.add_argument(
        "--micro-tokens", metavar="N", type=int, default=_DEFAULTS.micro_tokens,
        help="most tokens at once; fewer take less memory",
    )  # fmt: skip
    group.add_argument(
        "--gradient-checkpointing", action="store_true", help="less memory, a third slower"
    )
    switches = [each.value for each in Switch]
    group.add_argument("--bf16", choices=switches, default=_DEFAULTS.bf16.value)
    group.add_argument("--packing", choices=switches, default=_DEFAULTS.packing.value)
    group.add_argument(
        "--processes", metavar="N", type=int, default=1, help="of this machine (DDP)"
    )
    group.add_argument(
        "--accelerate-config", metavar="FILE", type=Path,
        help="of `accelerate config`: several machines, FSDP",
    )  # fmt: skip


def _add_proof(group: Any) -> None:
    group.add_argument(
        "--holes", metavar="N", type=int, default=_PLAIN.holes,
        help=f"held-out holes (default: {_PLAIN.holes})",
    )  # fmt: skip
    group.add_argument(
        "--control", metavar="N", type=int, default=_PLAIN.control,
        help=f"holes of other code (default: {_PLAIN.control})",
    )  # fmt: skip
    group.add_argument(
        "--only-served", action="store_true", help="do not prove it without snippets as well"
    )
    group.add_argument(
        "--scale", type=float, default=_PLAIN.scale,
        help="of the adapter's changes, proved and served (default: as much as leaves general code "
        "nearly as it was, 0.4 to 1)",
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    if args.repository in adapters.ACTIONS:
        return adapters.run(args.repository, args.arguments, args)
    if args.arguments:
        raise InputError(f"One repository at a time, not {args.arguments[0]!r} as well.")
    own = common.load_options({"engine.model": args.model})
    options = options_of(args)
    if args.dry_run:
        return _preview(options, own, as_json=args.json)
    return _train(options, own, events=args.events, as_json=args.json)


def options_of(args: argparse.Namespace) -> TrainOptions:
    """What the arguments ask for. Raises `InputError` for numbers that cannot be."""
    known_languages = {each.id for each in languages.known()} - {languages.PLAINTEXT}
    if unknown := sorted(set(args.language) - known_languages):
        raise InputError(
            f"There is no language {unknown[0]!r}.",
            hint=f"There are {', '.join(sorted(known_languages))}.",
        )
    for name in ("epochs", "learning_rate", "max_hours", "scale"):
        if not math.isfinite(getattr(args, name) or 0.0):
            raise InputError(f"--{name.replace('_', '-')} must be a finite number.")
    for name in ("left_to_right", "snippets", "replay", "dropout"):
        value = getattr(args, name) or 0.0
        if not 0 <= value <= 1 or (name in ("replay", "dropout") and value == 1):
            flag = name.replace("_", "-")
            raise InputError(f"--{flag} is a share, 0 to 1: {value:g} is none.")
    for name in (
        "batch_tokens", "micro_tokens", "processes", "holes",
    ):  # fmt: skip
        if getattr(args, name) <= 0:
            raise InputError(f"--{name.replace('_', '-')} must be above 0.")
    for name in (
        "epochs", "rank", "alpha", "pool", "max_steps", "max_hours", "threads", "control",
        "patience", "learning_rate", "scale",
    ):  # fmt: skip
        if (getattr(args, name) or 0) < 0:
            raise InputError(f"--{name.replace('_', '-')} cannot be negative.")
    tune = replace(
        _DEFAULTS,
        method=Method(args.method),
        rank=args.rank,
        alpha=args.alpha,
        dropout=args.dropout,
        learning_rate=args.learning_rate,
        loss_weight=Weighing(args.loss_weight),
        schedule=Schedule(args.schedule),
        batch_tokens=args.batch_tokens,
        micro_tokens=args.micro_tokens,
        patience=args.patience,
        max_steps=args.max_steps,
        max_hours=args.max_hours,
        bf16=Switch(args.bf16),
        packing=Switch(args.packing),
        gradient_checkpointing=args.gradient_checkpointing,
        threads=args.threads,
        seed=args.seed,
    )
    return TrainOptions(
        repository=Path(args.repository).expanduser(),
        commit=args.commit,
        weights=args.weights,
        languages=tuple(args.language),
        include=tuple(args.include),
        exclude=tuple(args.exclude),
        order=args.order,
        pool=args.pool,
        epochs=args.epochs,
        left_to_right=args.left_to_right,
        random_spans=args.random_spans,
        snippet_share=args.snippets,
        loss=args.loss,
        replay=args.replay,
        holes=args.holes,
        control=args.control,
        alone=not args.only_served,
        seed=args.seed,
        scale=args.scale,
        tune=tune,
        processes=args.processes,
        accelerate_config=args.accelerate_config,
    )


def _train(options: TrainOptions, own: Options, *, events: bool, as_json: bool) -> int:
    from beadline.trainer.run import train
    from beadline.trainer.screen import Events, Terminal

    if events:
        screen = Events(sys.stdout)
        outcome = train(options, own, screen)
        screen.end(outcome.sentence)
        return 0
    console = errors()
    try:
        with Terminal(console) as terminal:
            outcome = train(options, own, terminal)
    except KeyboardInterrupt:
        console.print("interrupted; the same command goes on from here")
        return _INTERRUPTED
    show_outcome(outcome, as_json=as_json)
    return 0


def show_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """What a training came to."""
    if as_json:
        print(json.dumps(asdict(outcome)))
        return
    console = display.console()
    console.print(_before_and_after(outcome))
    console.print(display.printable(outcome.sentence), style="bold")
    console.print(f"report: {display.printable(outcome.report)}", style="dim")
    if outcome.activated:
        name = display.printable(outcome.name)
        console.print(f"active from now on; `beadline train deactivate {name}` ends that")
    elif not outcome.name:
        path = display.printable(outcome.adapter)
        console.print(f"the tuned model: {path}; serve it by engine.model, if you like its numbers")


def _before_and_after(outcome: Outcome) -> Table:
    """Exact match and similarity of both sides, by arm and category."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "holes", "exact match", "after", "edit similarity", "after"):
        table.add_column(heading, justify="left" if not heading else "right")
    for arm, values in outcome.evidence["proof"].items():
        rows = {f"{arm}: all": values, **values["by_category"]}
        for name, each in rows.items():
            sides = each["base"], each["tuned"]
            numbers = [
                _percent(side[what]["value"])
                for what in ("exact_match", "edit_similarity")
                for side in sides
            ]
            table.add_row(name.replace("_", " "), str(each["holes"]), *numbers)
    return table


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _preview(options: TrainOptions, own: Options, *, as_json: bool) -> int:
    """What would be trained on."""
    from beadline.evaluation.commands.common import progress
    from beadline.trainer import dry

    with progress(errors()) as tell:
        preview = dry.look(options, own, tell)
        shown: list[dry.Shown] = []
        if not preview.problem:
            shown = list(dry.samples(preview, options, own, _SHOWN, tell))
    if as_json:
        print(json.dumps({**preview.as_dict(), "samples": [asdict(each) for each in shown]}))
    else:
        _show_preview(preview, shown)
    if preview.problem:
        raise InputError(preview.problem)
    return 0


def _show_preview(preview: dry.Preview, shown: Sequence[dry.Shown]) -> None:
    console = display.console()
    console.print(preview.report.table())
    plan = preview.plan
    console.print(
        f"{preview.held} held-out holes of {preview.groups} files and commits; "
        f"{len(plan.files)} files and {len(plan.commits)} later commits are not trained on"
    )
    for number, sample in enumerate(shown, start=1):
        console.rule(f"sample {number}: {sample.kind}, {display.printable(sample.path)}")
        console.print(display.printable(sample.text))
        console.print(f"{sample.tokens} tokens, {sample.learned} of them learned", style="dim")
    if preview.warning:
        console.print(f"what comes out could not become active: {preview.warning}", style="yellow")


def errors() -> Console:
    """Where everything but the outcome is said."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)
