"""Files and folders that are one user's alone. Knows nothing of what is in them.

Windows keeps access elsewhere than in mode bits: there, files below the user's own folders are his.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def is_private(status: os.stat_result) -> bool:
    """Whether nobody but this user can read or write what has this status."""
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077


def is_private_folder(folder: Path) -> bool:
    """Whether it is a folder, through no link, of this user alone."""
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and is_private(status)


def make_private(folder: Path) -> None:
    """Make the folder, for this user alone. Raises `OSError` where it cannot be that."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_private_folder(folder) and not folder.is_symlink():
        folder.chmod(0o700)  # refused when it is another user's
    if not is_private_folder(folder):
        raise PermissionError(f"{folder} is open to others")
