"""What rests of a document's prompts through edits, jumps of the cursor and idle times."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from test_snippets import FakeRetriever, snippet

from beadline.completion.frames import Frames, serves
from beadline.completion.reading import Reader, Reading
from beadline.context.types import Document
from beadline.settings import ContextOptions

SMALL = ContextOptions(prefix_tokens=40, suffix_tokens=30)
FILE = "".join(f"def f{n}(a):\n    b = a + {n}\n    return b\n\n\n" for n in range(40))


def document(text: str, key: str = "a.py") -> Document:
    return Document(key, key, "python", text)


class Typist:
    """Reads one document as requests and idle times do."""

    def __init__(self, text: str, offset: int, options: ContextOptions = SMALL) -> None:
        self.reader = Reader(None)
        self.text, self.offset, self.options = text, offset, options

    def ask(self) -> Reading:
        """A request that goes to the engine."""
        reading = self.reader.read(document(self.text), self.offset, self.options)
        self.reader.sent(reading)
        return reading

    def rest(self, *, evaluated: bool = True) -> Reading | None:
        """Idle time."""
        reading = self.reader.prepare(document(self.text), self.offset, self.options, max_chars=0)
        if reading is not None and evaluated:
            self.reader.warmed(reading)
        return reading

    def type(self, text: str) -> None:
        self.text = self.text[: self.offset] + text + self.text[self.offset :]
        self.offset += len(text)

    def replace(self, start: int, end: int, text: str) -> None:
        """An edit that the cursor is not at."""
        if self.offset >= end:
            self.offset += len(text) - (end - start)
        self.text = self.text[:start] + text + self.text[end:]

    def prompt(self) -> str:
        """The front of the prompt in the anchored layout: what a keystroke must not change."""
        reading = self.ask()
        window, text = reading.window, self.text
        return text[window.start : window.anchor] + "\0" + reading.split()[1]


def is_range(reading: Reading) -> bool:
    prefix, suffix = reading.split()
    start = reading.cursor.offset - len(prefix)
    return reading.document.text[start : start + len(prefix + suffix)] == prefix + suffix


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["type", "delete", "change", "jump", "ask", "ask", "rest", "late"]),
        st.floats(0, 1),
        st.sampled_from(["x", "\n    ", "y = f(1)\n", "    ", ")", "z" * 50, "\n" * 6]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60)
@given(EDITS)
def test_prompts_are_ranges_of_the_text_but_for_a_frozen_suffix(edits):
    typist = Typist(FILE, FILE.index("return b\n\n\ndef f20"))
    assert is_range(typist.ask())
    for kind, share, text in edits:
        place = int(share * len(typist.text))
        match kind:
            case "type":
                typist.type(text)
            case "delete":
                typist.replace(max(0, typist.offset - len(text)), typist.offset, "")
            case "change":
                typist.replace(place, min(len(typist.text), place + 3), text)
            case "jump":
                typist.offset = place
            case "rest" | "late":
                idle = typist.rest(evaluated=kind == "rest")
                assert idle is None or is_range(idle)
                if idle is None or kind == "rest":
                    assert is_range(typist.ask()), "the suffix is the text's own after a rest"
            case "ask":
                reading = typist.ask()
                prefix, suffix = reading.split()
                window = reading.window
                assert typist.text[window.start : window.cursor] == prefix
                assert window.start <= window.anchor <= window.cursor == typist.offset
                assert len(prefix) <= 120
                assert len(suffix) <= 90
                assert serves(suffix, typist.text[window.cursor : window.end])
        cold = Reader(None).read(document(typist.text), typist.offset, SMALL)
        assert is_range(cold)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["x", "(", ")", " ", "\n", '"', "é"]), max_size=40))
def test_the_front_rests_while_text_is_typed(keys):
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f2("))
    front = typist.prompt()
    anchor = typist.ask().window.anchor
    for key in keys:
        typist.type(key)
        if typist.offset - anchor <= 90 and not typist.ask().moves:
            assert typist.prompt() == front
    assert typist.offset - anchor > 90 or not typist.ask().moves


def test_deleting_and_joining_lines_moves_no_start():
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f20"))
    start = typist.ask().window.start
    while typist.text[typist.offset - 1] != "f":
        typist.offset -= 1
        typist.text = typist.text[: typist.offset] + typist.text[typist.offset + 1 :]
        assert typist.ask().window.start == start


def test_an_edit_above_the_window_changes_no_prompt():
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f20"))
    front = typist.prompt()
    typist.replace(0, 0, "import os\n" * 3)
    assert typist.prompt() == front
    typist.replace(0, 10, "")
    assert typist.prompt() == front


def test_enter_moves_no_anchor_and_idle_time_moves_it_when_much_was_typed():
    options = ContextOptions()
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f20"), options)
    first = typist.ask()
    for _ in range(4):
        typist.type("c = a + b\n    ")
    assert typist.ask().window.anchor == first.window.anchor
    assert typist.rest() is None, "it is near enough"
    for _ in range(8):
        typist.type("c = a + b\n    ")
    assert typist.ask().window.anchor == first.window.anchor
    assert typist.rest() is not None
    moved = typist.ask()
    assert moved.window.anchor == typist.text.rfind("\n", 0, typist.offset) + 1
    assert not moved.moves


def test_the_anchor_moves_under_a_keystroke_at_last():
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f20"), ContextOptions())
    first = typist.ask()
    for _ in range(25):
        typist.type("c = a + b\n    ")
    assert typist.ask().window.anchor > first.window.anchor


def test_the_start_moves_in_idle_time_before_it_must():
    options = ContextOptions(prefix_tokens=200)
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f20"), options)
    start = typist.ask().window.start
    moved = None
    for _ in range(60):
        typist.type("c")
        reading = typist.ask()
        if moved is None:
            assert reading.window.start == start
        idle = typist.rest()
        if idle is not None and idle.window.start != start and moved is None:
            moved = idle.window.start
            assert typist.offset - start < 600
            after = typist.ask()
            assert (after.window.start, after.moves) == (moved, False)
        typist.type(" = 1\n    ")
    assert moved is not None


def test_a_small_edit_behind_the_cursor_leaves_the_suffix_frozen_until_idle_time():
    options = ContextOptions()
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f20"), options)
    first = typist.ask()
    place = typist.text.index("b = a + 21")
    typist.replace(place, place + 1, "c")
    typist.type("x")
    asked = typist.ask()
    assert asked.split()[1] == first.split()[1]
    assert not asked.moves
    assert not is_range(asked)
    assert typist.rest(evaluated=False) is not None
    assert typist.ask().split()[1] == first.split()[1], "the newer one is not evaluated yet"
    assert typist.rest() is not None
    assert is_range(typist.ask())
    assert typist.rest() is None


def test_a_large_edit_behind_the_cursor_is_in_the_next_prompt():
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f20"), ContextOptions())
    typist.ask()
    typist.replace(typist.offset + 13, typist.offset + 200, "class A:\n    pass\n" * 3)
    assert is_range(typist.ask())


def test_the_cursors_own_line_is_never_frozen():
    typist = Typist(FILE, FILE.index(" + 20"), ContextOptions())
    typist.ask()
    typist.replace(typist.offset + 3, typist.offset + 5, "n")
    assert is_range(typist.ask())


def test_a_jump_keeps_start_and_snippets_and_takes_the_suffix_there():
    typist = Typist(FILE, FILE.index("    return b\n\n\ndef f20"))
    typist.reader = Reader(FakeRetriever(snippet("b.py")))
    cold = typist.reader.read(document(typist.text), typist.offset, SMALL)
    typist.reader.sent(typist.reader.with_snippets(cold, max_chars=90))
    before = typist.ask()
    typist.offset += 12
    after = typist.ask()
    assert after.window.start == before.window.start
    assert [s.path for s in after.snippets] == ["b.py"]
    assert is_range(after)
    assert after.window.anchor == typist.text.rfind("\n", 0, typist.offset) + 1


def test_words_tell_whether_a_suffix_may_stay():
    text = "\n".join(f"word{n} = {n}" for n in range(30))
    assert serves(text, text.replace("word5 ", "name "))
    assert not serves(text, text.replace("= ", "== "))
    assert not serves(text, text.replace("word0", "name"))
    assert not serves("\na", "\nb")
    assert serves("", "")


def test_frames_of_recent_documents_are_kept_and_closed_ones_forgotten():
    frames, reader = Frames(), Reader(None)
    reading = reader.read(document("x = 1\n"), 6, SMALL)
    for number in range(100):
        frames.use(str(number), reading.frame, sent=True)
    assert len(frames) == 64
    assert frames.get("0") is None
    frames.use("99", replace(reading.frame, suffix="s"), sent=False)
    held = frames.get("99")
    assert held is not None
    assert (held.sent, held.in_use.suffix) == (True, "s")
    frames.forget("99")
    assert frames.get("99") is None


def test_what_was_warmed_serves_until_the_next_is_warm():
    reader, options = Reader(), ContextOptions()
    lines = [f"value_{n} = compute({n}, {n} + 1)" for n in range(40)]

    def at(suffix: list[str]) -> tuple[Document, int]:
        text = "x = 1\ny = \n"
        return Document("k", "a.py", "python", text + "\n".join(suffix) + "\n"), len(text) - 1

    document, offset = at(lines)
    first = reader.read(document, offset, options)
    reader.sent(first)
    document, offset = at([*lines[:12], "z = 2", *lines[12:]])
    warmed = reader.prepare(document, offset, options, max_chars=0)
    assert warmed is not None
    reader.warmed(warmed)
    document, offset = at([*lines[:12], "z = 3", *lines[12:]])
    assert reader.prepare(document, offset, options, max_chars=0) is not None
    assert reader.read(document, offset, options).split()[1] == warmed.split()[1]
    assert warmed.split()[1] != first.split()[1]
