"""Gathers what the gate decides by: held-out holes, other code, secrets, before and after tuning.

Every answer is kept in a file of the run's folder as it comes, so that an interrupted proof goes
on; answers of the base serve every further training on the same holes. Knows no verdict.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from beadline import __version__
from beadline.engine.models import resolve
from beadline.engine.verdicts import digest
from beadline.errors import InputError
from beadline.evaluation import forgetting, heldout, proof
from beadline.evaluation.command import code_digest
from beadline.evaluation.heldout import Held, Plan
from beadline.evaluation.holes import Hole
from beadline.evaluation.proof import ARMS, BASE, TUNED, Side, Tell
from beadline.evaluation.sources import is_searched, read_blobs, served_name, some_paths
from beadline.evaluation.versions import versions
from beadline.settings import Options
from beadline.trainer import memorisation
from beadline.trainer.memorisation import Secret

HELD_FILE = "held-out.jsonl"
CONTROL_HOLES = forgetting.HOLES


@dataclass(frozen=True)
class Evidence:
    """The numbers of a proof; plain JSON values."""

    proof: dict[str, Any]
    """By arm (`evaluation.proof.summarise`)."""
    forgetting: dict[str, Any]
    """`evaluation.forgetting.summarise`."""
    memorised: dict[str, Any]
    """`trainer.memorisation.summarise`."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Evidence:
        """From `as_dict`."""
        return cls(values["proof"], values["forgetting"], values["memorised"])


@dataclass(frozen=True)
class Trial:
    """What is proved, on what. Everything that is drawn is drawn before anything is trained."""

    repository: Path
    plan: Plan
    held: Sequence[Held] = field(repr=False)
    control: Sequence[Hole] = field(repr=False)
    secrets: Sequence[Secret] = field(repr=False)
    seed: int = 1

    @property
    def groups(self) -> int:
        """Files and commits that the held-out holes are from."""
        return len({held.group for held in self.held})


def prepare(
    repository: Path,
    plan: Plan,
    folder: Path,
    *,
    accept: heldout.Accept = heldout.anything,
    control: int = CONTROL_HOLES,
    planted: Sequence[Secret] = (),
) -> Trial:
    """Draw all that is to be proved of a plan. The holes are kept in `folder`, and taken from
    there when it has those of the plan.

    `planted`: secrets of the run's own (`memorisation.plant`). Raises `InputError`.
    """
    path = folder / HELD_FILE
    held = _drawn_before(path, plan)
    if held is None:
        held = heldout.draw(repository, plan, accept)
        heldout.write(path, plan, held)
    looked_at = some_paths(repository, plan.cut, is_searched, heldout.MOST_FILES, plan.seed)
    _, blobs = read_blobs(repository, plan.cut, lambda name, _: name in looked_at)
    texts = ((name, _text(blob)) for name, blob in sorted(blobs))
    found = memorisation.found(texts, served_name(repository), seed=plan.seed)
    own = [name for name, _ in blobs]
    return Trial(
        repository,
        plan,
        held,
        forgetting.control_holes(control, plan.seed, own),
        [*planted, *found],
        plan.seed,
    )


async def gather(
    trial: Trial,
    tuned: Side,
    options: Options,
    trained_on: Iterable[str],
    folder: Path,
    tell: Tell,
    *,
    arms: Sequence[str] = ARMS,
) -> Evidence:
    """All numbers. `tuned`: the side that was trained; `trained_on`: the texts of its data.

    Raises `InputError`, `ModelError`, `EngineError`, `AdapterError`. Interrupted, it goes on where
    it was when it is called again.
    """
    data = memorisation.in_data(trial.secrets, trained_on)
    sides = (Side(BASE), replace(tuned, name=TUNED))
    answers = await answered(
        trial.repository, trial.plan, trial.held, sides, options, folder, tell, arms
    )  # fmt: skip
    losses = await lost(trial.control, sides, options, folder, tell)
    probes: dict[tuple[str, int], memorisation.Probe] = {}
    names = [f"{secret.id}:{_digest([secret.value])}" for secret in trial.secrets]
    for side in sides:
        path, header = _kept(folder, "secrets", side, options, names)
        probes |= await memorisation.probe(side, trial.secrets, options, path, header, tell)
    return Evidence(
        proof.summarise(trial.held, answers, arms),
        forgetting.summarise(trial.control, losses),
        memorisation.summarise(trial.secrets, data, probes),
    )


async def answered(
    repository: Path,
    plan: Plan,
    held: Sequence[Held],
    sides: Sequence[Side],
    options: Options,
    folder: Path,
    tell: Tell,
    arms: Sequence[str] = ARMS,
) -> dict[proof.Key, proof.Answer]:
    """What all sides answer to held-out holes; what is kept in `folder` is taken from there.

    Raises as `gather`.
    """
    found: dict[proof.Key, proof.Answer] = {}
    names = [each.id for each in held]
    with versions(repository, plan.cut, options.context, tell) as files:
        for side in sides:
            path, header = _kept(folder, "proof", side, options, names)
            found |= await proof.prove(side, held, files, files, options, path, header, tell, arms)
    return found


async def lost(
    control: Sequence[Hole], sides: Sequence[Side], options: Options, folder: Path, tell: Tell
) -> dict[tuple[str, str], forgetting.Loss]:
    """The losses of all sides on other code; what is kept in `folder` is taken from there.

    Raises as `gather`.
    """
    found: dict[tuple[str, str], forgetting.Loss] = {}
    names = [hole.id for hole in control]
    for side in sides:
        path, header = _kept(folder, "control", side, options, names)
        found |= await forgetting.measure(side, control, options, path, header, tell)
    return found


def prune(folder: Path) -> None:
    """Remove answers that no proof takes up any more: those of another version of beadline."""
    for path in folder.glob("*.jsonl"):
        if path.name == HELD_FILE:
            continue
        try:
            with path.open("rb") as file:
                header = json.loads(file.readline()).get("header", {})
        except (OSError, ValueError, AttributeError):
            continue  # not one of ours
        if (header.get("version"), header.get("code")) != (__version__, code_digest()):
            path.unlink(missing_ok=True)


def _drawn_before(path: Path, plan: Plan) -> list[Held] | None:
    """The holes of a plan that a file has; None where it is another plan's, or damaged."""
    if not path.exists():
        return None
    try:
        kept, held = heldout.read(path)
    except InputError:
        return None  # they are drawn again
    return held if kept == plan else None


def _kept(
    folder: Path, kind: str, side: Side, options: Options, names: Sequence[str]
) -> tuple[Path, dict[str, Any]]:
    """The file for what one side says to some questions, and what makes it that file."""
    context = options.context
    header = {
        "version": __version__,
        "code": code_digest(),
        "kind": kind,
        "side": side.name,
        "model": digest(Path(side.model) if side.model else resolve(options.engine.model)),
        "adapter": digest(side.adapter) if side.adapter is not None else "",
        "scale": side.scale,
        "family": options.engine.family,
        "layout": options.engine.layout,
        "healing": options.engine.healing,
        "tokens": [context.prefix_tokens, context.suffix_tokens, context.snippet_tokens],
        "most": [options.completion.max_tokens, options.completion.max_lines],
        "questions": _digest(names),
    }
    name = _digest([json.dumps(header, sort_keys=True)])
    return folder / f"{kind}-{side.name}-{name}.jsonl", header


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(names).encode("utf-8", "replace")).hexdigest()[:16]


def _text(blob: bytes) -> str:
    return blob.decode("utf-8", "replace").replace("\r\n", "\n")
