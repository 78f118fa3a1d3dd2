"""`python -m beadline.trainer.finetune FOLDER`: tune as its file says. Knows no repository.

`accelerate launch -m beadline.trainer.finetune FOLDER` does the same on many processes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from beadline.errors import BeadlineError
from beadline.trainer.finetune.job import read, run
from beadline.trainer.finetune.progress import Bar


def main(arguments: list[str] | None = None) -> int:
    """Tune; the exit code is that of the command line."""
    parser = argparse.ArgumentParser(prog="beadline.trainer.finetune", description=__doc__)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args(arguments)
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    try:
        with Bar(console) as bar:
            run(args.folder, read(args.folder), bar)
    except BeadlineError as error:
        print(f"beadline: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
