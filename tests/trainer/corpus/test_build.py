"""From a real repository to the files that are trained on; every file is accounted for."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.trainer.corpus.build import CorpusOptions, build, require
from beadline.trainer.corpus.installed import Installed
from beadline.trainer.corpus.sources import Folder, open_source
from beadline.trainer.corpus.types import CorpusFile, Report
from tests.context.retrieval.git import repository, write
from tests.trainer.corpus.kit import GOOD, MODULES

TOKEN = "ghp_" + "a1B2" * 9
SECRET = f'"""A client."""\n\nTOKEN = "{TOKEN}"\n\n\ndef client(url):\n    return url, TOKEN\n'
DEAD = (
    "def total(things):\n"
    "    # for thing in things:\n    #     print(thing)\n    #     count(thing)\n"
    "    return sum(thing.size for thing in things)\n"
)
FILES: dict[str, str | bytes] = {
    **MODULES,
    "client.py": SECRET,
    "dead.py": DEAD,
    "dos.py": MODULES["pkg/queue.py"].replace("Variant of Queue", "Some").replace("\n", "\r\n"),
    "copy.py": GOOD,
    "broken.py": GOOD + "def (\n",
    "latin.py": "x = 'ä'\n".encode("latin-1"),
    "logo.png": b"\x89PNG\0",
    "vendor/v.py": GOOD + "x = 1\n",
    "api_pb2.py": GOOD + "y = 1\n",
    "tiny.py": "x = 1\n",
    "style.py": "def f(a):\n\n\n\n    b = undefined_name(a)  \n    return b * 2\n",
    "README.md": "# Things\n\nWhat they are, in a few words of a manual.\n",
    "package.json": '{"name": "things", "version": "1.0.0", "private": true}\n',
}
LEFT = {*MODULES, "client.py", "dead.py", "style.py", "README.md"} - {"pkg/queue.py"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("corpus") / "things", FILES)


def made(checkout: Path, **options: object) -> tuple[dict[str, CorpusFile], Report]:
    given = CorpusOptions(commented=1.0, **options)  # type: ignore[arg-type]
    files, report = build(open_source(checkout), given)
    assert len({file.path for file in files}) == len(files)
    return {file.path: file for file in files}, report


def reasons(report: Report) -> dict[str, set[str]]:
    return {reason: set(paths) for step in report.steps for reason, paths in step.examples.items()}


def test_what_is_left_and_why_the_others_are_not(checkout: Path):
    files, report = made(checkout)
    # One of two near copies stays: the first by path.
    assert set(files) == LEFT - {"pkg/textwrap.py"} | {"copy.py", "dos.py"}
    found = reasons(report)
    assert found["near duplicate"] == {"pkg/queue.py"}
    assert found["exact duplicate"] == {"pkg/textwrap.py"}
    assert found["syntax errors"] == {"broken.py"}
    assert found["not UTF-8"] == {"latin.py"}
    assert found["too short"] == {"tiny.py"}
    assert found["in a vendored or hidden folder"] == {"vendor/v.py"}
    assert found["generated, by its name"] == {"api_pb2.py"}
    assert found["in no language that is known"] == {"logo.png"}
    assert found["in a language that is left out"] == {"package.json"}


def test_every_file_is_counted_from_step_to_step(checkout: Path):
    files, report = made(checkout)
    steps = {step.name: step for step in report.steps}
    assert list(steps) == [
        "names", "texts", "secrets", "comments", "syntax", "data", "duplicates", "style", "size",
    ]  # fmt: skip
    assert steps["names"].files == len(FILES)
    chain = ("names", "texts", "secrets", "comments", "syntax", "data", "duplicates", "size")
    for one, two in itertools.pairwise(chain):
        assert steps[one].kept == steps[two].files
    assert steps["size"].kept == report.files == len(files)
    assert report.characters == sum(len(file.text) for file in files.values())
    assert (report.source, report.repositories.keys()) == ("things", {"things"})


def test_a_secret_is_not_in_the_data_and_dead_code_is_not_either(checkout: Path):
    files, report = made(checkout)
    assert not [path for path, file in files.items() if TOKEN[8:] in file.text]
    assert len(files["client.py"].text) == len(SECRET)
    assert files["dead.py"].text == "def total(things):\n" + DEAD.splitlines(True)[-1]
    counts = {step.name: step.changed for step in report.steps}
    assert counts["secrets"]["secrets"] >= 1
    assert counts["comments"]["blocks of commented-out code"] >= 1


def test_of_the_users_own_code_the_style_is_counted_and_kept(checkout: Path):
    files, report = made(checkout)
    assert files["style.py"].text == FILES["style.py"]
    noted = report.step("style").noted
    assert noted["files with undefined names"] >= 1
    assert noted["too many blank lines"] >= 1
    assert not report.step("style").dropped


def test_nothing_of_the_user_is_touched(checkout: Path):
    before = {path: path.stat().st_mtime_ns for path in checkout.rglob("*") if path.is_file()}
    made(checkout)
    assert {p: p.stat().st_mtime_ns for p in checkout.rglob("*") if p.is_file()} == before
    status = subprocess.run(
        ["git", "-C", str(checkout), "status", "--porcelain"], check=True, capture_output=True
    )
    assert status.stdout == b""


def test_the_same_source_gives_the_same_files(checkout: Path):
    one, two = made(checkout), made(checkout)
    assert one[0] == two[0]
    assert one[1].as_dict() == two[1].as_dict()


def test_what_is_held_out_comes_in_by_no_door(checkout: Path):
    files, report = made(checkout, held_out=frozenset({"pkg/textwrap.py"}))
    assert not {"pkg/textwrap.py", "copy.py"} & set(files)
    found = reasons(report)
    assert found["held out"] == {"pkg/textwrap.py"}
    assert found["like a file that is held out"] == {"copy.py"}


def test_code_that_must_stay_unseen(checkout: Path):
    files, report = made(checkout, unseen=(GOOD,))
    assert "copy.py" not in files
    assert "copy.py" in reasons(report)["shares code with what must stay unseen"]


def test_limits_draw_by_seed_and_say_so(checkout: Path):
    some, report = made(checkout, most_files=6)
    assert report.step("names").kept == 6
    assert any("--include" in note for note in report.notes)
    others, _ = made(checkout, most_files=6, seed=1)
    assert set(some) != set(others)
    short, report = made(checkout, most_characters=20_000)
    assert 0 < report.characters <= 20_000
    assert "beyond the limit of characters" in report.reasons()
    assert set(short) < set(made(checkout)[0])


def test_prose_has_its_share(tmp_path: Path):
    words = "\n".join(f"Line {n} of chapter CHAPTER says something of TOPIC." for n in range(300))
    chapters = {
        f"docs/{n}.md": words.replace("CHAPTER", str(n)).replace("TOPIC", "abcdefgh"[n] * 5)
        for n in range(8)
    }
    source = open_source(repository(tmp_path / "manual", {**MODULES, **chapters}))
    files, report = build(source)
    assert len([file for file in files if file.language == "markdown"]) in range(1, 8)
    assert report.languages["markdown"] <= 0.2 * report.characters
    only, _ = build(source, CorpusOptions(languages=("markdown",)))
    assert len(only) == 8


def test_too_little_is_told_with_its_reasons(tmp_path: Path):
    few = open_source(repository(tmp_path / "few", dict(list(MODULES.items())[:3])))
    with pytest.raises(InputError, match="3 usable files") as told:
        require(*build(few))
    assert "--dry-run" in told.value.hint
    binary = open_source(repository(tmp_path / "binary", {"a.png": b"\0", "b.py": b"\0\0\0"}))
    with pytest.raises(InputError, match=r"0 usable files.*binary: 1"):
        require(*build(binary))
    nothing = open_source(repository(tmp_path / "nothing", {}))
    with pytest.raises(InputError, match="0 usable files"):
        require(*build(nothing))
    require(*build(open_source(repository(tmp_path / "enough", dict(MODULES)))))


def test_a_folder_without_git_and_its_progress(tmp_path: Path):
    write(tmp_path, FILES)
    told: list[tuple[str, int, int]] = []
    files, report = build(Folder(tmp_path), tell=lambda *step: told.append(step))
    assert {"client.py", "copy.py"} <= {file.path for file in files}
    assert "git does not know" in report.notes[0]
    assert told[-1][1] == told[-1][2] > 0


@pytest.mark.slow
def test_foreign_code_loses_its_faults():
    files, report = build(Installed("setuptools"))
    assert files
    step = report.step("style")
    assert not step.noted
    assert not [file for file in files if "/_vendor/" in file.path]


def test_scripts_without_a_suffix_are_known_by_their_first_line(tmp_path: Path):
    files = {"bin/tool": "#!/usr/bin/env python3\n" + GOOD, "LICENCE": "Words of a licence.\n" * 9}
    checkout = repository(tmp_path / "scripts", files)
    built, report = build(open_source(checkout))
    assert [(file.path, file.language) for file in built] == [("bin/tool", "python")]
    assert reasons(report)["in no language that is known"] == {"LICENCE"}
