"""What happened in a soak, counted; the server's trace file among it. Knows no messages."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Summary:
    """What happened."""

    asked: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    drafted: int = 0
    accepted: int = 0
    kills: int = 0
    memory: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.asked} requests, {self.kills} workers killed"]
        for name in ("answers", "sources", "silent", "events", "steps"):
            counted = getattr(self, name).most_common()
            lines.append(f"{name}: " + ", ".join(f"{key} {n}" for key, n in counted))
        lines.append(f"drafted tokens: {self.drafted}, accepted {self.accepted}")
        return "\n".join([*lines, *self.memory])


class Trace:
    """The trace file, read as it grows."""

    def __init__(self, path: Path, summary: Summary) -> None:
        self._path = path
        self._summary = summary
        self._read = 0
        self.models = 0
        """Requests that a model answered."""
        self.background = 0
        """Lines that no request wrote."""

    def look(self) -> None:
        """Read what is new."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._take(json.loads(line))

    def _take(self, record: dict[str, Any]) -> None:
        summary = self._summary
        run = record["reused_tokens"] + record["evaluated_tokens"]
        # A prompt that was given up on the way, or took longer than a request may, was not run to
        # its end.
        late = record["stop_reason"] == "deadline" and not record["generated_tokens"]
        whole = record["event"] == "request" and record["attempts"] == 1 and not late
        assert run == record["prompt_tokens"] if whole else run <= record["prompt_tokens"], record
        assert record["accepted_tokens"] <= record["drafted_tokens"], record
        summary.events[record["event"]] += 1
        summary.drafted += record["drafted_tokens"]
        summary.accepted += record["accepted_tokens"]
        if record["event"] == "request":
            summary.sources[record["answered_from"] or "nothing asked"] += 1
            summary.silent[record["silent_reason"] or "shown"] += 1
            self.models += record["answered_from"] == "model"
        else:
            self.background += 1
