"""Installed packages: what is found, and that control and repository are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.evaluation.installed import Package, is_control, normal, of_others, packages, read


@pytest.fixture(scope="module")
def found() -> list[Package]:
    return packages()


@pytest.mark.slow
def test_what_is_installed_is_found_once(found: list[Package]):
    names = [package.name for package in found]
    assert "rich" in names, "a dependency of our own"
    assert names == sorted(set(names))
    (rich,) = (package for package in found if package.name == "rich")
    paths = dict(rich.files)
    assert paths["rich/console.py"].is_file()
    folders = {part for each in found for path, _ in each.files for part in path.split("/")[:-1]}
    assert "_vendor" not in folders


def test_control_is_a_matter_of_the_name_alone(found: list[Package]):
    assert normal("Foo__Bar.baz") == "foo-bar-baz"
    for package in found:
        assert package.is_control == is_control(package.name.replace("-", "_").upper())
    kinds = {package.is_control for package in found}
    assert kinds == {True, False}


def test_the_repository_is_none_of_the_others(found: list[Package]):
    (rich,) = (package for package in found if package.name == "rich")
    own = [f"src/{path}" for path, _ in rich.files]
    names = {package.name for package in of_others(found, own)}
    assert "rich" not in names
    assert len(names) == len(found) - 1
    assert len(of_others(found, ["rich/console.py", "setup.py"])) == len(found)


def test_what_cannot_be_used_is_none(tmp_path: Path):
    package = Package("p", "1", ())
    file = tmp_path / "a.py"
    assert read(package, "p/a.py", file) is None, "it is gone"
    file.write_text("x = 1\n")
    assert read(package, "p/a.py", file) is None, "too small"
    file.write_text("def (:\n" * 100)
    assert read(package, "p/a.py", file) is None, "no Python"
    file.write_text("value = 1\n" * 100)
    source = read(package, "p/a.py", file)
    assert source is not None
    assert (source.repo, source.path, source.language) == ("p", "p/a.py", "python")
