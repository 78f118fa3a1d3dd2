"""What is told where llama-cpp-python is missing or does not run: the cause, and whole commands."""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from beadline.engine.llama import installation
from beadline.engine.llama.installation import Place
from beadline.engine.llama.layout import BELOW_VERSION, MINIMUM_VERSION
from beadline.engine.llama.native import load_library
from beadline.errors import EngineError, EngineUnavailable

DEBIAN = Place("/opt/venv/bin/python", True, "Linux", ("debian",), has_compiler=True)


def test_the_requirement_is_that_of_the_package() -> None:
    project = Path(__file__).parents[3] / "pyproject.toml"
    needed = tomllib.loads(project.read_text("utf-8"))["project"]["dependencies"]
    assert installation.REQUIREMENT in needed
    bounds = re.fullmatch(r"llama-cpp-python>=([\d.]+),<([\d.]+)", installation.REQUIREMENT)
    assert bounds is not None
    assert tuple(map(int, bounds[1].split("."))) == MINIMUM_VERSION
    assert tuple(map(int, bounds[2].split("."))) == BELOW_VERSION[:2]


def test_a_missing_library_is_told_with_the_command_for_this_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(EngineError) as raised:
        load_library()
    assert "llama-cpp-python is not installed" in raised.value.message
    assert installation.here().installer in raised.value.hint
    assert f'"{installation.REQUIREMENT}"' in raised.value.hint


@pytest.mark.parametrize(
    ("place", "command"),
    [
        (DEBIAN, "Run `/opt/venv/bin/python -m pip install "),
        (replace(DEBIAN, has_pip=False), "Run `uv pip install --python /opt/venv/bin/python "),
        (
            replace(DEBIAN, executable="C:\\Program Files\\Python\\python.exe", system="Windows"),
            'Run `"C:\\Program Files\\Python\\python.exe" -m pip install ',
        ),
    ],
)
def test_the_command_fits_the_environment(place: Place, command: str) -> None:
    assert installation.missing(place).startswith(command)


@pytest.mark.parametrize(
    ("system", "distributions", "advice"),
    [
        ("Linux", ("debian",), "sudo apt install build-essential"),
        ("Linux", ("linuxmint", "ubuntu", "debian"), "sudo apt install build-essential"),
        ("Linux", ("rocky", "rhel", "centos", "fedora"), "sudo dnf install gcc-c++ make"),
        ("Linux", (), "package manager"),
        ("Darwin", (), "xcode-select --install"),
        ("Windows", (), "Build Tools for Visual Studio"),
    ],
)
def test_a_missing_compiler_is_told_by_its_package(
    system: str, distributions: tuple[str, ...], advice: str
) -> None:
    place = Place("python", True, system, distributions, has_compiler=False)
    assert advice in installation.missing(place)
    assert advice not in installation.missing(replace(place, has_compiler=True))


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (
            "Failed to load shared library '/v/lib/libllama.so': libgomp.so.1: cannot open shared "
            "object file: No such file or directory",
            "Install OpenMP's runtime",
        ),
        ("libcudart.so.12: cannot open shared object file: No such file", "NVIDIA's driver"),
        ("libcurl.so.4: cannot open shared object file: No such file", "what brings libcurl.so.4"),
        ("dlopen(x): Library not loaded: @rpath/libomp.dylib", "what brings libomp.dylib"),
        ("/lib/libc.so.6: version `GLIBC_2.38' not found (required by x)", "on a newer system"),
        ("libstdc++.so.6: version `GLIBCXX_3.4.32' not found", "on a newer system"),
        ("libllama.so: wrong ELF class: ELFCLASS32", "another kind of machine"),
        ("Shared library with base name 'llama' not found", "Try to compile it again"),
    ],
)
def test_a_library_that_does_not_load_is_told_with_its_cause(error: str, advice: str) -> None:
    told = installation.not_loaded(RuntimeError(error), DEBIAN)
    assert error in told.message
    assert advice in told.hint
    assert "--no-binary llama-cpp-python" in told.hint


def test_a_package_it_needs_is_named() -> None:
    error = ModuleNotFoundError("No module named 'diskcache'", name="diskcache")
    told = installation.not_imported(error, DEBIAN)
    assert told.message == "llama-cpp-python lacks the package diskcache."
    assert "--force-reinstall" in told.hint


def test_a_library_for_another_processor_is_compiled_again() -> None:
    assert "for this one: `/opt/venv/bin/python -m pip" in installation.other_processor(DEBIAN)


async def test_a_library_for_another_processor_is_told_with_what_to_do(
    engine_factory, worker_script
) -> None:
    engine = engine_factory(worker_command=worker_script("unknown_instruction"))
    with pytest.raises(EngineUnavailable, match="compiled for another processor") as raised:
        await engine.start()
    assert "--no-binary llama-cpp-python" in raised.value.hint
