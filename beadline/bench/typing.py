"""`beadline bench typing`: arguments, the sides of a run, where its numbers go.

What is measured is in `modelpath` and `live`; how numbers become tables in `report`.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from beadline import __version__, settings
from beadline.bench import live, modelpath, report
from beadline.bench.commits import Commit, Folder, read_commits
from beadline.bench.editors import OurEditor, VimEditor
from beadline.bench.models import SHAPES, TYPES, random_model
from beadline.bench.ours import Ours
from beadline.bench.peer import Peer, PeerOptions
from beadline.bench.plan import CLASSES, SUPPORT, counts, plan
from beadline.bench.results import Record, Results, read
from beadline.bench.ring import Ring
from beadline.engine.gguf import read_header
from beadline.engine.llama.threads import decoding_threads
from beadline.engine.models import resolve
from beadline.errors import InputError
from beadline.evaluation import machine

MODEL_PATH, AS_USED = "model-path", "as-used"
OURS, PEER = "ours", "peer"
EXACT_TOKENS = 16
SNIPPET_TOKENS = 3000
_DEADLINE_MS = 120_000


@dataclass(frozen=True)
class Sizes:
    """How much of what a prompt may hold."""

    context: int
    prefix: int
    suffix: int
    snippets: int
    peer_batch: int
    peer_snippets: int
    peer_predict: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument(
        "--model-path", action="store_const", dest="mode", const=MODEL_PATH,
        help="the model's work alone, by class of keystroke, on a model with random weights",
    )  # fmt: skip
    mode.add_argument(
        "--as-used",
        action="store_const",
        dest="mode",
        const=AS_USED,
        help="what an author gets who types in real time, on the built-in model",
    )
    parser.add_argument(
        "--repo", metavar="PATH", type=Path, required=True, help="checkout or bare clone"
    )
    parser.add_argument("--commits", metavar="N", type=int, default=60,
                        help="how many commits to look through (default: 60)")  # fmt: skip
    parser.add_argument("--commit", default="HEAD", help="the last of them")
    parser.add_argument("--language", metavar="ID", nargs="+", default=[],
                        help="languages of the files (default: all with a grammar)")  # fmt: skip
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="default: 1")
    parser.add_argument("--peer", metavar="PATH", type=Path,
                        help="llama-server to compare with, driven as by llama.vim")  # fmt: skip
    parser.add_argument("--side", choices=(OURS, PEER), help="measure this one alone")
    parser.add_argument("--model", metavar="PATH", help="GGUF file, or `builtin`")
    parser.add_argument("--shape", choices=SHAPES, default="0.5b",
                        help="of the random model (default: 0.5b)")  # fmt: skip
    parser.add_argument("--type", choices=TYPES, default="q8_0",
                        help="of its weights (default: q8_0)")  # fmt: skip
    parser.add_argument("--vocabulary", metavar="FILE", type=Path,
                        help="GGUF file whose tokenizer it gets (default: built-in)")  # fmt: skip
    parser.add_argument("--layout", default="auto", help="of our prompts (default: the family's)")
    parser.add_argument("--threads", metavar="N", type=int, default=0,
                        help="of both sides (default: the physical cores)")  # fmt: skip
    parser.add_argument("--per-class", metavar="N", type=int, default=50,
                        help="of each class, with --model-path (default: 50)")  # fmt: skip
    parser.add_argument("--keys", metavar="N", type=int, default=1500,
                        help="keystrokes with --as-used (default: 1500)")  # fmt: skip
    parser.add_argument("--keys-per-commit", metavar="N", type=int, default=150,
                        help="most of one commit (default: 150)")  # fmt: skip
    parser.add_argument(
        "--context",
        metavar="N",
        type=int,
        help="tokens of both sides' context (default: 8192, at most the model's)",
    )
    for side, what in (("prefix", "before"), ("suffix", "after")):
        parser.add_argument(f"--{side}-tokens", metavar="N", type=int,
                            help=f"most tokens {what} the cursor on our side")  # fmt: skip
    parser.add_argument("--snippet-tokens", metavar="N", type=int,
                        help="most tokens of other files on our side")  # fmt: skip
    parser.add_argument("--peer-snippet-tokens", metavar="N", type=int,
                        help="most tokens of the peer's ring")  # fmt: skip
    parser.add_argument(
        "--peer-batch",
        metavar="N",
        type=int,
        help="-b and -ub of llama-server (default: 1024, half the context at most)",
    )
    parser.add_argument("--results", metavar="FOLDER", type=Path,
                        help="records, a file a side; an interrupted run goes on from there, and "
                        "what other runs left there is in the tables")  # fmt: skip
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all numbers there")


def main(args: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    if args.side == PEER and args.peer is None:
        raise InputError("No peer is named.", hint="Name llama-server with --peer.")
    if min(args.commits, args.per_class, args.keys, args.keys_per_commit) < 1:
        raise InputError("There is nothing to type.", hint="Give positive numbers.")
    commits = read_commits(
        args.repo, last=args.commits, commit=args.commit, languages=args.language
    )
    run = _Run(args, _model(args, console), commits, console)
    asyncio.run(run.measure())
    summary = run.report(Console(markup=False, emoji=False, highlight=False, soft_wrap=True))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return 0


def _model(args: argparse.Namespace, console: Console) -> Path:
    if args.model or args.mode == AS_USED:
        return resolve(args.model or settings.BUILTIN_MODEL)
    with console.status("making a model with random weights, once"):
        return random_model(args.shape, args.type, vocabulary=args.vocabulary, seed=args.seed)


def _sizes(args: argparse.Namespace, model: Path) -> Sizes:
    """Sizes by the model's context. Ours hold what the peer's prompts hold, and somewhat more:
    where a window starts depends on the syntax, and characters are counted, not tokens."""
    header = read_header(model)
    trained = header.number(f"{header.text('general.architecture')}.context_length", 8192)
    context = min(args.context or 8192, trained)
    batch = args.peer_batch or min(1024, context // 2)
    measured = args.mode == MODEL_PATH
    defaults = settings.ContextOptions()
    prefix = 2 * batch if measured else defaults.prefix_tokens
    suffix = 3 * batch // 4 if measured else defaults.suffix_tokens
    snippets = min(SNIPPET_TOKENS, int(0.4 * context)) if measured else defaults.snippet_tokens
    # Free of extra context the server keeps a batch and twice what it predicts.
    predict = -1 if context - batch >= 2 * SNIPPET_TOKENS else 128
    return Sizes(
        context,
        args.prefix_tokens or prefix,
        args.suffix_tokens or suffix,
        args.snippet_tokens or snippets,
        batch,
        args.peer_snippet_tokens or min(SNIPPET_TOKENS, max(64, context - batch - 256)),
        predict,
    )


class _Run:
    """One side after the other."""

    def __init__(
        self, args: argparse.Namespace, model: Path, commits: Sequence[Commit], console: Console
    ) -> None:
        self._args = args
        self._model = model
        self._commits = commits
        self._console = console
        self._sizes = _sizes(args, model)
        self._threads = args.threads or decoding_threads()
        self._header = self._describe()
        key = hashlib.sha256(json.dumps(self._header, sort_keys=True).encode()).hexdigest()[:16]
        self._folder: Path = args.results or settings.user_cache_dir() / "bench" / "typing" / key
        self._done = 0
        self._started = time.monotonic()

    async def measure(self) -> None:
        """Measure what the folder of results does not hold yet."""
        args = self._args
        self._console.print(f"{self._model.name}; records go to {self._folder}", style="dim")
        if args.side != PEER:
            await self._ours()
        if args.peer is not None and args.side != OURS:
            await self._peer()

    def report(self, out: Console) -> dict[str, Any]:
        """Print tables of all that the folder holds, and give all numbers as JSON values."""
        sides: dict[str, list[Record]] = {}
        headers: dict[str, dict[str, Any]] = {}
        for file in sorted(self._folder.glob("*.jsonl")):
            headers[file.stem], sides[file.stem] = read(file)
            if any(headers[file.stem].get(k) != v for k, v in self._header.items()):
                raise InputError(
                    f"{file} is of another run.", hint="Name another folder with --results."
                )
        if self._args.mode == MODEL_PATH:
            summary = report.model_path(sides)
            report.print_model_path(summary, out.print)
        else:
            summary = report.as_used(sides)
            report.print_as_used(summary, out.print)
        calibrated = machine.parse_ms()
        out.print(f"calibration: full parse of a fixed text {calibrated:.1f} ms")
        return {
            "version": __version__,
            "command": ["beadline", *sys.argv[1:]],
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.platform()}, {machine.processor()}",
            "calibration_parse_ms": round(calibrated, 2),
            "headers": headers,
            "sides": summary,
        }

    def _describe(self) -> dict[str, Any]:
        """What a run's records depend on, but for the side."""
        args = self._args
        wanted = (
            {"per_class": args.per_class, "exact_tokens": EXACT_TOKENS}
            if args.mode == MODEL_PATH
            else {"keys": args.keys, "keys_per_commit": args.keys_per_commit}
        )
        return {
            "mode": args.mode,
            "model": self._model.name,
            "model_bytes": self._model.stat().st_size,
            "commits": [commit.id for commit in self._commits],
            "seed": args.seed,
            "threads": self._threads,
            "context": self._sizes.context,
            **wanted,
        }

    async def _ours(self) -> None:
        args, sizes = self._args, self._sizes
        options: dict[str, object] = {
            "engine.model": self._model,
            "engine.threads": self._threads,
            "engine.context_tokens": sizes.context,
            "engine.layout": args.layout,
            "context.prefix_tokens": sizes.prefix,
            "context.suffix_tokens": sizes.suffix,
            "context.snippet_tokens": sizes.snippets,
        }
        if args.mode == MODEL_PATH:
            options |= {
                "completion.exact_tokens": EXACT_TOKENS,
                "completion.deadline_ms": _DEADLINE_MS,
            }
        own = {"layout": args.layout, "options": {k: str(v) for k, v in options.items()}}
        name = OURS if args.layout == "auto" else f"{OURS}-{args.layout}"
        results = Results(self._folder / f"{name}.jsonl", {**self._header, **own})
        with tempfile.TemporaryDirectory(prefix="beadline-bench-") as scratch:
            home, tree = _folders(Path(scratch))
            server = Ours(home, tree)
            folder = Folder(args.repo, tree)
            folder.check_out(self._commits[0].parent)
            try:
                await server.start(options)
                server.traces()
                if args.mode == MODEL_PATH:
                    side = modelpath.OurSide(server, tokens=EXACT_TOKENS)
                    await self._questions(side, folder, results)
                else:
                    await server.idle()
                    await self._typed(OurEditor(server), folder, results)
            finally:
                await server.close()

    async def _peer(self) -> None:
        args, sizes = self._args, self._sizes
        options = PeerOptions(
            args.peer, self._model, self._threads, sizes.context, sizes.peer_batch,
            sizes.peer_predict,
        )  # fmt: skip
        own = {"peer": {k: str(v) for k, v in asdict(options).items() if k != "binary"}}
        own["peer"]["snippet_tokens"] = str(sizes.peer_snippets)
        results = Results(self._folder / f"{PEER}.jsonl", {**self._header, **own})
        with tempfile.TemporaryDirectory(prefix="beadline-bench-") as scratch:
            home, tree = _folders(Path(scratch))
            folder = Folder(args.repo, tree)
            ring = Ring(seed=args.seed, most_tokens=sizes.peer_snippets)
            async with _started(options, home / "peer.log") as peer:
                if args.mode == MODEL_PATH:
                    side = modelpath.PeerSide(
                        peer, ring, tokens=EXACT_TOKENS, batch=sizes.peer_batch
                    )
                    await self._questions(side, folder, results)
                else:
                    editor = VimEditor(peer, ring)
                    try:
                        await self._typed(editor, folder, results)
                    finally:
                        await editor.close()

    async def _questions(self, side: modelpath.Side, folder: Folder, results: Results) -> None:
        episodes = plan(self._commits, per_class=self._args.per_class, seed=self._args.seed)
        if not episodes:
            raise InputError(
                "The commits hold no keystroke that could be measured.", hint="Raise --commits."
            )
        asked = counts(episodes)
        wanted = ", ".join(f"{name} {asked[name]}" for name in (*CLASSES, SUPPORT))
        name = results.path.stem
        self._console.print(f"{name}: {len(episodes)} commits; {wanted}", style="dim")
        total = sum(counts([e for e in episodes if not results.has(e.commit.id)]).values())
        self._begin()

        def progress(record: Mapping[str, Any]) -> None:
            self._tell(name, total, f"{record['class']}, {record['evaluated']} evaluated")

        await modelpath.measure(side, episodes, folder, results, progress)

    async def _typed(self, screen: live.Screen, folder: Folder, results: Results) -> None:
        args, name = self._args, results.path.stem
        chosen = live.takes(
            self._commits, keys=args.keys, per_commit=args.keys_per_commit, seed=args.seed
        )
        total = sum(not results.has(take.commit.id) for take in chosen)
        self._begin()
        await live.type_all(
            screen, chosen, folder, results,
            lambda keys: self._tell(name, total, f"a commit, {keys} keystrokes", every=1),
            seed=args.seed, rhythm=live.Rhythm(),
        )  # fmt: skip

    def _begin(self) -> None:
        self._done, self._started = 0, time.monotonic()

    def _tell(self, name: str, total: int, what: str, *, every: int = 10) -> None:
        """How far it is and how long it will take."""
        self._done += 1
        if self._done % every == 0 or self._done == total:
            spent = time.monotonic() - self._started
            left = spent / self._done * (total - self._done)
            self._console.print(
                f"{name} {self._done}/{total}: {what}; {left / 60:.1f} minutes to go", style="dim"
            )


def _folders(scratch: Path) -> tuple[Path, Path]:
    """A home for the server, and a place for the files."""
    home, tree = scratch.resolve() / "home", scratch.resolve() / "tree"
    home.mkdir()
    tree.mkdir()
    return home, tree


@asynccontextmanager
async def _started(options: PeerOptions, log: Path) -> AsyncIterator[Peer]:
    peer = await Peer.start(options, log)
    try:
        yield peer
    finally:
        await peer.close()
