"""A processor that is older than this machine's, by QEMU's user emulation. Knows no beadline.

The emulator is the machine's own or Debian's, unpacked into the folder of the editors. What an
emulated program starts would run on the real processor; a Python that is started by `python` here
starts itself through the emulator again, since its `sys.executable` is the script that does.
"""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from tests.editors.install import debian
from tests.editors.install.places import SetupError, editors_folder

PACKAGE = "qemu-user-static"
NAMES = ("qemu-x86_64-static", "qemu-x86_64")
_SCRIPT = """\
#!/bin/sh
exec '{emulator}' -cpu {processor} -0 "$0" '{python}' "$@"
"""


def obtain() -> Path:
    """QEMU for x86-64 programs. Raises `SetupError` where it can neither be found nor be had."""
    for name in NAMES:
        if own := shutil.which(name):
            return Path(own)
    unpacked = debian.unpack(editors_folder() / "qemu", [PACKAGE]) / "usr" / "bin"
    for name in NAMES:
        if (found := unpacked / name).is_file():
            return found
    raise SetupError(f"The package {PACKAGE} holds none of {', '.join(NAMES)}.")


def command(emulator: Path, processor: str, program: Path) -> list[str]:
    """Runs a program that starts no others on a processor of QEMU's list (`-cpu help`)."""
    return [str(emulator), "-cpu", processor, str(program)]


def python(emulator: Path, processor: str, environment: Path) -> Path:
    """A Python of a virtual environment that runs, and starts itself, on such a processor."""
    script = environment / "bin" / f"python-{processor.lower()}"
    real = (environment / "bin" / "python").resolve()
    text = _SCRIPT.format(emulator=emulator, processor=processor, python=real)
    script.write_text(text, "utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script
