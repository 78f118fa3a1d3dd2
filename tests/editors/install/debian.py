"""Debian packages unpacked into a folder, by a private apt. Knows no editor.

Nothing is installed and nothing in /etc or /var is changed, so no root is needed: apt gets its own
lists, its own cache and an empty list of installed packages, so that it downloads everything a
package needs; `dpkg -x` then unpacks it. The package index is the machine's own, if need be of
another release.
"""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.editors.install.places import SetupError, Step, need, run, say

SOURCES = Path("/etc/apt")
_FIELD = re.compile(r"(?m)^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)")
_ONE_LINE = re.compile(
    r"(?m)^deb[ \t]+(?P<options>\[[^\]]*\][ \t]+)?(?P<uri>\S+)[ \t]+(?P<suite>\S+)[ \t]+\S"
)
_C_LIBRARY = ("libc6", "libc-bin", "libc6-dev", "libc-dev-bin", "linux-libc-dev")
"""Left out where programs run with the machine's own loader: the two only work together."""


def codename() -> str:
    """The release of this machine, such as `bookworm`."""
    try:
        return platform.freedesktop_os_release()["VERSION_CODENAME"]
    except (OSError, KeyError):
        raise SetupError("This is no Debian or Ubuntu: /etc/os-release names no release.") from None


def sources(folder: Path, own: str, release: str) -> str:
    """apt sources for `release`, made of those of this machine, whose release is `own`.

    Of the own release updates and security fixes are kept too; another release is taken from its
    main index alone.
    """
    stanzas = []
    for fields in _stanzas(folder):
        suites = _suites(fields.get("Suites", "").split(), own, release)
        if suites and "deb" in fields.get("Types", "").split():
            chosen = {"Types": "deb", "Suites": " ".join(suites), "Components": "main"}
            lines = (f"{name}: {value}\n" for name, value in {**fields, **chosen}.items())
            stanzas.append("".join(lines))
    return "\n".join(stanzas)


def _stanzas(folder: Path) -> Iterator[dict[str, str]]:
    """The fields of every source apt reads there; those in one line get the names of fields."""
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        text = re.sub(r"(?m)^#.*\n?", "", path.read_text("utf-8"))
        for stanza in re.split(r"\n[ \t]*\n", text):
            yield dict(_FIELD.findall(stanza))
    one_line = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    for path in (path for path in one_line if path.is_file()):
        for source in _ONE_LINE.finditer(path.read_text("utf-8")):
            fields = {"Types": "deb", "URIs": source["uri"], "Suites": source["suite"]}
            if signed := re.search(r"signed-by=([^\s\]]+)", source["options"] or ""):
                fields["Signed-By"] = signed.group(1)
            yield fields


def _suites(suites: Iterable[str], own: str, release: str) -> list[str]:
    if release == own:
        return [s for s in suites if s in (own, f"{own}-updates", f"{own}-security")]
    return [release for suite in suites if suite == own]


def unpack(
    target: Path, packages: Iterable[str], *, release: str | None = None, own_loader: bool = False
) -> Path:
    """Unpack packages with all they depend on into `target`; the folder.

    `release`: a Debian release other than the machine's own. `own_loader`: unpack the C library
    too, for programs that are started through the loader that comes with it.
    """
    own = codename()
    release = release or own
    packages = tuple(packages)
    step = Step(target, f"{release} {' '.join(packages)} {own_loader}\n")
    if step.done:
        return target
    need("apt-get", "apt")
    need("dpkg", "dpkg")
    text = sources(SOURCES, own, release)
    if not text:
        raise SetupError(
            f"{SOURCES} has no source of the release {own!r} from which {packages[0]} of "
            f"{release!r} could be had; this set-up knows Debian machines only."
        )
    step.begin()
    apt = target.with_name(target.name + "-apt")
    log = target.with_name(target.name + ".log")
    say(f"downloading {', '.join(packages)} and what they need from Debian {release} ...")
    archives = _download(apt, packages, text, log)
    say(f"unpacking {len(archives)} packages ...")
    for archive in archives:
        if own_loader or archive.name.partition("_")[0] not in _C_LIBRARY:
            run(["dpkg", "-x", archive, target], log=log, what=f"Unpacking {archive.name}")
    shutil.rmtree(apt)  # as large again as what was unpacked
    step.finish()
    return target


def _download(apt: Path, packages: Iterable[str], text: str, log: Path) -> list[Path]:
    """Download with a private apt in the folder `apt` from the sources `text`; the archives."""
    shutil.rmtree(apt, ignore_errors=True)
    archives = apt / "cache" / "archives"
    for folder in (apt / "lists", archives):
        (folder / "partial").mkdir(parents=True)
    (apt / "status").touch()
    (apt / "debian.sources").write_text(text, "utf-8")
    (apt / "apt.conf").write_text(_configuration(apt), "utf-8")
    environment = {"APT_CONFIG": str(apt / "apt.conf"), "LC_ALL": "C"}
    run(["apt-get", "update"], log=log, what="Reading the package index", environment=environment)
    run(
        ["apt-get", "install", "--download-only", *packages],
        log=log,
        what=f"Downloading {', '.join(packages)}",
        environment=environment,
    )
    return sorted(archives.glob("*.deb"))


def _configuration(folder: Path) -> str:
    settings = {
        "Dir::Etc::sourcelist": folder / "debian.sources",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": folder,
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "",
        "APT::Get::Assume-Yes": "true",
        "APT::Install-Recommends": "false",
    }
    return "".join(f'{name} "{value}";\n' for name, value in settings.items())


def library_folders(root: Path) -> str:
    """The folders of shared libraries below an unpacked root, as for LD_LIBRARY_PATH."""
    triplets = sorted({path.parent for path in (root / "usr" / "lib").glob("*-linux-gnu*/*.so.*")})
    if not triplets:
        raise SetupError(f"{root} holds no libraries; remove it and set up again.")
    places = [place for t in triplets for place in (t, root / "lib" / t.name, t / "pulseaudio")]
    return ":".join(str(place) for place in places)
