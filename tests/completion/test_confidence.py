"""Estimates: probabilities, monotone where they must be, and the files that weights come from."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.completion import weights
from beadline.completion.confidence import (
    TERMS,
    Estimator,
    Features,
    Part,
    describe,
    first_line,
    of_line,
    parts_from,
    terms,
)
from beadline.completion.reading import Reader
from beadline.context.types import Document
from beadline.engine.fitted import GENERIC, write
from beadline.engine.models import resolve
from beadline.engine.verdicts import digest
from beadline.settings import ContextOptions

PARTS = st.lists(
    st.builds(
        Part, st.integers(1, 9), st.integers(1, 3), st.floats(-20, 0), agreed=st.floats(0, 3)
    ),
    max_size=12,
)
NUMBERS = st.floats(-1e6, 1e6)
FEATURES = st.builds(
    Features, **dict.fromkeys((f.name for f in dataclasses.fields(Features)), NUMBERS)
)
PLAIN = Features(**{f.name: 0.0 for f in dataclasses.fields(Features)})


def packaged() -> list[tuple[str, Estimator]]:
    return [(key, each.estimator) for key, each in weights.FILES.packaged.items()]


@given(PARTS, st.integers(0, 120))
def test_parts_add_up(parts: list[Part], count: int):
    left = parts_from(parts, count)
    total = sum(p.length for p in parts)
    assert sum(p.length for p in left) == max(0, total - count)
    assert all(p in parts for p in left[1:])
    assert sum(p.logprob for p in left) >= sum(p.logprob for p in parts) - 1e-9
    assert parts_from(parts, 0) == tuple(parts)


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = b", "a = b"), ("a\nb", "a"), ("\n  \n\tx\ny", "\tx"), ("\n\n", ""), ("  x", "  x")],
)
def test_the_first_line_is_the_first_that_says_something(text: str, line: str):
    start, end = first_line(text)
    assert text[start:end] == line


def test_only_the_first_lines_tokens_count():
    parts = [Part(3, 1, -0.5), Part(2, 2, -2.0), Part(4, 1, -9.0)]
    line = of_line("foo()\nbar", parts)
    assert (line["line_logprob"], line["tokens"], line["least_logprob"]) == (-2.5, 3, -2.0)
    assert line["first_logprob"] == -0.5
    assert of_line("foo", [])["line_logprob"] == 0.0


def test_what_the_cursor_tells():
    text = "def total(values):\n    return sum(val\n"
    document = Document("a.py", "a.py", "python", text)
    reading = Reader().read(document, len(text) - 1, ContextOptions())
    found = describe(
        reading, "ues)", [Part(4, 2, -1.0)],
        eog_probability=0.25, attempts=2, whole=True, healed=True, acceptance=0.5,
    )  # fmt: skip
    assert (found.mid_word, found.known_words, found.signs_only) == (True, 1.0, False)
    assert (found.in_brackets or found.in_statement) and not found.in_string
    assert (found.at_line_start, found.text_behind, found.next_line) == (False, False, False)
    strange = describe(
        reading, "ious)", [],
        eog_probability=0.0, attempts=1, whole=True, healed=True, acceptance=0.5,
    )  # fmt: skip
    assert strange.known_words == 0.0
    assert json.loads(json.dumps(found.as_dict()))["mid_word"] == 1.0


@pytest.mark.parametrize(("key", "estimator"), packaged())
@given(features=FEATURES)
def test_an_estimate_is_a_probability(key: str, estimator: Estimator, features: Features):
    del key
    assert 0.0 <= estimator.estimate(features) <= 1.0


@given(st.floats(-800, 800), FEATURES)
def test_no_sum_is_too_large(intercept: float, features: Features):
    assert 0.0 <= Estimator({"log_tokens": 300.0}, intercept).estimate(features) <= 1.0


@pytest.mark.parametrize(("key", "estimator"), packaged())
@given(st.floats(-16, 0), st.floats(-16, 0), st.integers(1, 20))
def test_what_the_model_doubts_more_is_less_likely(
    key: str, estimator: Estimator, one: float, other: float, tokens: int
):
    """A line of so many equally likely tokens."""

    def estimate(logprob: float) -> float:
        line = of_line("x" * tokens, [Part(1, 1, logprob / tokens)] * tokens)
        return estimator.estimate(dataclasses.replace(PLAIN, **line, whole=1.0))

    del key
    low, high = sorted((one, other))
    assert estimate(low) <= estimate(high) + 1e-12


def test_without_weights_nothing_is_doubted():
    assert Estimator().estimate(PLAIN) == 1.0


def test_the_packaged_weights_are_of_the_terms_and_the_model_there_are():
    sets = weights.FILES.packaged
    builtin = sets[digest(resolve("builtin"))]
    assert sets.keys() == {GENERIC, digest(resolve("builtin"))}
    assert builtin.estimator.weights.keys() <= TERMS
    assert sets[GENERIC].estimator.weights.keys() <= {
        "line_logprob", "least_logprob", "mean_logprob"
    }  # fmt: skip
    assert terms(PLAIN).keys() == TERMS
    assert weights.estimator_of(resolve("builtin")) == builtin.estimator
    sure, unsure = (
        builtin.estimator.estimate(
            dataclasses.replace(PLAIN, **of_line("x", [Part(1, 1, logprob)]), whole=1.0)
        )
        for logprob in (-0.1, -5.0)
    )
    assert sure > 2 * unsure


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEADLINE_DATA_DIR", str(tmp_path))
    return tmp_path


def test_a_users_own_weights_go_first(data_dir: Path, tmp_path: Path):
    model = tmp_path / "own.gguf"
    model.write_bytes(b"a model")
    generic = weights.FILES.packaged[GENERIC].estimator
    assert weights.estimator_of(model) == generic
    assert weights.estimator_of(tmp_path / "gone.gguf") == generic
    own = weights.Fitted(Estimator({"mean_logprob": 2.0}, -1.0), "own", {"right": 30})
    write(weights.FILES.user_file(digest(model)), own.as_dict())
    assert weights.estimator_of(model) == own.estimator
    assert weights.FILES.user_file(digest(model)).is_relative_to(data_dir)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"model": "m", "intercept": 0, "weights": {"no_such_term": 1}}',
     '{"model": "m", "intercept": NaN, "weights": {}}',
     '{"model": "m", "intercept": 0, "weights": {"mean_logprob": "much"}}'],
)  # fmt: skip
@pytest.mark.usefixtures("data_dir")
def test_a_damaged_file_is_told_and_not_used(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    model = tmp_path / "own.gguf"
    model.write_bytes(b"a model")
    path = weights.FILES.user_file(digest(model))
    path.parent.mkdir()
    path.write_text(content)
    with caplog.at_level(logging.WARNING):
        estimator = weights.estimator_of(model)
    assert estimator == weights.FILES.packaged[GENERIC].estimator
    assert str(path) in caplog.text
    assert path.read_text() == content
    assert all(map(math.isfinite, estimator.weights.values()))
