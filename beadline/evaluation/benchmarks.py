"""Public fill-in-the-middle benchmarks, from their files, as cases of `evaluate completion`.

    python -m beadline.evaluation.benchmarks cases FILE --output DIR
    python -m beadline.evaluation.benchmarks pass FILE RESULTS.jsonl

Nothing is downloaded: the files are named by whoever has them. Read are HumanEval-Infilling
(openai/human-eval-infilling), SantaCoder-FIM (bigcode) and SAFIM (gonglinyuan/safim), by the fields
of their records. Knows no model.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beadline.errors import BeadlineError, InputError
from beadline.evaluation.cases import format as case_format
from beadline.evaluation.cases.format import Case
from beadline.evaluation.compare import read_lines
from beadline.evaluation.metrics import Interval, share

SINGLE_LINE = "rest_of_line"
"""Category of cases of one line: what follows the first newline does not count."""
SEVERAL_LINES = "block"
_HOLE = "{{completion}}"
"""What stands for the hole in SAFIM's `eval_prompt`."""
_LANGUAGES = {
    "python": ("python", ".py"), "py": ("python", ".py"), "java": ("java", ".java"),
    "javascript": ("javascript", ".js"), "js": ("javascript", ".js"), "cpp": ("cpp", ".cpp"),
    "c++": ("cpp", ".cpp"), "csharp": ("csharp", ".cs"), "c#": ("csharp", ".cs"),
}  # fmt: skip
_LIMIT_S = 10.0
_RUNNER = """\
import runpy, sys
try:
    import resource
except ImportError:
    pass
else:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
runpy.run_path(sys.argv[1], run_name="__main__")
"""
"""Sets its limits itself: between a fork and an exec of a process with threads nothing may run."""


@dataclass(frozen=True)
class Task:
    """One record."""

    case: Case
    test: str = ""
    """Python that follows the completed text and fails where it is wrong; empty: there is none."""


def read(path: Path) -> list[Task]:
    """The tasks of a file of JSON lines, gzipped or not. Raises `InputError` for another form."""
    tasks: list[Task] = []
    for number, record in enumerate(_records(path), start=1):
        task = _safim(record, number) if _HOLE in str(record.get("eval_prompt", "")) else None
        task = task or _infilling(record, number)
        if task is None:
            raise InputError(
                f"{path}, record {number}, is of no benchmark that is known.",
                hint="Known are HumanEval-Infilling, SantaCoder-FIM and SAFIM.",
            )
        tasks.append(task)
    if not tasks:
        raise InputError(f"{path} holds no records.")
    return tasks


def write(tasks: Sequence[Task], target: Path) -> tuple[Path, Path]:
    """Write the tasks' files, which stand for a repository, and their cases; folder and file."""
    folder, cases = target / "files", target / "cases.jsonl"
    for task in tasks:
        path = folder / task.case.path
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = task.case.prefix + task.case.middle + task.case.suffix
        path.write_text(whole, "utf-8", newline="\n")
    case_format.write(cases, [task.case for task in tasks])
    return folder, cases


def passed(
    tasks: Sequence[Task], predictions: Mapping[str, str], *, workers: int = 1
) -> dict[str, Any]:
    """Pass@1 of the tasks with a test, by running what the model wrote; plain JSON values.

    Every program runs in a process of its own, in an empty folder, with limits of time and memory
    and without this process' environment. That is no sandbox: run it where nothing can be harmed.
    """
    tested = [task for task in tasks if task.test and task.case.id in predictions]

    def one(task: Task) -> bool:
        return runs(program(task, predictions[task.case.id]))

    with ThreadPoolExecutor(max(1, workers)) as pool:
        hits = list(pool.map(one, tested))
    found: Interval = share(hits)
    return {"tasks": len(tested), "pass_at_1": found.as_dict()}


def program(task: Task, prediction: str) -> str:
    """The completed text and its test. Of a case of one line what follows the line is left out, as
    in scoring."""
    if task.case.category == SINGLE_LINE:
        line = prediction.partition("\n")[0]
        # The line's end is the hole's where the true middle has one; else it is the suffix's.
        prediction = line + ("\n" if task.case.middle.endswith("\n") else "")
    return f"{task.case.prefix}{prediction}{task.case.suffix}\n{task.test}"


def runs(source: str, limit_s: float = _LIMIT_S) -> bool:
    """Whether a Python program ends without an error in time."""
    with tempfile.TemporaryDirectory(prefix="beadline-benchmark-") as place:
        file = Path(place) / "program.py"
        file.write_text(source, "utf-8")
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _RUNNER, str(file)],
                cwd=place,
                env={"PATH": os.defpath},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0


def _infilling(record: Mapping[str, Any], number: int) -> Task | None:
    """HumanEval-Infilling and SantaCoder-FIM: prompt, suffix, canonical_solution."""
    names = ("prompt", "suffix", "canonical_solution")
    if not all(isinstance(record.get(name), str) for name in names):
        return None
    prefix, suffix, middle = (str(record[name]) for name in names)
    test = str(record.get("test") or "")
    entry = record.get("entry_point")
    if test and entry:
        test = f"{test}\ncheck({entry})\n"
    return Task(_case(record, number, prefix, middle, suffix), test)


def _safim(record: Mapping[str, Any], number: int) -> Task | None:
    """SAFIM: a text with a mark for the hole, and `ground_truth`."""
    prefix, _, suffix = str(record["eval_prompt"]).partition(_HOLE)
    if not isinstance(record.get("ground_truth"), str):
        return None
    return Task(_case(record, number, prefix, str(record["ground_truth"]), suffix))


def _case(record: Mapping[str, Any], number: int, prefix: str, middle: str, suffix: str) -> Case:
    said = str(record.get("lang") or record.get("language") or "python").lower()
    language, ending = _LANGUAGES.get(said, ("python", ".py"))
    single = "\n" not in middle.strip("\n")
    return Case(
        path=f"task_{number:05d}/solution{ending}",
        language=language,
        category=SINGLE_LINE if single else SEVERAL_LINES,
        prefix=prefix,
        suffix=suffix,
        middle=middle,
    )


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if line.strip():
                    yield json.loads(line)
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} is no file of JSON lines: {exc}.") from exc


def main(arguments: list[str] | None = None) -> int:
    """Make cases of a benchmark's file, or run what was written for them; the exit code."""
    parser = argparse.ArgumentParser(
        prog="beadline.evaluation.benchmarks", description="Public benchmarks as cases."
    )
    steps = parser.add_subparsers(dest="step", required=True)
    cases = steps.add_parser("cases", help="write files and cases for `evaluate completion`")
    cases.add_argument("benchmark", type=Path)
    cases.add_argument("--output", type=Path, required=True, metavar="DIR")
    test = steps.add_parser("pass", help="run the completed programs: only where no harm is done")
    test.add_argument("benchmark", type=Path)
    test.add_argument("results", type=Path, help="`--results` of `evaluate completion`")
    test.add_argument("--arm", default="none")
    test.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args(arguments)
    try:
        tasks = read(args.benchmark)
        if args.step == "cases":
            folder, file = write(tasks, args.output)
            print(f"beadline evaluate completion {folder} --cases {file} --arms none")
            return 0
        lines = read_lines(args.results)
        written = {str(e["id"]): str(e["prediction"]) for e in lines if e["arm"] == args.arm}
        print(json.dumps(passed(tasks, written, workers=args.workers), indent=1))
    except BeadlineError as error:
        print(f"beadline: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
