"""What a real session leaves on the disk: counts that `beadline stats` prints, and no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import run
from tests.e2e.conftest import Launch
from tests.lsp.client import finish, insert

pytestmark = pytest.mark.slow

NAME = "an_unmistakable_name"


async def test_a_session_is_counted_without_its_text(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await launch()
    await server.ready()
    client = server.client
    uri = (tmp_path / f"{NAME}.py").as_uri()
    client.open(uri, f"import os\n\n{NAME} = 1\nprint(os.")
    (item, *_) = await client.complete(uri, 3, 9, triggerKind=1)
    client.change(uri, 2, insert(3, 9, item["insertText"]))
    command = {key: item["command"][key] for key in ("command", "arguments")}
    await client.request("workspace/executeCommand", command)
    await finish(client)
    assert await server.exit_code() == 0
    data = server.home / "data"
    monkeypatch.setenv("BEADLINE_DATA_DIR", str(data))
    values = run("stats", "--json").json
    assert (values["total"]["accepted"], values["total"]["shown"]) == (1, 1)
    assert values["total"]["accepted_characters"] == len(item["insertText"])
    assert list(values["languages"]) == ["python"]
    assert values["total"]["answered_from"] == {"model": 1.0}
    for file in data.iterdir():
        content = file.read_bytes()
        assert NAME.encode() not in content
        assert str(tmp_path).encode() not in content


async def test_nothing_is_written_when_it_is_turned_off(launch: Launch, tmp_path: Path) -> None:
    server = await launch(environment={"BEADLINE_STATISTICS__ENABLED": "false"})
    await server.ready()
    uri = (tmp_path / "a.py").as_uri()
    server.client.open(uri, "import os\n\nprint(os.")
    await server.client.complete(uri, 2, 9, triggerKind=1)
    await finish(server.client)
    assert await server.exit_code() == 0
    assert not (server.home / "data").exists()
