# SPDX-License-Identifier: AGPL-3.0-or-later
"""A file that is there whole or not at all, whoever is killed meanwhile."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file, or put it in the place of the old one: synced before it has its name, and the folder after.

    It belongs to whoever owns the old file, or else the folder: the admin command runs as root, what reads does not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    owner = (path if path.exists() else path.parent).stat()
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(descriptor, "wb") as file:
        if os.geteuid() == 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
