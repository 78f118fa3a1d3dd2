"""llama.vim's ring, requests and hints, against small cases worked out by hand from its source."""

from __future__ import annotations

import pytest

from beadline.bench.infill import Buffer, Cache, local, render, request
from beadline.bench.ring import CHUNKS, Ring, similarity

LINES = [f"value_{number} = call_{number}(x)" for number in range(1, 401)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (["a b", "c"], ["c b", "a"], 1.0),
        (["a b"], ["a d"], 0.5),
        (["a"], ["a a a"], 1.5),  # words of the second are counted as often as they come
        (["a-b"], ["a_b"], 0.0),
        (["..."], [""], 1.0),
    ],
)
def test_similarity(first: list[str], second: list[str], expected: float) -> None:
    assert similarity(first, second) == expected


def test_small_texts_are_picked_whole_and_large_ones_in_part() -> None:
    ring = Ring(seed=1)
    ring.pick(LINES[:2], "a.py", evict=True)
    assert ring.queued == []
    ring.pick(LINES[:62], "a.py", evict=True)
    ring.pick(LINES[100:163], "a.py", evict=True)
    whole, part = ring.queued
    assert whole.lines == tuple(LINES[:62]) and whole.text.endswith("\n")
    assert len(part.lines) == 33 or part.lines[-1] == LINES[162]
    first = LINES.index(part.lines[0])
    assert part.lines == tuple(LINES[first : first + len(part.lines)])


def test_the_same_again_is_not_picked_and_near_ones_replace_or_give_way() -> None:
    ring = Ring(seed=1)
    ring.pick(LINES[:30], "a.py", evict=True)
    ring.pick(LINES[:30], "b.py", evict=True)
    assert [chunk.filename for chunk in ring.queued] == ["a.py"]
    ring.update()
    ring.pick(LINES[1:31], "c.py", evict=False)
    assert [c.filename for c in ring.chunks] == ["a.py"] and not ring.queued
    ring.pick(LINES[1:31], "c.py", evict=True)
    assert [c.filename for c in ring.queued] == ["c.py"] and not ring.chunks


def test_the_ring_has_sixteen_chunks_and_a_bound_of_tokens_where_asked_for() -> None:
    ring, bounded = Ring(seed=1), Ring(seed=1, most_tokens=100)
    for number in range(CHUNKS + 2):
        for each in (ring, bounded):
            each.pick(LINES[4 * number : 4 * number + 4], f"{number}.py", evict=True)
            each.update(tokens=30)
    assert [c["filename"] for c in ring.extra()] == [f"{n}.py" for n in range(2, CHUNKS + 2)]
    assert [c.filename for c in bounded.chunks] == ["15.py", "16.py", "17.py"]


def test_far_moves_pick_above_and_below_and_near_chunks_go_before_a_request() -> None:
    ring = Ring(seed=1)
    ring.moved(LINES, 300, "a.py")
    above, below = ring.queued
    assert set(above.lines) <= set(LINES[:44]) and set(below.lines) <= set(LINES[363:])
    ring.moved(LINES, 332, "a.py")
    assert len(ring.queued) == 2  # 32 lines are not far
    ring.update()
    ring.update()
    ring.drop_near(LINES, 395)
    assert [chunk.lines for chunk in ring.chunks] == [above.lines]


def test_the_text_around_the_cursor() -> None:
    text = "one\n  two = 3\n    \nfour\n"
    where = local(Buffer.of(text, text.index("= 3"), "a.py"))
    assert (where.prefix, where.middle) == ("one\n", "  two ")
    assert (where.suffix, where.indent) == ("= 3\n    \nfour\n", 2)
    blank = local(Buffer.of(text, text.index("\nfour"), "a.py"))
    assert (blank.middle, blank.suffix, blank.indent) == ("", "\nfour\n", 0)
    keys = where.cache_keys()
    assert keys == ["one\n  two Î= 3\n    \nfour\n"]


def test_the_text_as_if_a_hint_were_accepted() -> None:
    buffer = Buffer.of("one\ntwo\nfour\n", 7, "a.py")
    one = local(buffer, ["(x)"], 4)
    assert (one.prefix, one.middle, one.suffix, one.indent) == ("one\n", "two(x)", "\nfour\n", 4)
    three = local(buffer, ["(x)", "  a", "  b"], 4)
    assert (three.prefix, three.middle) == ("one\ntwo(x)\n  a\n", "  b")


def test_the_cache_walks_back_over_what_was_typed() -> None:
    cache = Cache()
    asked = local(Buffer.of("x = \ny\n", 4, "a.py"))
    for key in asked.cache_keys():
        cache.insert(key, "call(1)\nz")
    typed = local(Buffer.of("x = cal\ny\n", 7, "a.py"))
    assert cache.near(asked) == "call(1)\nz"
    assert cache.near(typed) == "l(1)\nz"
    assert cache.near(local(Buffer.of("x = cat\ny\n", 7, "a.py"))) is None


def test_the_cache_forgets_the_least_recently_used() -> None:
    cache = Cache()
    for number in range(251):
        cache.insert(str(number), "x")
        cache.get("0")
    assert cache.get("0") == "x" and cache.get("1") is None and cache.get("250") == "x"


@pytest.mark.parametrize(
    ("text", "content", "replaced", "can_accept"),
    [
        ("a = |)\nb\n", "f(1", "a = f(1)", True),
        ("a = |)\nb\n", ")", "a = )", True),
        ("a|\nb\nc\n", "\nb\nc", "a", False),
        ("    |\nb\n", "    x = 1\n    y", "    x = 1\n    y", True),
        ("    |\nb\n", "  x", "  x", True),
        ("|\nab\n", "ab", "", False),
        ("a|\nab\ncd\n", "b\nc", "a", False),
        ("a|\nb\n", "\n\n", "a", False),
    ],
)
def test_hints(text: str, content: str, replaced: str, can_accept: bool) -> None:
    offset = text.index("|")
    buffer = Buffer.of(text.replace("|", ""), offset, "a.py")
    hint = render(buffer, content)
    assert hint.replaced(buffer) == replaced
    assert hint.can_accept is can_accept


def test_a_request_has_the_parameters_of_the_plugin() -> None:
    body = request(local(Buffer.of("a\n", 1, "a.py")), [], 250)
    assert body["n_predict"] == 128 and body["top_k"] == 40 and body["top_p"] == 0.90
    assert body["samplers"][:3] == ["top_k", "top_p", "infill"] and body["t_max_predict_ms"] == 250
