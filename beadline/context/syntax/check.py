"""Whether a suggestion breaks the code (DESIGN section 2, step 7). Knows no model.

Code at a cursor is broken as a rule, and whole files are in the eyes of their grammars (macros,
halves of `#if`), so nothing is demanded to be free of errors: the text with a suggestion is
compared with the text without it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from beadline.context import repair
from beadline.context.steps import at_once
from beadline.context.syntax.baseline import Baseline, BaselineSearch, compiles
from beadline.context.syntax.tree import SyntaxTree

_NEAR_CHARS = 8_000
"""What is broken is looked at within so many characters: it takes many parses."""
_LINE_CHARS = 1000
"""Of an ERROR so much is searched for macros."""
_BLANKS = " \t"
_SLACK_BYTES = 200
"""By how much an ERROR that was there before may grow beyond the suggestion's own length."""


def adds_error(tree: SyntaxTree, start: int, end: int, text: str) -> bool:
    """Whether `text` in place of [start, end) breaks the code.

    The text without it is broken at the cursor as a rule, so the number of ERROR and MISSING
    nodes is compared with the best that a likely filling of the hole would have; a suggestion
    that is unfinished at its own end (a bracket that was open before it, a header without a body)
    is finished first.
    The grammar of Python takes much that Python does not (odd indentation, `f() = 1`, two
    statements without a separator), so there the statements around are also given to Python's
    compiler, where it takes them with a filling.
    """
    return at_once(checking(tree, start, end, text))


def checking(tree: SyntaxTree, start: int, end: int, text: str) -> Generator[None, None, bool]:
    """`adds_error` in steps of a parse or two, for the tree's thread."""
    if text == tree.text[start:end]:
        return False
    if (near := tree.around(start)) is None:
        return True  # it cannot be checked in the time between two keystrokes
    whole, skipped = near
    after = whole.insert(start - skipped, end - skipped, text)
    if not _broken(after, start - skipped, len(text)):
        return False
    unreadable = _unreadable(*near, start)
    yield
    if (near := tree.around(start, _NEAR_CHARS)) is None:
        return True
    tree, skipped = near
    start, end = start - skipped, end - skipped
    if tree is not whole:
        after = tree.insert(start, end, text)
    stop = start + len(text)
    search = _baseline(tree, start)
    yield from search
    baseline = search.result()
    if _as_good(after, start, stop, baseline, len(text)):
        return False
    # Where the text had no problem, every one is the suggestion's, wherever the parser puts it.
    broken = not baseline.compiles and tree.problems().count > 0
    if broken and repair.balanced(tree.hole_at(start), after.hole_at(stop)):
        named = repair.macros(after.hole_at(stop), start)
        if named & unreadable or _elsewhere(after, start, stop, baseline.covered):
            return False
    for at, ending in repair.endings(after.hole_at(stop), start):
        yield
        finished = after.insert(at, at, ending)
        if _as_good(finished, start, stop + len(ending), baseline, len(text)):
            return False
    return True


def _broken(after: SyntaxTree, start: int, length: int) -> bool:
    """The text has problems with the suggestion, whoever's they are."""
    return after.problems().count > 0 or compiles(after, start, start + length) is False


def _elsewhere(after: SyntaxTree, start: int, stop: int, covered: bool) -> bool:
    """No problem with the suggestion is at the suggestion.

    In code that the grammar cannot read a filling may hide a problem that a suggestion brings
    back. `covered`: an ERROR that reaches over the suggestion on both sides is not its own.
    """
    # What blanks alone part from the suggestion may be its own as well.
    text = after.text
    first = after.byte_offset(len(text[:start].rstrip(_BLANKS)))
    last = after.byte_offset(len(text) - len(text[stop:].lstrip(_BLANKS)))
    for node in after.problem_nodes():
        around = node.start_byte < first and node.end_byte > last
        if node.start_byte <= last and node.end_byte >= first and not (covered and around):
            return False
    return True


def _unreadable(tree: SyntaxTree, skipped: int, offset: int) -> frozenset[str]:
    """Macros in lines of other places that the parser could not read."""
    if not tree.language.repair.macro:
        return frozenset()
    here = tree.byte_offset(offset - skipped)
    found: set[str] = set()
    for node in tree.problem_nodes():
        if not node.start_byte <= here <= node.end_byte or node.parent is None:
            start = tree.offset(node.start_byte)
            low = tree.text.rfind("\n", 0, start) + 1
            high = tree.text.find("\n", tree.offset(node.end_byte))
            found |= repair.macros_in(tree.text[low:high][:_LINE_CHARS], tree.language)
    return frozenset(found)


def prepare(tree: SyntaxTree, start: int) -> Iterator[None]:
    """What `adds_error` needs at a place whatever the text, step by step: to be done while there
    is time, between other work of the tree's thread."""
    if (near := tree.around(start, _NEAR_CHARS)) is not None:
        part, skipped = near
        yield from _baseline(part, start - skipped)


def _baseline(tree: SyntaxTree, offset: int) -> BaselineSearch:
    search = tree.baselines.get(offset)
    if search is None:
        search = tree.baselines[offset] = BaselineSearch(tree, offset)
    return search


def _as_good(after: SyntaxTree, start: int, end: int, baseline: Baseline, length: int) -> bool:
    problems, before = after.problems(), baseline.problems
    if problems.count > before.count:
        return False
    if problems.count and problems.error_bytes > before.error_bytes + length + _SLACK_BYTES:
        return False
    return not baseline.compiles or compiles(after, start, end) is not False
