"""The wheels as users install them: an empty environment, no network, new processors and old.

`make wheelhouse` makes the wheels and runs this, on Linux and x86-64. `BEADLINE_WHEELHOUSE` names
another folder of wheels, `BEADLINE_PROCESSOR` what they were made for: Haswell (x86-64-v3) or
Nehalem (x86-64-v2).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import beadline
from tests.distribution import emulator
from tests.editors.install.places import CHECKOUT
from tests.lsp.client import TIMEOUT, Client, finish

pytestmark = pytest.mark.wheelhouse

PROCESSOR = os.environ.get("BEADLINE_PROCESSOR", "Haswell")
SLOWEST_S = 1800
"""An emulated doctor loads a model and writes a hundred tokens, at a fiftieth of the speed."""
SOURCE = "def add(a, b):\n    return \n\n\nprint(add(1, 2))\n"
CURSOR = "2:12"
ADDS = 'int main(void) {{ __asm__("vpaddd %{0}0, %{0}0, %{0}0"); return 0; }}\n'
"""A program of one instruction: AVX2's with `ymm`, AVX-512's with `zmm`."""


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """The folder of wheels."""
    folder = Path(os.environ.get("BEADLINE_WHEELHOUSE") or CHECKOUT / "dist" / "wheelhouse")
    if not list(folder.glob("beadline-*.whl")):
        pytest.fail(f"{folder} holds no wheel of beadline; `make wheelhouse` makes it.")
    return folder


@pytest.fixture(scope="session")
def qemu() -> Path:
    """The emulator."""
    return emulator.obtain()


@pytest.fixture(scope="session")
def environment(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with what the wheelhouse holds, and nothing of this clone."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install"]
    offline = ["--quiet", "--no-index", "--find-links", wheelhouse]
    subprocess.run([*pip, *offline, "beadline"], check=True)
    return folder


def variables(home: Path) -> dict[str, str]:
    """Nothing of the user's, and nothing of the clone's."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ours = {
        "BEADLINE_CACHE_DIR": str(home / "cache"),
        "BEADLINE_COMPLETION__DEADLINE_MS": "120000",
        "BEADLINE_ENGINE__THREADS": "1",
    }
    return {**kept, **ours}


def printed(command: list[str | Path], home: Path) -> str:
    """The output of a command that succeeds, run in `home`."""
    done = subprocess.run(
        command, cwd=home, env=variables(home), capture_output=True, text=True, timeout=SLOWEST_S
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def works(python: Path, home: Path) -> None:
    """`doctor` and `complete` do what they are for."""
    start: list[str | Path] = [python, "-P", "-m", "beadline"]
    report = json.loads(printed([*start, "doctor", "--json"], home))
    assert report["ok"], report
    found = {check["name"]: check for check in report["checks"]}
    assert found["golden"]["status"] == "ok", report
    (home / "add.py").write_text(SOURCE, "utf-8")
    answer = json.loads(printed([*start, "complete", f"add.py:{CURSOR}", "--json"], home))
    assert answer["trace"]["generated_tokens"] > 0, answer


def test_it_is_the_installed_one(environment: Path, tmp_path: Path) -> None:
    code = "import beadline; print(beadline.__version__, beadline.__file__)"
    told = printed([environment / "bin" / "python", "-P", "-c", code], tmp_path)
    version, _, file = told.strip().partition(" ")
    assert version == beadline.__version__
    assert Path(file).is_relative_to(environment)
    assert printed([environment / "bin" / "beadline", "--version"], tmp_path).split()[1] == version


def test_it_works_here(environment: Path, tmp_path: Path) -> None:
    works(environment / "bin" / "python", tmp_path)


async def test_its_server_answers(environment: Path, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        environment / "bin" / "beadline", "serve", "--stdio",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=tmp_path,
        env=variables(tmp_path),
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    client = Client(process.stdout, process.stdin.write)
    try:
        await client.initialize(options={"completion": {"leastConfidence": 0}})
        await client.told("beadline/status", state="ready")
        uri = (tmp_path / "add.py").as_uri()
        client.open(uri, SOURCE)
        items = await client.complete(uri, 1, 11, triggerKind=1)
        assert items and items[0]["insertText"].strip()
        await finish(client)
        assert await asyncio.wait_for(process.wait(), TIMEOUT) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_it_works_on_an_older_processor(environment: Path, qemu: Path, tmp_path: Path) -> None:
    works(emulator.python(qemu, PROCESSOR, environment), tmp_path)


@pytest.mark.parametrize(
    ("processor", "register", "runs"),
    [("Haswell", "ymm", True), ("Haswell", "zmm", False), ("Nehalem", "ymm", False)],
)
def test_the_emulator_lacks_what_the_processor_lacked(
    qemu: Path, tmp_path: Path, processor: str, register: str, runs: bool
) -> None:
    """Else the test above would prove nothing."""
    source, program = tmp_path / "adds.c", tmp_path / "adds"
    source.write_text(ADDS.format(register), "ascii")
    subprocess.run(["cc", "-o", program, source], check=True)
    done = subprocess.run(emulator.command(qemu, processor, program), cwd=tmp_path)
    expected = (0,) if runs else (-signal.SIGILL, 128 + signal.SIGILL)
    assert done.returncode in expected


def test_what_the_emulated_python_starts_is_emulated(
    environment: Path, qemu: Path, tmp_path: Path
) -> None:
    python = emulator.python(qemu, PROCESSOR, environment)
    code = "import sys; print(sys.executable, sys.prefix)"
    executable, prefix = printed([python, "-P", "-c", code], tmp_path).split()
    assert (Path(executable), Path(prefix)) == (python, environment)
