"""What the documentation says is there: commands, flags, settings, pages, targets of make."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from beadline import cli
from beadline.completion.types import Trace
from beadline.settings import Options
from tests import documents
from tests.documents import ROOT

PAGES = documents.pages()
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
every_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)
SECTIONS = [section.name for section in fields(Options)]
_SETTING = re.compile(rf"({'|'.join(SECTIONS)})\.([a-z_]+)(?: = .*| [\w.-]+)?")
_OLD = "CHANGELOG.md"
"""Says what once was."""


def test_the_pages_are_found() -> None:
    assert {"README.md", "README.zh-CN.md", "docs/index.md", "docs/settings.md"} <= set(NAMES)


@every_page
def test_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    broken = []
    for link in documents.links(text):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (
            anchor and anchor not in documents.anchors(target.read_text("utf-8"))
        ):
            broken.append(link)
    assert broken == []


@every_page
def test_its_commands_are_there(page: Path) -> None:
    parser = cli.build_parser(list(cli.COMMANDS))
    text = page.read_text("utf-8")
    lines = list(documents.command_lines(text, "beadline"))
    problems = [(line, documents.problem_of(line, parser)) for line in lines]
    assert [(line, problem) for line, problem in problems if problem] == []


@every_page
def test_what_it_has_python_run_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    for name in ("python", "python3"):
        for line in documents.command_lines(text, f"{name} -m"):
            if line and line[0].partition(".")[0] in ("beadline", "tests"):
                assert importlib.util.find_spec(line[0]) is not None, line
        for line in documents.command_lines(text, name):
            if line and line[0].startswith("packaging/"):
                assert (ROOT / line[0]).is_file(), line


@every_page
def test_its_targets_of_make_are_there(page: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    for line in documents.command_lines(page.read_text("utf-8"), "make"):
        named = [word for word in line if "=" not in word]
        assert not named or named[0] in targets, line


@every_page
def test_its_extras_are_there(page: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for names in re.findall(r"(?:\.|beadline)\[([\w,-]+)\]'", page.read_text("utf-8")):
        assert set(names.split(",")) <= set(project["optional-dependencies"])


@every_page
def test_its_settings_are_there(page: Path) -> None:
    if page.name == _OLD:
        return
    known = {
        f"{section}.{field.name}"
        for section in SECTIONS
        for field in fields(getattr(Options(), section))
    }
    # `trace` is also what the numbers of a request are called.
    known |= {f"trace.{field.name}" for field in fields(Trace)}
    code = documents.inline(page.read_text("utf-8"))
    named = {f"{found[1]}.{found[2]}" for each in code if (found := _SETTING.fullmatch(each))}
    assert named - known == set()


def test_every_page_is_in_the_navigation() -> None:
    site = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = re.findall(r": ([\w-]+\.md)$", site, re.M)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_the_site_fetches_nothing_from_others() -> None:
    assert "://" not in (ROOT / "mkdocs.yml").read_text("utf-8")
    for picture in (ROOT / "docs" / "pictures").glob("*.svg"):
        fetched = re.findall(r'(?:href|src)="|url\((?!#)|@import', picture.read_text("utf-8"))
        assert fetched == [], picture


def test_the_readmes_say_the_same() -> None:
    """The same commands, settings and links, in the same order; comments are translated."""
    english, chinese = (
        (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")
    )

    def code(text: str) -> list[tuple[str, str]]:
        return [
            (language, re.sub(r"[ ]*#.*", "", block)) for language, block in documents.fenced(text)
        ]

    assert code(english) == code(chinese)
    own = {"README.md", "README.zh-CN.md"}
    english_links, chinese_links = (
        [link for link in documents.links(text) if link not in own] for text in (english, chinese)
    )
    assert sorted(english_links) == sorted(chinese_links)
    assert english.count("\n## ") == chinese.count("\n## ")


def test_the_commands_of_vscode_are_those_of_its_page() -> None:
    manifest = json.loads((ROOT / "packaging/vscode/package.json").read_text("utf-8"))
    page = (ROOT / "docs/vscode.md").read_text("utf-8")
    by_key = {"acceptWord", "acceptLine", "menu"}
    titles = [
        command["title"]
        for command in manifest["contributes"]["commands"]
        if command["command"].rpartition(".")[2] not in by_key
    ]
    assert titles and [title for title in titles if title not in page] == []


def test_the_commands_of_neovim_are_those_of_its_page() -> None:
    source = (ROOT / "packaging/neovim/lua/beadline/commands.lua").read_text("utf-8")
    page = (ROOT / "docs/neovim.md").read_text("utf-8")
    has = set(re.findall(r"^function COMMANDS\.(\w+)", source, re.M))
    assert set(re.findall(r"`:Beadline (\w+)", page)) == has


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("complete src/app.py:12:9 --json", ""),
        ("complete src/app.py:12:9 --jsn", "beadline complete has no --jsn"),
        ("bench typing|layout|decode", ""),
        ("bench typing|speed", "beadline bench has no speed"),
        ("bench layout --repo PATH... [--model FILE] [--layouts psm anchored] [--json FILE]", ""),
        ("evaluate --repo a b --holes 200 --seed 1 # and more", ""),
        ("evaluate retrieval REPO --cases FILE", ""),
        ("cache clear index | head --nothing", ""),
        ("stats --days 7     today's and yesterday's", ""),
        ("COMMAND --help", ""),
        ("nothing", "beadline has no nothing"),
    ],
)
def test_the_reader_of_commands(line: str, problem: str) -> None:
    """Else the tests above could pass over what is wrong."""
    (arguments,) = documents.command_lines(f"```sh\nbeadline {line}\n```\n", "beadline")
    assert documents.problem_of(arguments, cli.build_parser(list(cli.COMMANDS))) == problem


def test_the_reader_of_pages() -> None:
    text = (
        "# One, two & three\nSee `beadline\ndoctor` and [there](a.md#b), [out](https://c).\n\n"
        "```toml\n[not](a-link)\n```\n\n    X=1 beadline stats\n"
    )
    assert documents.anchors(text) == {"one-two-three"}
    assert documents.links(text) == ["a.md#b"]
    assert documents.inline(text) == ["beadline doctor"]
    assert list(documents.command_lines(text, "beadline")) == [["stats"], ["doctor"]]
