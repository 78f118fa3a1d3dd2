"""Whether a suggestion breaks the code (DESIGN section 2, step 7). Knows no model.

Code at a cursor is broken as a rule, and whole files are in the eyes of their grammars (macros,
halves of `#if`), so nothing is demanded to be free of errors: the text with a suggestion is
compared with the text without it.
"""

from __future__ import annotations

from beadline.context import repair
from beadline.context.syntax.tree import Problems, SyntaxTree

_NEAR_CHARS = 8_000
"""What is broken is looked at within so many characters: it takes many parses."""
_SEARCH_CHARS = 600_000
"""Of fillings so many are tried that they make this many characters to parse."""
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
    if text == tree.text[start:end]:
        return False
    if (near := tree.around(start)) is None:
        return True  # it cannot be checked in the time between two keystrokes
    if not _broken(*near, start, end, text):
        return False
    unreadable = _unreadable(*near, start)
    if (near := tree.around(start, _NEAR_CHARS)) is None:
        return True
    tree, skipped = near
    start, end = start - skipped, end - skipped
    after, stop = tree.insert(start, end, text), start + len(text)
    baseline, compiles, covered = _best_without(tree, start)
    if _as_good(after, start, stop, baseline, compiles, len(text)):
        return False
    # Where the text had no problem, every one is the suggestion's, wherever the parser puts it.
    broken = not compiles and tree.problems().count > 0
    if broken and repair.balanced(tree.hole_at(start), after.hole_at(stop)):
        named = repair.macros(after.hole_at(stop), start)
        if named & unreadable or _elsewhere(after, start, stop, covered):
            return False
    for at, ending in repair.endings(after.hole_at(stop), start):
        finished = after.insert(at, at, ending)
        if _as_good(finished, start, stop + len(ending), baseline, compiles, len(text)):
            return False
    return True


def _broken(tree: SyntaxTree, skipped: int, start: int, end: int, text: str) -> bool:
    """The text has problems with the suggestion, whoever's they are."""
    start, end = start - skipped, end - skipped
    after = tree.insert(start, end, text)
    return after.problems().count > 0 or _compiles(after, start, start + len(text)) is False


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


def _best_without(tree: SyntaxTree, offset: int) -> tuple[Problems, bool, bool]:
    """The fewest problems with a likely filling at the cursor, whether the code then compiles,
    and whether an ERROR reaches over the cursor all the same."""
    found = tree.baselines.get(offset)
    if found is None:
        found = tree.baselines[offset] = _search_without(tree, offset)
    return found


def _search_without(tree: SyntaxTree, offset: int) -> tuple[Problems, bool, bool]:
    best, best_tree = tree.problems(), tree
    verdict = _compiles(tree, offset, offset)
    if best.count == 0 and verdict is not False:
        return best, verdict is True, False
    most = _SEARCH_CHARS // max(1, len(tree.text))
    for filling in repair.fillings(tree.hole_at(offset))[:most]:
        filled = tree.insert(offset, offset, filling)
        problems = filled.problems()
        if problems.count > best.count:
            continue
        if problems.count < best.count:
            best, best_tree = problems, filled
        verdict = _compiles(filled, offset, offset + len(filling))
        if verdict or (verdict is None and best.count == 0):
            return problems, verdict is True, False
    byte = tree.byte_offset(offset)
    covered = any(n.start_byte < byte < n.end_byte for n in best_tree.problem_nodes())
    return best, False, covered and best.count > 0


def _as_good(
    after: SyntaxTree, start: int, end: int, baseline: Problems, compiles: bool, length: int
) -> bool:
    problems = after.problems()
    if problems.count > baseline.count:
        return False
    if problems.count and problems.error_bytes > baseline.error_bytes + length + _SLACK_BYTES:
        return False
    return not compiles or _compiles(after, start, end) is not False


def _compiles(tree: SyntaxTree, start: int, end: int) -> bool | None:
    """The language's compiler takes the top-level statements around [start, end], one more on
    either side; None where it cannot be asked."""
    first, last = tree.byte_offset(start), tree.byte_offset(end)
    children = [c for c in tree.root.children if c.type not in tree.language.kinds.comments]
    above = [c for c in children if c.end_byte < first]
    below = [c for c in children if c.start_byte > last]
    low = tree.offset(above[-1].start_byte) if above else 0
    high = tree.offset(below[0].end_byte) if below else len(tree.text)
    source = tree.text[tree.text.rfind("\n", 0, low) + 1 : high]
    return repair.accepts(tree.language.id, source)
