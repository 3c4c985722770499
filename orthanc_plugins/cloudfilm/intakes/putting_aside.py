# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files of a station that go elsewhere: beside what was not taken lies the reason."""

from __future__ import annotations

import logging
from pathlib import Path

from cloudfilm.intakes.reasons import in_both_languages

_log = logging.getLogger(__name__)


def put_aside(path: Path, folder: Path, reason: str) -> None:
    """Move a file and write beside it why."""
    folder.mkdir(mode=0o2775, exist_ok=True)
    moved = move(path, folder)
    moved.with_name(moved.name + ".reason.txt").write_text(in_both_languages(reason), encoding="utf-8")
    _log.warning("a document was put aside: %s", reason)


def move(path: Path, folder: Path) -> Path:
    """Move, never over another file."""
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    path.rename(target)
    return target
