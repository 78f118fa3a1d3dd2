"""The recorder passes everything on and sees every message."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.editors import recorder
from tests.editors.wire import Wire
from tests.lsp.client import frame

ECHO = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"


@given(st.lists(st.text()), st.lists(st.integers(min_value=0, max_value=500)))
def test_messages_are_found_however_the_bytes_are_cut(texts: list[str], cuts: list[int]) -> None:
    data = b"".join(map(frame, texts))
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    framer = recorder.Framer()
    found = [
        body for start, end in itertools.pairwise(places) for body in framer.feed(data[start:end])
    ]
    assert [json.loads(body) for body in found] == texts


def test_what_is_said_is_passed_on_and_recorded(tmp_path: Path) -> None:
    messages = [{"method": "é🎉"}, {"id": 1, "result": None}]
    sent = b"".join(map(frame, messages))
    file = tmp_path / "wire.jsonl"
    command = [sys.executable, "-P", recorder.__file__, file, sys.executable, "-c", ECHO]
    done = subprocess.run(command, input=sent, stdout=subprocess.PIPE, check=True)
    assert done.stdout == sent
    wire = Wire(file)
    assert wire.messages("client") == wire.messages("server") == messages


def test_the_exit_code_is_the_servers(tmp_path: Path) -> None:
    command = [sys.executable, "-P", recorder.__file__, tmp_path / "wire", sys.executable, "-c"]
    done = subprocess.run([*command, "raise SystemExit(7)"], stdin=subprocess.DEVNULL)
    assert done.returncode == 7
