"""Makes a folder of wheels from which beadline is installed without a compiler or a network.

    python packaging/wheelhouse.py dist/wheelhouse
    python -m venv anywhere
    anywhere/bin/pip install --no-index --find-links dist/wheelhouse beadline

Knows nothing of what the wheels do. It needs what `make test` needs, and a network, once. The
wheels fit the operating system and the Python that made them, and newer releases of the system:
make them on the oldest one that they are for.

llama.cpp is compiled for a level of processors instead of for this machine (`GGML_NATIVE=OFF`).
Which instructions that leaves on depends on more than this switch (llama.cpp turns all of them off
where SOURCE_DATE_EPOCH is set), so each is named here.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "llama-cpp-python"
_V2 = ("SSE42",)
_V3 = ("AVX", "AVX2", "BMI2", "F16C", "FMA")
LEVELS = {
    "x86-64-v3": {**dict.fromkeys(_V2, True), **dict.fromkeys(_V3, True)},
    "x86-64-v2": {**dict.fromkeys(_V2, True), **dict.fromkeys(_V3, False)},
}
"""Level of the x86-64 psABI -> llama.cpp's switches. v3: since Haswell (2013) and Zen; v2: all of
the last fifteen years, several times slower."""
_X86 = ("x86_64", "AMD64")


def cmake_arguments(level: str, machine: str) -> str:
    """What llama.cpp is compiled with; on other machines than x86 the compiler's own baseline."""
    switches = ["-DGGML_NATIVE=OFF"]
    if machine in _X86:
        switches += [f"-DGGML_{name}={'ON' if on else 'OFF'}" for name, on in LEVELS[level].items()]
    return " ".join(switches)


def commands(folder: Path, python: str = sys.executable) -> list[list[str]]:
    """What has to be run, in order. llama-cpp-python goes first and past pip's cache, which would
    hand out what was compiled for this machine."""
    wheel = [python, "-m", "pip", "--disable-pip-version-check", "wheel"]
    pinned = ["-c", str(ROOT / "constraints.txt"), "-w", str(folder)]
    return [
        [*wheel, *pinned, "--no-deps", "--no-cache-dir", "--no-binary", PACKAGE, PACKAGE],
        [*wheel, *pinned, "--only-binary", PACKAGE, "--find-links", str(folder), str(ROOT)],
    ]


def environment(variables: Mapping[str, str], level: str, machine: str) -> dict[str, str]:
    """The environment of those commands."""
    kept = {name: value for name, value in variables.items() if name != "SOURCE_DATE_EPOCH"}
    return {**kept, "CMAKE_ARGS": cmake_arguments(level, machine)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the wheels. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Make wheels for machines without a compiler.")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where the wheels go")
    parser.add_argument(
        "--level", choices=list(LEVELS), default="x86-64-v3",
        help="processors that it runs on (default: x86-64-v3, since 2013)",
    )  # fmt: skip
    args = parser.parse_args(arguments)
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # Of another level, or of another version.
    for name in ("beadline-*.whl", "llama_cpp_python-*.whl"):
        for old in folder.glob(name):
            old.unlink()
    variables = environment(os.environ, args.level, platform.machine())
    print(f"wheelhouse: CMAKE_ARGS={variables['CMAKE_ARGS']}", file=sys.stderr, flush=True)
    for command in commands(folder):
        code = subprocess.run(command, env=variables).returncode
        if code:
            print(f"wheelhouse: `{' '.join(command)}` failed.", file=sys.stderr)
            return 1
    wheels = list(folder.glob("*.whl"))
    size = sum(wheel.stat().st_size for wheel in wheels)
    print(f"{folder}: {len(wheels)} wheels, {size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
