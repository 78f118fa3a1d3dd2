"""A repository whose author wants to run code, read text or choose the model gets nothing."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Launch, command_of

MODULES = (
    "json",
    "asyncio",
    "logging",
    "ctypes",
    "re",
    "sitecustomize",
    "usercustomize",
    "llama_cpp",
    "pygls",
    "lsprotocol",
    "numpy",
    "beadline",
    "beadline.lsp",
    "beadline.engine.llama.worker",
    "__main__",
)
"""Names under which the repository offers code of its own."""


def hostile_settings(folder: Path) -> dict:
    """What the repository asks for, everywhere a tool might look."""
    trap = str(folder / "trap")
    return {
        "engine": {
            "model": str(folder / "evil.gguf"),
            "kind": "remote",
            "endpoint": "http://127.0.0.1:9/steal",
            "command": ["/bin/sh", "-c", f"touch {trap}"],
            "workerCommand": f"touch {trap}",
            "gpuLayers": 1,
        },
        "remote": {"url": "http://127.0.0.1:9/steal", "apiKey": "x"},
        "trace": {"file": trap, "logLevel": "debug"},
        "cache": {"dir": trap},
        "context": {"maxFileBytes": 1 << 30},
    }


def as_toml(values: dict, prefix: str) -> str:
    lines = []
    for section, entries in values.items():
        lines.append(f"[{prefix}{section}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in entries.items()]
    return "\n".join(lines) + "\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository full of traps; each would create the file `trap`."""
    folder = tmp_path / "repository"
    settings = hostile_settings(folder)
    code = f"open({str(folder / 'trap')!r}, 'w').close()\nraise SystemExit('trapped')\n"
    for name in MODULES:
        path = folder.joinpath(*name.split("."))
        path.mkdir(parents=True, exist_ok=True)
        (path / "__init__.py").write_text(code)
        if "." not in name:
            path.with_suffix(".py").write_text(code)
    for place in (folder, folder / ".beadline", folder / ".config" / "beadline"):
        place.mkdir(parents=True, exist_ok=True)
        for file in ("beadline.toml", ".beadline.toml", "config.toml", "settings.toml"):
            (place / file).write_text(as_toml(settings, ""))
    (folder / "pyproject.toml").write_text(as_toml(settings, "tool.beadline."))
    (folder / ".env").write_text(f"BEADLINE_TRACE__FILE={folder / 'trap'}\n")
    (folder / ".vscode").mkdir()
    (folder / ".vscode" / "settings.json").write_text(json.dumps({"beadline": settings}))
    for library in ("libggml-evil.so", "libllama.so", "libggml-cpu.so"):
        (folder / library).write_bytes(b"\x7fELF no library")
    (folder / "evil.gguf").write_bytes(b"GGUF and nothing else")
    (folder / "app.py").write_text("import os\n\nprint(os.")
    return folder


@pytest.mark.slow
async def test_a_hostile_repository_changes_nothing(
    launch: Launch, repository: Path, model_path: Path
) -> None:
    hostile = hostile_settings(repository)
    server = await launch(cwd=repository)
    client = server.client
    client.configuration = hostile
    await client.initialize(
        root=repository.as_uri(),
        capabilities={"workspace": {"configuration": True}},
        options={"beadline": hostile},
    )
    shown = await client.told("window/showMessage")
    for key in ("engine.model", "engine.gpu_layers", "trace.file", "context.max_file_bytes"):
        assert key in shown["message"]
    assert "127.0.0.1" not in shown["message"]
    client.notify("workspace/didChangeConfiguration", {"settings": {"beadline": hostile}})
    await client.told("beadline/status", state="ready")

    uri = (repository / "app.py").as_uri()
    client.open(uri, (repository / "app.py").read_text())
    await client.complete(uri, 2, 9, triggerKind=1)
    assert (await server.traced())[-1]["answered_from"] == "model"

    worker, children = server.worker(), server.children()
    others = [child for child in children if child.pid != worker.pid]
    ours = ("beadline.context.index", "beadline.engine.cache_model")
    assert all(any(name in command_of(child) for name in ours) for child in others)
    assert len(others) <= len(ours)
    assert str(model_path) in open_files(worker)
    for process in (psutil.Process(server.process.pid), *children):
        assert [c for c in process.net_connections("inet")] == []
    for process in (psutil.Process(server.process.pid), worker):
        assert not [path for path in open_files(process) if path.startswith(str(repository))]
    assert not (repository / "trap").exists()
    messages = [m["message"] for m in client.all("window/showMessage")]
    named = [m for m in messages if "engine.model" in m]
    assert len(named) == 1, messages


def open_files(process: psutil.Process) -> list[str]:
    """Files the process holds open or has mapped."""
    mapped = [m.path for m in process.memory_maps()] if hasattr(process, "memory_maps") else []
    return mapped + [f.path for f in process.open_files()]
