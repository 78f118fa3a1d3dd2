"""The release's archives and checksums, and the wheelhouse's commands. Builds no part itself."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import beadline
from beadline.engine.llama.installation import REQUIREMENT

ROOT = Path(__file__).parent.parent
EPOCH = 1_700_000_000


def script(name: str) -> ModuleType:
    """A script of `packaging/`, which is no package."""
    path = ROOT / "packaging" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"beadline_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def release() -> Any:
    return script("release")


@pytest.fixture(scope="module")
def wheelhouse() -> Any:
    return script("wheelhouse")


@pytest.fixture
def entries(tmp_path: Path) -> dict[str, Path]:
    """Files for an archive, in no order: an ordinary one and a program."""
    for name in ("b.lua", "a.sh"):
        (tmp_path / name).write_text(f"{name}\n", "utf-8")
    (tmp_path / "a.sh").chmod(0o755)
    (tmp_path / "b.lua").chmod(0o600)
    return {"top/lua/b.lua": tmp_path / "b.lua", "top/a.sh": tmp_path / "a.sh"}


def test_the_same_files_give_the_same_tar(
    release: Any, entries: dict[str, Path], tmp_path: Path
) -> None:
    one, other = tmp_path / "one.tar.gz", tmp_path / "other.tar.gz"
    release.tar_gz(one, entries, EPOCH)
    release.tar_gz(other, dict(reversed(entries.items())), EPOCH)
    assert one.read_bytes() == other.read_bytes()
    with tarfile.open(one) as archive:
        found = {entry.name: (entry.mode, entry.mtime, entry.uid) for entry in archive}
        content = archive.extractfile("top/lua/b.lua")
        assert content is not None and content.read() == b"b.lua\n"
    assert found == {"top/a.sh": (0o755, EPOCH, 0), "top/lua/b.lua": (0o644, EPOCH, 0)}


def test_the_same_files_give_the_same_zip(
    release: Any, entries: dict[str, Path], tmp_path: Path
) -> None:
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    release.zip_file(one, entries, EPOCH)
    release.zip_file(other, dict(reversed(entries.items())), EPOCH)
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert archive.namelist() == ["top/a.sh", "top/lua/b.lua"]
        assert archive.read("top/a.sh") == b"a.sh\n"
        assert archive.getinfo("top/a.sh").external_attr >> 16 & 0o777 == 0o755
        assert archive.getinfo("top/a.sh").date_time[:3] == (2023, 11, 14)


def test_checksums_are_those_that_sha256sum_reads(release: Any, tmp_path: Path) -> None:
    (tmp_path / "b.whl").write_bytes(b"wheel")
    (tmp_path / "a.zip").write_bytes(b"zip")
    lines = release.checksums(tmp_path)
    (tmp_path / release.CHECKSUMS).write_text(lines, "ascii")
    assert release.checksums(tmp_path) == lines
    assert lines.splitlines() == [
        f"{hashlib.sha256(b'zip').hexdigest()}  a.zip",
        f"{hashlib.sha256(b'wheel').hexdigest()}  b.whl",
    ]


def test_the_version_is_one_everywhere(release: Any) -> None:
    assert release.version() == beadline.__version__
    release.check_versions(release.version(), release.PARTS)
    with pytest.raises(release.ReleaseError, match="of version"):
        release.check_versions("0.0.1", release.PARTS)


def test_archives_hold_what_git_knows_and_the_licence(release: Any) -> None:
    for folder, wanted in (
        ("packaging/neovim", ("plugin/beadline.lua", "doc/beadline.txt", "LICENSE")),
        ("packaging/jetbrains/template", ("template.json", "README.md", "LICENSE")),
    ):
        found = release.known_files(folder)
        assert set(wanted) <= set(found)
        assert all(path.is_file() for path in found.values())
    with pytest.raises(release.ReleaseError, match="no files in git"):
        release.known_files("packaging/nothing")


def test_a_tree_with_changes_is_not_released(
    release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    release.check_tree()
    (tmp_path / "new").touch()
    with pytest.raises(release.ReleaseError, match=r"not committed: \?\? new"):
        release.check_tree()


def test_a_failed_part_leaves_the_last_release(
    release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(build: Any) -> None:
        (build.folder / "part").write_text(str(build.epoch), "ascii")

    def broken(build: Any) -> None:
        written(build)
        raise release.ReleaseError("No.")

    monkeypatch.setattr(release, "PARTS", {"written": written, "broken": broken})
    target = release.release(["written"], tmp_path)
    assert target == tmp_path / f"release-{beadline.__version__}"
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    assert set(before) == {"part", release.CHECKSUMS}
    with pytest.raises(release.ReleaseError):
        release.release(["broken"], tmp_path)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    assert list(tmp_path.iterdir()) == [target]


def test_wheels_are_not_compiled_for_this_machine(wheelhouse: Any) -> None:
    v3 = wheelhouse.cmake_arguments("x86-64-v3", "x86_64").split()
    assert {"-DGGML_NATIVE=OFF", "-DGGML_SSE42=ON", "-DGGML_AVX2=ON", "-DGGML_FMA=ON"} <= set(v3)
    v2 = wheelhouse.cmake_arguments("x86-64-v2", "AMD64").split()
    assert {"-DGGML_NATIVE=OFF", "-DGGML_SSE42=ON", "-DGGML_AVX=OFF", "-DGGML_F16C=OFF"} <= set(v2)
    assert wheelhouse.cmake_arguments("x86-64-v3", "aarch64") == "-DGGML_NATIVE=OFF"


def test_a_kept_wheel_of_this_machine_is_not_taken(wheelhouse: Any, tmp_path: Path) -> None:
    llama, rest = wheelhouse.commands(tmp_path, "python")
    assert REQUIREMENT.startswith(wheelhouse.PACKAGE)
    assert "--no-cache-dir" in llama and llama[-3:] == ["--no-binary", *[wheelhouse.PACKAGE] * 2]
    assert rest[rest.index("--find-links") + 1] == str(tmp_path)
    variables = {"PATH": "p", "SOURCE_DATE_EPOCH": "1", "CMAKE_ARGS": "-DGGML_NATIVE=ON"}
    found = wheelhouse.environment(variables, "x86-64-v3", "x86_64")
    assert found == {"PATH": "p", "CMAKE_ARGS": wheelhouse.cmake_arguments("x86-64-v3", "x86_64")}
