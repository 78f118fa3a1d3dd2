"""What the counts say: rates, shares, percentiles. Knows no file and no terminal."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from beadline.lsp.statistics.database import Row
from beadline.lsp.statistics.recorder import KEPT_SECONDS, latency_ms

MOST_DAYS = 36_500
"""The longest time that can be asked for."""
_ANSWERED = "answered."
_LATENCY = "latency."
_HOW = ("full", "partial", "typed")


@dataclass(frozen=True)
class Summary:
    """The counts of some days, languages and models together; see docs/statistics.md."""

    counts: Counter[str]

    @property
    def shown(self) -> int:
        return int(self.counts["shown"])

    @property
    def accepted(self) -> int:
        return int(sum(self.counts[f"accepted_{how}"] for how in _HOW))

    @property
    def accepted_characters(self) -> int:
        return int(sum(self.counts[f"accepted_{how}_characters"] for how in _HOW))

    @property
    def acceptance(self) -> float | None:
        """Accepted characters of the shown ones."""
        return _share(self.accepted_characters, self.counts["shown_characters"])

    def kept(self, seconds: int) -> float | None:
        """Share of the accepted characters that were alive so long after."""
        return _share(
            self.counts[f"kept_{seconds}s_characters"], self.counts[f"looked_{seconds}s_characters"]
        )

    def latency(self, share: float) -> float | None:
        """Milliseconds within which this share of the answers came; to within 5 %."""
        classes = sorted((int(n), count) for n, count in self._named(_LATENCY).items())
        rest = share * sum(count for _, count in classes)
        for number, count in classes:
            rest -= count
            if rest <= 0:
                return latency_ms(number)
        return None

    def sources(self) -> dict[str, float]:
        """Share of each rung of the ladder in the answers, largest first."""
        named = self._named(_ANSWERED)
        total = sum(named.values())
        return {name: count / total for name, count in named.most_common()}

    def as_json(self) -> dict[str, Any]:
        """Plain values; None where nothing was counted."""
        return {
            "requests": int(self.counts["requests"]),
            "answers": int(self.counts["answers"]),
            "shown": self.shown,
            "shown_characters": int(self.counts["shown_characters"]),
            "accepted": self.accepted,
            "accepted_full": int(self.counts["accepted_full"]),
            "accepted_partial": int(self.counts["accepted_partial"]),
            "accepted_typed": int(self.counts["accepted_typed"]),
            "accepted_characters": self.accepted_characters,
            "rejected": int(self.counts["rejected"]),
            "acceptance": _rounded(self.acceptance),
            **{f"kept_{s}s": _rounded(self.kept(s)) for s in KEPT_SECONDS},
            "latency_p50_ms": _rounded(self.latency(0.5)),
            "latency_p95_ms": _rounded(self.latency(0.95)),
            "answered_from": {name: _rounded(share) for name, share in self.sources().items()},
        }

    def _named(self, prefix: str) -> Counter[str]:
        return Counter(
            {n.removeprefix(prefix): c for n, c in self.counts.items() if n.startswith(prefix)}
        )


def summarise(rows: Iterable[Row]) -> Summary:
    """All rows together."""
    counts: Counter[str] = Counter()
    for *_, name, value in rows:
        counts[name] += value  # type: ignore[assignment]  # counts of characters kept are fractions
    return Summary(counts)


def by_language(rows: Iterable[Row]) -> dict[str, Summary]:
    """One summary for each language, the one with most requests first."""
    return _grouped(rows, 1)


def by_model(rows: Iterable[Row]) -> dict[str, Summary]:
    """One summary for each model."""
    return _grouped(rows, 2)


def first_day(days: int) -> str:
    """First day of the last so many, today included, as an ISO date."""
    return (datetime.date.today() - datetime.timedelta(days=days - 1)).isoformat()


def as_json(rows: Sequence[Row], since: str = "") -> dict[str, Any]:
    """All that is known from a day on (empty: the beginning), plain values."""
    return {
        "since": since or min((row[0] for row in rows), default=None),
        "total": summarise(rows).as_json(),
        "languages": {name: group.as_json() for name, group in by_language(rows).items()},
        "models": {name: group.as_json() for name, group in by_model(rows).items()},
    }


def _grouped(rows: Iterable[Row], column: int) -> dict[str, Summary]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[column]), []).append(row)
    summaries = {name: summarise(group) for name, group in groups.items()}
    return dict(sorted(summaries.items(), key=lambda item: -item[1].counts["requests"]))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
