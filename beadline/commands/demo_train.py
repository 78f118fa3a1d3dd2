"""`beadline demo --train`: a repository is made of an installed package, the model tuned on it and
proved, and a server completes with what the gate left active.

Everything stays in a folder of its own in the cache directory: the user's adapters and repositories
are not touched, and the same command goes on where it was interrupted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from beadline import settings
from beadline.bench.client import Client
from beadline.bench.ours import position
from beadline.commands import common, display
from beadline.commands.train import errors, show_outcome
from beadline.engine import models
from beadline.errors import EngineError, InputError
from beadline.evaluation import heldout
from beadline.evaluation.heldout import Held, Plan
from beadline.settings import Options
from beadline.trainer.corpus.filters import decode
from beadline.trainer.corpus.installed import Installed
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.finetune.options import TuneOptions
from beadline.trainer.options import TrainOptions
from beadline.trainer.order import order

PACKAGE = "rich"
"""beadline needs it, so it is installed; the built-in model never saw it."""
_FOLDER = "demo-train"
_MADE = "beadline-demo-made"
"""A file of the git folder: all commits are there."""
_SHOWN = 3
"""Holes that the server is asked to fill."""
_START_S = 300.0
_INVOKED = 1
"""`InlineCompletionTriggerKind.Invoked`: nothing is kept back as too unsure."""
_OPTIONS = TrainOptions(
    Path(),
    holes=240,
    control=220,
    alone=False,
    tune=TuneOptions(max_hours=0.05),
)
"""Ten minutes on two cores: three of them tune, the rest proves. Holes are a few more than the gate
needs to say anything."""


def run(model: str | None) -> int:
    """Do all of it; the exit code."""
    from beadline.trainer.run import train
    from beadline.trainer.screen import Terminal

    own = common.load_options({"engine.model": model})
    path = models.resolve(own.engine.model)
    own = replace(own, engine=replace(own.engine, model=str(path)))
    work = settings.user_cache_dir() / _FOLDER
    # From here on the user's own folders are those of the demo, for the server too.
    os.environ["BEADLINE_CACHE_DIR"] = str(work / "cache")
    os.environ["BEADLINE_DATA_DIR"] = str(work / "data")
    repository = make_repository(PACKAGE, work / PACKAGE)
    console = display.console()
    name = display.printable(str(repository))
    console.print(f"{name}: the installed package {PACKAGE}, one file a commit")
    try:
        with Terminal(errors()) as terminal:
            outcome = train(replace(_OPTIONS, repository=repository), own, terminal)
    except KeyboardInterrupt:
        errors().print("interrupted; the same command goes on from here")
        return 130
    show_outcome(outcome, as_json=False)
    held = heldout.draw(repository, Plan.of(outcome.plan))
    asyncio.run(_complete(repository, held[:: max(1, len(held) // _SHOWN)][:_SHOWN], own, console))
    return 0


def make_repository(package: str, folder: Path) -> Path:
    """A git repository with the Python files of an installed package, each in a commit of its own,
    what others import first. One that is there is kept.

    Raises `InputError` without git or the package.
    """
    if (folder / ".git" / _MADE).exists():
        return folder
    if shutil.which("git") is None:
        raise InputError("git is not installed.", hint="Install git to make a repository.")
    source = Installed(package)
    files: list[CorpusFile] = []
    for listed, content in source.read(source.files()):
        text, reason = decode(content)
        if not reason and text.strip():
            files.append(CorpusFile.of(listed.path, "python", text, package))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet")
    for file in order(files, "abacus", seed=1):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8", newline="\n")
        _git(folder, "add", "--", file.path)
        _git(folder, "commit", "--quiet", "-m", f"Add {file.path}")
    (folder / ".git" / _MADE).touch()
    return folder


def _git(folder: Path, *arguments: str) -> None:
    """A git command that no settings of the user's have a word in."""
    name = ("-c", "user.name=beadline", "-c", "user.email=demo@localhost")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(folder), *name, *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise InputError(f"git {arguments[0]} failed: {done.stderr.strip()}.")


async def _complete(repository: Path, held: list[Held], own: Options, console: Console) -> None:
    """Have a server fill held-out holes, and say what it serves them with."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def told(method: str, params: Any) -> None:
        if method != "beadline/status" or ready.done():
            return
        if params["state"] == "error":
            ready.set_exception(EngineError(params["message"]))
        elif params["state"] == "ready":
            ready.set_result(None)

    with tempfile.TemporaryFile() as log:
        client = await Client.start(
            (sys.executable, "-P", "-m", "beadline", "serve"),
            environment={**os.environ, "BEADLINE_ENGINE__MODEL": own.engine.model},
            folder=repository,
            stderr=log,
            told=told,
        )
        try:
            root = repository.as_uri()
            await client.request(
                "initialize",
                {
                    "processId": os.getpid(),
                    "rootUri": root,
                    "workspaceFolders": [{"uri": root, "name": repository.name}],
                    "capabilities": {"textDocument": {"inlineCompletion": {}}},
                },
            )
            client.notify("initialized", {})
            await asyncio.wait_for(ready, _START_S)
            status: Mapping[str, Any] = {}
            for each in held:
                text = await _ask(client, repository, each)
                _show(each, text, console)
                command = {"command": "beadline.status", "arguments": []}
                status = await client.request("workspace/executeCommand", command)
            adapter = status.get("adapter")
            with_what = f"the adapter {adapter}" if adapter else "the model alone"
            console.print(f"\nThe server completed with {with_what}.", style="bold")
        finally:
            await client.close()


async def _ask(client: Client, repository: Path, held: Held) -> str:
    """What the server suggests in a hole; empty when it is silent."""
    case = held.case
    text = case.prefix + case.suffix
    uri = (repository / case.path).as_uri()
    item = {"uri": uri, "languageId": case.language, "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})
    found = await client.request(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": uri},
            "position": position(text, len(case.prefix)),
            "context": {"triggerKind": _INVOKED},
        },
    )
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    items = found["items"]
    return str(items[0]["insertText"]) if items else ""


def _show(held: Held, text: str, console: Console) -> None:
    case = held.case
    line = case.prefix.rpartition("\n")[2]
    number = case.prefix.count("\n") + 1
    console.print(f"\n{display.printable(case.path)}:{number}", style="bold")
    console.print(f"before     | {display.printable(line)}")
    for name, lines in (("suggestion", text or "(silent)"), ("was", case.middle)):
        for at, each in enumerate(lines.split("\n")):
            console.print(f"{name if not at else '':<10} | {display.printable(each)}")
