# SPDX-License-Identifier: AGPL-3.0-or-later
"""Delete from the disk what Orthanc's index does not know: it writes an image's file before it commits its index, and a kill, or a database that went
away in between, leaves a file whose sender was never told of success.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import batched
from pathlib import Path
from uuid import UUID

from cloudfilm.db.database import Database
from cloudfilm.db.orthanc_index import has_attachments, indexed_among, prepare_orthanc_index

GRACE = timedelta(hours=1)
_AT_ONCE = 1000
# More than a crash leaves behind: rather an index that was restored from an older copy than files that nobody needs.
_MOST_ORPHANS, _MOST_SHARE = 1000, 0.01
_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PART = re.compile(r"\.part-[0-9a-f]{32}")
_log = logging.getLogger(__name__)


def delete_orphan_files(index: Database, folder: Path, now: datetime, grace: timedelta = GRACE) -> int:
    """Delete files of Orthanc's folder that are older than the grace time and in no index; return how many.

    Nothing is deleted when so many are unknown that the index itself is to be doubted.
    """
    orphans: list[Path] = []
    known = 0
    for some in batched(_settled_files(folder, (now - grace).timestamp()), _AT_ONCE, strict=False):
        named = {UUID(path.name): path for path in some if _NAME.fullmatch(path.name)}
        with index.transaction() as cursor:
            prepare_orthanc_index(cursor)
            indexed = indexed_among(cursor, list(named))
        known += len(indexed)
        orphans += [path for one, path in named.items() if one not in indexed] + [path for path in some if _PART.fullmatch(path.name)]
    with index.transaction() as cursor:
        is_empty = not has_attachments(cursor)
    if orphans and (is_empty or len(orphans) > max(_MOST_ORPHANS, _MOST_SHARE * known)):
        _log.error("%d files of Orthanc's folder are in no index, %d are: is the index whole? No file is deleted", len(orphans), known)
        return 0
    for path in orphans:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others are still in there
            path.parent.rmdir()
            path.parent.parent.rmdir()
    if orphans:
        _log.warning("deleted %d files that were written but never indexed", len(orphans))
    return len(orphans)


def _settled_files(folder: Path, before: float) -> Iterator[Path]:
    """Files of attachments that nobody is writing any more."""
    for path in folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
        with suppress(FileNotFoundError):  # deleted at this moment
            if (_NAME.fullmatch(path.name) or _PART.fullmatch(path.name)) and path.stat().st_mtime < before:
                yield path
