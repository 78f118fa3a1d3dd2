"""Labels the calls of Python files with jedi. Knows nothing of what `context` thinks of them.

Only the repository and the standard library are on the path that jedi searches: what is installed
beside it, a copy of the repository itself perhaps, changes nothing. jedi reads sources; it runs
none of them and loads none of their compiled modules.
"""

from __future__ import annotations

import ast
import logging
import sysconfig
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline.errors import InputError
from beadline.evaluation.cases.calls import Call
from beadline.evaluation.cases.format import Symbol
from beadline.evaluation.cases.labels import Label, Verdict
from beadline.evaluation.cases.labels_names import Names
from beadline.evaluation.sources import PYTHON, parse

if TYPE_CHECKING:
    import jedi

_LOG = logging.getLogger(__name__)
_ROOTS = ("src", "lib", "python")
"""Folders that hold a repository's packages where its own top does not."""
_KINDS = {"statement": "variable", "class": "class", "function": "function"}


def available() -> bool:
    """Whether jedi is installed."""
    try:
        import jedi
    except ImportError:
        return False
    return bool(jedi.__version__)


class PythonLabels:
    """jedi over one repository. A `Labeller`."""

    def __init__(self, folder: Path, names: Names) -> None:
        """`folder` holds the repository's files. Raises `InputError` without jedi."""
        try:
            import jedi
        except ImportError as exc:
            raise InputError(
                "jedi is not installed.", hint="pip install 'beadline[evaluation]'"
            ) from exc
        self.name = f"jedi {jedi.__version__}"
        self._names = names
        self._folder = folder.resolve()
        roots = [self._folder / name for name in _ROOTS if (self._folder / name).is_dir()]
        standard = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
        standard += [str(Path(path) / "lib-dynload") for path in standard]
        self._project = jedi.Project(
            self._folder,
            sys_path=[*map(str, roots), *dict.fromkeys(standard)],
            load_unsafe_extensions=False,
        )
        self._environment = jedi.InterpreterEnvironment()
        self._own = {
            path.name.partition(".")[0]
            for path in self._folder.rglob("*")
            if path.is_dir() or path.suffix == ".py"
        }
        """Every name that could be a module of the repository."""
        self._read: tuple[str, str] = "", ""
        self._script: jedi.Script | None = None
        self._imported: dict[str, str] = {}

    def label(self, path: str, text: str, language: str, call: Call) -> Label:
        """See `Labeller`."""
        if self._imported_of(path, text).get(call.root, ""):
            return Label(Verdict.EXTERNAL)
        found = self._goto(path, text, call)
        if not found:
            maybe = self._names.elsewhere(path, language, call.name)
            return Label(Verdict.UNLABELLED if maybe else Verdict.EXTERNAL)
        inside = [(own, name) for name in found if (own := self._relative(name)) is not None]
        if not inside:
            return Label(Verdict.EXTERNAL)
        if any(own == path for own, _ in inside):
            return Label(Verdict.LOCAL)
        if len({(own, name.name) for own, name in inside}) > 1:
            return Label(Verdict.UNLABELLED)  # one of several, by the value that it gets
        own, name = inside[0]
        if name.type not in _KINDS or not name.line:
            return Label(Verdict.UNLABELLED)
        return Label(Verdict.LABELLED, self._symbol(own, name))

    def close(self) -> None:
        """See `Labeller`."""

    def _goto(self, path: str, text: str, call: Call) -> list[Any]:
        """jedi's names for the definitions of a callee."""
        import jedi

        if self._script is None or self._read != (path, text):
            self._read = path, text
            self._script = jedi.Script(
                text,
                path=self._folder / path,
                project=self._project,
                environment=self._environment,
            )
        line = text.count("\n", 0, call.start) + 1
        column = call.start - (text.rfind("\n", 0, call.start) + 1)
        try:
            with warnings.catch_warnings():
                # It takes `pkg/time.py` for the built-in `time`, and says that it is not there.
                warnings.simplefilter("ignore", UserWarning)
                return list(self._script.goto(line, column, follow_imports=True))
        except Exception as exc:  # a guess of a large library about any code: it fails in any way
            _LOG.debug("jedi: %s:%d: %r", path, line, exc)
            return []

    def _relative(self, name: Any) -> str | None:
        """Path of the file that holds a name; None outside of the repository."""
        try:
            return Path(name.module_path).relative_to(self._folder).as_posix()
        except (TypeError, ValueError):  # a module that is no file, or another folder's
            return None

    def _symbol(self, path: str, name: Any) -> Symbol:
        lines = (self._folder / path).read_text("utf-8", "replace").split("\n")
        parent = name.parent()
        owner = parent.name if parent is not None and parent.type == "class" else ""
        kind = _KINDS[name.type]
        return Symbol(
            name=name.name,
            kind="method" if owner and kind == "function" else kind,
            path=path,
            line=name.line,
            signature=lines[name.line - 1].strip() if name.line <= len(lines) else "",
            cls=owner,
        )

    def _imported_of(self, path: str, text: str) -> dict[str, str]:
        """Name -> module, for the names that a file takes from modules of other distributions."""
        if self._read == (path, text) and self._script is not None:
            return self._imported
        tree = parse(text)
        modules: dict[str, str] = {}
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Import):
                for alias in node.names:
                    modules[alias.asname or alias.name.partition(".")[0]] = alias.name
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    modules[alias.asname or alias.name] = node.module
        self._imported = {
            name: module
            for name, module in modules.items()
            if module.partition(".")[0] not in self._own
        }
        return self._imported


LANGUAGES = (PYTHON,)
"""What jedi reads."""
