"""Tables of a typing benchmark from its records. Pure; knows no server and no file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from beadline.bench.live import LIMIT_S
from beadline.bench.plan import CLASSES
from beadline.bench.results import Record
from beadline.evaluation.metrics import mean, median, quantile, ratio

PROMPT_PARTS = ("prompt", "prefix", "suffix", "snippets")
RUNGS = ("typed", "exact", "prefix", "inflight", "model")
_MODEL = "model"
_LADDER = ("typed", "exact", "prefix")
"""Rungs that ask nobody."""
_NUMBERS = (("evaluated", "evaluated tokens"), ("first_ms", "first token"), ("total_ms", "all"))


def p95(values: Sequence[float]) -> float:
    """The 95 % quantile."""
    return quantile(values, 0.95)


def model_path(sides: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """Numbers of `modelpath` by side and class, and ratios to the side `peer`; JSON values."""
    peer = {_key(r): r for r in sides.get("peer", ())}
    return {
        name: {
            "classes": {
                each: _class([r for r in records if r["class"] == each], peer if peer else {})
                for each in CLASSES
            },
            "prompts": _prompts(records, peer),
            "background_tokens": _background(records),
            "questions": len(records),
        }
        for name, records in sides.items()
    }


def _key(record: Record) -> tuple[str, int]:
    return record["episode"], record["number"]


def _class(records: Sequence[Record], peer: Mapping[tuple[str, int], Record]) -> dict[str, Any]:
    found: dict[str, Any] = {"keystrokes": len(records)}
    for name, _ in _NUMBERS:
        values = [float(r[name]) for r in records]
        found[name] = {"p50": _round(median(values)), "p95": _round(p95(values))}
        pairs = [(float(r[name]), float(peer[_key(r)][name])) for r in records if _key(r) in peer]
        if pairs:
            found[name] |= {
                "ratio_p50": ratio(pairs, median).as_dict(),
                "ratio_p95": ratio(pairs, p95).as_dict(),
            }
    return found


def _prompts(records: Sequence[Record], peer: Mapping[tuple[str, int], Record]) -> dict[str, Any]:
    """Mean tokens of the prompts by part; how many prompts hold at least the peer's."""
    measured = [r for r in records if r["class"] in CLASSES]
    pairs = [(r, peer[_key(r)]) for r in measured if _key(r) in peer]
    found: dict[str, Any] = {}
    for part in PROMPT_PARTS:
        found[part] = {"mean": _round(mean([float(r[part]) for r in measured]).value)}
        if pairs:
            found[part]["peer"] = _round(mean([float(other[part]) for _, other in pairs]).value)
            found[part]["at_least"] = sum(r[part] >= other[part] for r, other in pairs)
            found[part]["of"] = len(pairs)
    return found


def _background(records: Sequence[Record]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for record in records:
        total.update(record["background"])
    return dict(total)


def as_used(sides: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """Numbers of `live` by side, paired intervals against the side `peer`; JSON values."""
    keys = {name: _keys(records) for name, records in sides.items()}
    common = set.intersection(*(set(each) for each in keys.values())) if keys else set()
    found: dict[str, Any] = {}
    for name, records in sides.items():
        side = [keys[name][key] for key in sorted(common)]
        found[name] = {"keys": len(keys[name]), "common": len(common), **_served(side)}
        found[name]["covered"] = _covered(list(keys[name].values()))
        traces = [r for r in records if r["kind"] == "trace"]
        if traces:
            found[name]["trace"] = traces_of(traces)
        replies = [r for r in records if r["kind"] == "reply"]
        if replies:
            found[name]["requests"] = len(replies)
            found[name]["evaluated_p50"] = median([r["evaluated_tokens"] for r in replies])
            found[name]["request_ms"] = _spread([r["total_ms"] for r in replies])
    if "peer" in keys:
        for name in keys:
            pairs = [(keys[name][key], keys["peer"][key]) for key in sorted(common)]
            found[name]["against_peer"] = _against(pairs)
    return found


def _keys(records: Sequence[Record]) -> dict[tuple[str, str], Record]:
    return {(r["episode"], r["id"]): r for r in records if r["kind"] == "key"}


def _served(records: Sequence[Record]) -> dict[str, Any]:
    eligible = [r for r in records if r["eligible"]]
    return {
        "eligible": len(eligible),
        "time_ms": mean([_time(r) for r in eligible]).as_dict(),
        "time_p50_ms": _round(median([_time(r) for r in eligible])),
        "right": mean([_is_right(r) for r in eligible]).as_dict(),
        "agrees": mean([float(r["agrees"]) for r in eligible]).as_dict(),
        "right_over_shown": mean([_is_right(r) for r in records if r["shown"]]).as_dict(),
        "shown": mean([float(r["shown"]) for r in records]).as_dict(),
        "accepted": sum(bool(r.get("takes")) for r in records),
        "accepted_characters": sum(r.get("takes", 0) for r in records),
    }


def _covered(records: Sequence[Record]) -> dict[str, Any]:
    """Of all that an author wrote on this side, keystrokes with a right suggestion and characters
    that came by accepting one: what is accepted is not typed, and so on no side of a pair."""
    eligible = [r for r in records if r["eligible"]]
    accepted = sum(r.get("takes", 0) for r in records)
    return mean([_is_right(r) for r in eligible] + [1.0] * accepted).as_dict()


def _against(pairs: Sequence[tuple[Record, Record]]) -> dict[str, Any]:
    """Differences to the peer, each keystroke with itself."""
    eligible = [(one, other) for one, other in pairs if one["eligible"]]
    return {
        "time_ms": mean([_time(one) - _time(other) for one, other in eligible]).as_dict(),
        "right": mean([_is_right(one) - _is_right(other) for one, other in eligible]).as_dict(),
    }


def _time(record: Record) -> float:
    """Milliseconds to a right suggestion; none counts as the limit."""
    right = record["right_ms"]
    return 1000 * LIMIT_S if right is None else min(right, 1000 * LIMIT_S)


def _is_right(record: Record) -> float:
    return float(record["right_ms"] is not None)


def traces_of(lines: Sequence[Record]) -> dict[str, Any]:
    """What our own trace says of a replay."""
    requests = [line for line in lines if line["event"] == "request"]
    answered = [line for line in requests if line["silent_reason"] != "cancelled"]
    found = [line for line in answered if line["answered_from"]]
    rungs: dict[str, Any] = {}
    for rung in RUNGS:
        of_rung = [line for line in found if line["answered_from"] == rung]
        rungs[rung] = {
            "count": len(of_rung),
            "share": _round(len(of_rung) / len(found), 4) if found else None,
            "total_ms": _spread([line["total_ms"] for line in of_rung]),
            "client_ms": _spread([line["client_ms"] for line in of_rung if "client_ms" in line]),
        }
    ladder = [line for line in found if line["answered_from"] in _LADDER]
    model = [line for line in found if line["answered_from"] == _MODEL]
    decoded = sum(line["generated_tokens"] for line in model)
    return {
        "requests": len(requests),
        "cancelled": len(requests) - len(answered),
        "silent": dict(Counter(line["silent_reason"] for line in requests).most_common()),
        "rungs": rungs,
        "ladder": {
            "share": _round(len(ladder) / len(found), 4) if found else None,
            "total_ms": _spread([line["total_ms"] for line in ladder]),
            "client_ms": _spread([line["client_ms"] for line in ladder if "client_ms" in line]),
        },
        "overhead_ms": _spread([_overhead(line) for line in model]),
        "context_ms": _spread([line["context_ms"] for line in model]),
        "evaluated_p50": median([line["evaluated_tokens"] for line in model]) if model else None,
        "older_snippets": _round(
            mean([float(line["older_snippets"]) for line in model]).value, 4
        ) if model else None,
        "decode_step_ms": (
            _round(sum(line["generate_ms"] for line in model) / decoded, 2) if decoded else None
        ),
        "background": {
            event: {
                "count": sum(line["event"] == event for line in lines),
                "evaluated_tokens": sum(
                    line["evaluated_tokens"] for line in lines if line["event"] == event
                ),
                "generated_tokens": sum(
                    line["generated_tokens"] for line in lines if line["event"] == event
                ),
            }
            for event in ("abandoned", "warm", "prefetch")
        },
    }  # fmt: skip


def _overhead(line: Record) -> float:
    """All but waiting for the engine, evaluation, and decoding up to the end of the answer."""
    return line["total_ms"] - line["queue_ms"] - line["decided_ms"]


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {"p50": _round(median(values), 2), "p95": _round(p95(values), 2), "count": len(values)}


def _round(value: float, digits: int = 1) -> float | None:
    """None for NaN, which is no JSON."""
    return None if value != value else round(value, digits)


Text = Callable[[str], None]


def print_model_path(summary: Mapping[str, Any], tell: Text) -> None:
    """Median and 95 % quantile by class and side, and ratios to the peer with 95 % intervals."""
    for name, side in summary.items():
        tell(f"{name}: {side['questions']} questions, beside them {side['background_tokens']}")
        for part, value in side["prompts"].items():
            against = f", the peer's {value['peer']}" if "peer" in value else ""
            enough = (
                f", at least as many in {value['at_least']} of {value['of']}" if against else ""
            )
            tell(f"  {part} tokens: mean {value['mean']}{against}{enough}")
        for each, row in side["classes"].items():
            tell(f"  {each}: {row['keystrokes']} keystrokes")
            for key, title in _NUMBERS:
                cell = row[key]
                line = f"    {title:<17} p50 {_number(cell['p50'])}  p95 {_number(cell['p95'])}"
                if name != "peer" and "ratio_p50" in cell:
                    line += f"  ratio p50 {_interval(cell['ratio_p50'], 3)}"
                    line += f"  p95 {_interval(cell['ratio_p95'], 3)}"
                tell(line)


def print_as_used(summary: Mapping[str, Any], tell: Text) -> None:
    """What an author got from each side."""
    for name, side in summary.items():
        tell(f"{name}: {side['keys']} keystrokes, {side['common']} of them typed on all sides")
        tell(
            f"  time to a right suggestion: mean {_interval(side['time_ms'], 0)} ms, median "
            f"{_number(side['time_p50_ms'])} ms of {side['eligible']}"
        )
        for key, title in (
            ("right", "with a right one"), ("agrees", "agreeing so far as it goes"),
            ("right_over_shown", "right over shown"), ("shown", "with any suggestion"),
        ):  # fmt: skip
            tell(f"  {title}: {_percent(side[key])}")
        tell(
            f"  accepted: {side['accepted']}, {side['accepted_characters']} characters; with a "
            f"right one or accepted, of all written: {_percent(side['covered'])}"
        )
        if name != "peer" and "against_peer" in side:
            against = side["against_peer"]
            tell(
                f"  less the peer's, paired: time {_interval(against['time_ms'], 0)} ms, "
                f"right {_percent(against['right'])}"
            )
        if "requests" in side:
            spread = side["request_ms"]
            tell(f"  {side['requests']} answers: p50 {spread['p50']} ms, p95 {spread['p95']} ms")
        if "trace" in side:
            _print_trace(side["trace"], tell)


def _print_trace(trace: Mapping[str, Any], tell: Text) -> None:
    tell(f"  requests: {trace['requests']}, cancelled {trace['cancelled']}")
    rows = {**trace["rungs"], "ladder": trace["ladder"]}
    for rung, row in rows.items():
        server, client = row["total_ms"], row["client_ms"]
        tell(
            f"    {rung:<9} share {row['share']}  server p50 {server['p50']} p95 {server['p95']} "
            f"ms  client p50 {client['p50']} p95 {client['p95']} ms"
        )
    overhead = trace["overhead_ms"]
    tell(
        f"  overhead around the model: p50 {overhead['p50']} p95 {overhead['p95']} ms; "
        f"served with an older snippet set: {trace['older_snippets']}; "
        f"decode step {trace['decode_step_ms']} ms"
    )
    tell(f"  beside the requests: {trace['background']}")
    tell(f"  silent: {trace['silent']}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _interval(value: Mapping[str, Any], digits: int) -> str:
    if value["value"] is None:
        return "-"
    return f"{value['value']:.{digits}f} [{value['low']:.{digits}f}, {value['high']:.{digits}f}]"


def _percent(value: Mapping[str, Any]) -> str:
    scaled = {k: 100 * v if isinstance(v, float) else v for k, v in value.items()}
    return f"{_interval(scaled, 1)} %"
