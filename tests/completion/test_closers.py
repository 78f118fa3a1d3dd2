"""What the editor closed by itself is not the user's text."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from bench import SOON, Bench, document, text_of
from fake_engine import says
from hypothesis import given
from hypothesis import strategies as st
from marked_hole import hole_at

from beadline.completion.closers import PAIRS, AutoClosed, settle
from beadline.completion.types import CompletionItem, CompletionRequest
from beadline.context.types import Document


def after(*texts: str) -> str:
    """The user's text, with `|`, when a document went through `texts`; `|` is the cursor last."""
    closed = AutoClosed()
    for text in texts[:-1]:
        closed.see(document(text.replace("|", "")))
    before, behind = texts[-1].split("|")
    user = closed.without(document(before + behind), len(before))
    assert user.document.text[user.offset :] + user.closers != ""
    return user.document.text[: user.offset] + "|" + user.document.text[user.offset :]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("x = f\n", "x = f(|)\n"), "x = f(|\n"),
        (("x = f\n", "x = f()\n", "x = f(a|)\n"), "x = f(a|\n"),
        (("x = f\n", "x = f()\n", "x = f([])\n", "x = f([|])\n"), "x = f([|\n"),
        (("x = f\n", "x = f(\n", "x = f(|)\n"), "x = f(|\n"),
        (("x = \n", 'x = "|"\n'), 'x = "|\n'),
        (("x = f\n", "x = f()\n", "x = f()|\n"), "x = f()|\n"),
        (("x = f(|)\n",), "x = f(|)\n"),
        (("x = f()\n", "x = f(a|)\n"), "x = f(a|)\n"),
        (("x = f\ny\n", "x = f()\ny\n", "x = f()\nyy\n", "x = f(|)\nyy\n"), "x = f(|)\nyy\n"),
        (("f\n", "f()\n", "f(\n)\n", "f(|\n)\n"), "f(|\n)\n"),
        (("f\n", "f()\n", "f\n", "f|\n"), "f|\n"),
        (("f(\n", "f()\n", "f(|)\n"), "f(|)\n"),
        (("f(\n", "f(a\n", "f(a|)\n"), "f(a|)\n"),
    ],
)
def test_only_closers_that_came_with_their_opener_are_taken_out(
    texts: tuple[str, ...], expected: str
):
    assert after(*texts) == expected


def test_a_request_of_an_older_text_forgets_nothing():
    closed = AutoClosed()
    for text in ("x = f\n", "x = f(\n", "x = f()\n"):
        closed.see(document(text))
    assert closed.without(document("x = f(\n"), 6).closers == ""
    assert closed.without(document("x = f()\n"), 6).closers == ")"


@pytest.mark.parametrize(
    ("hole", "closers", "text", "settled"),
    [
        ("x = f(|\n", ")", "a, b)", ("a, b", 0)),
        ("x = f(|\n", ")", "a, b", ("a, b", 0)),
        ("x = f(|\n", ")", "a).b", ("a).b", 1)),
        ("x = f(|\n", ")", "a).b(c", ("a).b(c", 0)),
        ("x = f(|\n", ")", "a).b(c)", ("a).b(c", 0)),
        ("for x in f(|\n", ")", "a):\n    b", ("a):\n    b", 1)),
        ("x = [|\n", "]", "\n    1,\n]", ("\n    1,\n", 0)),
        ("x = f([|\n", "])", "1], 2)", ("1], 2)", 2)),
        ("x = f(a, 'u|\n", ")", "tf8'", ("tf8'", 0)),
        ("x = {\n  [|\n", "}", "1] * 1", ("1] * 1", 0)),
        ("x = f(a, 'u|\n", ")", "tf8')", ("tf8'", 0)),
        ("x = f(a, 'u|\n", ")", "tf8').read()", ("tf8').read(", 0)),
        ("x = f(a, 'u|\n", "')", "tf8', b", ("tf8', b", 1)),
        ("x = f([|\n", "])", "1]", ("1", 0)),
        ("x = f([|\n", "])", "1], 2", ("1], 2", 1)),
        ('x = f("|\n', '")', 'a", b)', ('a", b)', 2)),
        ('x = f("|\n', '")', 'a")', ("a", 0)),
        ('x = "|\n', '"', 'a"', ("a", 0)),
        ("x = f(|\n", "", "a)", ("a)", 0)),
        ("x = f(|\n", ")", "a).b[", ("a).b[", 1)),
    ],
)
def test_what_becomes_of_the_editors_closers(
    hole: str, closers: str, text: str, settled: tuple[str, int]
):
    found = settle(text, hole_at(hole), closers)
    assert (found.text, found.replaced) == settled


async def test_the_model_is_asked_without_the_editors_closer():
    bench = await Bench(says("a).strip")).ready()
    bench.edit("x = f|\n")
    bench.edit("x = f()|\n")
    result = await bench.ask("x = f(|)\n")
    assert [(i.text, i.start, i.end) for i in result.items] == [("a).strip", 6, 7)]
    assert bench.engine.streams[0].request.suffix == "\n"


async def test_a_closer_that_was_there_before_is_the_users():
    bench = await Bench(says("a).strip()")).ready()
    result = await bench.ask("x = f(|)\n")
    assert [(i.text, i.start, i.end) for i in result.items] == [("a", 6, 6)]


async def test_an_editor_that_can_only_insert_keeps_its_closers():
    bench = await Bench(says("a).strip()"), replace_closers=False).ready()
    bench.edit("x = f|\n")
    bench.edit("x = f()|\n")
    result = await bench.ask("x = f(|)\n")
    assert [(i.text, i.start, i.end) for i in result.items] == [("a", 6, 6)]
    assert bench.engine.streams[0].request.suffix == ")\n"


async def test_whether_closers_are_replaced_can_change_while_it_runs():
    bench = await Bench(says("a).strip()")).ready()
    bench.edit("x = f|\n")
    bench.edit("x = f()|\n")
    completion = replace(bench.options.completion, replace_closers=False)
    bench.completer.reconfigure(replace(bench.options, completion=completion))
    result = await bench.ask("x = f(|)\n")
    assert [(i.text, i.start, i.end) for i in result.items] == [("a", 6, 6)]


async def test_the_closer_does_not_contradict_a_running_generation():
    bench = await Bench().ready()
    bench.edit("x = |\n")
    first = bench.begin("x = |\n")
    await bench.started()
    stream = bench.engine.streams[0]
    stream.start()
    first.cancel()
    await asyncio.wait({first})
    bench.edit("x = f|\n")
    bench.edit("x = f()|\n")
    assert not stream.cancelled
    second = bench.begin("x = f(|)\n")
    stream.write("f(a) + 1")
    stream.finish()
    result = await asyncio.wait_for(second, SOON)
    assert [(i.text, i.start, i.end) for i in result.items] == [("a) + 1", 6, 7)]
    assert result.trace.answered_from in ("inflight", "prefix")
    assert len(bench.engine.streams) == 1


def accepted(text: str, item: CompletionItem) -> str:
    return text[: item.start] + item.text + text[item.end :]


class Editor:
    """Types as editors do that close brackets, and type over what they closed."""

    def __init__(self, bench: Bench, text: str, caret: int) -> None:
        self.bench = bench
        self.document: Document = document(text)
        self.caret = caret
        self.closed: list[int] = []
        bench.completer.opened(self.document)

    def type(self, character: str) -> None:
        text, at = self.document.text, self.caret
        self.caret += 1
        if text[at : at + 1] == character and at in self.closed:
            return
        line = text[text.rfind("\n", 0, at) + 1 : at]
        in_string = (line.count("'") + line.count('"')) % 2 == 1
        closer = "" if in_string else PAIRS.get(character, "")
        self.closed = [at + 1] * bool(closer) + [
            n + 1 + len(closer) if n >= at else n for n in self.closed
        ]
        self.document = replace(self.document, text=text[:at] + character + closer + text[at:])
        self.bench.completer.edited(self.document, at + 1 + len(closer))


SUGGESTIONS = [
    "f(a, b)",
    "f(a).g(b)[0]",
    "f([1, 2], {'a': 'b'}).c",
    "print('a' + \"b\")",
    "if f(a):\n    g(b[c])\n    h()",
    "[x for x in f(y)]",
    '"(" + a',
]


@pytest.mark.parametrize("suggestion", SUGGESTIONS)
@pytest.mark.parametrize("closing", [True, False])
async def test_accepting_after_typing_a_part_gives_what_accepting_at_once_gives(
    suggestion: str, closing: bool
):
    start = "value = 1\n\nother = 2\n"
    bench = await Bench(says(suggestion)).ready()
    editor = Editor(bench, start, 10)
    result = await bench.completer.complete(CompletionRequest(editor.document, editor.caret))
    whole = accepted(start, result.items[0])
    assert text_of(result) == suggestion
    for character in suggestion[:-1]:
        if closing:
            editor.type(character)
        else:
            text = editor.document.text
            changed = text[: editor.caret] + character + text[editor.caret :]
            editor.document, editor.caret = document(changed), editor.caret + 1
            bench.completer.edited(editor.document, editor.caret)
        request = CompletionRequest(editor.document, editor.caret)
        result = await asyncio.wait_for(bench.completer.complete(request), SOON)
        for item in result.items:
            assert item.start == editor.caret
            assert "\n" not in editor.document.text[item.start : item.end]
            assert accepted(editor.document.text, item) == whole
    assert len(bench.engine.streams) == 1


@given(
    st.sampled_from(["x = f(|\n", "x = f([|\n", 'x = f("|\n', "x = {'a': [|\n"]),
    st.text("ab()[]{}\"'. \n", max_size=20),
    st.data(),
)
def test_the_suggestion_stays_whole_and_closers_are_only_ever_spared_from_the_left(
    marked: str, text: str, data: st.DataObject
):
    closers = data.draw(st.sampled_from([")", "])", '")', "]}", ""]))
    settled = settle(text, hole_at(marked), closers)
    result = settled.text + closers[settled.replaced :]
    assert result in [text + closers[n:] for n in range(len(closers) + 1)]


@given(
    st.text("x([{'\" \n", max_size=8),
    st.text(")]}'\"", min_size=1, max_size=3),
    st.text("x()[]{}'\", \n", min_size=1, max_size=12),
)
def test_no_closer_is_lost(before: str, closers: str, text: str):
    settled = settle(text, hole_at(f"{before}|\n"), closers)
    kept = iter(settled.text + closers[settled.replaced :])
    assert all(closer in kept for closer in closers)
