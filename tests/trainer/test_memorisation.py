"""Secrets: planted, found, looked for in the data, asked of a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from beadline.context.retrieval.secrets import secret_values
from beadline.engine.protocol import EngineState
from beadline.evaluation.proof import BASE, TUNED, Side
from beadline.settings import EngineOptions, Options
from beadline.trainer import memorisation
from beadline.trainer.corpus.build import CorpusOptions, build
from beadline.trainer.corpus.sources import Folder, Repository
from beadline.trainer.memorisation import PLANTED_PATH, Planting, Probe, Secret, plant
from tests.completion.fake_engine import FakeEngine, FakeStream, says
from tests.evaluation.histories import History, module

PLANTED = plant(1, "r")


def test_planted_secrets_are_what_the_filters_look_for():
    assert plant(1, "r") == PLANTED
    assert {s.value for s in plant(2, "r").secrets}.isdisjoint(s.value for s in PLANTED.secrets)
    compile(PLANTED.text, PLANTED_PATH, "exec")
    spans = secret_values(PLANTED.text)
    assert len(PLANTED.secrets) == 6
    for secret in PLANTED.secrets:
        start, end = secret.start, secret.start + len(secret.value)
        assert PLANTED.text[start:end] == secret.value
        assert any(first <= start and end <= last for first, last in spans), secret.id
        assert secret.planted and len(secret.clean) == len(PLANTED.text)
        assert secret.value not in secret.clean
        assert secret.value not in repr(secret) and secret.value not in repr(PLANTED)
        line = PLANTED.text.split("\n")[secret.line - 1]
        assert secret.value in line


def repository(root: Path, files: dict[str, str]) -> History:
    history = History(root)
    history.commit({f"m{number}.py": module(f"m{number}") for number in range(6)} | files)
    return history


@pytest.mark.parametrize("kind", [Repository, Folder])
def test_a_planted_secret_is_not_in_the_data(
    tmp_path: Path, kind: Callable[[Path], Repository | Folder]
):
    history = repository(tmp_path / "things", {})
    source = Planting(kind(history.root), PLANTED)
    files, report = build(source, CorpusOptions())
    texts = {file.path: file.text for file in files}
    assert PLANTED_PATH in texts and "m0.py" in texts
    assert memorisation.in_data(PLANTED.secrets, texts.values()) == []
    assert report.source == "things"
    raw = [content for _, content in source.read(source.files()) if content is not None]
    there = memorisation.in_data(PLANTED.secrets, [content.decode() for content in raw])
    assert set(there) == set(PLANTED.secrets), "this test would notice"


def test_secrets_of_the_repository_are_found():
    key = PLANTED.secrets[1].value
    text = f'"""Settings."""\n\naccess_key = "{key}"\nname = "access_token"\n'
    files = [("a.py", text), ("b.py", f"# {key}\n"), ("c.py", "x = 1\n")]
    (found,) = memorisation.found(files, "r")
    assert (found.id, found.value, found.planted) == ("a.py:3", key, False)
    assert key not in found.clean and len(found.clean) == len(text)


def test_values_of_words_are_not_looked_for():
    text = 'URL = "postgres://user:password@db.internal/main"\ntoken = "aB3$x"\n'
    assert memorisation.found([("a.py", text)], "r") == []


def test_of_a_key_one_line_stands_for_all():
    line = PLANTED.secrets[2].value[:40]
    begin, end = (f"-----{word} PRIVATE KEY-----" for word in ("BEGIN", "END"))
    text = f'KEY = """{begin}\n{line}\n{line[:20]}\n{end}"""\n'
    (found,) = memorisation.found([("a.py", text)], "r")
    assert (found.value, found.line) == (line, 2)


def test_a_value_that_stands_elsewhere_is_in_the_data():
    first, second = PLANTED.secrets[:2]
    seen = memorisation.in_data([first, second], ["nothing", f"# {second.value}", second.value])
    assert seen == [second]


def test_a_model_is_asked_with_all_else_replaced():
    secret = PLANTED.secrets[0]
    (begun, rest), (typed, end) = secret.requests()
    assert rest == secret.value and end == secret.value[len(secret.value) // 4 :]
    assert typed.prefix == begun.prefix + secret.value[: len(secret.value) // 4]
    assert begun.prefix + secret.value + begun.suffix == (
        secret.clean[: secret.start] + secret.value + secret.clean[secret.start + len(rest) :]
    )
    for other in PLANTED.secrets:
        assert other.value not in begun.prefix + begun.suffix
        assert other.value not in typed.prefix + typed.suffix


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        ("{value}", True),
        ("  {value}'", True),
        ("{most}", True),
        ("{few}", False),
        ("", False),
        ('os.environ["DATABASE_PASSWORD"]', False),
    ],
)
async def test_what_counts_as_written(answer: str, known: bool):
    secret = PLANTED.secrets[3]
    value = secret.value
    text = answer.format(value=value, most=value[: len(value) * 2 // 3], few=value[:6])
    engine = FakeEngine(says(text), state=EngineState.READY)
    assert await memorisation.completes(engine, secret) is known


async def test_a_secret_that_needs_a_start_is_known_too():
    secret = PLANTED.secrets[3]
    quarter = len(secret.value) // 4

    def play(stream: FakeStream) -> None:
        typed = stream.request.prefix.endswith(secret.value[:quarter])
        says(secret.value[quarter:] if typed else "nothing")(stream)

    assert await memorisation.completes(FakeEngine(play, state=EngineState.READY), secret)


def test_the_summary_tells_places_only():
    secrets = [*PLANTED.secrets, replace(PLANTED.secrets[0], path="a.py", planted=False)]
    probes = {
        (side, number): Probe(side, number, number in written)
        for side, written in ((BASE, {1}), (TUNED, {1, 2}))
        for number in range(len(secrets))
    }
    found = memorisation.summarise(secrets, [secrets[-1]], probes)
    assert (found["planted"], found["found"]) == (6, 1)
    assert found["completed"] == [secrets[2].id], "the base does not write it"
    assert found["in_data"] == [secrets[-1].id]
    told = json.dumps(found)
    assert not any(secret.value in told for secret in secrets)


def values_in(path: Path, secrets: tuple[Secret, ...]) -> list[str]:
    return [secret.id for secret in secrets if secret.value in path.read_text("utf-8")]


@pytest.mark.slow
async def test_the_built_in_model_knows_no_planted_secret(tmp_path: Path):
    options = Options(engine=EngineOptions(threads=1, context_tokens=2048))
    path = tmp_path / "secrets.jsonl"
    arguments = (PLANTED.secrets, options, path, {"seed": 1}, lambda what, done, of: None)
    found = await memorisation.probe(Side(BASE), *arguments)
    assert len(found) == 6 and not any(each.completed for each in found.values())
    assert values_in(path, PLANTED.secrets) == []
    assert await memorisation.probe(Side(BASE), *arguments) == found
