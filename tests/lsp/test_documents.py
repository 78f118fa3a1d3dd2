"""The document store: LSP's lines, the client's columns, the editor's newlines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from beadline.errors import FileError
from beadline.lsp.documents import DocumentStore
from beadline.lsp.lines import Encoding

URI = "file:///project/a.py"
TEXTS = st.text(st.sampled_from("ab\r\n\f\u2028\x0bäß€😀"), max_size=20)
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def store(encoding: Encoding = "utf-16", max_bytes: int = 1000) -> DocumentStore:
    documents = DocumentStore(max_bytes=max_bytes)
    documents.encoding = encoding
    return documents


def lines_of(text: str) -> list[str]:
    """Lines without their ends, as LSP has them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def units(text: str, encoding: Encoding) -> int:
    codec, width = CODECS[encoding]
    return len(text.encode(codec)) // width


def position(text: str, offset: int, encoding: Encoding) -> lsp.Position:
    """An offset as the client would have it; `offset` is not inside a CRLF."""
    before = lines_of(text[:offset])
    return lsp.Position(line=len(before) - 1, character=units(before[-1], encoding))


def partial(
    start: lsp.Position, end: lsp.Position, text: str
) -> lsp.TextDocumentContentChangePartial:
    return lsp.TextDocumentContentChangePartial(range=lsp.Range(start=start, end=end), text=text)


def splits_pair(text: str, offset: int) -> bool:
    return text[offset - 1 : offset + 1] == "\r\n" and offset > 0


@given(TEXTS, TEXTS, st.data(), st.sampled_from(ENCODINGS))
def test_an_edit_is_the_slice_it_names(
    text: str, inserted: str, data: st.DataObject, encoding: Encoding
) -> None:
    documents = store(encoding)
    documents.open(URI, "python", 1, text)
    cuts = st.integers(0, len(text)).filter(lambda at: not splits_pair(text, at))
    start, end = sorted((data.draw(cuts), data.draw(cuts)))
    edit = partial(position(text, start, encoding), position(text, end, encoding), inserted)
    change = documents.change(URI, 2, [edit])
    expected = text[:start] + inserted + text[end:]
    assert change is not None
    snapshot = documents.snapshot(URI)
    assert snapshot.lines.original == expected
    assert lines_of(expected) == change.document.text.split("\n")
    assert change.edits is not None
    (done,) = change.edits
    before = "\n".join(lines_of(text))
    assert (
        change.document.text
        == before[: done.start] + done.text + before[done.start + done.removed :]
    )
    assert snapshot.lines.size == len(expected.encode())
    assert documents.version(URI) == 2


@given(TEXTS, st.data(), st.sampled_from(ENCODINGS))
def test_positions_come_back(text: str, data: st.DataObject, encoding: Encoding) -> None:
    documents = store(encoding)
    documents.open(URI, "python", 1, text)
    snapshot = documents.snapshot(URI)
    offset = data.draw(st.integers(0, len(snapshot.document.text)))
    assert snapshot.offset(snapshot.position(offset)) == offset


@given(TEXTS, st.integers(0, 30), st.integers(0, 30), st.sampled_from(ENCODINGS))
def test_positions_outside_are_clamped(
    text: str, line: int, character: int, encoding: Encoding
) -> None:
    documents = store(encoding)
    documents.open(URI, "python", 1, text)
    snapshot = documents.snapshot(URI)
    offset = snapshot.offset(lsp.Position(line=line, character=character))
    lines = snapshot.document.text.split("\n")
    before = snapshot.document.text[:offset]
    if line >= len(lines):
        assert offset == len(snapshot.document.text)
    else:
        assert before.count("\n") == line
        assert units(before.rpartition("\n")[2], encoding) <= character


def test_several_changes_apply_in_order() -> None:
    documents = store()
    documents.open(URI, "python", 1, "ab\n")
    at = lsp.Position(line=0, character=2)
    later = lsp.Position(line=0, character=3)
    change = documents.change(URI, 2, [partial(at, at, "c"), partial(later, later, "d")])
    assert change is not None
    assert change.document.text == "abcd\n"
    assert change.caret is None


def test_the_caret_of_one_edit_is_its_end() -> None:
    documents = store()
    documents.open(URI, "python", 1, "a\r\nb\r\n")
    at = lsp.Position(line=1, character=1)
    change = documents.change(URI, 2, [partial(at, at, "cd")])
    assert change is not None
    assert (change.document.text, change.caret) == ("a\nbcd\n", 5)


def test_a_range_the_wrong_way_round_is_the_same_range() -> None:
    documents = store()
    documents.open(URI, "python", 1, "abcd")
    edit = partial(lsp.Position(line=0, character=3), lsp.Position(line=0, character=1), "x")
    change = documents.change(URI, 2, [edit])
    assert change is not None and change.document.text == "axd"


def test_a_newline_typed_after_a_carriage_return_joins_it() -> None:
    documents = store()
    documents.open(URI, "python", 1, "a\rb")
    at = lsp.Position(line=1, character=0)
    change = documents.change(URI, 2, [partial(at, at, "\n")])
    assert change is not None and change.document.text == "a\nb"


def test_half_a_surrogate_pair_is_replaced() -> None:
    documents = store()
    documents.open(URI, "python", 1, "a\ud83d")
    assert documents.snapshot(URI).document.text == "a\N{REPLACEMENT CHARACTER}"


def test_a_buffer_that_is_too_large_is_refused_until_it_is_sent_anew() -> None:
    documents = store(max_bytes=10)
    documents.open(URI, "python", 1, "x" * 11)
    with pytest.raises(FileError, match="11 bytes"):
        documents.snapshot(URI)
    start = lsp.Position(line=0, character=0)
    assert documents.change(URI, 2, [partial(start, start, "y")]) is None
    assert documents.version(URI) == 2
    whole = lsp.TextDocumentContentChangeWholeDocument(text="y")
    change = documents.change(URI, 3, [whole])
    assert change is not None and change.document.text == "y"


def test_the_limit_counts_bytes() -> None:
    documents = store(max_bytes=10)
    documents.open(URI, "python", 1, "ä" * 5)
    assert documents.snapshot(URI).document.text == "ä" * 5
    documents.open(URI, "python", 1, "ä" * 6)
    with pytest.raises(FileError, match="12 bytes"):
        documents.snapshot(URI)


def test_a_binary_buffer_is_refused() -> None:
    documents = store()
    documents.open(URI, "python", 1, "a\0b")
    with pytest.raises(FileError, match="binary"):
        documents.snapshot(URI)


def test_a_change_of_an_unknown_document_is_ignored() -> None:
    assert store().change(URI, 2, []) is None


def test_paths_are_relative_to_the_innermost_folder(tmp_path: Path) -> None:
    documents = store()
    inner = tmp_path / "inner"
    documents.folders = [tmp_path, inner]
    documents.open((inner / "pkg" / "a.py").as_uri(), "python", 1, "")
    document = documents.snapshot((inner / "pkg" / "a.py").as_uri()).document
    assert (document.path, document.repo) == ("pkg/a.py", "inner")


@pytest.mark.parametrize(
    ("language_id", "name", "expected"),
    [
        ("python", "a.py", "python"),
        ("python", "script", "python"),
        ("no-such-language", "a.py", "python"),
        ("no-such-language", "a.zzz", "plaintext"),
        ("plaintext", "a.py", "plaintext"),
    ],
)
def test_the_editors_word_on_the_language(language_id: str, name: str, expected: str) -> None:
    documents = store()
    uri = f"file:///folder/{name}"
    documents.open(uri, language_id, 1, "")
    assert documents.snapshot(uri).document.language == expected


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "file:///a%00b", "not a uri", "", "http://[", "git:/a.py"]
)
def test_what_is_no_file_is_told(uri: str) -> None:
    with pytest.raises(FileError):
        store().read(uri)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("untitled:Untitled-1", "Untitled-1"),
        ("git:/src/a.py?ref#x/y", "a.py"),
        ("file://[::1/x.py", "x.py"),
        ("", "untitled"),
    ],
)
def test_whatever_has_a_uri_can_be_open(uri: str, name: str) -> None:
    documents = store()
    documents.open(uri, "python", 1, "x")
    assert documents.snapshot(uri).document.path == name


def test_an_untitled_document_can_be_open() -> None:
    documents = store()
    documents.open("untitled:Untitled-1", "python", 1, "x")
    assert documents.snapshot("untitled:Untitled-1").document.language == "python"


def test_a_file_that_is_not_open_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ä b.py"
    path.write_bytes(b"x = 1\r\ny\r\n")
    snapshot = store().read(path.as_uri())
    assert snapshot.document.text == "x = 1\ny\n"
    assert snapshot.document.key == path.as_uri()
    assert snapshot.lines.original == "x = 1\r\ny\r\n"
