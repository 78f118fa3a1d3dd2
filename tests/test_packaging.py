"""The distribution: what is in it, what it needs, and what starting it does not load."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
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
    extras = {"train", "onnx", "evaluation", "docs", "dev"}
    assert set(project["optional-dependencies"]) == extras


def test_everything_required_is_pinned(project: dict) -> None:
    pinned = {
        line.partition("==")[0]: line.partition("==")[2]
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    }
    assert all(pinned.values())
    for extra in ("", "train", "onnx", "evaluation", "dev"):
        assert required(project, extra) <= set(pinned)


@pytest.mark.slow
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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def built(target: str, source: Path, folder: Path) -> Path:
    """The one file that the build backend makes of a source tree."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


def contents(wheel: Path) -> dict[str, bytes]:
    """Name -> content of the package's own files."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if name.startswith("beadline/")
        }


def test_the_wheel_holds_the_package_its_data_and_nothing_else(wheel: Path) -> None:
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
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_every_file_of_the_package_that_git_knows_is_in_the_wheel(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "beadline"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    known = {name for name in listed.stdout.split("\0") if name}
    assert known <= set(contents(wheel))


def test_the_wheel_starts_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entry_points,) = (n for n in archive.namelist() if n.endswith("/entry_points.txt"))
        assert "beadline = beadline.cli:main" in archive.read(entry_points).decode()


@pytest.mark.slow
def test_the_source_distribution_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    made, unpacked = tmp_path / "made", tmp_path / "unpacked"
    sdist = built("sdist", ROOT, made)
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (source,) = unpacked.iterdir()
    for name in ("tests/conftest.py", "packaging/release.py", "docs/index.md", "README.zh-CN.md"):
        assert (source / name).is_file(), name
    assert not list(source.rglob("node_modules"))
    again = built("wheel", source, tmp_path / "again")
    assert contents(again) == contents(wheel)


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
