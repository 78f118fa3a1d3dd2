"""Dependencies before what uses them, as Abacus orders repositories. Knows no files.

The steps of the published description (HIT-SCIR/Abacus): strongly connected components (Tarjan
1972), topological order of their condensation, PageRank inside a component, which is an import
cycle: what the others of the cycle use most comes first.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping

from beadline.trainer.order.dependencies import Uses

DAMPING = 0.85
_ROUNDS = 100
_SMALL = 1e-9


def dependencies_first(uses: Uses, rng: random.Random) -> list[str]:
    """All paths: a file stands behind all that it uses but for what uses it in turn. Among the
    orders of which that is true, `rng` draws."""
    ordered: list[str] = []
    for component in components(uses, rng):
        if len(component) > 1:
            ranks = pagerank(uses, component)
            component = sorted(component, key=lambda path: (-ranks[path], path))
        ordered += component
    return ordered


def components(uses: Uses, rng: random.Random) -> list[list[str]]:
    """The strongly connected components by Tarjan's algorithm, each one behind those that it uses.

    That is the order in which the algorithm finishes them. Without recursion: chains of imports
    are longer than Python's stack.
    """
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    on_stack: set[str] = set()
    work: list[tuple[str, Iterator[str]]] = []
    found: list[list[str]] = []

    def enter(path: str) -> None:
        number[path] = low[path] = len(number)
        waiting.append(path)
        on_stack.add(path)
        work.append((path, iter(sorted(uses[path]))))

    starts = sorted(uses)
    rng.shuffle(starts)
    for start in starts:
        if start not in number:
            enter(start)
        while work:
            path, rest = work[-1]
            for used in rest:
                if used not in uses:
                    continue
                if used not in number:
                    enter(used)
                    break
                if used in on_stack:
                    low[path] = min(low[path], number[used])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[path])
                if low[path] == number[path]:
                    component = [waiting.pop()]
                    while component[-1] != path:
                        component.append(waiting.pop())
                    on_stack.difference_update(component)
                    found.append(component)
    return found


def pagerank(
    uses: Mapping[str, Mapping[str, float]], among: Collection[str], damping: float = DAMPING
) -> dict[str, float]:
    """PageRank of some paths by the uses among them: who is used much, by those who are, has much.
    The ranks add up to 1."""
    paths = sorted(among)
    members = set(paths)
    count = len(paths)
    out = {
        path: {used: weight for used, weight in uses[path].items() if used in members}
        for path in paths
    }
    ranks = dict.fromkeys(paths, 1 / count)
    for _ in range(_ROUNDS):
        idle = sum(ranks[path] for path in paths if not out[path])
        after = dict.fromkeys(paths, (1 - damping + damping * idle) / count)
        for path in paths:
            total = sum(out[path].values())
            for used, weight in out[path].items():
                after[used] += damping * ranks[path] * weight / total
        moved = sum(abs(after[path] - ranks[path]) for path in paths)
        ranks = after
        if moved < _SMALL:
            break
    return ranks
