# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the operating system remembers of files."""

from __future__ import annotations

import os
from pathlib import Path


def put_out_of_memory(folder: Path) -> None:
    """Let the operating system forget what these files hold."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
