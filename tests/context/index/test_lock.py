"""One holder at a time, and what happens when the file goes away."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from beadline.context.index.lock import FileLock
from tests.context.index.kit import TIME_OUT, until

HOLD = (
    "import sys, pathlib; from beadline.context.index.lock import FileLock; "
    "lock = FileLock.wait(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    first = FileLock.attempt(path)
    assert first is not None and first.held
    assert FileLock.attempt(path) is None
    first.release()
    first.release()
    assert not first.held
    with FileLock.wait(path) as second:
        assert second.held
        assert FileLock.attempt(path) is None
    third = FileLock.attempt(path)
    assert third is not None
    third.release()


def test_the_end_of_a_process_gives_it_back(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        assert FileLock.attempt(path) is None
        got: list[FileLock] = []
        waiting = threading.Thread(target=lambda: got.append(FileLock.wait(path)))
        waiting.start()
        holder.kill()
        waiting.join(TIME_OUT)
    assert got and got[0].held
    got[0].release()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_file_that_was_removed_is_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    first = FileLock.attempt(path)
    assert first is not None
    path.unlink()
    assert not first.held
    second = FileLock.attempt(path)
    assert second is not None and second.held
    got: list[FileLock] = []
    waiting = threading.Thread(target=lambda: got.append(FileLock.wait(path)))
    waiting.start()
    path.unlink()
    second.release()
    first.release()
    waiting.join(TIME_OUT)
    until(lambda: got, "the lock is taken on a file that is there")
    assert got[0].held
    got[0].release()


def test_where_there_can_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for take in (FileLock.attempt, FileLock.wait):
        with pytest.raises(OSError):
            take(tmp_path / "file" / "a.lock")
