"""A run of tuning described in its folder, in this process or in those of `accelerate launch`.

Knows files and processes; the loop knows the rest.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from beadline import processes
from beadline.errors import BeadlineError
from beadline.trainer.finetune import threads
from beadline.trainer.finetune.courtesy import Courtesy
from beadline.trainer.finetune.loop import tune
from beadline.trainer.finetune.options import TuneOptions
from beadline.trainer.finetune.progress import Report
from beadline.trainer.finetune.result import Tuned, read_result
from beadline.trainer.finetune.rows import StoredRows

_FILE = "job.json"
_OUTPUT = "run"
"""Below the folder: what the loop writes."""
_INTERRUPTED = 130
_HEARD_S = 45.0
"""What processes that were interrupted may take for a step and a checkpoint. A second signal in the
meantime would have the launcher leave them behind."""
_ENDING_S = 45.0


@dataclass(frozen=True)
class Job:
    """What `tune` is called with."""

    base: Path
    """Folder of transformers, or GGUF."""
    rows: Path
    validation: Path
    options: TuneOptions
    identity: str
    """Of base and rows: another job does not go on with this one's checkpoint."""
    guard: Path | None = None
    """Rows of general code; see `tune`."""
    yields: bool = True
    """Whether it gives way: low priority, and waiting for keystrokes."""


def write(folder: Path, job: Job) -> None:
    """Describe a job in its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "base": str(job.base), "rows": str(job.rows), "validation": str(job.validation),
        "options": job.options.as_dict(), "identity": job.identity, "yields": job.yields,
        "guard": str(job.guard or ""),
    }  # fmt: skip
    partial = folder / f"{_FILE}.part"
    partial.write_text(json.dumps(values), "utf-8")
    partial.replace(folder / _FILE)


def read(folder: Path) -> Job:
    """The job of a folder. Raises `BeadlineError` when there is none."""
    try:
        values = json.loads((folder / _FILE).read_text("utf-8"))
        return Job(
            Path(values["base"]), Path(values["rows"]), Path(values["validation"]),
            TuneOptions.from_dict(values["options"]), values["identity"],
            Path(values["guard"]) if values["guard"] else None, values["yields"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise BeadlineError(
            f"{folder} describes no training.", hint="`beadline train` makes such a folder."
        ) from exc


def output(folder: Path) -> Path:
    """Where the loop keeps its log, checkpoint and weights."""
    return folder / _OUTPUT


def run(folder: Path, job: Job, report: Report | None = None) -> Tuned:
    """Do a job in this process. Raises what `tune` raises."""
    if job.yields:
        processes.stand_back(processes.LOWEST)
    return tune(
        job.base,
        StoredRows(job.rows),
        StoredRows(job.validation),
        output(folder),
        job.options,
        guard=StoredRows(job.guard) if job.guard is not None else (),
        identity=job.identity,
        report=report,
        courtesy=Courtesy() if job.yields else None,
    )


def launch(folder: Path, job: Job, processes: int, config: Path | None = None) -> Tuned:
    """Do a job in several processes, and wait for them.

    GPUs are used by way of `accelerate launch`; with `config`, accelerate's own file, as that says
    (FSDP, several machines). CPU processes talk by gloo. Their progress goes to this process'
    standard error. Raises `BeadlineError` when they fail, and KeyboardInterrupt when the user ended
    them.
    """
    write(folder, job)
    module = ["-m", "beadline.trainer.finetune", str(folder.resolve())]
    command = [sys.executable, *launcher(processes, config), *module]
    # Modules are not looked for in the current folder: it is the user's, and may have an `io.py`.
    share = max(1, threads.cores(job.options.threads) // processes)
    environment = {**threads.environment(share), "PYTHONSAFEPATH": "1"}
    process = subprocess.Popen(command, stdout=sys.stderr, env=environment)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        _end(process)
        raise
    found = read_result(output(folder))
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    if code or found is None:
        raise BeadlineError(
            f"Training ended with exit code {code}.",
            hint="What it said stands above; the same command goes on from the last checkpoint.",
        )
    return found[1]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have it write a checkpoint and end. Ctrl-C has reached all of its processes; another
    interruption may have reached this one alone."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_HEARD_S)
        return
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_ENDING_S)
        return
    process.kill()
    process.wait()


def launcher(processes: int, config: Path | None) -> list[str]:
    """Arguments of Python that start a module, named behind them, in several processes."""
    import torch

    if config is not None:
        return ["-m", "accelerate.commands.launch", "--config_file", str(config)]
    if torch.cuda.is_available():
        count = ["--multi_gpu"] * (processes > 1) + ["--num_processes", str(processes)]
        return ["-m", "accelerate.commands.launch", *count]
    # accelerate starts one process only where there is no GPU and no MPI.
    return ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
