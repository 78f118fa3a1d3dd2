"""Writes what pages and editors say of the settings, from the option tree. Knows no editor's code.

    python packaging/generate.py            write the files
    python packaging/generate.py --check    only say which are out of date; exit code 1 if any is

The tree is `beadline.settings.Options`; a setting's description is the text below its field. Whole
files: `docs/settings.md` and, for LSP4IJ, `settings.json`, `settings.schema.json` and
`initializationOptions.json`. Parts of files: in VS Code's manifest `contributes.configuration`
but for the client's own settings (`beadline.client.*`), and the list of those that a workspace that
is not trusted may not set; in Neovim's help the section `*beadline-settings*`.

No default is sent to the server anywhere: what an editor sends beats the user's own file. What a
client cannot do without is (LSP4IJ's `initializationOptions.json`).
"""

from __future__ import annotations

import argparse
import ast
import inspect
import itertools
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from beadline import settings
from beadline.settings import ENVIRONMENT_PREFIX, Options

ROOT = Path(__file__).resolve().parent.parent
SECTION = "beadline"
CLIENT = f"{SECTION}.client."
"""Beginning of the names of a client's own settings, which are written by hand."""
HELP_TAG = "*beadline-settings*"
_HELP_WIDTH = 78
_HELP_ENDS = ("=" * 40, " vim:", "vim:")
"""Beginnings of the line behind a section of the help."""
_SCHEMA = "http://json-schema.org/draft-07/schema#"
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", tuple: "array"}
_NOT_IN_EDITORS = frozenset({"completion.exact_tokens"})
"""For benchmarks alone: with it an editor shows nothing."""


class GenerateError(Exception):
    """A file cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Setting:
    """One leaf of the option tree."""

    section: str
    name: str
    default: Any
    limits: Mapping[str, Any]
    description: str

    @property
    def dotted(self) -> str:
        """As in the user's own file: `engine.model`."""
        return f"{self.section}.{self.name}"

    @property
    def full(self) -> str:
        """As in an editor's settings: `beadline.engine.model`."""
        return f"{SECTION}.{self.dotted}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"{ENVIRONMENT_PREFIX}{self.section}__{self.name}".upper()

    @property
    def is_editors(self) -> bool:
        """Whether an editor or a workspace may set it."""
        return bool(self.limits.get("workspace"))

    @property
    def is_shown(self) -> bool:
        """Whether editors list it."""
        return self.dotted not in _NOT_IN_EDITORS

    @property
    def default_text(self) -> str:
        """As TOML and JSON write it."""
        return json.dumps(self.default, ensure_ascii=False)

    @property
    def values_text(self) -> str:
        """What it may be, in a few words."""
        if "choices" in self.limits:
            return ", ".join(json.dumps(choice) for choice in self.limits["choices"])
        if "minimum" in self.limits:
            return f"{self.limits['minimum']} to {self.limits['maximum']}"
        kinds = {"boolean": "true, false", "array": "a list of texts", "string": "a text"}
        return kinds.get(_TYPES[type(self.default)], "a number")

    def schema(self) -> dict[str, Any]:
        """Its values, as JSON schema says it."""
        kind = _TYPES[type(self.default)]
        values: dict[str, Any] = {"type": kind, "default": self.default}
        if kind == "array":
            values |= {"default": list(self.default), "items": {"type": "string"}}
        values |= {key: self.limits[key] for key in ("minimum", "maximum") if key in self.limits}
        if "choices" in self.limits:
            values["enum"] = list(self.limits["choices"])
        return values


@dataclass(frozen=True)
class Section:
    """One branch of the option tree."""

    name: str
    description: str
    settings: tuple[Setting, ...]


def sections() -> list[Section]:
    """The option tree with its descriptions. Raises `GenerateError` where one is missing."""
    texts = _descriptions(inspect.getsource(settings))
    found = []
    for branch in fields(Options):
        options = getattr(Options(), branch.name)
        described = texts[type(options).__name__]
        leaves = []
        for leaf in fields(options):
            if leaf.name not in described:
                raise GenerateError(
                    f"{branch.name}.{leaf.name} has no description: write one below its field."
                )
            value, text = getattr(options, leaf.name), described[leaf.name]
            leaves.append(Setting(branch.name, leaf.name, value, leaf.metadata, text))
        found.append(Section(branch.name, described[""], tuple(leaves)))
    return found


def _descriptions(source: str) -> dict[str, dict[str, str]]:
    """By class, the texts below its fields; the class's own under the empty name."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        texts = {"": " ".join((ast.get_docstring(node) or "").split())}
        for field, below in itertools.pairwise(node.body):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and isinstance(below.value.value, str)
            ):
                texts[field.target.id] = " ".join(below.value.value.split())
        found[node.name] = texts
    return found


# -- docs


def page(tree: list[Section], _: str) -> str:
    """`docs/settings.md`."""
    parts = [_PAGE_HEAD]
    for section in tree:
        parts.append(f"\n## {section.name}\n\n{section.description}\n\n")
        parts.append("| setting | default | values | set by | |\n|---|---|---|---|---|\n")
        for each in section.settings:
            cells = (
                f"`{each.dotted}`",
                f"`{each.default_text}`",
                each.values_text,
                "editor, user" if each.is_editors else "user",
                each.description,
            )
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


_PAGE_HEAD = """\
# Settings

<!-- Written by packaging/generate.py from beadline/settings.py: change it there. -->

Sources, weakest first: defaults; your own file, `config.toml` in your configuration folder
(`beadline doctor` shows where, `BEADLINE_CONFIG` names another); the environment
(`BEADLINE_ENGINE__MODEL=...`: two underscores between section and name); flags of the command line.
`beadline config set NAME VALUE` writes into your file.

```toml
[engine]
model = "builtin"
```

What an editor sends is laid over these. It may come from the workspace, so it counts for the
settings marked *editor* alone; the others are refused from there, and named once. Editors write
the names with `beadline.` in front, in `snake_case` or `camelCase`. `context.ignore` of an editor
is added to yours, all others replace yours.
"""


# -- VS Code


def vscode_manifest(tree: list[Section], old: str) -> str:
    """VS Code's `package.json` with its settings brought up to date."""
    manifest = json.loads(old)
    contributes = manifest.setdefault("contributes", {})
    own = [each for each in _configurations(contributes) if _is_clients(each)]
    order = itertools.count()
    ours = [
        {
            "title": section.name.capitalize(),
            "properties": {
                each.full: {
                    **each.schema(),
                    "markdownDescription": each.description,
                    "scope": "window" if each.is_editors else "machine",
                    "order": next(order),
                }
                for each in section.settings
                if each.is_shown
            },
        }
        for section in tree
    ]
    contributes["configuration"] = own + ours
    untrusted = manifest.setdefault("capabilities", {}).setdefault("untrustedWorkspaces", {})
    untrusted["restrictedConfigurations"] = [
        *(name for each in own for name in each["properties"]),
        *(s.full for section in tree for s in section.settings if s.is_shown and not s.is_editors),
    ]
    return _json(manifest)


def _configurations(contributes: dict[str, Any]) -> list[dict[str, Any]]:
    held = contributes.get("configuration", [])
    return held if isinstance(held, list) else [held]


def _is_clients(configuration: dict[str, Any]) -> bool:
    names = configuration.get("properties", {})
    return bool(names) and all(name.startswith(CLIENT) for name in names)


# -- LSP4IJ


def lsp4ij_schema(tree: list[Section], _: str) -> str:
    """`settings.schema.json`: what the settings of the server's definition may hold."""
    return _json(
        {
            "$schema": _SCHEMA,
            "$id": "LSP4IJ/beadline/settings.schema.json",
            "title": "beadline: settings",
            "description": "What an editor may set; the rest is in your own config.toml.",
            "type": "object",
            "additionalProperties": False,
            "properties": {
                each.full: {**each.schema(), "description": each.description}
                for section in tree
                for each in section.settings
                if each.is_shown and each.is_editors
            },
        }
    )


def lsp4ij_initialization(_: list[Section], __: str) -> str:
    """`initializationOptions.json`: what this client needs and others do not. It jumps over the
    text behind the cursor that an item would replace, and inserts after it."""
    return _json({"completion": {"replace_closers": False}})


def nothing(_: list[Section], __: str) -> str:
    """Settings that leave everything as the user has it."""
    return _json({})


# -- Neovim


def neovim_help(tree: list[Section], old: str) -> str:
    """Neovim's help file with its section of settings brought up to date."""
    lines = old.split("\n")
    starts = [at for at, line in enumerate(lines) if HELP_TAG in line]
    if len(starts) != 1:
        raise GenerateError(f"The help file must have one line with {HELP_TAG}.")
    start = starts[0]
    end = next(
        (at for at in range(start, len(lines)) if lines[at].startswith(_HELP_ENDS)),
        len(lines),
    )
    section = list(_help_lines(tree))
    return "\n".join([*lines[:start], *section, "", *lines[end:]])


def _help_lines(tree: list[Section]) -> Iterator[str]:
    title = "SETTINGS"
    yield f"{title}{HELP_TAG:>{_HELP_WIDTH - len(title)}}"
    yield ""
    yield from _wrapped(
        "Those marked [editor] may be given as `settings` to `setup()`, nested by section. The "
        "others are yours alone: `beadline config set NAME VALUE` writes them into your own "
        "config.toml, and the environment may set them, as BEADLINE_ENGINE__MODEL does."
    )
    for section in tree:
        yield ""
        yield f"{section.name} ~"
        yield from _wrapped(section.description)
        for each in section.settings:
            if not each.is_shown:
                continue
            tag = f"*{each.full}*"
            yield ""
            yield f"{tag:>{_HELP_WIDTH}}"
            mark = " [editor]" if each.is_editors else ""
            yield f"{each.dotted}{mark}"
            yield from _wrapped(f"default {each.default_text}; {each.values_text}", indent=4)
            yield from _wrapped(each.description, indent=4)


def _wrapped(text: str, *, indent: int = 0) -> list[str]:
    # A bar would make a link of what stands between two.
    space = " " * indent
    return textwrap.wrap(
        text.replace("|", "/"), _HELP_WIDTH, initial_indent=space, subsequent_indent=space,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


# -- files


@dataclass(frozen=True)
class Target:
    """A file that is written, or of which a part is."""

    path: str
    make: Callable[[list[Section], str], str]
    """Takes the tree and the file as it is; the file as it should be."""
    is_part: bool = False
    """The rest of it is written by hand, so it must be there."""


TARGETS = (
    Target("docs/settings.md", page),
    Target("packaging/vscode/package.json", vscode_manifest, is_part=True),
    Target("packaging/jetbrains/template/settings.json", nothing),
    Target("packaging/jetbrains/template/settings.schema.json", lsp4ij_schema),
    Target("packaging/jetbrains/template/initializationOptions.json", lsp4ij_initialization),
    Target("packaging/neovim/doc/beadline.txt", neovim_help, is_part=True),
)


def outdated(root: Path = ROOT) -> dict[Path, str]:
    """The files that are not as they should be, and what they should be."""
    tree = sections()
    found = {}
    for target in TARGETS:
        path = root / target.path
        old = path.read_text("utf-8") if path.is_file() else None
        if old is None and target.is_part:
            raise GenerateError(f"There is no {target.path}; only a part of it is written here.")
        new = target.make(tree, old or "")
        if new != old:
            found[path] = new
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(description="Write the settings of editors and pages.")
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    args = parser.parse_args(arguments)
    try:
        found = outdated()
    except (GenerateError, ValueError) as exc:
        print(f"generate: {exc}", file=sys.stderr)
        return 2
    for path, text in found.items():
        name = path.relative_to(ROOT).as_posix()
        if args.check:
            print(f"{name} is out of date: run python packaging/generate.py")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
            print(f"{name} written")
    return 1 if found and args.check else 0


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
