"""What requests carry besides their prompt: expected names, and the surroundings of the hole."""

from __future__ import annotations

import pytest
from bench import Bench, at
from fake_engine import FakeStream

from beadline.completion.guiding import Guiding, syntax_of
from beadline.completion.reading import Reader, Reading
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.graph import Known, MemoryGraph
from beadline.context.types import Document
from beadline.engine.guidance import Guidance, Syntax
from beadline.settings import CompletionOptions, ContextOptions

STORE = "class Store:\n    def open(self): ...\n    def read(self): ...\n"
USE = "from store import Store\n\n\ndef f(store: Store):\n    x = store.re|\n"


def reading_of(hole: str, language: str = "python") -> Reading:
    request = at(hole, key=f"use.{language}", language=language)
    return Reader().read(request.document, request.offset, ContextOptions())


def graph(document: Document) -> Known:
    extract = Extractor().symbols
    store = extract(Document("store.py", "store.py", "python", STORE))
    return Known(MemoryGraph([store]), extract(document), document.text)


def guidance_of(hole: str, options: CompletionOptions | None = None) -> Guidance | None:
    return Guiding(options or CompletionOptions(), graph).of(reading_of(hole))


def syntax(hole: str, language: str = "python") -> Syntax | None:
    return syntax_of(reading_of(hole, language))


def test_a_request_carries_the_names_that_can_follow() -> None:
    found = guidance_of(USE)
    assert found is not None
    (names,) = [each for each in found.names if not each.after]
    assert [name for name, _ in names.names] == ["read"]
    assert names.typed == "re"


def test_a_statement_is_looked_into_behind_its_first_answer() -> None:
    known = graph(reading_of(USE).document)
    guides = Guiding(CompletionOptions(), lambda document: known)
    reader, options = Reader(guides=guides), ContextOptions()

    def read(hole: str, *, imagined: bool = False) -> Reading:
        request = at(hole, key="use.py", language="python")
        return reader.read(request.document, request.offset, options, imagined=imagined)

    def names(reading: Reading) -> bool:
        assert reading.guidance is not None
        return bool(reading.guidance.names)

    cold = read(USE)
    assert names(cold) and not cold.guidance_due
    reader.sent(cold)
    # Another statement of a document that is warm: somebody waits.
    first = read(USE.replace("|", "ad()\nstore.|"))
    assert first.guidance_due and not names(first)
    reader.guide(first)
    second = read(USE.replace("|", "ad()\nstore.r|"))
    assert names(second) and not second.guidance_due
    # Nobody waits for what is asked ahead.
    ahead = read(USE.replace("|", "ad()\nstore.read()\nstore.|"), imagined=True)
    assert names(ahead) and not ahead.guidance_due


def test_a_reading_can_be_given_its_guidance_later() -> None:
    known = graph(reading_of(USE).document)
    reader = Reader(guides=Guiding(CompletionOptions(), lambda document: known))
    request, options = at(USE, key="use.py", language="python"), ContextOptions()
    plain = reader.read(request.document, request.offset, options, guided=False)
    assert plain.guidance is None
    assert not plain.guided
    later = reader.guided(plain)
    assert later == reader.read(request.document, request.offset, options)
    assert later.guidance is not None


@pytest.mark.parametrize("hole", ['x = "store.|"\n', "# store.|\n"])
def test_in_strings_and_comments_it_carries_nothing(hole: str) -> None:
    assert guidance_of(f"from store import Store\nstore = Store()\n{hole}") is None


def test_each_part_has_its_switch() -> None:
    without = guidance_of(USE, CompletionOptions(monitor=False))
    assert without is not None
    assert (without.names, without.syntax is None) == ((), False)
    without = guidance_of(USE, CompletionOptions(syntax_guard=False))
    assert without is not None
    assert without.syntax is None
    assert without.names
    assert guidance_of(USE, CompletionOptions(monitor=False, syntax_guard=False)) is None


def test_without_a_graph_there_are_no_names() -> None:
    for unknown in (None, lambda document: None):
        found = Guiding(CompletionOptions(), unknown).of(reading_of(USE))
        assert found is not None
        assert found.names == ()


def test_brackets_that_are_open_at_the_cursor() -> None:
    found = syntax("f(a, [x, |\n")
    assert found is not None
    assert found.brackets == "(["


@pytest.mark.parametrize(
    ("hole", "indents", "deepens", "starts_line"),
    [
        ("def f():\n    x = 1\n    |\n", (4,), False, True),
        ("def f():\n    |\n", (0,), True, True),
        ("def f():|\n", (0,), True, False),
        ("def f():\n    if x:\n        y = |\n", (8,), False, False),
        ("x = |\n", (0,), False, False),
    ],
)
def test_the_columns_that_lines_may_start_at(
    hole: str, indents: tuple[int, ...], deepens: bool, starts_line: bool
) -> None:
    found = syntax(hole)
    assert found is not None
    assert (found.indents, found.deepens, found.starts_line) == (indents, deepens, starts_line)


def test_a_line_that_lacks_its_rest_does_not_end() -> None:
    unfinished, new, open_call = syntax("x = |\n"), syntax("x = 1\n|\n"), syntax("x = f(|\n")
    assert unfinished is not None and new is not None and open_call is not None
    assert (unfinished.breaks, new.breaks, open_call.breaks) == (False, True, True)


def test_where_bytes_do_not_tell_code_from_text_there_are_no_rules() -> None:
    assert syntax('x = "|\n') is None
    assert syntax("x = 1  # |\n") is None
    assert syntax("echo $x |\n", "shellscript") is None
    assert syntax("x = <a>|</a>\n", "javascriptreact") is None


def test_quotes_that_mean_several_things_end_the_rules() -> None:
    go, python = syntax("x := |\n", "go"), syntax("x = |\n")
    assert go is not None and python is not None
    assert "`" in go.opaque
    assert python.opaque == ""
    assert go.indents is None


def nothing(stream: FakeStream) -> None:
    stream.start()
    stream.finish()


async def test_the_engine_is_asked_with_it_and_a_measured_request_without() -> None:
    bench = await Bench(nothing).ready()
    await bench.ask("x = f(|\n")
    asked = bench.engine.streams[0].request.guidance
    assert asked is not None
    assert asked.syntax is not None
    assert asked.syntax.brackets == "("
    measured = await Bench(nothing, exact_tokens=4).ready()
    await measured.ask("x = f(|\n")
    assert measured.engine.streams[0].request.guidance is None
