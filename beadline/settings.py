"""The one options tree, its sources, and what each source may set. Reads no workspace by itself.

Sources, weakest first: defaults, the user's own file, the environment, command-line flags. These
are trusted. Workspace files and settings sent by an editor are controlled by whoever wrote the
repository: they may set only the fields marked `workspace=True` here (DESIGN section 3).
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import platformdirs

from beadline.errors import SettingsError

BUILTIN_MODEL = "builtin"
ENVIRONMENT_PREFIX = "BEADLINE_"


def _workspace(default: Any, **limits: Any) -> Any:
    """A field that a workspace or an editor may set, within limits."""
    return field(default=default, metadata={"workspace": True, **limits})


def _trusted(default: Any, **limits: Any) -> Any:
    """A field that only the user's own file, the environment or a flag may set."""
    return field(default=default, metadata={"workspace": False, **limits})


@dataclass(frozen=True)
class EngineOptions:
    """Which model runs, and on what."""

    model: str = _trusted(BUILTIN_MODEL)
    """Path of a GGUF file, or `builtin`."""
    threads: int = _trusted(0, minimum=0, maximum=512)
    """Decoding threads; 0 takes the physical cores."""
    gpu_layers: int = _trusted(-1, minimum=-1, maximum=10_000)
    """Layers on the GPU; -1 is all of them where the library has a GPU, none elsewhere."""
    context_tokens: int = _trusted(0, minimum=0, maximum=1 << 20)
    """Context length; 0 takes the model's, at most 8192."""
    extra_buffers: str = _trusted("auto", choices=("auto", "on", "off"))
    """llama.cpp's `use_extra_bufts`; `auto` probes at start-up for the AMX crash."""
    family: str = _trusted("auto")
    """Prompt form by the name of a family; `auto` asks the model file."""
    layout: str = _trusted("auto")
    """Order of prefix, suffix and middle, one that the family has; `auto` takes its default."""
    healing: bool = _trusted(True)
    """Whether a word that is half typed at the cursor is spelled by the model's own tokens."""
    kv_mebibytes: int = _trusted(1024, minimum=1, maximum=1 << 20)
    """Memory within which the state of more than one recently used document is kept."""
    drafts: bool = _trusted(True)
    """Whether tokens are guessed from what the prompt says and checked several at a time."""
    draft_model: str = _trusted("")
    """Path of a smaller GGUF file with the same vocabulary that guesses tokens; empty: none."""
    cache_model: bool = _trusted(True)
    """Whether names and phrases of the repository are looked up while decoding, and mixed in."""
    cache_mebibytes: int = _trusted(512, minimum=1, maximum=1 << 20)
    """Most disk space of what is kept for that."""
    save_state: bool = _trusted(True)
    """Whether the state of recent documents is kept in the cache directory between sessions. It
    can be turned back into their text; the files are readable by the user alone."""
    state_mebibytes: int = _trusted(256, minimum=0, maximum=1 << 20)
    """Most disk space of that state."""


@dataclass(frozen=True)
class CompletionOptions:
    """How long, how often and where suggestions appear."""

    max_tokens: int = _workspace(96, minimum=1, maximum=1024)
    """Upper bound on the tokens of one suggestion."""
    debounce_ms: int = _workspace(30, minimum=0, maximum=5000)
    """Least time between two questions to the model; the first key after a pause never waits,
    cached answers do not either."""
    deadline_ms: int = _workspace(5000, minimum=50, maximum=120_000)
    """Upper bound on the time of one generation."""
    max_lines: int = _workspace(16, minimum=1, maximum=200)
    """Upper bound on the lines of one suggestion."""
    enabled: bool = _workspace(True)
    """False answers every request with nothing."""
    languages_off: tuple[str, ...] = _workspace(())
    """Language ids that get no suggestions."""
    in_comments: bool = _workspace(True)
    """Suggest inside comments."""
    in_strings: bool = _workspace(True)
    """Suggest inside strings."""
    replace_closers: bool = _workspace(True)
    """Let a suggestion replace closing brackets and quotes that the editor inserted behind the
    cursor; false for editors that can only insert."""
    invoked_items: int = _workspace(3, minimum=1, maximum=5)
    """Most items of an answer that was asked for by a key."""
    prefetch: bool = _workspace(True)
    """Compute what follows a shown suggestion before it is accepted."""
    idle_ms: int = _workspace(150, minimum=20, maximum=60_000)
    """Quiet time after which newer snippets and windows are evaluated and taken into use."""
    least_confidence: int = _workspace(1, minimum=0, maximum=100)
    """Suggestions that are right with a lower probability, in per cent, are not shown
    (docs/calibration.md)."""
    exact_tokens: int = _trusted(0, minimum=0, maximum=1024)
    """For benchmarks: every request decodes exactly so many tokens and shows nothing; no cached
    answer, prefetch, debounce, stop rule or silence. 0 is off."""
    monitor: bool = _workspace(True)
    """Prefer the names that can follow: members of a receiver whose type is known, what a module
    offers, parameters of a call."""
    syntax_guard: bool = _workspace(True)
    """Never write a closer without an opener, or a line that fits no block."""
    plain_completion: bool = _workspace(False)
    """Answer `textDocument/completion` as well, for clients without inline completion."""


@dataclass(frozen=True)
class ContextOptions:
    """What is read around the cursor."""

    prefix_tokens: int = _workspace(640, minimum=16, maximum=65_536)
    """Most tokens of text before the cursor."""
    suffix_tokens: int = _workspace(192, minimum=0, maximum=16_384)
    """Most tokens of text after the cursor."""
    max_file_bytes: int = _trusted(2_000_000, minimum=1024, maximum=1 << 31)
    """Files above this size are refused with a message."""
    ignore: tuple[str, ...] = _workspace((), additive=True)
    """Further gitignore patterns of files that get no suggestions and are never snippets."""
    snippet_tokens: int = _workspace(256, minimum=0, maximum=16_384)
    """Most tokens of snippets from other files; 0 looks into no other file."""
    max_files: int = _workspace(20_000, minimum=0, maximum=100_000)
    """Most files of a workspace that are searched for snippets."""
    embedding_model: str = _trusted("")
    """Folder of a sentence-embedding model (`model.onnx`, `tokenizer.json`) by which similar code
    is found too, in idle time; empty: none."""
    save_index: bool = _trusted(True)
    """Whether the index of a workspace is kept in the cache directory between sessions. It holds
    names, signatures and search terms of its files; it is readable by the user alone."""


@dataclass(frozen=True)
class StatisticsOptions:
    """Local counts of what was shown, accepted and kept. They never leave the machine."""

    enabled: bool = _trusted(True)
    """False records nothing."""
    file: str = _trusted("")
    """SQLite file; empty takes `statistics.sqlite3` in the user's data directory."""


@dataclass(frozen=True)
class TraceOptions:
    """Where numbers and logs go. Never source text at the default level."""

    file: str = _trusted("")
    """Trace file, one JSON object a line; empty writes none."""
    log_level: str = _trusted("warning", choices=("debug", "info", "warning", "error"))
    """Level of the log on standard error."""


@dataclass(frozen=True)
class Options:
    """The whole tree, fully defaulted."""

    engine: EngineOptions = field(default_factory=EngineOptions)
    completion: CompletionOptions = field(default_factory=CompletionOptions)
    context: ContextOptions = field(default_factory=ContextOptions)
    statistics: StatisticsOptions = field(default_factory=StatisticsOptions)
    trace: TraceOptions = field(default_factory=TraceOptions)


@dataclass(frozen=True)
class Applied:
    """Options after one source was laid over them, and what could not be taken."""

    options: Options
    refused: tuple[str, ...] = ()
    """Keys this source is not trusted with (they exist, they were ignored)."""
    problems: tuple[str, ...] = ()
    """Unknown keys and bad values, one sentence each; the previous value was kept."""


def apply(options: Options, values: Mapping[str, Any], *, trusted: bool, source: str) -> Applied:
    """Lay `values` (nested or dotted keys, snake_case or camelCase) over `options`.

    Never raises on bad content: an unknown key or a bad value keeps what was there and is told
    in `problems`.
    """
    refused: list[str] = []
    problems: list[str] = []
    changes: dict[str, dict[str, Any]] = {}
    sections = {f.name: f for f in fields(Options)}
    for dotted, value in _flatten(values):
        section_name, _, name = dotted.partition(".")
        section = sections.get(section_name)
        current = getattr(options, section_name) if section else None
        known = {f.name: f for f in fields(current)} if current is not None else {}
        if name not in known:
            problems.append(f"{source}: unknown setting {dotted!r}.")
            continue
        setting = known[name]
        if not trusted and not setting.metadata.get("workspace"):
            refused.append(dotted)
            continue
        hints = typing.get_type_hints(type(current))
        try:
            parsed = _parse(value, hints[name], setting.metadata)
        except ValueError as exc:
            problems.append(f"{source}: {dotted} {exc}; keeping {getattr(current, name)!r}.")
            continue
        if setting.metadata.get("additive") and not trusted:
            parsed = tuple(dict.fromkeys((*getattr(current, name), *parsed)))
        changes.setdefault(section_name, {})[name] = parsed
    merged = dataclasses.replace(
        options,
        **{
            section: dataclasses.replace(getattr(options, section), **values)
            for section, values in changes.items()
        },
    )
    return Applied(merged, tuple(refused), tuple(problems))


def load(
    *,
    config_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Applied:
    """Defaults, then the user's own file, the environment and flags.

    Raises `SettingsError` when the user's file is unreadable or not TOML; unknown keys are in
    `problems`.
    """
    environment = os.environ if environment is None else environment
    path = config_file or user_config_file(environment)
    applied = Applied(Options())
    applied = _join(
        applied, apply(applied.options, _from_file(path), trusted=True, source=str(path))
    )
    applied = _join(
        applied,
        apply(applied.options, _from_environment(environment), trusted=True, source="environment"),
    )
    return _join(applied, apply(applied.options, flags or {}, trusted=True, source="command line"))


def load_with_flags(flags: Mapping[str, Any]) -> Applied:
    """As `load`, for a command: None in `flags` (dotted names) is "not given".

    A flag that does not fit raises `SettingsError`, since the user has just typed it; what does
    not fit in the user's file or environment is in `problems`.
    """
    applied = load(flags={name: value for name, value in flags.items() if value is not None})
    wrong = [problem for problem in applied.problems if problem.startswith("command line:")]
    if wrong:
        raise SettingsError(" ".join(wrong))
    return applied


def user_config_file(environment: Mapping[str, str] | None = None) -> Path:
    """`$BEADLINE_CONFIG`, or `config.toml` in the user's configuration directory."""
    environment = os.environ if environment is None else environment
    if chosen := environment.get("BEADLINE_CONFIG"):
        return Path(chosen)
    return Path(platformdirs.user_config_dir("beadline", appauthor=False)) / "config.toml"


def user_data_dir(environment: Mapping[str, str] | None = None) -> Path:
    """`$BEADLINE_DATA_DIR`, or the user's data directory."""
    environment = os.environ if environment is None else environment
    if chosen := environment.get("BEADLINE_DATA_DIR"):
        return Path(chosen)
    return Path(platformdirs.user_data_dir("beadline", appauthor=False))


def user_cache_dir(environment: Mapping[str, str] | None = None) -> Path:
    """`$BEADLINE_CACHE_DIR`, or the user's cache directory."""
    environment = os.environ if environment is None else environment
    if chosen := environment.get("BEADLINE_CACHE_DIR"):
        return Path(chosen)
    return Path(platformdirs.user_cache_dir("beadline", appauthor=False))


def _from_file(path: Path) -> dict[str, Any]:
    """What the user's file says; nothing when there is none."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise SettingsError(f"{path} is not valid TOML: {exc}.", hint="Correct the file.") from exc
    except OSError as exc:
        raise SettingsError(
            f"{path} cannot be read: {exc.strerror}.",
            hint="Check its permissions, or name another file with BEADLINE_CONFIG.",
        ) from exc


def _join(first: Applied, second: Applied) -> Applied:
    return Applied(second.options, first.refused + second.refused, first.problems + second.problems)


def _flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = prefix + _snake(str(key))
        if isinstance(value, Mapping):
            flat.extend(_flatten(value, name + "."))
        else:
            flat.append((name, value))
    return flat


def _snake(key: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in key).replace("-", "_")


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """`BEADLINE_ENGINE__MODEL=x` sets `engine.model`; single underscores stay in the name.

    `BEADLINE_ENGINE_MODEL`, a slip, comes out as an unknown setting and is told.
    """
    sections = tuple(f"{f.name.upper()}_" for f in fields(Options))
    values: dict[str, Any] = {}
    for key, value in environment.items():
        name = key.removeprefix(ENVIRONMENT_PREFIX)
        if name != key and ("__" in name or name.startswith(sections)):
            section, _, setting = name.lower().partition("__")
            values[f"{section}.{setting}" if setting else section] = value
    return values


def _parse(value: Any, hint: Any, limits: Mapping[str, Any]) -> Any:
    """`value` as the field's type. Raises ValueError with the rest of a sentence."""
    if typing.get_origin(hint) is tuple:
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(i, str) for i in items):
            raise ValueError("must be a list of strings")
        return tuple(i.strip() for i in items if i.strip())
    if isinstance(hint, types.UnionType):
        hint = next(h for h in typing.get_args(hint) if h is not type(None))
    if hint is bool:
        if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
            return value.lower() in ("true", "1")
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    if hint is int:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError("must be a whole number")
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError("must be a whole number") from None
        low, high = limits.get("minimum"), limits.get("maximum")
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(f"must be between {low} and {high}")
        return number
    if not isinstance(value, str):
        raise ValueError("must be a string")
    if "choices" in limits and value not in limits["choices"]:
        raise ValueError(f"must be one of {', '.join(limits['choices'])}")
    return value
