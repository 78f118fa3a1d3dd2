"""The private package index is made of the machine's own; what is done stays done."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.editors.install import debian
from tests.editors.install.places import SetupError, Step, run

STANZAS = """\
Types: deb
# a comment
URIs: mirror:/packages
Suites: stable stable-updates
Components: main contrib
Signed-By:
 -----BEGIN-----
 key

Types: deb
URIs: mirror:/security
Suites: stable-security

Types: deb-src
URIs: mirror:/packages
Suites: stable

Types: deb
URIs: mirror:/other
Suites: unrelated
"""


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_the_own_release_keeps_its_updates(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources").write_text(STANZAS)
    main, security = debian.sources(apt, "stable", "stable").split("\n\n")
    assert "Suites: stable stable-updates\nComponents: main\n" in main
    assert main.endswith("Signed-By: \n -----BEGIN-----\n key")
    assert "URIs: mirror:/security\nSuites: stable-security\n" in security


def test_another_release_comes_from_the_main_index(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources").write_text(STANZAS)
    (stanza,) = debian.sources(apt, "stable", "testing").split("\n\n")
    assert "URIs: mirror:/packages\nSuites: testing\nComponents: main\n" in stanza


def test_sources_in_one_line(apt: Path) -> None:
    (apt / "sources.list").write_text(
        "# deb mirror:/no stable main\n"
        "deb [arch=amd64 signed-by=/key] mirror:/packages stable main contrib\n"
        "deb mirror:/packages unrelated main\n"
    )
    assert debian.sources(apt, "stable", "testing").splitlines() == [
        "Types: deb",
        "URIs: mirror:/packages",
        "Suites: testing",
        "Signed-By: /key",
        "Components: main",
    ]


def test_no_source_of_the_release(apt: Path) -> None:
    (apt / "sources.list").write_text("deb mirror:/packages unrelated main\n")
    assert debian.sources(apt, "stable", "stable") == ""


def test_a_step_is_done_only_when_it_was_finished_for_the_same_key(tmp_path: Path) -> None:
    step = Step(tmp_path / "part", "version 1")
    assert not step.done
    step.begin()
    (step.folder / "half").touch()
    assert not step.done
    step.begin()
    assert list(step.folder.iterdir()) == []
    step.finish()
    assert step.done
    assert not Step(tmp_path / "part", "version 2").done


def test_a_command_that_fails_is_quoted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such package'); raise SystemExit(3)"]
    with pytest.raises(SetupError, match=r"(?s)Reading failed with exit code 3.*no such package"):
        run(command, log=tmp_path / "log", what="Reading")
