"""Labels the calls of TypeScript and JavaScript files with the TypeScript compiler, in node.

Knows nothing of what `context` thinks of them. The compiler is the user's own, never one from the
repository: what lies in a repository is read, not run.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import IO, Any

from beadline.errors import InputError
from beadline.evaluation.cases.calls import Call
from beadline.evaluation.cases.format import Symbol
from beadline.evaluation.cases.labels import Label, Verdict
from beadline.evaluation.cases.labels_names import Names

LANGUAGES = ("javascript", "javascriptreact", "typescript", "typescriptreact")
"""What the compiler reads."""
_SCRIPT = "labels_typescript.cjs"
_MEBIBYTES = 4096
"""Most memory of the child."""
_END_S = 5.0


def compiler(folder: Path | None = None) -> Path | None:
    """Folder of the `typescript` package: `folder` itself, else that of the `tsc` on the path.

    None where there is none, or no node. Raises `InputError` for a `folder` that is no such
    package.
    """
    if folder is not None:
        if not (folder / "lib" / "typescript.js").is_file():
            raise InputError(
                f"{folder} does not hold the TypeScript compiler.",
                hint="Name the folder of the npm package `typescript`, version 5 or 6.",
            )
        if shutil.which("node") is None:
            raise InputError("node is not installed.", hint="Install node, or use --labels names.")
        return folder.resolve()
    found = shutil.which("tsc")
    if found is None or shutil.which("node") is None:
        return None
    package = Path(os.path.realpath(found)).parent.parent
    return package if (package / "lib" / "typescript.js").is_file() else None


class TypeScriptLabels:
    """The compiler over one repository, in a child process. A `Labeller`."""

    def __init__(self, folder: Path, names: Names, package: Path) -> None:
        """`folder` holds the repository's files, `package` the compiler. Raises `InputError`."""
        self._folder = folder.resolve()
        self._names = names
        self._files = contextlib.ExitStack()
        script = self._files.enter_context(
            resources.as_file(resources.files("beadline.evaluation.cases") / _SCRIPT)
        )
        try:
            self._child = subprocess.Popen(
                [
                    shutil.which("node") or "node",
                    f"--max-old-space-size={_MEBIBYTES}",
                    str(script),
                    str(package),
                    str(self._folder),
                ],
                cwd=package,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
        except OSError as exc:
            self._files.close()
            raise InputError(f"node cannot be started: {exc}.", hint="Use --labels names.") from exc
        hello = self._answer()
        if not hello.get("usable"):
            self.close()
            raise InputError(
                f"The TypeScript {hello.get('version', '')} in {package} has no compiler API.",
                hint="Name the folder of version 5 or 6 with --typescript.",
            )
        self.name = f"typescript {hello['version']}"

    def label(self, path: str, text: str, language: str, call: Call) -> Label:
        """See `Labeller`."""
        before = text[: call.start].encode("utf-16-le", "surrogatepass")
        answer = self._ask({"path": path, "offset": len(before) // 2})
        if answer["external"]:
            return Label(Verdict.EXTERNAL)
        if not answer["found"]:
            maybe = self._names.elsewhere(path, language, call.name)
            return Label(Verdict.UNLABELLED if maybe else Verdict.EXTERNAL)
        found = answer["found"][0]
        if found["path"] == path:
            return Label(Verdict.LOCAL)
        return Label(Verdict.LABELLED, self._symbol(found, call.name))

    def close(self) -> None:
        """See `Labeller`."""
        if self._child.poll() is None:
            with contextlib.suppress(OSError):
                self._pipe(self._child.stdin).close()  # it ends with its input
            try:
                self._child.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._pipe(self._child.stdout).close()
        self._files.close()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        pipe = self._pipe(self._child.stdin)
        with contextlib.suppress(OSError):  # it has ended: there is no answer, then
            pipe.write(json.dumps(question) + "\n")
            pipe.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._pipe(self._child.stdout).readline()
        if not line:
            raise InputError(
                "The TypeScript compiler has ended unexpectedly.",
                hint="Run again to go on from here, or use --labels names.",
            )
        return json.loads(line)

    def _symbol(self, found: dict[str, Any], name: str) -> Symbol:
        lines = (self._folder / found["path"]).read_text("utf-8", "replace").split("\n")
        line = int(found["line"])
        return Symbol(
            name=found["name"] or name,
            kind=found["kind"],
            path=found["path"],
            line=line,
            signature=lines[line - 1].strip() if line <= len(lines) else "",
            cls=found["cls"],
        )

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None, "the child was started with pipes"
        return pipe
