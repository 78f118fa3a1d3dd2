"""`beadline doctor`: checks the machine, the engine, the model and the settings, one line each.

Knows how to ask the other parts; repairs nothing. The last check fills a hole whose answer a
working engine cannot miss to give in some form (`GOLDEN`): it proves the way from text to text,
not the model's quality.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from beadline import __version__, settings
from beadline.commands import common, display
from beadline.engine import models
from beadline.engine.protocol import FimRequest, ModelInfo, Piece
from beadline.errors import BeadlineError
from beadline.settings import Applied, Options

GOLDEN = "def add(a, b):\n    return "
"""The golden hole: the cursor is at its end."""
_PACKAGES = ("llama-cpp-python", "pygls", "lsprotocol", "tree-sitter", "tree-sitter-python")
_CPU_FEATURES = ("avx", "avx2", "avx512f", "amx_int8", "fma", "f16c", "asimd", "sve")


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    name: str
    outcome: str
    """What was found, one line."""
    problem: str = ""
    """Why this does not work; empty when it does."""
    fatal: bool = True
    """Whether the problem keeps beadline from working."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_model_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Print the report; 1 when something that is needed does not work."""
    console = display.console()
    failed = 0
    for check in run(args.model):
        bad = bool(check.problem)
        failed += bad and check.fatal
        mark, style = ("ok", "green") if not bad else ("FAIL", "bold red")
        if bad and not check.fatal:
            mark, style = "warn", "yellow"
        console.print(f"{mark:<5}", style=style, end="")
        line = check.problem if bad else check.outcome
        console.print(display.printable(f"{check.name:<10}{line}"))
    if failed:
        console.print(f"\nbeadline does not work here: {failed} check(s) failed.", style="bold red")
    else:
        console.print("\nbeadline works here.", style="bold green")
    return 1 if failed else 0


def run(model: str | None) -> Iterator[Check]:
    """All checks, in order; those that need something that failed are left out."""
    yield Check("versions", f"beadline {__version__}, Python {platform.python_version()}")
    yield from _packages()
    yield Check("machine", _machine())
    try:
        applied = settings.load(flags={"engine.model": model} if model else {})
    except BeadlineError as error:
        yield Check("settings", "", str(error))
        return
    yield from _settings(applied)
    yield from _model(applied.options)


def _packages() -> Iterator[Check]:
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            yield Check("packages", "", f"{package} is not installed. Install beadline again.")
    yield Check("packages", ", ".join(found))


def _machine() -> str:
    cpu = f"{platform.system()} {platform.machine()}"
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8", "replace").split()
    except OSError:
        return cpu  # only Linux tells this way; the engine's build line names what is used
    return f"{cpu}, CPU features: {', '.join(f for f in _CPU_FEATURES if f in flags) or 'none'}"


def _settings(applied: Applied) -> Iterator[Check]:
    file = settings.user_config_file()
    yield Check("settings", f"{file}{'' if file.is_file() else ' (not there: defaults)'}")
    for problem in applied.problems:
        yield Check("settings", "", problem, fatal=False)
    for key in applied.refused:
        yield Check("settings", "", f"{key} is refused from this source.", fatal=False)


def _model(options: Options) -> Iterator[Check]:
    try:
        path = models.resolve(options.engine.model)
        found = models.check(path)
    except BeadlineError as error:
        yield Check("model", "", str(error))
        return
    size = f"{found.parameters / 1e6:.1f} M parameters, {found.quantisation}"
    yield Check("model", f"{path}: {found.name}, {found.family}, {size}")
    try:
        info, text = asyncio.run(_fill_golden_hole(options))
    except BeadlineError as error:
        yield Check("engine", "", str(error))
        return
    yield Check("engine", info.build)
    verdict = "full speed" if not info.safe_parameters else (
        "the fast CPU buffers of this build crash; beadline runs without them"
    )  # fmt: skip
    where = f"{info.gpu_layers} layers on the GPU" if info.gpu_layers else "on the CPU"
    yield Check("probe", f"{verdict}, {where}, context of {info.context_tokens} tokens")
    if text.strip():
        yield Check("golden", f"{GOLDEN + '|'!r} -> {text!r}")
    else:
        yield Check("golden", "", f"the model has nothing to say at {GOLDEN + '|'!r}.", fatal=False)


async def _fill_golden_hole(options: Options) -> tuple[ModelInfo, str]:
    """The loaded model, and what it writes into the golden hole."""
    engine = common.make_engine(options)
    text = ""
    try:
        info = await engine.start()
        request = FimRequest(
            prefix=GOLDEN, suffix="\n", path="add.py", max_tokens=16, stop_at_newline=True,
            anchor=GOLDEN.rindex("\n") + 1,  # as it is served: the cursor's line after MIDDLE
        )  # fmt: skip
        async for event in engine.generate(request):
            if isinstance(event, Piece):
                text += event.text
        return info, text
    finally:
        await engine.close()
