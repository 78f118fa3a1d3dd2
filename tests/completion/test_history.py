"""What counts as a rejection, and what does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.completion.history import PRIOR_SHARE, RECENT, SEEN_SECONDS, Acceptance, History
from beadline.completion.ladder import Shown
from beadline.context.types import Document

LONG = 2 * SEEN_SECONDS


class User:
    """One document, its cursor, and a clock that stands still unless it is moved."""

    def __init__(self, hole: str = "x = 1\ny = |\n") -> None:
        self.now = 0.0
        self.history = History(lambda: self.now)
        self.put(hole)

    def put(self, hole: str) -> None:
        """The editor's text changed; the cursor is at `|`."""
        before, after = hole.split("|")
        self.text, self.offset = before + after, len(before)
        self.history.edited(self.document, self.offset)

    @property
    def document(self) -> Document:
        return Document("a.py", "a.py", "python", self.text)

    def suggestion(self, text: str, replaced: int = 0) -> Shown:
        return Shown(
            self.document, self.offset, self.offset + replaced, text, "line", "eog", visible=True
        )

    def see(self, text: str, seconds: float = LONG) -> Shown:
        """A suggestion is shown, and so long on the screen."""
        shown = self.suggestion(text)
        self.history.shown(shown)
        self.now += seconds
        return shown

    def rejected(self, text: str) -> bool:
        return self.history.rejected(self.suggestion(text))


def test_something_else_typed_at_a_visible_suggestion():
    user = User()
    user.see("foo(bar)")
    user.put("x = 1\ny = q|\n")
    user.put("x = 1\ny = |\n")
    assert user.rejected("foo(bar)")
    assert user.rejected("foo(bar)\nmore = 2"), "the first line is what was looked at"
    assert not user.rejected("foo(baz)")


def test_a_line_end_moves_a_place_and_rejects_nothing():
    user = User("import os\n|\n")
    user.see("def main():")
    user.put("import os\n\n|\n")
    assert not user.rejected("def main():")


def test_a_rejection_holds_for_its_place_wherever_that_moves():
    user = User()
    user.see("foo(bar)")
    user.put("x = 1\ny = q|\n")
    user.put("import os\n\nx = 1\ny = |\n")
    assert user.rejected("foo(bar)"), "another line far above"
    user.put("x = 1\nz = |\n")
    assert not user.rejected("foo(bar)"), "another line"
    user.put("x = 2\ny = |\n")
    assert not user.rejected("foo(bar)"), "below another line"


def test_the_rest_is_rejected_where_the_user_deviates():
    user = User()
    user.see("foo(bar)")
    user.put("x = 1\ny = f|\n")
    user.put("x = 1\ny = fo|\n")
    user.put("x = 1\ny = foq|\n")
    user.put("x = 1\ny = fo|\n")
    assert user.rejected("o(bar)")
    user.put("x = 1\ny = f|\n")
    assert not user.rejected("oo(bar)")
    user.put("x = 1\ny = |\n")
    assert not user.rejected("foo(bar)")


def test_a_word_inserted_at_once_deviates_within_it():
    user = User()
    user.see("foo(bar)")
    user.put("x = 1\ny = foo[0]|\n")
    user.put("x = 1\ny = foo|\n")
    assert user.rejected("(bar)")


def test_going_back_in_what_was_typed_rejects_nothing():
    user = User()
    user.see("foo(bar)")
    for typed in ("f", "fo", "f", ""):
        user.put(f"x = 1\ny = {typed}|\n")
    assert not user.rejected("foo(bar)")
    user.put("x = 1\ny = q|\n")
    user.put("x = 1\ny = |\n")
    assert user.rejected("foo(bar)"), "it was visible all the time"


def test_what_could_not_be_seen_is_not_rejected():
    user = User()
    user.see("foo(bar)", seconds=SEEN_SECONDS / 2)
    user.put("x = 1\ny = q|\n")
    user.put("x = 1\ny = |\n")
    assert not user.rejected("foo(bar)")


def test_a_client_that_tells_what_is_visible_is_believed():
    user = User()
    user.history.seen("other.py")
    user.see("foo(bar)")
    user.put("x = 1\ny = q|\n")
    user.put("x = 1\ny = |\n")
    assert not user.rejected("foo(bar)"), "it was never said to be visible"
    user.see("foo(bar)", seconds=0.0)
    user.history.seen("a.py")
    user.now += LONG
    user.put("x = 1\ny = q|\n")
    user.put("x = 1\ny = |\n")
    assert user.rejected("foo(bar)")


def test_editing_elsewhere_rejects_nothing():
    user = User()
    user.see("foo(bar)")
    user.put("x = 12|\ny = \n")
    user.put("x = 1\ny = |\n")
    assert not user.rejected("foo(bar)")


def test_what_is_deleted_right_after_accepting_was_rejected():
    user = User()
    user.see("foo(bar)")
    user.put("x = 1\ny = foo(bar)|\n")
    assert not user.rejected("foo(bar)")
    user.put("x = 1\ny = foo(|\n")
    user.put("x = 1\ny = |\n")
    assert user.rejected("foo(bar)")


def test_what_is_deleted_after_other_edits_was_not():
    user = User()
    user.see("foo(bar)")
    user.put("x = 1\ny = foo(bar)|\n")
    user.put("x = 1\ny = foo(bar) + 1|\n")
    user.put("x = 1\ny = |\n")
    assert not user.rejected("foo(bar)")


def test_brackets_of_the_editor_are_no_deviation():
    user = User()
    user.see("foo(bar)[0]")
    user.put("x = 1\ny = foo|\n")
    user.put("x = 1\ny = foo(|)\n")
    user.put("x = 1\ny = foo(b|)\n")
    assert user.history.acceptance() == PRIOR_SHARE
    user.put("x = 1\ny = foo(bar)[0]|\n")
    assert user.history.acceptance() > PRIOR_SHARE


def test_the_recent_share_follows_what_the_user_does():
    user = User()
    assert user.history.acceptance() == PRIOR_SHARE
    user.see("foo(bar)")
    user.put("x = 1\ny = foo(bar)|\n")
    taken = user.history.acceptance()
    assert taken > PRIOR_SHARE
    user.put("x = 1\ny = |\n")
    assert user.history.acceptance() < PRIOR_SHARE, "it was taken back"


@given(st.lists(st.booleans(), max_size=3 * RECENT))
def test_the_share_is_a_share(taken: list[bool]):
    acceptance = Acceptance()
    for each in taken:
        acceptance.note(each)
    assert 0 < acceptance.share < 1
    if taken:
        recent = taken[-RECENT:]
        assert min(PRIOR_SHARE, sum(recent) / len(recent)) <= acceptance.share
        assert acceptance.share <= max(PRIOR_SHARE, sum(recent) / len(recent))


WORDS = st.sampled_from(["a", "b", "ab", "(", "\n", "x"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("see"), WORDS, st.sampled_from([0.0, LONG])),
        st.tuples(st.just("type"), WORDS, st.just(0.0)),
        st.tuples(st.just("delete"), st.just(""), st.just(0.0)),
        st.tuples(st.just("accept"), st.just(""), st.just(0.0)),
        st.tuples(st.just("back"), st.just(""), st.just(0.0)),
    ),
    max_size=12,
)


@given(STEPS)
def test_rejected_is_what_was_seen_and_not_typed(steps: list[tuple[str, str, float]]):
    """Against a slow model: the rest of the last suggestion seen is rejected exactly where a key
    contradicts it, or where all of it was taken back."""
    user = User("k = |\n")
    expected: set[tuple[str, str]] = set()
    current: tuple[str, str, float] | None = None  # text before, suggestion, seconds visible
    accepted: tuple[str, str] | None = None
    for action, word, seconds in steps:
        before = user.text[: user.offset]
        if action == "see":
            user.see(word + "z", seconds)
            if current is None or (before, word + "z") != (
                before, current[1][len(before) - len(current[0]) :]
            ):  # fmt: skip
                current = before, word + "z", seconds
            else:
                current = (current[0], current[1], current[2] + seconds)
            continue
        text = before
        if action == "type":
            text = before + word
        elif action == "delete":
            text = before[:-1] if len(before) > 4 else before
        elif action == "accept" and current is not None:
            text = current[0] + current[1]
        elif action == "back" and accepted is not None:
            text = accepted[0]
        if text == before:
            continue
        user.put(text + "|\n")
        if accepted is not None:
            if text == accepted[0]:
                expected.add(accepted)
                accepted = None
            elif not (accepted[0] + accepted[1]).startswith(text) or len(text) > len(before):
                accepted = None
        if current is None:
            continue
        start, suggestion, visible = current
        whole = start + suggestion
        if text == whole:
            accepted = (start, suggestion) if len(text) - len(before) >= 2 else accepted
            current = None
        elif not (whole.startswith(text) and len(text) >= len(start)):
            if text.startswith(before) and text[len(before) :].strip() and visible:
                at = len(before)
                while at < len(text) and whole[at : at + 1] == text[at]:
                    at += 1
                if whole[at:].strip():
                    expected.add((whole[:at], whole[at:]))
            current = None
    for start in {start for start, _ in expected} | {"k = ", "k = a"}:
        for rest in {rest for _, rest in expected} | {"az", "xz"}:
            line = start.rpartition("\n")[2]
            above = start.rpartition("\n")[0].rstrip().rpartition("\n")[2]
            places = {
                (
                    s.rpartition("\n")[0].rstrip().rpartition("\n")[2],
                    s.rpartition("\n")[2],
                    _first(r),
                )
                for s, r in expected
            }
            user.text, user.offset = start + "\n", len(start)
            assert user.rejected(rest) == ((above, line, _first(rest)) in places)


def _first(text: str) -> str:
    lead = len(text) - len(text.lstrip("\n"))
    return (text[:lead] + text[lead:].partition("\n")[0]).rstrip()
