"""The monitor over a small vocabulary: what is raised, by how much, and where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.fim.healing import TokenTable
from beadline.engine.guidance import Names
from beadline.engine.monitor import Monitor, NameTable

LONGER = [
    b"get", b"get_", b"set", b"name", b" name", b"name(", b" name(", b"()", b"self", b" self",
    b".", b".get", b".na", b"user", b"_name", b"na", b"me", b", ", b"import", b" as", b"user.",
]  # fmt: skip
TEXTS = [bytes([byte]) for byte in range(256)] + [each for each in LONGER if len(each) > 1]
END = len(TEXTS)
"""Id of a token that is no text."""
SIZE = len(TEXTS) + 1
WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") | set(
    range(128, 256)
)
NAMES = st.lists(st.text("nameguser_", min_size=1, max_size=8), min_size=1, max_size=6, unique=True)


def spell(token: int) -> bytes:
    return b"<end>" if token == END else TEXTS[token]


@pytest.fixture(scope="module")
def table() -> NameTable:
    return NameTable(TokenTable(range(len(TEXTS)), spell), SIZE)


def tokens_of(text: bytes) -> list[int]:
    """Single bytes."""
    return list(text)


def expected(*names: str, certainty: float = 0.9, **others) -> Names:
    return Names(tuple((name, 1.0) for name in names), certainty, **others)


def monitor_of(table: NameTable, *names: Names, left: str = "x.", typed: str = "") -> Monitor:
    monitor = Monitor(names, table, spell, left=left.encode(), typed=typed.encode())
    monitor.begin([])
    return monitor


def share(logits: np.ndarray, tokens: list[int]) -> float:
    """Probability of tokens under softmax."""
    weights = np.exp(logits.astype(np.float64) - logits.max())
    return float(weights[tokens].sum() / weights.sum())


def raised_by(monitor: Monitor, logits: np.ndarray) -> set[int]:
    """Ids that became likelier."""
    before = logits - np.logaddexp.reduce(logits.astype(np.float64))
    after = monitor.adjust(logits)
    higher = after - np.logaddexp.reduce(after.astype(np.float64)) > before
    return set(np.flatnonzero(higher).tolist())


def fits(data: bytes, rests: list[bytes]) -> bool:
    """Whether a token goes on with what is left of a name: the definition, tried on one token."""
    return any(
        (rest and rest.startswith(data))
        or (data.startswith(rest) and len(data) > len(rest) and data[len(rest)] not in WORD)
        for rest in rests
    )


UNIFORM = np.zeros(SIZE, dtype=np.float32)


@given(names=NAMES, written=st.integers(0, 4), priors=st.data())
def test_raised_are_the_tokens_that_go_on_with_a_name(
    table: NameTable, names: list[str], written: int, priors: st.DataObject
) -> None:
    start = priors.draw(st.sampled_from(names))[:written].encode()
    monitor = monitor_of(table, expected(*names, certainty=1.0, closed=True))
    monitor.append(tokens_of(start))
    possible = set(np.flatnonzero(np.isfinite(monitor.adjust(UNIFORM))))
    rests = [name.encode()[len(start) :] for name in names if name.encode().startswith(start)]
    wanted = {token for token in range(len(TEXTS)) if fits(spell(token), rests)}
    if b"" in rests:
        wanted.add(END)  # a whole name may be the end of everything
    assert possible == wanted


@given(
    names=NAMES,
    certainty=st.floats(0.01, 1.0),
    closed=st.booleans(),
    written=st.integers(0, 3),
    seed=st.integers(0, 1000),
)
def test_probabilities_sum_to_one_and_nothing_given_is_changed(
    table: NameTable, names: list[str], certainty: float, closed: bool, written: int, seed: int
) -> None:
    logits = np.random.default_rng(seed).normal(0, 5, SIZE).astype(np.float32)
    kept = logits.copy()
    monitor = monitor_of(table, expected(*names, certainty=certainty, closed=closed))
    monitor.append(tokens_of(names[0].encode()[:written]))
    adjusted = monitor.adjust(logits)
    assert (logits == kept).all()
    assert adjusted.dtype == np.float32
    total = np.logaddexp.reduce(logits.astype(np.float64))
    assert np.logaddexp.reduce(adjusted.astype(np.float64)) == pytest.approx(total, abs=1e-3)


@pytest.mark.parametrize("certainty", [0.1, 0.5, 0.95])
def test_of_what_is_not_theirs_the_names_get_the_certainty(
    table: NameTable, certainty: float
) -> None:
    monitor = monitor_of(table, expected("name", "get", certainty=certainty))
    ours = [token for token in range(len(TEXTS)) if fits(spell(token), [b"name", b"get"])]
    before = share(UNIFORM, ours)
    after = share(monitor.adjust(UNIFORM), ours)
    assert after == pytest.approx(1 - (1 - certainty) * (1 - before), rel=1e-4)


def test_among_names_the_more_likely_one_is_raised_more(table: NameTable) -> None:
    monitor = monitor_of(table, Names((("name", 9.0), ("set", 1.0)), 0.9))
    adjusted = monitor.adjust(UNIFORM)
    assert adjusted[TEXTS.index(b"name")] > adjusted[TEXTS.index(b"set")]


def test_the_word_of_the_model_counts_among_names(table: NameTable) -> None:
    monitor = monitor_of(table, Names((("name", 2.0), ("set", 1.0)), 0.9))
    logits = UNIFORM.copy()
    logits[TEXTS.index(b"set")] = 5.0
    adjusted = monitor.adjust(logits)
    assert adjusted[TEXTS.index(b"set")] > adjusted[TEXTS.index(b"name")]


@given(names=NAMES, seed=st.integers(0, 10_000))
def test_where_nothing_else_is_allowed_a_whole_name_is_written(
    table: NameTable, names: list[str], seed: int
) -> None:
    random = np.random.default_rng(seed)
    monitor = monitor_of(table, expected(*names, closed=True))
    text = b""
    for _ in range(20):
        token = int(monitor.adjust(random.normal(0, 3, SIZE).astype(np.float32)).argmax())
        monitor.append([token])
        if token == END:
            break
        text += spell(token)
        if any(byte not in WORD for byte in text):
            break
    word = next((text[:at] for at, byte in enumerate(text) if byte not in WORD), text)
    assert word.decode() in names


def test_behind_the_name_nothing_is_expected(table: NameTable) -> None:
    monitor = monitor_of(table, expected("name"))
    monitor.append([TEXTS.index(b"name(")])
    assert monitor.adjust(UNIFORM) is UNIFORM


def test_another_name_than_the_expected_ones_goes_its_way(table: NameTable) -> None:
    monitor = monitor_of(table, expected("name"))
    monitor.append(tokens_of(b"zz"))
    assert monitor.adjust(UNIFORM) is UNIFORM


@pytest.mark.parametrize(
    ("written", "expects"),
    [
        (b"a = self.", True),
        (b"a = self.na", True),
        (b"(self.", True),
        (b"a = myself.", False),
        (b"a = b.self.", False),
        (b"a = other.", False),
        (b"a = self. ", False),
        (b"a = self", False),
    ],
)
def test_behind_a_text_wherever_it_is_written(
    table: NameTable, written: bytes, expects: bool
) -> None:
    monitor = monitor_of(table, expected("name", after="self."), left="    ")
    monitor.append(tokens_of(written))
    assert (monitor.adjust(UNIFORM) is not UNIFORM) is expects


def test_behind_a_text_nothing_is_certain(table: NameTable) -> None:
    monitor = monitor_of(table, expected("name", after="self.", closed=True), left="")
    monitor.append(tokens_of(b"self."))
    assert np.isfinite(monitor.adjust(UNIFORM)).all()


def test_the_typed_part_of_a_name_is_not_written_again(table: NameTable) -> None:
    monitor = monitor_of(table, expected("name", "get", typed="na"), left="x.na")
    raised = raised_by(monitor, UNIFORM)
    assert TEXTS.index(b"me") in raised
    assert TEXTS.index(b"name") not in raised


def test_typed_bytes_may_be_spelled_by_the_first_tokens(table: NameTable) -> None:
    names = expected("name", "get", typed="na")
    healed = monitor_of(table, names, left="x.na", typed=".na")
    healed.append([TEXTS.index(b".na")])
    plain = monitor_of(table, names, left="x.na")
    assert (healed.adjust(UNIFORM) == plain.adjust(UNIFORM)).all()


def test_imported_names_stand_behind_a_blank_and_one_after_the_other(table: NameTable) -> None:
    names = expected("name", "user", separator=",", spaced=True)
    monitor = monitor_of(table, names, left="from a import")
    assert TEXTS.index(b" name") in raised_by(monitor, UNIFORM)
    assert TEXTS.index(b"name") not in raised_by(monitor, UNIFORM)
    monitor.append([TEXTS.index(b" name"), TEXTS.index(b", ")])
    assert TEXTS.index(b"user") in raised_by(monitor, UNIFORM)
    monitor.append(tokens_of(b"user\nf(a, "))
    assert monitor.adjust(UNIFORM) is UNIFORM


def test_a_new_generation_begins_at_the_cursor_again(table: NameTable) -> None:
    monitor = monitor_of(table, expected("name"))
    first = monitor.adjust(UNIFORM)
    monitor.append(tokens_of(b"name()"))
    monitor.begin([])
    assert (monitor.adjust(UNIFORM) == first).all()


def test_names_that_are_barred_altogether_change_nothing(table: NameTable) -> None:
    logits = UNIFORM.copy()
    for token in range(len(TEXTS)):
        if fits(spell(token), [b"name"]):
            logits[token] = -np.inf
    monitor = monitor_of(table, expected("name", closed=True))
    assert monitor.adjust(logits) is logits
