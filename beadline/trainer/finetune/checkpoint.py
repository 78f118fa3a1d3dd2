"""All that a run of tuning needs to go on where it was killed. Knows no rows and no schedule.

A checkpoint is a folder that is complete or not there: it is written beside the old one and takes
its place by renaming. Random numbers are not kept: every step draws its own, by its number.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline.errors import InputError

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator

NAME = "checkpoint"
_WEIGHTS, _OPTIMISER, _STATE = "weights.safetensors", "optimiser.pt", "state.json"


@dataclass
class Progress:
    """Where a run is."""

    step: int = 0
    """Steps that are done."""
    total: int = 0
    """Steps in all, once that is settled; 0 before."""
    seconds: float = 0.0
    """Of training, interruptions not counted."""
    scoring: float = 0.0
    """Seconds of the last evaluation."""
    scored: float = 0.0
    """Of `seconds`, those of evaluations."""
    settled: float = 0.0
    """`seconds` when the steps that fit into the time were counted last."""
    tokens: int = 0
    base_loss: float | None = None
    """Of the validation rows before the first step; nats a token."""
    best_loss: float | None = None
    best_step: int = 0
    stall: int = 0
    """Evaluations since the best one."""
    finished: str = ""
    """Why it has ended (`done`, `early`, `time`); empty while it goes on."""
    identity: str = ""
    """Hash of all that the outcome depends on: another run's checkpoint is not taken up."""


class Keeper:
    """Writes and reads the checkpoint of one run, on one process or many."""

    def __init__(self, folder: Path, accelerator: Accelerator) -> None:
        """`folder` of the run; the checkpoint lies below."""
        self._folder = folder
        self._accelerator = accelerator

    @property
    def _sharded(self) -> bool:
        from accelerate.utils import DistributedType

        return self._accelerator.distributed_type is DistributedType.FSDP

    def save(self, model: Any, optimiser: torch.optim.Optimizer, progress: Progress) -> None:
        """Write a checkpoint. Every process calls it; the first one writes."""
        import torch
        from safetensors.torch import save_file

        weights, moments = self._states(model, optimiser)
        if self._accelerator.is_main_process:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = self._folder / f"{NAME}.part"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            save_file({name: t.contiguous() for name, t in weights.items()}, partial / _WEIGHTS)
            torch.save(moments, partial / _OPTIMISER)
            (partial / _STATE).write_text(json.dumps(asdict(progress)), "utf-8")
            replace_folder(partial, self._folder / NAME)
        self._accelerator.wait_for_everyone()

    def read(self, identity: str) -> Progress | None:
        """Where the run was left; None when it never began.

        Raises `InputError` for the checkpoint of another run.
        """
        path = kept(self._folder / NAME)
        if path is None:
            return None
        values = json.loads((path / _STATE).read_text("utf-8"))
        known = {field.name for field in fields(Progress)}
        progress = Progress(**{name: value for name, value in values.items() if name in known})
        if progress.identity != identity:
            raise InputError(
                f"{self._folder} holds another training.", hint="Remove it, or name another folder."
            )
        return progress

    def restore(self, model: Any, optimiser: torch.optim.Optimizer) -> None:
        """Set weights and optimiser to those of the checkpoint that `read` found."""
        import torch
        from safetensors.torch import load_file

        path = kept(self._folder / NAME)
        assert path is not None, "there is no checkpoint"
        weights: Any = load_file(path / _WEIGHTS)
        moments = torch.load(path / _OPTIMISER, map_location="cpu", weights_only=True)
        if self._sharded:
            from torch.distributed.checkpoint import state_dict as distributed

            whole = distributed.StateDictOptions(full_state_dict=True, strict=False)
            distributed.set_model_state_dict(model, weights, options=whole)
            distributed.set_optimizer_state_dict(model, _plain(optimiser), moments, options=whole)
            return
        own = dict(trained(self._accelerator.unwrap_model(model)))
        with torch.no_grad():
            for name, parameter in own.items():
                parameter.copy_(weights[name])
        optimiser.load_state_dict(moments)

    def weights(self, model: Any) -> dict[str, torch.Tensor]:
        """What is trained, whole, on the CPU, by name; on other processes than the first it may be
        empty. Every process calls it."""
        if not self._sharded:
            own = trained(self._accelerator.unwrap_model(model))
            return {name: parameter.detach().cpu() for name, parameter in own}
        from torch.distributed.checkpoint import state_dict as distributed

        found: Any = distributed.get_model_state_dict(model, options=self._whole())
        return found

    def _states(
        self, model: Any, optimiser: torch.optim.Optimizer
    ) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        if not self._sharded:
            return self.weights(model), optimiser.state_dict()
        from torch.distributed.checkpoint import state_dict as distributed

        found: Any = distributed.get_state_dict(model, _plain(optimiser), options=self._whole())
        return found

    @staticmethod
    def _whole() -> Any:
        from torch.distributed.checkpoint.state_dict import StateDictOptions

        return StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)


def trained(model: torch.nn.Module) -> list[tuple[str, torch.nn.Parameter]]:
    """The parameters that are trained, by name, in the model's order."""
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad]


def replace_folder(new: Path, target: Path) -> None:
    """Put the complete folder `new` in the place of `target`; at every moment one of them is there
    (see `kept`)."""
    old = target.with_name(f"{target.name}.old")
    _sync(new)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def kept(target: Path) -> Path | None:
    """The folder that `replace_folder` left at `target`, whenever it was interrupted."""
    old = target.with_name(f"{target.name}.old")
    return target if target.exists() else old if old.exists() else None


def _sync(folder: Path) -> None:
    """Have the system write the files of a folder to the disk: power may fail too."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())


def _plain(optimiser: Any) -> Any:
    """The optimiser itself, out of accelerate's wrapper."""
    return getattr(optimiser, "optimizer", optimiser)
