"""General code of the machine that the tests run on."""

from __future__ import annotations

import pytest

from beadline.errors import InputError
from beadline.evaluation.installed import is_control, packages
from beadline.trainer.corpus.installed import (
    Installed,
    StandardLibrary,
    general_code,
    licence_of,
)


def test_the_standard_library_without_its_tests():
    source = StandardLibrary()
    files = source.files()
    paths = {each.path for each in files}
    assert "Lib/textwrap.py" in paths
    assert not [path for path in paths if "/test/" in path or "site-packages" in path]
    wanted = [each for each in files if each.path == "Lib/textwrap.py"]
    ((_, content),) = source.read(wanted)
    assert content is not None
    assert b"def dedent" in content


def test_an_installed_package():
    source = Installed("setuptools")
    paths = [each.path for each in source.files()]
    assert "setuptools/dist.py" in paths
    assert all(path.endswith(".py") for path in paths)
    assert not [path for path in paths if "/tests/" in path]
    assert source.foreign
    with pytest.raises(InputError, match="not installed"):
        Installed("no-such-package-here")


@pytest.mark.slow
def test_general_code_holds_no_control_and_not_the_repository_itself():
    names = {each.repo for each in general_code(()).files()}
    assert "cpython" in names
    assert not [name for name in names - {"cpython"} if is_control(name)]
    own = next(each for each in packages() if each.name in names)
    paths = {f"src/{path}" for path, _ in own.files}
    assert own.name not in {each.repo for each in general_code(paths).files()}


def test_licences_of_installed_packages_are_read():
    assert licence_of("cpython").spdx == "PSF-2.0"
    numpy = licence_of("numpy")
    assert (numpy.spdx, numpy.permissive) == ("BSD-3-Clause", True)
    assert any("NumPy" in notice for notice in numpy.notices)
    with pytest.raises(InputError, match="not installed"):
        licence_of("no-such-package-here")
