"""Recent edits and visits: found again by their place, which moves with the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.retrieval.sources.edits import MOST_PLACES, Edits, RecentPlaces
from beadline.context.retrieval.sources.live import LiveChunks
from tests.context.retrieval.files import MemoryFiles, queries, scene
from tests.context.retrieval.sources.test_similar import CURSOR, FILLER, QUEUE

OLD = FILLER + QUEUE + FILLER.replace("filler", "later")


def source(files: MemoryFiles) -> tuple[Edits, LiveChunks]:
    chunks = LiveChunks(files, lambda path: True)
    return Edits(files, chunks, queries(), RecentPlaces()), chunks


def texts(
    source: tuple[Edits, LiveChunks], marked: str = CURSOR, path: str = "main.py"
) -> list[str]:
    search, chunks = source
    while chunks.settle():
        pass
    return [c.snippet.text for c in search.search(scene(marked, path), 4000)]


def test_what_was_edited_in_another_file_is_proposed():
    files = MemoryFiles({})
    files.open("queues.py", OLD)
    search = source(files)
    assert texts(search) == [], "opened, not edited"
    files.open("queues.py", OLD.replace("waiting_jobs", "edited_jobs"))
    (found,) = texts(search)
    assert "edited_jobs" in found
    assert texts(search, path="queues.py") == [], "not in its own file"
    files.close("queues.py")
    assert texts(search) == []


def test_the_place_where_a_completion_was_asked_for_is_proposed_elsewhere():
    files = MemoryFiles({})
    marked = OLD.replace("self.notify", "¦self.notify")
    files.open("queues.py", OLD)
    search = source(files)
    texts(search, marked, "queues.py")
    (found,) = texts(search)
    assert "notify_workers" in found


def test_an_edit_that_has_nothing_to_do_with_the_cursor_is_not():
    files = MemoryFiles({})
    files.open("queues.py", FILLER)
    search = source(files)
    texts(search)
    files.open("queues.py", FILLER.replace("return value_3", "return valve_3"))
    assert texts(search) == []


def test_edits_come_before_visits_and_the_newest_first():
    places = RecentPlaces()
    for path in ("a", "b", "c"):
        places.see(path, "x" * 10)
    places.see("a", "x" * 11)
    places.see("b", "y" + "x" * 10)
    places.visit("c", 5)
    assert [path for path, _ in places.latest(but="main")] == ["b", "a", "c"]
    assert [path for path, _ in places.latest(but="b")] == ["a", "c"]
    places.forget("b")
    assert [path for path, _ in places.latest(but="main")] == ["a", "c"]


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 40), st.text("ab\n", max_size=40))),
    st.integers(0, 4000),
)
def test_places_stay_inside_the_text_and_are_bounded(
    edits: list[tuple[int, int, str]], visited: int
):
    text = "line of code\n" * 300
    places = RecentPlaces()
    places.see("a", text)
    places.visit("a", min(visited, len(text)))
    for start, length, new in edits:
        text = text[:start] + new + text[start + length :]
        places.see("a", text)
    found = places.latest(but="b")
    assert len(found) <= MOST_PLACES
    assert all(0 <= offset <= len(text) for _, offset in found)


def test_a_place_moves_with_what_is_typed_above_it():
    places = RecentPlaces()
    places.see("a", "one\ntwo\nthree\n")
    places.visit("a", 8)
    places.see("a", "zero\none\ntwo\nthree\n")
    visit = places.latest(but="b")[-1]
    assert visit == ("a", 13)
