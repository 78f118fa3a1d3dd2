"""`python -m beadline`: the command line. Knows nothing else."""

from __future__ import annotations

import sys

from beadline.cli import main

if __name__ == "__main__":
    sys.exit(main())
