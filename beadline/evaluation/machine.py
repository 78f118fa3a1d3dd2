"""What the machine is and can do, so that times can be compared. Knows no server."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

from beadline.context import languages
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document
from beadline.evaluation.metrics import median

_FUNCTION = '''\
def rows_{n}(table: list[dict[str, int]], limit: int = {n}) -> list[int]:
    """Rows of the table, the largest first."""
    found = [row["value"] for row in table if row.get("value", 0) > limit]
    for number, value in enumerate(sorted(found, reverse=True)):
        if value % 7 == {n} % 7:
            print(f"{{number}}: {{value}}")
    return found[: limit + 1]


'''
_FUNCTIONS, _RUNS = 250, 5


def parse_ms() -> float:
    """Milliseconds of the full parse of a fixed Python text of 2,000 lines; median of five."""
    text = "".join(_FUNCTION.format(n=number) for number in range(_FUNCTIONS))
    times: list[float] = []
    for run in range(_RUNS):
        trees = SyntaxTrees()
        document = Document(f"calibration-{run}", "calibration.py", "python", text)
        languages.grammar(languages.get("python"))  # loaded before the clock starts
        started = time.perf_counter()
        tree = trees.parse(document)
        assert tree is not None and not tree.root.has_error
        times.append(1000 * (time.perf_counter() - started))
    return median(times)


def processor() -> str:
    """Its name and number of processors."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass  # not Linux
    return f"{name}, {os.cpu_count()} processors"
