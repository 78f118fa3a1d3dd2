"""What every test gets: its own configuration, cache and data folders, and no network."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from beadline.engine import models
from tests.examples import load_profile

LOCAL = ("127.0.0.1", "::1", "localhost")


def pytest_configure(config: pytest.Config) -> None:
    """Without the slow tests, properties are tried on fewer examples.

    Of tests that run side by side each process has one core: threads that outnumber the cores
    wait for each other by spinning.
    """
    load_profile(fast="not slow" in (config.getoption("markexpr") or ""))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders that no other test has; making thousands of them takes a while."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def nothing_of_the_user(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the user's settings, models or caches is read or written; the folder instead,
    which does not exist yet.
    """
    for name in [name for name in os.environ if name.startswith("BEADLINE_")]:
        if name not in ("BEADLINE_TEST_MODEL", "BEADLINE_VOCABULARIES"):
            monkeypatch.delenv(name)
    home = next(homes)
    monkeypatch.setenv("BEADLINE_CONFIG", str(home / "config.toml"))
    monkeypatch.setenv("BEADLINE_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("BEADLINE_DATA_DIR", str(home / "data"))
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    return home


@pytest.fixture
def own_folders(nothing_of_the_user: Path) -> Path:
    """The folder that stands for the user's."""
    nothing_of_the_user.mkdir()
    return nothing_of_the_user


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to another machine is an error, except in tests marked `network`."""
    if request.node.get_closest_marker("network"):
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
            raise AssertionError(f"a test tried to connect to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def model_path() -> Path:
    """The built-in model, or the GGUF that BEADLINE_TEST_MODEL names."""
    return models.resolve(os.environ.get("BEADLINE_TEST_MODEL", "builtin"))


@pytest.fixture(scope="session")
def other_model(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model with its FIM tokens, and the keys that tell their ids, renamed: a GGUF that
    can only go on from left to right.
    """
    path = tmp_path_factory.mktemp("models") / "no-fim.gguf"
    data = model_path.read_bytes()
    assert b"fim_prefix|>" in data
    path.write_bytes(data.replace(b"fim_", b"fum_"))
    return path
