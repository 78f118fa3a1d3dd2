"""The table of families, and what users add to it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from beadline.engine.fim import languages
from beadline.engine.fim.detect import detect
from beadline.engine.fim.families import Families, load, user_folder
from beadline.engine.fim.render import Budget, render
from beadline.engine.protocol import ExtraFile, FimRequest, Layout
from beadline.errors import ModelError
from beadline.trainer import tokenizer
from tests.engine.fim.toy import ToyVocabulary

MINE = """
[family.mine]
source = "my own training"
tokens = { PRE = "<P>", SUF = "<S>", MID = "<M>", FILE = "<F>" }
layouts = ["psm", "suffix_first"]
stops = ["<E>"]
repository = { file = "{FILE}{path}\\n{text}", current = "{FILE}{path}\\n" }
detect = { names = ['^mine'], need = "name" }
[family.mine.templates]
suffix_first = "{PRE}{head}<<{SUF}{suffix}{MID}"

[family.starcoder]
layouts = ["psm"]

[family.yours]
like = "mine"
layouts = ["left_to_right"]
"""


def with_file(folder: Path, text: str | bytes, name: str = "mine.toml") -> Families:
    data = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(data)
    return load(folder)


def test_a_user_adds_and_changes_families(tmp_path: Path) -> None:
    families = with_file(tmp_path, MINE)
    assert families.problems == ()
    mine = families.table["mine"]
    assert mine.origin == str(tmp_path / "mine.toml")
    words = ToyVocabulary(mine, metadata={"general.name": "mine-7b"})
    request = FimRequest("P", "S", path="a.py", extra=(ExtraFile("b.py", "x"),))
    form = detect(words, families)
    assert form.family is mine
    budget = Budget(1000, 500, 500)
    assert render(request, form, words, budget).text == "<F>b.py\nx\n<F>a.py\n<P>P<S>S<M>"
    form = detect(words, families, layout="suffix_first")
    assert render(FimRequest("P", "S"), form, words, budget).text == "<P>P<<<S>S<M>"
    # What a changed family does not say stays as it was.
    starcoder = families.table["starcoder"]
    assert starcoder.layouts == (Layout.PSM,)
    assert starcoder.tokens == load(None).table["starcoder"].tokens
    assert families.table["yours"].tokens == mine.tokens
    # The built-in table is not touched, and the last resort is still the last.
    assert "mine" not in load(None).table
    assert list(families.table)[-1] == "left-to-right"


def test_the_folder_is_beside_the_users_own_file(own_folders: Path) -> None:
    assert user_folder() == own_folders / "families"
    assert load(user_folder()).table == load(None).table
    user_folder().mkdir()
    with_file(user_folder(), MINE)
    assert "mine" in load(user_folder()).table


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[family", "is not valid TOML"),
        (b"\xff\xfe", "is not UTF-8"),
        ("x = 1", r"has no table \[family.NAME\]"),
        ("[family]\nx = 1", r"has no table \[family.NAME\]"),
        ("[family.x]\n", "names no layouts"),
        ("[family.x]\nlayouts = 'psm'", "needs a list of texts for layouts"),
        ("[family.x]\nlayouts = ['zigzag']", "'zigzag' for a layout; there are psm, anchored"),
        ("[family.x]\nlayouts = ['psm']", "templates with MID, PRE, SUF but no such tokens"),
        ("[family.x]\nlayouts = ['left_to_right']\nbos = 'often'", "'often' for bos"),
        ("[family.x]\nlayouts = ['left_to_right']\ncolour = 1", "unknown keys: colour"),
        ("[family.x]\nlayouts = ['left_to_right']\nlike = 'y'", "like 'y', which is no family"),
        ("[family.x]\nlayouts = ['left_to_right']\ntokens = 3", "needs a table for tokens"),
        ("[family.x]\nlayouts = ['left_to_right']\nstops = [1]", "list of texts for stops"),
        ("[family.x]\nlayouts = ['left_to_right']\ndrop = [['a']]", "no pair of texts"),
        (
            "[family.x]\nlayouts = ['left_to_right']\ndetect = { need = 'luck' }",
            "'luck' for need",
        ),
        ("[family.x]\nlayouts = ['left_to_right']\ndetect = { names = ['('] }", "'\\('"),
        (
            "[family.x]\nlayouts = ['left_to_right']\ntemplates = { left_to_right = '{hed}' }",
            "has {hed}, which is none of bos",
        ),
        (
            "[family.x]\nlayouts = ['left_to_right']\ntemplates = { left_to_right = 'x' }",
            "without {head} or {tail}",
        ),
        (
            "[family.x]\nlayouts = ['left_to_right']\nrepository = { lead = '{X}' }",
            "tokens in a part of repository that belongs to the prefix",
        ),
        ("[family.x]\nlayouts = ['left_to_right']\nrepository = { led = '' }", "repository: led"),
        ("[family.x]\nlike = ['starcoder']", "no family"),
        ("[family.x]\nlike = 'x'", "no family"),
        ("[family.x]\nlike = 'starcoder'\ntokens = { PRE = 5 }", "list of texts for PRE"),
        ("[family.x]\nlike = 'starcoder'\ntokens = { PRE = [] }", "no text for the tokens PRE"),
        ("[family.x]\nlike = 'starcoder'\ndrop = 5", "list of pairs for drop"),
        ("[family.x]\nlike = 'starcoder'\ndrop = [['a']]", "no pair"),
        ("[family.x]\nlike = 'starcoder'\nopening = 'false'", "true or false for opening"),
        ("[family.x]\nlike = 'starcoder'\ntemplates = { spm = 5 }", "text for spm"),
        ("[family.x]\nlike = 'starcoder'\nempty_suffix = 'left_to_right'", "empty_suffix"),
        ("[family.x]\nlike = 'starcoder'\ndetect.names = ['a{99999999999999}']", "too large"),
        ("x = " + "[" * 9999, "not valid TOML"),
    ],
)
def test_a_broken_file_is_one_sentence_and_the_rest_goes_on(
    tmp_path: Path, text: str | bytes, problem: str
) -> None:
    (tmp_path / "zz.toml").write_text(MINE, "utf-8")
    families = with_file(tmp_path, text, "broken.toml")
    (told,) = families.problems
    assert "broken.toml" in told
    assert told.endswith("left out.")
    assert re.search(problem, told), told
    assert "x" not in families.table
    assert "mine" in families.table
    with pytest.raises(ModelError) as caught:
        families.get("x")
    assert "broken.toml" in caught.value.hint


def test_the_last_resort_needs_no_tokens(tmp_path: Path) -> None:
    text = "[family.left-to-right]\nlayouts = ['psm']\ntokens = { PRE = 'a', SUF = 'b', MID = 'c' }"
    (told,) = with_file(tmp_path, text, "broken.toml").problems
    assert "last resort" in told


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.toml")
    assert all("is no file" in told for told in load(tmp_path).problems)


def test_every_family_says_where_its_form_comes_from() -> None:
    for family in load(None).table.values():
        assert family.source, family.name
        assert family.default_layout in family.layouts


def test_the_trainers_tokens_are_the_familys() -> None:
    beadline = load(None).table[tokenizer.FAMILY]
    known = {text for texts in beadline.tokens.values() for text in texts} | {*beadline.stops}
    assert known == set(tokenizer.SPECIAL)


def test_the_anchored_layout_is_the_default_only_of_families_it_was_measured_for() -> None:
    table = load(None).table
    default = {family.name for family in table.values() if family.layouts[0] == Layout.ANCHORED}
    assert default == {tokenizer.FAMILY, "qwen2.5-coder", "codegemma", "gguf-keys"}
    possible = {family.name for family in table.values() if Layout.ANCHORED in family.layouts}
    assert possible - default == {
        "santacoder", "codeqwen1.5", "deepseek-coder", "deepseek-v2",
    }  # fmt: skip
    for name in possible:
        # It stands for plain PSM: no form of its own, and nothing that repeats the cursor's line.
        family = table[name]
        assert Layout.PSM in family.layouts
        assert not family.repeats_line


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("src/a.py", "# the file path is: src/a.py\n"),
        ("A.java", "// the file path is: A.java\n"),
        ("a.h", "// the file path is: a.h\n"),
        ("a.sql", "-- the file path is: a.sql\n"),
        ("a.lua", "// the file path is: a.lua\n"),
        ("a.vue", "<!--the file path is: a.vue-->\n"),
        ("a.css", "/* the file path is: a.css */\n"),
        ("a.ml", "(*the file path is: a.ml*)\n"),
        ("a.toml", ""),
        ("Makefile", ""),
        ("a.PY", ""),
    ],
)
def test_the_headers_of_aixcoder(path: str, header: str) -> None:
    assert languages.of_path(path).header(f"the file path is: {path}\n") == header


def test_names_of_languages_as_aixcoder_learnt_them() -> None:
    names = {path: languages.of_path(path).name for path in ("a.h", "a.c", "a.tsx", "a.swift")}
    assert names == {"a.h": "C++", "a.c": "C", "a.tsx": "TypeScript with JSX", "a.swift": "swift"}


def test_comments_for_every_other_family() -> None:
    assert languages.of_path("a.lua").commented("x\n\ny\n") == "-- x\n--\n-- y\n"
    assert languages.of_path("a.html").commented("x") == "<!--x-->\n"
    assert languages.of_path("nothing").commented("x") == "// x\n"
    assert languages.of_path("a.py").tight("a.py") == "#a.py"
    assert languages.of_path("a.css").tight("a.css") == "/*a.css*/"
