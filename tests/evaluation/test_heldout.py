"""What is held out of a training, and that nothing of it is found before it was written."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from beadline.context.types import Document
from beadline.errors import InputError
from beadline.evaluation import heldout
from beadline.evaluation.heldout import COMMIT, FILE, HOLE_CATEGORIES, Held, Wanted
from beadline.evaluation.versions import versions
from beadline.settings import ContextOptions
from tests.evaluation.conftest import git
from tests.evaluation.histories import History, module

WANTED = Wanted(holes=60, commit_share=0.5)
ORDER = '''"""Orders of widgets."""

from warehouse import find


def prepare_widget_order(widget, quantity):
    """Prepare an order of widgets for the warehouse."""
    warehouse = widget.warehouse_for(quantity, nearest=find)
    confirmation = frobnicate_the_widget(warehouse, quantity=417)
    return confirmation
'''
ANSWER = "confirmation = frobnicate_the_widget(warehouse, quantity=417)"
"""Written by one commit, and again by the next one into another file."""


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Six commits: twenty files, then five that each add a function or a file."""
    history = History(tmp_path / "owner+widgets" / "repo")
    history.commit({f"src/m{number}.py": module(f"m{number}") for number in range(20)})
    for number in range(3):
        path = f"src/m{number}.py"
        history.commit({path: module(f"m{number}") + module(f"later{number}", 2)})
    history.commit({"src/orders.py": ORDER})
    history.commit({"src/again.py": ORDER.replace("widget_order", "widget_order_again")})
    return history


def text_at(history: History, commit: str, path: str) -> str:
    command = ["git", "-C", str(history.root), "show", f"{commit}:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_part_of_the_history_and_of_the_files_is_held_out(history: History):
    plan = heldout.plan(history.root, WANTED)
    assert plan.repo == "owner/widgets"
    assert plan.head == history.head == plan.commits[-1]
    assert len(plan.commits) == 3, "half of six commits"
    assert plan.cut not in plan.commits
    assert len(plan.files) == 4, "one in five of twenty"
    assert all(text_at(history, plan.cut, path) for path in plan.files)
    assert plan == heldout.plan(history.root, WANTED)
    other = heldout.plan(history.root, replace(WANTED, seed=2))
    assert other.files != plan.files and other.commits == plan.commits
    few = heldout.plan(history.root, replace(WANTED, holes=1))
    assert len(few.commits) == 1, "no more than have lines enough"


def test_holes_are_ranges_of_what_was_held_out(history: History):
    plan = heldout.plan(history.root, WANTED)
    held = heldout.draw(history.root, plan)
    assert held == heldout.draw(history.root, plan)
    assert len(held) == len({each.id for each in held}) == 60
    assert {each.source for each in held} == {FILE, COMMIT}
    assert {each.case.category for each in held} <= set(HOLE_CATEGORIES)
    assert len({each.case.category for each in held}) >= 4
    parents = dict(zip(plan.commits, (plan.cut, *plan.commits), strict=False))
    for each in held:
        case = each.case
        whole = text_at(history, each.commit, case.path)
        assert case.prefix + case.middle + case.suffix == whole
        assert case.middle
        if each.source == FILE:
            assert case.path in plan.files
            assert each.commit == each.tree == plan.cut
        else:
            assert each.tree == parents[each.commit]
    order = [plan.cut, *plan.commits]
    assert [order.index(each.tree) for each in held] == sorted(
        order.index(each.tree) for each in held
    )


def test_holes_of_a_commit_lie_in_what_it_wrote(history: History):
    plan = heldout.plan(history.root, replace(WANTED, holes=400))
    later = [each for each in heldout.draw(history.root, plan) if each.source == COMMIT]
    assert {each.commit for each in later} == set(plan.commits)
    for each in later:
        if each.case.path == "src/m2.py":
            start = len(each.case.prefix)
            assert start >= len(module("m2"))
            assert "later2" in each.case.text


def answers(held: list[Held], commit: str) -> list[Held]:
    """Holes of a commit whose middle is, or ends with, the planted answer."""
    return [each for each in held if each.commit == commit and ANSWER in each.case.middle]


@pytest.mark.parametrize("bare", [False, True])
def test_a_planted_answer_of_a_later_commit_is_not_found(
    history: History, tmp_path: Path, bare: bool
):
    path = history.root
    if bare:
        path = tmp_path / "bare" / "widgets.git"
        git("clone", "-q", "--bare", history.root, path, cwd=tmp_path)
    plan = heldout.plan(path, replace(WANTED, holes=400))
    first, second = plan.commits[-2:]
    held = heldout.draw(path, plan)
    chosen = answers(held, first)
    assert chosen, "the first commit that wrote it has holes"
    options = ContextOptions()
    with versions(path, plan.cut, options) as files:
        served = "widgets" if bare else "repo"
        assert files.folder.name == served

        def found(tree: str, each: Held) -> str:
            """All that a prompt could hold of other files, on the disk and searched."""
            files.at(tree)
            files.replace(files.folder, each.case.path, each.case.text)
            case = each.case
            uri = (files.folder / case.path).as_uri()
            document = Document(uri, case.path, case.language, case.text, repo=served)
            files.open(document)
            snippets = files.search(document, len(case.prefix), max_chars=20_000)
            files.closed(document.key)
            disk = [file.read_text("utf-8") for file in files.folder.rglob("*.py")]
            files.replace(files.folder, each.case.path, None)
            return "".join([*(snippet.text for snippet in snippets), *disk])

        for each in chosen:
            assert each.tree == plan.commits[-3]
            assert ANSWER not in found(each.tree, each)
        assert ANSWER in found(second, chosen[0]), "this test would notice"
        # Back again: what was indexed since is gone.
        assert ANSWER not in found(chosen[0].tree, chosen[0])
    for file in history.root.rglob("*.py"):
        relative = file.relative_to(history.root).as_posix()
        if relative not in ("src/orders.py", "src/again.py"):
            assert ANSWER not in text_at(history, plan.cut, relative)


def test_what_was_moved_or_brought_back_is_no_hole(history: History):
    whole = module("m5")
    middle = whole.index("\ndef m5_4(")
    head, tail = whole[:middle], whole[middle:]
    history.commit({"src/m5.py": head})
    history.commit({"src/m6.py": module("m6") + tail})
    history.commit({"src/m5.py": whole, "src/m6.py": module("m6")})
    plan = heldout.plan(history.root, replace(WANTED, holes=400))
    assert len(plan.commits) == 4
    later = [each for each in heldout.draw(history.root, plan) if each.source == COMMIT]
    long = [line.strip() for line in tail.split("\n") if len(line.strip()) >= 12]
    moved = [each for each in later if any(line in each.case.middle for line in long)]
    assert later and not moved


def test_copies_are_not_held_out(tmp_path: Path):
    history = History(tmp_path / "twins")
    files = {f"a{n}.py": module(f"twin{n}") for n in range(5)}
    files |= {f"b{n}.py": module(f"twin{n}").replace("os", "sys") for n in range(5)}
    files |= {f"c{n}.py": module(f"alone{n}") for n in range(5)}
    history.commit(files)
    for seed in range(8):
        plan = heldout.plan(history.root, replace(WANTED, seed=seed, file_share=0.3))
        assert plan.files and all(path.startswith("c") for path in plan.files)


def test_only_what_is_trained_on_is_held_out(history: History):
    def accept(path: str) -> bool:
        return path == "src/orders.py"

    plan = heldout.plan(history.root, replace(WANTED, holes=400), accept)
    assert plan.files == ()
    assert {each.case.path for each in heldout.draw(history.root, plan, accept)} == {
        "src/orders.py"
    }


def test_without_history_files_have_to_do(tmp_path: Path, history: History):
    folder = tmp_path / "plain"
    folder.mkdir()
    for number in range(20):
        (folder / f"m{number}.py").write_text(module(f"m{number}"), "utf-8")
    plan = heldout.plan(folder, WANTED)
    assert plan.commits == () and plan.cut == plan.head and plan.head.startswith("dir:")
    held = heldout.draw(folder, plan)
    assert len(held) == 60 and {each.source for each in held} == {FILE}
    with versions(folder, plan.cut, ContextOptions()) as files:
        files.at(plan.cut)
        assert len(list(files.folder.glob("*.py"))) == 20
    clone = tmp_path / "shallow"
    git("clone", "-q", "--depth", "1", f"file://{history.root}", clone, cwd=tmp_path)
    assert heldout.plan(clone, WANTED).commits == ()


def test_a_small_repository_holds_nothing_out(tmp_path: Path):
    history = History(tmp_path / "small")
    history.commit({f"m{number}.py": module(f"m{number}") for number in range(3)})
    plan = heldout.plan(history.root, Wanted())
    assert (plan.files, plan.commits) == ((), ())
    assert heldout.draw(history.root, plan) == []
    history.commit({f"m{number}.py": None for number in range(3)} | {"x.bin": b"\0\1\2" * 200})
    assert heldout.draw(history.root, heldout.plan(history.root, Wanted())) == []


def test_a_detached_head_is_a_head(history: History):
    git("checkout", "-q", "HEAD~1", cwd=history.root)
    assert heldout.plan(history.root, WANTED).head == history.head


def test_what_is_no_repository_is_told(tmp_path: Path):
    with pytest.raises(InputError, match="not a directory"):
        heldout.plan(tmp_path / "nowhere", WANTED)
    History(tmp_path / "empty")
    with pytest.raises(InputError, match="git failed"):
        heldout.plan(tmp_path / "empty", WANTED)


def test_plans_and_holes_are_kept_in_a_file(history: History, tmp_path: Path):
    plan = heldout.plan(history.root, replace(WANTED, holes=20))
    held = heldout.draw(history.root, plan)
    path = tmp_path / "new" / "held.jsonl"
    heldout.write(path, plan, held)
    assert heldout.read(path) == (plan, held)
    path.write_text("{}\n")
    with pytest.raises(InputError, match="held-out"):
        heldout.read(path)
