"""A small public world: repositories with licences, one that must stay unseen, and a list."""

from __future__ import annotations

import graphlib
import inspect
import json
import textwrap
from pathlib import Path

from beadline.trainer.corpus.types import CorpusFile
from tests.context.retrieval.git import repository
from tests.trainer.corpus.kit import MODULES
from tests.trainer.corpus.test_licences import GPL, MIT

LIST = """# What may be used.
## TRAINING
# Python
ada/tools    # a remark
grace/web
far/away

## DEVELOPMENT-REPORT: tables
held/out
"""
SQUARE = '"""Squares, and what can be said of all of them."""\n\n\nclass Square:\n' + "".join(
    f"    def area_{i}(self, times: int = {i}) -> float:\n"
    f'        """Its area, {i} times."""\n        return self.side * self.side * times\n\n'
    for i in range(8)
)
USE = "from shapes.square import Square\n\n\n" + "".join(
    f"def total_{i}(squares: list[Square]) -> float:\n"
    f'    """All areas together, each {i} times."""\n'
    f"    return sum(square.area_{i}() for square in squares)\n\n\n"
    for i in range(8)
)
SHAPES = {"shapes/square.py": SQUARE, "shapes/use.py": USE}
_SHAPE = "export class Shape {\n  constructor(readonly side: number) {}\n" + "".join(
    f"\n  /** Its area. */\n  area{i}(times: number): number {{\n"
    f"    return this.side * this.side * times + {i};\n  }}\n"
    for i in range(8)
) + "}\n"  # fmt: skip
_MAIN = 'import { Shape } from "./shape";\n' + "".join(
    f"\nexport function total{i}(sides: number[]): number {{\n  let sum = {i};\n"
    f"  for (const side of sides) {{\n    sum += new Shape(side).area{i}(1);\n  }}\n"
    "  return sum;\n}\n"
    for i in range(8)
)
WEB = {"src/shape.ts": _SHAPE, "src/main.ts": _MAIN, "vendor/other.ts": _MAIN + "// other\n"}
BENCHMARK = "def shared(value, compute):\n" + "".join(
    f"    value = compute(value, {i}, other={i})\n" for i in range(12)
)
LEAK = inspect.getsource(graphlib) + "\n\n" + BENCHMARK + "    return value\n"


def world(folder: Path) -> Path:
    """Clones below `folder`, and the list beside them; the list's path."""
    tools = {**MODULES, **SHAPES, "pkg/leak.py": LEAK, "LICENSE": MIT}
    repository(folder / "clones" / "ada+tools", tools)
    gpl = {"src/gpl/LICENSE": GPL, "src/gpl/copyleft.ts": _SHAPE.replace("area", "surface")}
    repository(folder / "clones" / "web", {**WEB, **gpl, "LICENSE": MIT})
    repository(folder / "clones" / "held+out", {"secret.py": inspect.getsource(textwrap)})
    record = {"task_id": "T/0", "prompt": BENCHMARK[:200], "canonical_solution": BENCHMARK[200:]}
    (folder / "benchmark.jsonl").write_text(json.dumps(record), "utf-8")
    listing = folder / "list.txt"
    listing.write_text(LIST, "utf-8")
    return listing


def corpus() -> list[CorpusFile]:
    """Files of one repository, some of which use each other."""
    texts = {"shapes/__init__.py": '"""Shapes."""\n', **SHAPES, **MODULES}
    return [CorpusFile.of(path, "python", text, "tools") for path, text in texts.items()]
