"""Obtains an Emacs with eglot and lsp-mode. Knows nothing of how it is driven.

Debian's, of the first release whose Emacs brings eglot, unpacked into a folder and started through
its own loader. Emacs looks for its Lisp below /usr, and is told where it lies instead. lsp-mode
stays as source: only the installation of the package would compile it.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.editors.install import debian
from tests.editors.install.places import SetupError
from tests.editors.install.programs import Program

DEBIAN_RELEASE = "trixie"
"""Emacs 30 and lsp-mode 9.0.0, which knows no inline completion yet."""

_PACKAGES = ("emacs-nox", "elpa-lsp-mode")


@dataclasses.dataclass(frozen=True)
class Emacs:
    """Emacs, its client, and the folders of the packages beside it."""

    program: Program
    client: Program
    packages: tuple[Path, ...]


def set_up(folder: Path) -> Emacs:
    """An Emacs that runs here; downloads it into `folder` if need be."""
    root = debian.unpack(folder / "emacs", _PACKAGES, release=DEBIAN_RELEASE, own_loader=True)
    found = _unpacked(root)
    if not found.program.version():
        raise SetupError(
            f"The Emacs in {root} does not run here. Remove the folder to download it again."
        )
    return found


def _unpacked(root: Path) -> Emacs:
    share = root / "usr" / "share" / "emacs"
    try:
        loader = next(root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*"))
        (dump,) = root.glob("usr/libexec/emacs/*/*/emacs-*.pdmp")
        (lisp,) = share.glob("*/lisp")
        client = next(root.glob("usr/bin/emacsclient*"))
    except (ValueError, StopIteration):
        raise SetupError(f"{root} is incomplete; remove it and set up again.") from None
    started = (str(loader), "--library-path", str(loader.parent))
    places = {
        "EMACSLOADPATH": str(lisp),
        "EMACSDATA": str(lisp.with_name("etc")),
        "EMACSDOC": str(lisp.with_name("etc")),
        "EMACSPATH": str(dump.parent),
    }
    program = Program(
        # The dump has to be named first.
        (*started, str(root / "usr" / "bin" / "emacs-nox"), f"--dump-file={dump}"),
        places,
    )
    packages = tuple(sorted(path for path in share.glob("site-lisp/elpa-src/*") if path.is_dir()))
    return Emacs(program, Program((*started, str(client))), packages)
