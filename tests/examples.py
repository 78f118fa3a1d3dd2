"""How many examples a property is tried on: all in the whole test set, fewer in the fast one."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

WHOLE, FAST = 100, 30
"""Examples of a property that does not ask for a number of its own, in either set."""


def load_profile(*, fast: bool) -> None:
    """Make the numbers of one of the sets the default; before tests are imported."""
    # No test is about time: machines are slow, and grammars are loaded where they are first used.
    settings.register_profile("beadline", deadline=None, max_examples=FAST if fast else WHOLE)
    settings.load_profile("beadline")


def examples(count: int, **others: Any) -> settings:
    """So many in the whole set, in the fast one fewer in proportion; `others` as they are."""
    return settings(max_examples=max(1, count * settings().max_examples // WHOLE), **others)
