"""`beadline stats`: the local counts of suggestions, printed or deleted. Records nothing."""

from __future__ import annotations

import argparse
import json

from rich.table import Table

from beadline.commands import common, display
from beadline.errors import SettingsError
from beadline.lsp.statistics import database, summary
from beadline.lsp.statistics.summary import Summary
from beadline.settings import Options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--days", metavar="N", help="only today and the N - 1 days before")
    parser.add_argument("--clear", action="store_true", help="delete everything that was counted")


def main(args: argparse.Namespace) -> int:
    """Run the command. Raises `FileError`, `SettingsError`."""
    options = common.load_options()
    path = database.location(options.statistics)
    console = display.console()
    if args.clear:
        database.clear(path)
        if args.json:
            print(json.dumps({"file": str(path), "cleared": True}))
        else:
            console.print(f"The statistics in {display.printable(str(path))} are deleted.")
        return 0
    since = _since(args.days)
    rows = database.read(path, since)
    if args.json:
        print(json.dumps({"file": str(path), **summary.as_json(rows, since)}))
        return 0
    if not rows:
        console.print(_nothing(options, since))
        return 0
    total = summary.summarise(rows)
    console.print(_table(total, summary.by_language(rows), summary.by_model(rows)))
    console.print()
    console.print(_answers(total))
    console.print(
        f"Counted on this machine only, in {display.printable(str(path))}; "
        "`beadline stats --clear` deletes it.",
        style="dim",
    )
    return 0


def _since(days: str | None) -> str:
    """First day of the last so many, as an ISO date; empty is the beginning."""
    if days is None:
        return ""
    most = summary.MOST_DAYS
    digits = days.isascii() and days.isdecimal() and len(days) <= len(str(most))
    if not (digits and 1 <= int(days) <= most):
        raise SettingsError(f"--days must be a whole number from 1 to {most}, not {days!r}.")
    return summary.first_day(int(days))


def _nothing(options: Options, since: str) -> str:
    if not options.statistics.enabled:
        return "Nothing is counted: statistics.enabled is false in your settings."
    when = f" since {since}" if since else " yet"
    return f"Nothing was counted{when}. Counting begins with the first suggestion in an editor."


def _table(total: Summary, languages: dict[str, Summary], models: dict[str, Summary]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in ("requests", "shown", "accepted", "acceptance", "kept 30 s", "kept 5 min"):
        table.add_column(heading, justify="right")
    # A model may have the name of a language.
    for name, group in (("all", total), *languages.items(), *models.items()):
        table.add_row(
            display.printable(name) or "?",
            str(int(group.counts["requests"])),
            str(group.shown),
            str(group.accepted),
            _percent(group.acceptance),
            _percent(group.kept(30)),
            _percent(group.kept(300)),
        )
    return table


def _answers(total: Summary) -> str:
    shares = ", ".join(f"{name} {_percent(share)}" for name, share in total.sources().items())
    half, most = total.latency(0.5), total.latency(0.95)
    if half is None or most is None:
        return "No request has had a suggestion as its answer."
    return (
        f"Half of the answers came within {half:.0f} ms, 95 % within {most:.0f} ms; from {shares}."
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
