"""The distribution: what is in it, what it needs, and what starting it does not load."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import beadline
from beadline import cli

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "transformers", "peft", "onnxruntime", "llama_cpp", "gguf", "tokenizers")


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def required(project: dict, extra: str = "") -> set[str]:
    """Names of the packages that the core, or an extra, needs."""
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {re.split(r"[\[<>=~! ]", line)[0].lower() for line in lines}


def test_the_core_is_slim(project: dict) -> None:
    assert required(project).isdisjoint({*HEAVY, "datasketch", "safetensors"} - {"llama_cpp"})
    assert set(project["optional-dependencies"]) == {"train", "onnx", "evaluation", "dev"}


def test_everything_required_is_pinned(project: dict) -> None:
    pinned = {
        line.partition("==")[0]: line.partition("==")[2]
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    }
    assert all(pinned.values())
    for extra in ("", "train", "onnx", "evaluation", "dev"):
        assert required(project, extra) <= set(pinned)


def test_starting_a_command_loads_no_heavy_library() -> None:
    """Nor does the server's process ever load native model code: that is the worker's."""
    modules = ("beadline.lsp.serve", *(module for module, _ in cli.COMMANDS.values()))
    code = (
        "import importlib, sys\n"
        f"for module in {modules!r}:\n"
        "    importlib.import_module(module)\n"
        f"    print(module, *[heavy for heavy in {HEAVY!r} if heavy in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == list(modules)


def test_the_wheel_holds_the_package_its_data_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"beadline-{beadline.__version__}-py3-none-any")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"beadline", f"beadline-{beadline.__version__}.dist-info"}
    for wanted in ("cli.py", "py.typed", "models/beadline-nano.gguf", "engine/llama/worker.py"):
        assert f"beadline/{wanted}" in names
    for data in (ROOT / "beadline/context/languages/data").iterdir():
        assert f"beadline/context/languages/data/{data.name}" in names
    assert any(re.fullmatch(r"beadline/models/[^/]+\.md", name) for name in names)


def test_scripts_for_machines_are_executable() -> None:
    for name in ("run", "check-machine"):
        assert (ROOT / ".ci" / name).stat().st_mode & 0o111


def test_this_machine_can_be_set_up() -> None:
    checked = subprocess.run(
        [ROOT / ".ci" / "check-machine", sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
