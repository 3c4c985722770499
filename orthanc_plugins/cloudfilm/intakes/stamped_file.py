# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stamped copy as a file in a station's folder."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path


def stamped_file_name(title: str, arrival_id: str) -> str:
    """What the station called it, without what a file's name cannot hold, and never twice the same."""
    kept = re.sub(r"[^\w.()-]+", "_", title, flags=re.UNICODE).strip("._")[:80]
    return f"{kept or 'report'}-{arrival_id[:8]}.pdf"


def write_whole(content: bytes, path: Path) -> None:
    """Whole as soon as it has its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(part).chmod(0o664)
    os.replace(part, path)
