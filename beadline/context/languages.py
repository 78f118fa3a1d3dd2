"""Which language a file is in, and its lexical habits. Knows no parser and no file contents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

PLAINTEXT = "plaintext"


@dataclass(frozen=True)
class Language:
    """What the line-based analysis needs to know; `has_tree` languages are also parsed."""

    id: str
    name: str
    extensions: tuple[str, ...] = ()
    """Lower case, with the dot; full file names (`makefile`) where there is no extension."""
    line_comment: str = ""
    has_tree: bool = False
    block_comment: tuple[str, str] | None = None
    quotes: tuple[str, ...] = ('"', "'")
    """Delimiters of strings."""
    multiline_quotes: tuple[str, ...] = ()
    """Those of `quotes` whose strings may contain a newline."""
    blocks: Literal["indent", "braces", "none"] = "none"
    """What opens a block: deeper indentation after a header, `{`, or nothing that we know."""
    semicolons: bool = False
    """True when a simple statement is not complete without `;`."""


def language_of(path: str) -> str:
    """Language id of a path (either kind of slash), by name alone; `plaintext` when unknown."""
    name = PurePosixPath(path.replace("\\", "/")).name.lower()
    suffix = PurePosixPath(name).suffix
    for language in _LANGUAGES:
        if (suffix or name) in language.extensions and not name.startswith("."):
            return language.id
    return PLAINTEXT


def get(language_id: str) -> Language:
    """The language of an id or one of its editor aliases; plain text for ids nobody knows."""
    wanted = _ALIASES.get(language_id.lower(), language_id.lower())
    for language in _LANGUAGES:
        if language.id == wanted:
            return language
    return _PLAIN


def known() -> tuple[Language, ...]:
    """All languages with more than plain-text knowledge, and plain text last."""
    return (*_LANGUAGES, _PLAIN)


def _braces(
    id: str,
    name: str,
    *extensions: str,
    semicolons: bool = False,
    quotes: tuple[str, ...] = ('"', "'"),
    multiline: tuple[str, ...] = (),
) -> Language:
    return Language(
        id,
        name,
        extensions,
        line_comment="//",
        block_comment=("/*", "*/"),
        quotes=quotes,
        multiline_quotes=multiline,
        blocks="braces",
        semicolons=semicolons,
    )


_SCRIPT_QUOTES = ('"', "'", "`")
_PLAIN = Language(PLAINTEXT, "Plain text", (".txt",), quotes=())
_LANGUAGES: tuple[Language, ...] = (
    Language(
        "python",
        "Python",
        (".py", ".pyi", ".pyw", "sconstruct", "sconscript"),
        line_comment="#",
        has_tree=True,
        quotes=('"""', "'''", '"', "'"),
        multiline_quotes=('"""', "'''"),
        blocks="indent",
    ),
    _braces("c", "C", ".c", ".h", semicolons=True),
    _braces("cpp", "C++", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".cu", ".cuh", semicolons=True),
    _braces("csharp", "C#", ".cs", semicolons=True),
    _braces("java", "Java", ".java", semicolons=True),
    _braces(
        "javascript", "JavaScript", ".js", ".mjs", ".cjs", quotes=_SCRIPT_QUOTES, multiline=("`",)
    ),
    _braces("javascriptreact", "JavaScript React", ".jsx", quotes=_SCRIPT_QUOTES, multiline=("`",)),
    _braces(
        "typescript", "TypeScript", ".ts", ".mts", ".cts", quotes=_SCRIPT_QUOTES, multiline=("`",)
    ),
    _braces("typescriptreact", "TypeScript React", ".tsx", quotes=_SCRIPT_QUOTES, multiline=("`",)),
    _braces("go", "Go", ".go", quotes=_SCRIPT_QUOTES, multiline=("`",)),
    _braces("rust", "Rust", ".rs", semicolons=True, quotes=('"',), multiline=('"',)),
    _braces("kotlin", "Kotlin", ".kt", ".kts", quotes=('"""', '"', "'"), multiline=('"""',)),
    _braces("swift", "Swift", ".swift", quotes=('"""', '"'), multiline=('"""',)),
    _braces("scala", "Scala", ".scala", quotes=('"""', '"'), multiline=('"""',)),
    _braces("dart", "Dart", ".dart", semicolons=True),
    _braces("php", "PHP", ".php", semicolons=True),
    Language("ruby", "Ruby", (".rb", "rakefile", "gemfile"), line_comment="#"),
    Language("lua", "Lua", (".lua",), line_comment="--"),
    Language("shellscript", "Shell", (".sh", ".bash", ".zsh"), line_comment="#", blocks="braces"),
    Language("r", "R", (".r",), line_comment="#", blocks="braces"),
    Language("sql", "SQL", (".sql",), line_comment="--", semicolons=True),
    Language("yaml", "YAML", (".yaml", ".yml"), line_comment="#", quotes=(), blocks="indent"),
    Language("toml", "TOML", (".toml",), line_comment="#"),
    Language("json", "JSON", (".json",), quotes=('"',)),
    Language("css", "CSS", (".css", ".scss"), block_comment=("/*", "*/"), blocks="braces"),
    Language("html", "HTML", (".html", ".htm"), block_comment=("<!--", "-->"), quotes=()),
    Language("markdown", "Markdown", (".md", ".markdown"), quotes=()),
    Language("makefile", "Makefile", ("makefile", ".mk"), line_comment="#", quotes=()),
    Language("dockerfile", "Dockerfile", ("dockerfile",), line_comment="#"),
)
_ALIASES = {
    "py": "python",
    "js": "javascript",
    "ts": "typescript",
    "c++": "cpp",
    "c#": "csharp",
    "cuda": "cpp",
    "cuda-cpp": "cpp",
    "sh": "shellscript",
    "bash": "shellscript",
    "scss": "css",
}
