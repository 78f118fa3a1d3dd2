"""Builds all that is published, with checksums. Publishes nothing; knows no part from the inside.

    python packaging/release.py                  into dist/release-VERSION
    python packaging/release.py --only python    some of the parts

- python: wheel and source distribution, both with the built-in model
- vscode: the extension (.vsix), by npm
- neovim: the plugin, with the files of `packaging/neovim` that git knows
- jetbrains: the template of a server for LSP4IJ

`SHA256SUMS` beside them is read by `sha256sum -c`. Times in archives are those of the last commit,
their entries are sorted: the same commit gives the same archives. The .vsix is npm's matter.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKSUMS = "SHA256SUMS"
MOST_VSIX_BYTES = 1_000_000
_PLAIN, _EXECUTABLE = 0o644, 0o755


class ReleaseError(Exception):
    """The release cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Build:
    """What every part is built from."""

    version: str
    epoch: int
    """Seconds; the time in all archives."""
    folder: Path
    """Where the artifacts go."""

    def run(self, *command: str, cwd: Path = ROOT) -> None:
        """Run a tool; its output is the user's. Raises `ReleaseError` when it fails."""
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(self.epoch)}
        code = subprocess.run(command, cwd=cwd, env=environment).returncode
        if code:
            raise ReleaseError(f"`{' '.join(command)}` failed with exit code {code}.")


def python(build: Build) -> None:
    """Wheel and source distribution."""
    targets = ("-t", "wheel", "-t", "sdist", "-d", str(build.folder))
    build.run(sys.executable, "-m", "hatchling", "build", *targets)


def vscode(build: Build) -> None:
    """The extension, from the packages that its lock file names."""
    folder = ROOT / "packaging" / "vscode"
    npm = shutil.which("npm")
    if npm is None:
        raise ReleaseError("npm not found; install Node.js, or leave the part `vscode` out.")
    for old in folder.glob("*.vsix"):
        old.unlink()
    build.run(npm, "ci", "--no-audit", "--no-fund", cwd=folder)
    build.run(npm, "run", "package", cwd=folder)
    made = list(folder.glob("*.vsix"))
    if len(made) != 1:
        raise ReleaseError(f"`npm run package` left {len(made)} files .vsix in {folder}, not one.")
    target = build.folder / f"beadline-vscode-{build.version}.vsix"
    shutil.move(made[0], target)
    size = target.stat().st_size
    if size > MOST_VSIX_BYTES:
        raise ReleaseError(f"{target.name} has {size} bytes, more than {MOST_VSIX_BYTES}.")


def neovim(build: Build) -> None:
    """The plugin's folder, as plugin managers unpack it."""
    name = f"beadline-neovim-{build.version}"
    entries = known_files("packaging/neovim")
    tar_gz(build.folder / f"{name}.tar.gz", prefixed(name, entries), build.epoch)


def jetbrains(build: Build) -> None:
    """The folder of the template, which LSP4IJ imports once it is unpacked."""
    name = f"beadline-jetbrains-{build.version}"
    entries = known_files("packaging/jetbrains/template")
    zip_file(build.folder / f"{name}.zip", prefixed(name, entries), build.epoch)


PARTS: Mapping[str, Callable[[Build], None]] = {
    "python": python,
    "vscode": vscode,
    "neovim": neovim,
    "jetbrains": jetbrains,
}
"""Name -> what builds it."""


def known_files(folder: str) -> dict[str, Path]:
    """Path below `folder` -> file, of those that git knows; the licence where it has none.

    Raises `ReleaseError` where there is none.
    """
    listed = git("ls-files", "-z", "--", folder).split("\0")
    found = {Path(name).relative_to(folder).as_posix(): ROOT / name for name in listed if name}
    if not found:
        raise ReleaseError(f"{folder} has no files in git.")
    found.setdefault("LICENSE", ROOT / "LICENSE")
    return found


def prefixed(folder: str, entries: Mapping[str, Path]) -> dict[str, Path]:
    """The same files in one folder."""
    return {f"{folder}/{name}": path for name, path in entries.items()}


def tar_gz(target: Path, entries: Mapping[str, Path], epoch: int) -> None:
    """Name in the archive -> file; the same bytes for the same contents and epoch."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, path in sorted(entries.items()):
            content = path.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content), epoch, _mode(path)
            archive.addfile(entry, io.BytesIO(content))


def zip_file(target: Path, entries: Mapping[str, Path], epoch: int) -> None:
    """As `tar_gz`, for programs that only know the other format."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(entries.items()):
            # The format's times begin in 1980 and are in steps of two seconds.
            entry = zipfile.ZipInfo(name, max(time.gmtime(epoch)[:6], (1980, 1, 1, 0, 0, 0)))
            entry.create_system = 3  # Unix: what the modes are for, wherever this runs
            entry.external_attr = _mode(path) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def _mode(path: Path) -> int:
    return _EXECUTABLE if os.access(path, os.X_OK) else _PLAIN


def checksums(folder: Path) -> str:
    """The lines of `SHA256SUMS` for the files of a folder, as `sha256sum` writes them."""
    files = sorted(path for path in folder.iterdir() if path.name != CHECKSUMS)
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files
    )


def version() -> str:
    """The package's version, without importing it."""
    text = (ROOT / "beadline" / "__init__.py").read_text("utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.M)
    if found is None:
        raise ReleaseError("beadline/__init__.py names no version.")
    return found[1]


def check_versions(wanted: str, parts: Iterable[str]) -> None:
    """Raises `ReleaseError` where a part says that it is of another version."""
    if "vscode" in parts:
        manifest = ROOT / "packaging" / "vscode" / "package.json"
        told = json.loads(manifest.read_text("utf-8"))["version"]
        if told != wanted:
            raise ReleaseError(f"{manifest} is of version {told}, beadline of {wanted}.")


def check_tree() -> None:
    """Raises `ReleaseError` where something is not committed: it would be in no archive, or be in
    one that no commit stands for."""
    if changed := git("status", "--porcelain").strip():
        first = changed.splitlines()[0].strip()
        raise ReleaseError(
            f"There are changes that are not committed: {first}. Commit them, or use --dirty."
        )


def git(*arguments: str) -> str:
    """What git prints. Raises `ReleaseError` when it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise ReleaseError(f"`git {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout


def release(parts: Sequence[str], output: Path) -> Path:
    """Build the parts; the folder of artifacts. What was there before stays until all is built."""
    wanted = version()
    check_versions(wanted, parts)
    output.mkdir(parents=True, exist_ok=True)
    target = output / f"release-{wanted}"
    with tempfile.TemporaryDirectory(prefix=".release-", dir=output) as folder:
        made = Path(folder, "artifacts")
        made.mkdir()
        build = Build(wanted, int(git("log", "-1", "--format=%ct")), made)
        for name in parts:
            print(f"release: {name}", file=sys.stderr, flush=True)
            PARTS[name](build)
        (made / CHECKSUMS).write_text(checksums(made), "ascii", newline="\n")
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, and say what there is. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Build all that is published, with checksums.")
    parser.add_argument("--output", metavar="DIR", type=Path, default=ROOT / "dist")
    parser.add_argument(
        "--only", metavar="PART", nargs="+", choices=list(PARTS), default=list(PARTS),
        help=f"some of {', '.join(PARTS)} (default: all)",
    )  # fmt: skip
    parser.add_argument("--dirty", action="store_true", help="also with changes not committed")
    args = parser.parse_args(arguments)
    try:
        if not args.dirty:
            check_tree()
        # What is generated from the option tree must be what is shipped.
        generator = ROOT / "packaging" / "generate.py"
        if subprocess.run([sys.executable, generator, "--check"], cwd=ROOT).returncode:
            raise ReleaseError("Run `python packaging/generate.py`, and commit what it writes.")
        target = release(args.only, args.output.resolve())
    except (ReleaseError, OSError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print(target)
    print((target / CHECKSUMS).read_text("ascii"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
