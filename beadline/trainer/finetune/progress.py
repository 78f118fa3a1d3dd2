"""Shows how tuning goes: a line on the terminal, a log, a curve. Knows no model."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

LOG = "loss.jsonl"
CURVE = "loss.png"
_SMOOTH = 0.9
"""Weight of the past in the mean that is shown."""


@dataclass(frozen=True)
class Step:
    """One step of training, or one evaluation."""

    step: int
    """Steps that are done."""
    total: int
    loss: float
    """Nats a learned token; of the validation rows when `evaluation`."""
    rate: float
    """Learning rate."""
    tokens: int
    """So far, padding not counted."""
    seconds: float
    """So far."""
    evaluation: bool = False
    waited: float = 0.0
    """Seconds of this step that passed waiting for somebody's keystrokes."""


Report = Callable[[Step], None]


class Log:
    """All steps of a run in a file, one JSON object a line."""

    def __init__(self, path: Path, done: int) -> None:
        """Go on behind step `done`: what was logged of later ones is done again."""
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [step for step in read(path) if step.step <= done]
        partial = path.with_name(f"{path.name}.part")
        partial.write_text("".join(map(_line, kept)), "utf-8")
        partial.replace(path)
        self._file = path.open("a", encoding="utf-8")

    def __call__(self, step: Step) -> None:
        self._file.write(_line(step))
        self._file.flush()

    def close(self) -> None:
        """Nothing is written any more."""
        self._file.close()


def read(path: Path) -> list[Step]:
    """The steps of a log; none when there is no such file. A line that was cut off is left out."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    steps: list[Step] = []
    for line in lines:
        try:
            steps.append(Step(**json.loads(line)))
        except (ValueError, TypeError):
            break
    return steps


def _line(step: Step) -> str:
    return json.dumps(asdict(step)) + "\n"


class Pace:
    """Puts into words how fast a run is, and how long it still takes."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._loss = _Smooth()
        self._validation = ""
        self._first: tuple[float, int, int] | None = None
        """Time, steps and tokens at the first step told of: a run may have begun before."""

    def said(self, step: Step) -> str:
        """Loss, tokens a second and the time left, as of this step."""
        if step.evaluation:
            self._validation = f", held out {step.loss:.3f}"
        else:
            self._loss.add(step.loss)
        now = self._now()
        if self._first is None:
            self._first = now, step.step, step.tokens
        began, first, tokens = self._first
        loss = "" if self._loss.mean is None else f" loss {self._loss.mean:.3f}"
        said = f"step {step.step}/{step.total}{loss}{self._validation}"
        if step.step > first and now > began:
            rate = (step.tokens - tokens) / (now - began)
            left = (step.total - step.step) * (now - began) / (step.step - first)
            said += f", {rate:,.0f} tokens/s, {_duration(left)} left"
        return said + (" (waiting while you type)" if step.waited else "")


class Bar:
    """A bar on a terminal, for a run by itself."""

    def __init__(self, console: Console) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}")
        self._progress = Progress(*columns, console=console, transient=True)
        self._task: TaskID | None = None
        self._pace = Pace()

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, step: Step) -> None:
        if self._task is None:
            self._task = self._progress.add_task("tuning", total=step.total, said="")
        said = self._pace.said(step)
        self._progress.update(self._task, completed=step.step, total=step.total, said=said)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def draw_curve(steps: list[Step], path: Path) -> bool:
    """Write the loss over the steps as a PNG; False where matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None or not steps:
        return False
    # The object interface: no window system is looked for, and no global figure is left behind.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    training = [step for step in steps if not step.evaluation]
    held_out = [step for step in steps if step.evaluation]
    numbers = [step.step for step in training]
    axes.plot(numbers, [step.loss for step in training], color="0.8", label="training")
    axes.plot(numbers, _smoothed([step.loss for step in training]), label="training, smoothed")
    if held_out:
        losses = [step.loss for step in held_out]
        axes.plot([step.step for step in held_out], losses, marker="o", label="held out")
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats a token)")
    axes.legend()
    figure.savefig(path, format="png", dpi=120)
    return True


def _smoothed(values: list[float]) -> list[float]:
    smooth = _Smooth()
    return [smooth.add(value) for value in values]


class _Smooth:
    """An exponential mean. The first values weigh no more than the later ones (Kingma and Ba 2015,
    section 3): a run's first step would bend its whole beginning."""

    def __init__(self) -> None:
        self.mean: float | None = None
        self._sum = 0.0
        self._weight = 0.0

    def add(self, value: float) -> float:
        """The mean with one more value."""
        self._sum = _SMOOTH * self._sum + (1 - _SMOOTH) * value
        self._weight = _SMOOTH * self._weight + 1 - _SMOOTH
        self.mean = self._sum / self._weight
        return self.mean
