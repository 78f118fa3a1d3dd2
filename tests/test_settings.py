"""Settings: sources, their order, what each may set, and that bad content never raises."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline import settings
from beadline.errors import SettingsError
from beadline.settings import Options, apply, load

TRUSTED_ONLY = {
    "engine.model", "engine.threads", "engine.gpu_layers", "engine.context_tokens",
    "engine.extra_buffers", "engine.family", "engine.layout", "engine.healing",
    "engine.kv_mebibytes", "engine.drafts", "engine.draft_model", "engine.cache_model",
    "engine.cache_mebibytes", "engine.save_state",
    "engine.state_mebibytes", "completion.exact_tokens",
    "context.max_file_bytes", "context.save_index", "context.embedding_model",
    "statistics.enabled", "statistics.file",
    "trace.file", "trace.log_level",
}  # fmt: skip
"""What no workspace and no editor may set; a new field must be put here or be harmless."""


def every_setting() -> list[str]:
    return [
        f"{section.name}.{field.name}"
        for section in fields(Options)
        for field in fields(getattr(Options(), section.name))
    ]


def value_of(options: Options, name: str) -> Any:
    section, _, field = name.partition(".")
    return getattr(getattr(options, section), field)


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-2, 3000)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["on", "off", "auto", "debug", "true", "0", "12", "/tmp/x.gguf", "python"])
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
names = st.sampled_from(every_setting()) | st.text(max_size=12)
flat = st.dictionaries(names | names.map(camel), json_values, max_size=6)
nested = st.dictionaries(
    st.sampled_from([section.name for section in fields(Options)]) | st.text(max_size=6),
    st.dictionaries(names.map(lambda name: name.rpartition(".")[2]), json_values, max_size=6),
    max_size=4,
)


@given(values=flat | nested, trusted=st.booleans())
def test_apply_never_raises_and_keeps_every_value_in_range(
    values: dict[str, Any], trusted: bool
) -> None:
    applied = apply(Options(), values, trusted=trusted, source="test")
    for problem in applied.problems:
        assert problem.startswith("test: ") and problem.endswith(".")
    for section in fields(Options):
        part = getattr(applied.options, section.name)
        for field in fields(part):
            value, limits = getattr(part, field.name), field.metadata
            assert type(value) is type(getattr(getattr(Options(), section.name), field.name))
            if "minimum" in limits:
                assert limits["minimum"] <= value <= limits["maximum"]
            if "choices" in limits:
                assert value in limits["choices"]
    # Once taken, the same values change nothing more.
    again = apply(applied.options, values, trusted=trusted, source="test")
    assert again.options == applied.options


@given(values=flat | nested)
def test_an_untrusted_source_never_changes_a_trusted_field(values: dict[str, Any]) -> None:
    start = load(environment={}, flags={"engine.model": "mine.gguf", "context.ignore": ["a"]})
    applied = apply(start.options, values, trusted=False, source="editor")
    for name in TRUSTED_ONLY:
        assert value_of(applied.options, name) == value_of(start.options, name)
    assert set(applied.refused) <= TRUSTED_ONLY
    assert "a" in applied.options.context.ignore


def test_the_trusted_fields_are_these() -> None:
    refused = apply(
        Options(), dict.fromkeys(every_setting(), "1"), trusted=False, source="editor"
    ).refused
    assert set(refused) == TRUSTED_ONLY


@pytest.mark.parametrize("name", sorted(TRUSTED_ONLY))
@pytest.mark.parametrize("spell", [str, camel])
def test_each_trusted_field_is_refused_by_name(name: str, spell: Any) -> None:
    section, _, field = name.partition(".")
    for values in ({spell(name): "x"}, {section: {spell(field): "x"}}):
        applied = apply(Options(), values, trusted=False, source="editor")
        assert applied == settings.Applied(Options(), (name,), ())


def test_editors_write_camel_case_and_nest_or_not() -> None:
    for values in (
        {"completion": {"maxTokens": 7}},
        {"completion.maxTokens": 7},
        {"completion": {"max-tokens": "7"}},
    ):
        applied = apply(Options(), values, trusted=False, source="editor")
        assert applied.options.completion.max_tokens == 7
        assert applied.problems == applied.refused == ()


@pytest.mark.parametrize(
    ("value", "kept"),
    [(0, True), (1025, True), ("x", True), (True, True), (1.5, True), (None, True), ([1], True),
     (8, False), ("8", False), (8.0, False)],
)  # fmt: skip
def test_a_bad_number_keeps_what_was_there(value: Any, kept: bool) -> None:
    applied = apply(Options(), {"completion.max_tokens": value}, trusted=True, source="s")
    assert (applied.options.completion.max_tokens == Options().completion.max_tokens) is kept
    assert bool(applied.problems) is kept
    assert all("completion.max_tokens" in problem for problem in applied.problems)


def test_additive_lists_grow_from_a_workspace_and_are_replaced_by_the_user() -> None:
    mine = apply(Options(), {"context.ignore": "a, b"}, trusted=True, source="user").options
    assert mine.context.ignore == ("a", "b")
    theirs = apply(mine, {"context.ignore": ["b", "c"]}, trusted=False, source="workspace").options
    assert theirs.context.ignore == ("a", "b", "c")
    assert apply(mine, {"context.ignore": []}, trusted=True, source="user").options == Options()


# -- sources


def test_a_slip_in_the_name_of_an_environment_variable_is_told() -> None:
    applied = load(environment={"BEADLINE_ENGINE_MODEL": "x.gguf", "BEADLINE_CACHE_DIR": "/c"})
    assert len(applied.problems) == 1
    assert "engine_model" in applied.problems[0]
    assert applied.options == Options()


def test_flags_beat_the_environment_beats_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[engine]\nmodel = "file"\nthreads = 1\n[completion]\nmax_tokens = 10\n', "utf-8"
    )
    applied = load(
        config_file=file,
        environment={"BEADLINE_ENGINE__MODEL": "env", "BEADLINE_ENGINE__THREADS": "2", "PATH": "/"},
        flags={"engine.model": "flag"},
    )
    assert applied.options.engine.model == "flag"
    assert applied.options.engine.threads == 2
    assert applied.options.completion.max_tokens == 10
    assert applied.problems == applied.refused == ()


def test_problems_name_their_source(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[completion]\nmax_tokenz = 1\n", "utf-8")
    problems = load(
        config_file=file,
        environment={"BEADLINE_ENGINE__THREADS": "many"},
        flags={"trace.log_level": "loud"},
    ).problems
    assert [problem.partition(": ")[0] for problem in problems] == [
        str(file), "environment", "command line",
    ]  # fmt: skip
    assert "max_tokenz" in problems[0]


def test_where_the_users_own_folders_are(own_folders: Path) -> None:
    assert settings.user_config_file() == own_folders / "config.toml"
    assert settings.user_cache_dir() == own_folders / "cache"
    assert settings.user_config_file({}).name == "config.toml"
    assert load().options == Options()


@pytest.mark.parametrize("content", [b"[engine", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_an_error_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"config\.toml"):
        load(config_file=file, environment={})


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(config_file=tmp_path, environment={})


def test_a_missing_file_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "config.toml"
    assert load(config_file=below, environment={}).options == Options()
    assert load(config_file=tmp_path / "none.toml", environment={}).options == Options()
