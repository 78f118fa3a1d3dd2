"""Obtains a Chromium. Knows nothing of what is opened in it.

The machine's own is taken if there is one; else Debian's, unpacked into a folder with all its
libraries and fonts, and told where they are.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.editors.install import debian
from tests.editors.install.places import SetupError
from tests.editors.install.programs import Program

_NAMES = ("chromium", "google-chrome", "chromium-browser")
_PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji")
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{root}/usr/share/fonts</dir>
  <cachedir>{root}/var/cache/fontconfig</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


def set_up(folder: Path) -> Program:
    """A Chromium that runs here; downloads it into `folder` if need be."""
    if program := _of_this_machine():
        return program
    root = debian.unpack(folder / "chromium", _PACKAGES)
    fonts = root / "fonts.conf"
    fonts.write_text(_FONTS.format(root=root), "utf-8")
    program = Program(
        (str(root / "usr" / "lib" / "chromium" / "chromium"),),
        {
            "LD_LIBRARY_PATH": debian.library_folders(root),
            "FONTCONFIG_FILE": str(fonts),
            # It writes there even when it is only asked for its version.
            "XDG_CONFIG_HOME": str(root / "config"),
        },
    )
    if not program.version():
        raise SetupError(
            f"The Chromium in {root} does not run here. Remove the folder to download it again, "
            "or install Chromium on this machine."
        )
    return program


def _of_this_machine() -> Program | None:
    """A Chromium on the path. A snap is of no use: it sees no files outside the home folder."""
    for name in _NAMES:
        path = shutil.which(name)
        if path and "/snap/" not in str(Path(path).resolve()):
            program = Program((path,))
            if program.version():
                return program
    return None
