"""A corpus that is kept is the one that is read, or it is said that it is not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.trainer.corpus.storage import read_corpus, write_corpus
from beadline.trainer.corpus.types import CorpusFile

FILES = [
    CorpusFile.of("a.py", "python", "x = 'ä'\n\u2028 y\n", "r"),
    CorpusFile.of("b/c.go", "go", "package c\n", "r"),
]


def test_what_is_written_is_read(tmp_path: Path):
    path = tmp_path / "deep" / "corpus.jsonl"
    write_corpus(path, FILES)
    write_corpus(path, FILES)
    assert read_corpus(path) == FILES
    assert [each.name for each in path.parent.iterdir()] == ["corpus.jsonl"]


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
def test_only_the_user_reads_it(tmp_path: Path):
    write_corpus(tmp_path / "corpus.jsonl", FILES)
    assert stat.S_IMODE((tmp_path / "corpus.jsonl").stat().st_mode) == 0o600


def test_damage_is_told(tmp_path: Path):
    path = tmp_path / "corpus.jsonl"
    with pytest.raises(InputError, match="no corpus"):
        read_corpus(path)
    write_corpus(path, FILES)
    whole = path.read_text("utf-8")
    for damaged in (whole[:-20], whole.replace("package", "packet"), "[1, 2]\n", "\x00"):
        path.write_text(damaged, "utf-8")
        with pytest.raises(InputError, match="damaged"):
            read_corpus(path)
