# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files in Orthanc's storage that its index does not know.

Orthanc writes and syncs an instance's file, then commits its index (SQLite in WAL mode, synchronous NORMAL: the last commits can go with the
machine's power, not with a kill). So after a power cut a file can be there whose row is gone, and its sender has its success: it is stored again.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_log = logging.getLogger(__name__)


def set_orphans_apart(storage: Path, orphans: Path) -> int:
    """Move them, before Orthanc starts; return how many there are now."""
    index = storage / "index"
    if index.exists():
        connection = sqlite3.connect(index)
        try:
            known = {row[0] for row in connection.execute("SELECT uuid FROM AttachedFiles")}
        finally:
            connection.close()
        for file in storage.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            if _NAME.fullmatch(file.name) and file.name not in known and _is_dicom(file):
                _log.warning("a file that the index does not know will be stored again")
                file.rename(orphans / file.name)
    return sum(1 for _ in orphans.iterdir())


def _is_dicom(file: Path) -> bool:
    with open(file, "rb") as opened:
        return opened.read(132)[128:] == b"DICM"
