"""Snippets in the prompt: which, in what order, and when the set changes."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench import SOON, Bench, at, document, text_of
from fake_engine import says

from beadline.completion.snippets import in_prompt_order, most_chars
from beadline.completion.types import CompletionRequest
from beadline.context.retrieval.retriever import Retriever
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Interrupted, Snippet
from beadline.engine.protocol import ExtraFile
from beadline.settings import ContextOptions


def snippet(path: str, text: str = "def f(): ...\n", *, volatile: bool = True) -> Snippet:
    return Snippet(path, text, 0, 1.0, "bm25", volatile)


class FakeRetriever:
    """Gives `found`; remembers what it was told."""

    def __init__(self, *found: Snippet, is_ready: bool = True) -> None:
        self.found = found
        self.is_ready = is_ready
        self.searches: list[tuple[str, int, int]] = []
        self.told: list[object] = []

    def set_folders(self, folders: Sequence[Path]) -> None:
        self.told.append(tuple(folders))

    def set_options(self, options: ContextOptions) -> None:
        self.told.append(options)

    def open(self, document: Document) -> None:
        self.told.append(document.text)

    def closed(self, key: str) -> None:
        self.told.append(key)

    def files_changed(self) -> None:
        self.told.append("files_changed")

    def start(self) -> None:
        self.told.append("start")

    def ready(self, timeout: float | None = None) -> bool:
        assert timeout == 0
        return self.is_ready

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        assert tree is None or tree.text == document.text
        self.searches.append((document.text, offset, max_chars))
        return self.found

    def close(self) -> None:
        self.told.append("close")


TWO = (snippet("b.py", "b = 1\n"), snippet("c.py", "c = 12\n", volatile=False))
FUNCTIONS = "def f():\n    x = 1\n    {}\n\n\ndef g():\n    y = 2\n    {}\n"


async def test_they_go_into_the_prompt_stable_first_and_into_the_trace():
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("print(value)"), retriever=retriever).ready()
    result = await bench.ask("value = 1\n|\n")
    (stream,) = bench.engine.streams
    assert stream.request.extra == (ExtraFile("c.py", "c = 12\n"), ExtraFile("b.py", "b = 1\n"))
    assert result.trace.snippets == [
        {"path": "c.py", "source": "bm25", "tokens": 3},
        {"path": "b.py", "source": "bm25", "tokens": 2},
    ]
    assert retriever.searches == [("value = 1\n\n", 10, 768)]


async def test_the_prompt_can_be_looked_at_without_asking():
    bench = await Bench(says("x"), retriever=FakeRetriever(*TWO)).ready()
    shown = await bench.completer.fim_request(at("value = 1\n|\n"))
    assert bench.engine.streams == []
    await bench.ask("value = 1\n|\n")
    assert bench.engine.streams[0].request == shown


async def test_the_set_rests_while_text_is_typed_and_is_chosen_anew_in_idle_time():
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("z = 3"), retriever=retriever).ready()
    for typed in ("", "z", "zz", "zz = 4\n    ", "zz = 4\n    u"):
        await bench.ask(FUNCTIONS.format(typed + "|", ""))
        assert len(retriever.searches) == 1
    retriever.found = TWO[:1]
    elsewhere = FUNCTIONS.format("", "|")
    assert (await bench.ask(elsewhere)).trace.older_snippets
    assert len(retriever.searches) == 1, "a jump of the cursor costs no search"
    await bench.rest()
    assert len(retriever.searches) == 2
    await bench.ask(FUNCTIONS.format("", "q|"))
    paths = [[e.path for e in s.request.extra] for s in bench.engine.streams]
    assert paths[-2:] == [["c.py", "b.py"], ["c.py", "b.py"]], "there is room for both"


async def test_idle_time_in_one_statement_costs_no_search():
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("x"), retriever=retriever).ready()
    text = "a = 1\n{}\nb = 2\n"
    for typed in ("", "d", "def", "def h", "def h(", "def h(a,\n      "):
        await bench.ask(text.format(typed + "|"), automatic=False)
        await bench.rest()
    assert len(retriever.searches) == 1
    assert bench.engine.warmups == []
    await bench.ask(text.format("def h(a):\n    |"))
    await bench.rest()
    assert len(retriever.searches) == 2


async def test_nothing_is_remembered_before_the_workspace_was_read():
    retriever = FakeRetriever(*TWO, is_ready=False)
    bench = await Bench(says("print(value)"), retriever=retriever).ready()
    first = await bench.ask("value = 1\n|\n")
    assert first.trace.older_snippets
    await bench.rest()
    retriever.is_ready = True
    await bench.ask("value = 1\nw|\n")
    assert retriever.searches == [], "the prompt without any is warm"
    await bench.rest()
    (warmed,) = bench.engine.warmups
    assert len(warmed.request.extra) == 2
    result = await bench.ask("value = 1\nq|\n")
    assert [len(s.request.extra) for s in bench.engine.streams] == [0, 0, 2]
    assert not result.trace.older_snippets
    assert len(retriever.searches) == 1


async def test_an_answer_outlives_the_snippets_it_was_computed_with():
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("z = 3"), retriever=retriever).ready()
    await bench.ask(FUNCTIONS.format("|", ""))
    retriever.found = (snippet("other.py", "z" * 768),)
    await bench.ask(FUNCTIONS.format("", "|"))
    await bench.rest()
    again = await bench.ask(FUNCTIONS.format("|", ""))
    assert again.trace.answered_from == "exact"


async def test_zero_tokens_look_into_no_other_file():
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("print(value)"), retriever=retriever).ready()
    bench.completer.reconfigure(
        dataclasses.replace(bench.options, context=ContextOptions(snippet_tokens=0))
    )
    bench.completer.opened(document("value = 1\n"))
    bench.edit("value = 2|\n")
    assert text_of(await bench.ask("value = 1\n|\n")) == "print(value)"
    assert retriever.searches == []
    assert "start" not in retriever.told, "nothing is scanned"
    assert bench.engine.streams[0].request.extra == ()


async def test_silence_by_syntax_costs_no_search():
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("bar"), retriever=retriever).ready()
    assert (await bench.ask("x = foo()|\ny = 2\n")).trace.silent_reason == "expected_nothing"
    assert retriever.searches == []


async def test_the_retriever_hears_of_documents_folders_and_files():
    retriever = FakeRetriever()
    bench = await Bench(retriever=retriever).ready()
    bench.completer.opened(document("a\n"))
    bench.edit("ab|\n")
    bench.completer.folders_changed([Path("w")])
    bench.completer.files_changed()
    bench.completer.closed("a.py")
    await bench.completer.close()
    assert [t for t in retriever.told if t != "start"] == [
        "a\n",
        "ab\n",
        (Path("w"),),
        "files_changed",
        "a.py",
        "close",
    ]
    assert "start" in retriever.told


async def test_a_popups_text_is_not_the_documents():
    retriever = FakeRetriever()
    bench = await Bench(says("(1)"), retriever=retriever).ready()
    await bench.completer.complete(at("x = foo_bar|\n", entry=4))
    assert "x = foo_bar\n" not in retriever.told


def test_what_two_sets_share_keeps_its_place():
    a, b, c = (snippet(f"{name}.py") for name in "abc")
    fixed = snippet("fixed.py", volatile=False)
    assert in_prompt_order([a, fixed, b]) == (fixed, a, b)
    assert in_prompt_order([c, b, a], before=[a, b]) == (a, b, c)


def test_what_left_the_set_goes_only_when_its_room_is_needed():
    a, b, c, d = (snippet(f"{name}.py", name * 10) for name in "abcd")
    assert in_prompt_order([c], before=[a, b], max_chars=30) == (a, b, c)
    assert in_prompt_order([c], before=[a, b], max_chars=20) == (a, c)
    assert in_prompt_order([d, c], before=[a, b], max_chars=20) == (d, c)
    assert in_prompt_order([b, c], before=[a, b], max_chars=20) == (b, c)
    assert in_prompt_order([c], before=[a, b], max_chars=30, own="a.py") == (b, c)
    newer = snippet("a.py", "A" * 10)
    assert in_prompt_order([newer], before=[a, b], max_chars=30) == (b, newer)


def test_the_budget_is_never_more_than_two_fifths_of_the_context():
    assert most_chars(256, 8192) == 768
    assert most_chars(256, 0) == 768
    assert most_chars(5000, 1000) == 1200
    assert most_chars(0, 8192) == 0


def repository(folder: Path, **files: str) -> Path:
    """A git repository with these files; `__` in a name is a dot."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


async def test_a_real_workspace(tmp_path: Path):
    folder = repository(
        tmp_path / "work",
        helpers__py="def parse_invoice(path, currency):\n    return Invoice(path, currency)\n",
        secret__py="parse_invoice_token = 'parse_invoice currency'\n",
        __env="parse_invoice currency\n",
        __gitignore="secret.py\n",
    )
    options = ContextOptions(ignore=("generated_*",))
    (folder / "generated_a.py").write_text("parse_invoice(path, currency)\n" * 3)
    retriever = Retriever([folder], options)
    bench = await Bench(says("path, currency)"), retriever=retriever).ready()
    bench.completer.reconfigure(dataclasses.replace(bench.options, context=options))
    text = "from helpers import parse_invoice\n\ninvoice = parse_invoice(\n"
    current = Document((folder / "main.py").as_uri(), "main.py", "python", text, "work")
    bench.completer.opened(current)
    assert await asyncio.to_thread(retriever.ready, SOON)
    request = CompletionRequest(current, len(text) - 1)
    result = await asyncio.wait_for(bench.completer.complete(request), SOON)
    assert text_of(result) == "path, currency)"
    (extra,) = bench.engine.streams[0].request.extra
    assert extra.path == "helpers.py"
    assert "def parse_invoice" in extra.text
    (told,) = result.trace.snippets
    assert (told["path"], told["source"]) == ("helpers.py", "definition")
    await bench.completer.close()


async def test_the_unsaved_buffer_wins_over_the_disk(tmp_path: Path):
    folder = repository(tmp_path / "work", helpers__py="def parse_invoice(old):\n    pass\n")
    retriever = Retriever([folder], ContextOptions())
    bench = await Bench(says("x)"), retriever=retriever).ready()
    key = (folder / "helpers.py").as_uri()
    bench.completer.opened(Document(key, "helpers.py", "python", "x = 1\n", "work"))
    new = "def parse_invoice(unsaved):\n    pass\n"
    bench.completer.edited(Document(key, "helpers.py", "python", new, "work"), len(new))
    text = "invoice = parse_invoice(\n"
    current = Document((folder / "main.py").as_uri(), "main.py", "python", text, "work")
    bench.completer.opened(current)
    assert await asyncio.to_thread(retriever.ready, SOON)
    await asyncio.wait_for(
        bench.completer.complete(CompletionRequest(current, len(text) - 1)), SOON
    )
    (extra,) = bench.engine.streams[0].request.extra
    assert (extra.path, extra.text.strip()) == ("helpers.py", new.strip())
    await bench.completer.close()


async def test_another_receiver_or_callee_in_the_same_statement_is_searched_for_in_idle_time():
    retriever = FakeRetriever(*TWO)
    bench = await Bench(says("x"), retriever=retriever).ready()
    text = "a = 1\n{}\nb = 2\n"
    for typed, searches in (
        ("", 1),
        ("v = ", 1),
        ("v = queue.", 2),
        ("v = queue.pu", 2),
        ("v = queue.push(", 3),
        ("v = queue.push(1", 3),
        ("v = queue.push(1)", 3),
    ):
        await bench.ask(text.format(typed + "|"), automatic=False)
        await bench.rest()
        assert len(retriever.searches) == searches, typed


def test_newer_signatures_of_a_file_take_the_place_of_older_ones():
    def signatures(path: str, text: str) -> Snippet:
        return Snippet(path, text, 900, 1.0, "definition")

    old, other = signatures("a.py", "def f():\n"), signatures("b.py", "def g():\n")
    new = Snippet("a.py", "def h():\n", 0, 1.0, "definition")
    assert in_prompt_order([new], before=[old, other], max_chars=900) == (other, new)
    chunk = Snippet("a.py", "x = 1\n", 5000, 1.0, "similar")
    assert in_prompt_order([new], before=[chunk], max_chars=900) == (chunk, new)
