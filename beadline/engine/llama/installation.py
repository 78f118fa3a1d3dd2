"""What to do when llama-cpp-python is missing or does not run here. Installs and loads nothing.

The commands are whole, so that they can be copied: they name the Python that beadline runs with,
which is rarely the one that a bare `pip` installs for.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass

from beadline.errors import EngineError

REQUIREMENT = "llama-cpp-python>=0.3.36,<0.4"
"""As in pyproject.toml."""
MODULE = "llama_cpp"
_ELSEWHERE = (
    'Where it cannot be compiled, install it from wheels: docs/install.md, "Without a compiler".'
)
_FRESH = f"--force-reinstall --no-deps --no-cache-dir --no-binary {REQUIREMENT.partition('>')[0]}"
"""Compiles it again, whatever is installed or kept."""
_COMPILERS = {
    "debian": "sudo apt install build-essential",
    "ubuntu": "sudo apt install build-essential",
    "fedora": "sudo dnf install gcc-c++ make",
    "rhel": "sudo dnf install gcc-c++ make",
    "suse": "sudo zypper install gcc-c++ make",
    "arch": "sudo pacman -S base-devel",
    "alpine": "sudo apk add build-base linux-headers",
    "darwin": "xcode-select --install",
}
"""By an id of /etc/os-release, or the system's name."""
_RUNTIMES = (
    (r"libgomp", "OpenMP's runtime (Debian, Ubuntu: `sudo apt install libgomp1`)"),
    (r"libcu(?:da|blas|fft)|libnv", "NVIDIA's driver and the CUDA runtime it was compiled with"),
    (r"libvulkan", "Vulkan's loader (Debian, Ubuntu: `sudo apt install libvulkan1`)"),
    (r"libamdhip|libroc|libhip|libhsa", "ROCm of the version it was compiled with"),
)
"""Start of a library's name -> what it belongs to."""
_MISSING = re.compile(
    r"([^\s'/:]+\.so[.\d]*): cannot open shared object file"
    r"|Library not loaded: \S*?([^/\s]+\.dylib)"
)
_NEWER_SYSTEM = re.compile(r"(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+'? not found")
_OTHER_MACHINE = re.compile(
    r"wrong ELF class|invalid ELF header|incompatible architecture|not a valid Win32 application"
)


@dataclass(frozen=True)
class Place:
    """Where packages are installed, and what this machine offers for it."""

    executable: str
    """The Python that beadline runs with."""
    has_pip: bool
    """Environments made by uv have none."""
    system: str
    """Linux, Darwin or Windows, or the name of another."""
    distributions: tuple[str, ...] = ()
    """Ids of the Linux distribution and of those it is like."""
    has_compiler: bool = True

    @property
    def installer(self) -> str:
        """The command that installs packages there; what to install follows."""
        python = f'"{self.executable}"' if " " in self.executable else self.executable
        return f"{python} -m pip install" if self.has_pip else f"uv pip install --python {python}"

    @property
    def compiler(self) -> str:
        """How a C++ compiler is had, as the rest of a sentence."""
        if self.system == "Windows":
            return (
                "install the Build Tools for Visual Studio with the workload "
                '"Desktop development with C++"'
            )
        for name in (*self.distributions, self.system.lower()):
            if name in _COMPILERS:
                return f"run `{_COMPILERS[name]}`"
        return "install one with your system's package manager"


def here() -> Place:
    """This process's."""
    compilers = (os.environ.get("CXX", ""), "c++", "g++", "clang++", "cl")
    return Place(
        executable=sys.executable,
        has_pip=importlib.util.find_spec("pip") is not None,
        system=platform.system(),
        distributions=_distributions(),
        has_compiler=any(shutil.which(name) for name in compilers if name),
    )


def missing(place: Place) -> str:
    """What to do where llama-cpp-python is not installed."""
    return f'Run `{place.installer} "{REQUIREMENT}"`. {_compiling(place)}'


def other_version(place: Place) -> str:
    """What to do where one is installed that does not fit."""
    return f'Run `{place.installer} --upgrade "{REQUIREMENT}"`. {_compiling(place)}'


def other_processor(place: Place) -> str:
    """What to do where the library uses instructions that this processor does not have."""
    return (
        "llama-cpp-python was compiled for another processor. Compile it for this one: "
        f'`{place.installer} {_FRESH} "{REQUIREMENT}"`. {_compiling(place)}'
    )


def not_imported(error: ImportError, place: Place) -> EngineError:
    """For an import of llama_cpp that failed before its library was loaded."""
    if not isinstance(error, ModuleNotFoundError):
        message = f"llama-cpp-python cannot be used: {error}."
        return EngineError(message, hint=f"Try to {_again(place)}")
    if error.name == MODULE:
        message = f"llama-cpp-python is not installed for {place.executable}."
        return EngineError(message, hint=missing(place))
    return EngineError(
        f"llama-cpp-python lacks the package {error.name}.",
        hint=f'Run `{place.installer} --force-reinstall "{REQUIREMENT}"`.',
    )


def not_loaded(error: Exception, place: Place) -> EngineError:
    """For a library of llama.cpp that the system refuses."""
    told = str(error).strip().rstrip(".")
    again = _again(place)
    if found := _MISSING.search(told):
        library = found[1] or found[2]
        known = (owner for start, owner in _RUNTIMES if re.match(start, library))
        owner = next(known, f"what brings {library}")
        hint = f"Install {owner}, or {again}"
    elif _NEWER_SYSTEM.search(told):
        hint = f"It was compiled on a newer system: {again}"
    elif _OTHER_MACHINE.search(told):
        hint = f"It was compiled for another kind of machine: {again}"
    else:
        hint = f"Try to {again}"
    return EngineError(f"llama.cpp's library cannot be loaded: {told}.", hint=hint)


def _again(place: Place) -> str:
    """The rest of a sentence, and one more."""
    return f'compile it again: `{place.installer} {_FRESH} "{REQUIREMENT}"`. {_compiling(place)}'


def _compiling(place: Place) -> str:
    if place.has_compiler:
        return f"Compiling takes minutes. {_ELSEWHERE}"
    return f"It is compiled, and no C++ compiler was found: {place.compiler} first. {_ELSEWHERE}"


def _distributions() -> tuple[str, ...]:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ()
    return (release.get("ID", ""), *release.get("ID_LIKE", "").split())
