"""What can be done with adapters: `beadline train list|show|activate|deactivate|remove|merge`.

Knows the store and the terminal; trains nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.table import Table

from beadline.commands import common, display
from beadline.engine import models
from beadline.engine.adapter_store import AdapterStore, Stored
from beadline.engine.adapters import base_of
from beadline.errors import AdapterError, InputError

Action = Callable[[Sequence[str], argparse.Namespace], None]


def run(name: str, arguments: Sequence[str], args: argparse.Namespace) -> int:
    """Do one of `ACTIONS`. Raises `InputError` for a wrong number of arguments, `AdapterError`
    where it cannot be done."""
    count, action = ACTIONS[name]
    if len(arguments) != count:
        wanted = ("no name", "the name of an adapter", "the name of an adapter, and a file")[count]
        raise InputError(
            f"`beadline train {name}` takes {wanted}.",
            hint="`beadline train list` shows what there is.",
        )
    action(arguments, args)
    return 0


def _list(names: Sequence[str], args: argparse.Namespace) -> None:
    console = display.console()
    found = AdapterStore().all()
    if not found:
        console.print("no adapters; `beadline train REPO` makes one")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "", "repository", "model", "made", "verdict"):
        table.add_column(heading, overflow="fold")
    for each in found:
        made = each.manifest
        if made is None:
            table.add_row(each.name, "unusable", "", "", "", display.printable(each.problem))
            continue
        table.add_row(
            each.name,
            "active" if each.active else "",
            display.printable(made.repository),
            display.printable(made.base.name),
            made.created[:10],
            display.printable(made.verdict.partition(":")[0]),
        )
    console.print(table)


def _show(names: Sequence[str], args: argparse.Namespace) -> None:
    stored = AdapterStore().get(names[0])
    console = display.console()
    console.print(f"{stored.name}{' (active)' if stored.active else ''}", style="bold")
    console.print(display.printable(stored.problem or str(stored.path)), style="dim")
    try:
        console.print(display.printable(stored.report.read_text("utf-8")))
    except OSError:
        console.print("it has no report")


def _activate(names: Sequence[str], args: argparse.Namespace) -> None:
    _say(AdapterStore().activate(names[0]), "is active from now on")


def _deactivate(names: Sequence[str], args: argparse.Namespace) -> None:
    store = AdapterStore()
    was = store.deactivate(names[0])
    _say(store.get(names[0]), "is not active any more" if was else "was not active")


def _remove(names: Sequence[str], args: argparse.Namespace) -> None:
    AdapterStore().remove(names[0])
    display.console().print(f"{names[0]} is removed")


def _merge(names: Sequence[str], args: argparse.Namespace) -> None:
    """A GGUF for programs that load no adapters."""
    from beadline.trainer import merged

    name, target = names[0], Path(names[1])
    stored = AdapterStore().get(name)
    if stored.manifest is None:
        raise AdapterError(f"The adapter {name} cannot be used: {stored.problem}")
    if target.exists():
        raise InputError(f"{target} exists already.", hint="Name another file.")
    own = common.load_options({"engine.model": args.model})
    model = models.resolve(own.engine.model)
    made = stored.manifest.base
    if base_of(model, family=made.family, layout=made.layout).weights != made.weights:
        raise AdapterError(
            f"The adapter {name} was made for another model: {made.name}.",
            hint="Name that one with --model.",
        )
    scale = stored.manifest.scale
    merged.merge(model, stored.path, target, scale=scale, quantisation=args.quantisation, name=name)
    display.console().print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


def _say(stored: Stored, what: str) -> None:
    made = stored.manifest
    where = f" in {made.repository}" if made is not None else ""
    display.console().print(display.printable(f"{stored.name} {what}{where}"))


ACTIONS: dict[str, tuple[int, Action]] = {
    "list": (0, _list),
    "show": (1, _show),
    "activate": (1, _activate),
    "deactivate": (1, _deactivate),
    "remove": (1, _remove),
    "merge": (2, _merge),
}
"""Name -> how many arguments it takes, and what does it."""
