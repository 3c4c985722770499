# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moving attachments between this machine's disk and the object store while everything runs.

Each is copied, compared and recorded before the old copy goes, so that it can be read at every moment and an interruption loses nothing: what was
moved is where it is, and the next run goes on with the rest.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import batched
from typing import Any

from cloudfilm.db.orthanc_index import IndexedAttachment, attachments_after, indexed_among, prepare_orthanc_index
from cloudfilm.db.storage_objects import mark_indexed, mark_removed, storage_object
from cloudfilm.errors import CloudFilmError
from cloudfilm.orthanc_api.object_storage import ObjectStorage
from cloudfilm.storage.object_faults import ObjectMissing, ObjectStoreUnavailable

_PAGE = 500
_FAILURES_SHOWN = 20


class Place(StrEnum):
    """Where attachments can lie."""

    LOCAL = "local"
    S3 = "s3"


@dataclass
class Progress:
    """What a migration has done; ``failures`` says for the first ones why."""

    moved: int = 0
    moved_bytes: int = 0
    there_already: int = 0
    gone: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)

    def fail(self, attachment: IndexedAttachment, why: str) -> None:
        """Count one that stays where it was."""
        self.failed += 1
        if len(self.failures) < _FAILURES_SHOWN:
            self.failures.append(f"{attachment.attachment_id}: {why}")


class Pace:
    """Keeps the bytes in a second below a limit, over all threads together."""

    def __init__(self, bytes_per_second: float | None, monotonic: Callable[[], float] = time.monotonic, sleep: Any = time.sleep) -> None:
        self._rate, self._monotonic, self._sleep = bytes_per_second, monotonic, sleep
        self._free_at = monotonic()

    def wait_for(self, size: int) -> None:
        """Return when so many bytes may be moved; called by one thread."""
        if self._rate is None:
            return
        now = self._monotonic()
        if self._free_at > now:
            self._sleep(self._free_at - now)
        self._free_at = max(self._free_at, now) + size / self._rate


class Migration:
    """Moves every attachment that Orthanc's index has.

    Parameters
    ----------
    now_and_then
        Called after each attachment, with the progress.
    """

    def __init__(self, storage: ObjectStorage, target: Place, pace: Pace, threads: int, now_and_then: Callable[[Progress], None]) -> None:
        self._storage, self._target, self._pace, self._threads = storage, target, pace, threads
        self._tell = now_and_then
        self.progress = Progress()

    def run(self) -> Progress:
        """Go through the index once; stop when the object store does not answer.

        Raises
        ------
        ObjectStoreUnavailable
            Nothing is half done: another run goes on.
        """
        with self._storage.index.transaction() as cursor:
            prepare_orthanc_index(cursor)
        move = self._to_s3 if self._target is Place.S3 else self._to_local
        with ThreadPoolExecutor(self._threads) as pool:
            for group in batched(self._attachments(), self._threads * 4, strict=False):
                futures = []
                for one in group:
                    self._pace.wait_for(one.size_bytes)
                    futures.append((one, pool.submit(move, one)))
                for one, future in futures:
                    self._count(one, future.exception(), future)
                    self._tell(self.progress)
        return self.progress

    def _attachments(self) -> Iterator[IndexedAttachment]:
        resource, kind = -1, -1
        while True:
            with self._storage.index.transaction() as cursor:
                page = attachments_after(cursor, resource, kind, _PAGE)
            yield from page
            if len(page) < _PAGE:
                return
            resource, kind = page[-1].resource_id, page[-1].content_type

    def _count(self, one: IndexedAttachment, error: BaseException | None, future: Any) -> None:
        if isinstance(error, ObjectStoreUnavailable):
            raise error
        if isinstance(error, CloudFilmError | OSError):
            self.progress.fail(one, str(error))
        elif error is not None:
            raise error
        elif future.result() is None:
            self.progress.gone += 1
        elif future.result():
            self.progress.moved += 1
            self.progress.moved_bytes += one.size_bytes
        else:
            self.progress.there_already += 1

    def _to_s3(self, one: IndexedAttachment) -> bool | None:
        """True: moved; False: it was there; None: deleted in the meantime."""
        local, area = self._storage.local, self._storage.area
        content = local.read(one.attachment_id)
        with self._storage.database.transaction() as cursor:
            recorded = storage_object(cursor, one.attachment_id)
        if content is None:
            return False if recorded is not None or self._is_indexed(one) else None
        if one.md5 and hashlib.md5(content, usedforsecurity=False).hexdigest() != one.md5:
            raise Damaged("the file on disk is not what Orthanc once received (MD5); it stays where it is")
        if recorded is None:
            recorded = area.store(one.attachment_id, one.content_type, content)
        elif hashlib.sha256(content).digest() != recorded.sha256:
            raise Damaged("the file on disk and the recorded object differ; both stay where they are")
        elif area.fetch(one.attachment_id, one.content_type) != content:
            raise Damaged("the object differs from the file on disk; both stay where they are")
        if not local.remove(one.attachment_id):
            # Orthanc deleted it while it was being copied.
            with self._storage.database.transaction() as cursor:
                mark_removed(cursor, one.attachment_id)
            area.drop(recorded)
            return None
        with self._storage.database.transaction() as cursor:
            mark_indexed(cursor, [one.attachment_id])
        return True

    def _to_local(self, one: IndexedAttachment) -> bool | None:
        local, area = self._storage.local, self._storage.area
        was_on_disk = local.read(one.attachment_id)
        try:
            content = area.fetch(one.attachment_id, one.content_type)
        except ObjectMissing:
            if was_on_disk is not None:
                return False
            if self._is_indexed(one):
                raise
            return None
        with self._storage.database.transaction() as cursor:
            recorded = storage_object(cursor, one.attachment_id)
        if recorded is None:
            return False if was_on_disk is not None else None
        if one.md5 and hashlib.md5(content, usedforsecurity=False).hexdigest() != one.md5:
            raise Damaged("the object is not what Orthanc once received (MD5); it stays where it is")
        if was_on_disk != content:
            local.write(one.attachment_id, content)
        with self._storage.database.transaction() as cursor:
            is_still_wanted = mark_removed(cursor, one.attachment_id) is not None
        if not is_still_wanted and not self._is_indexed(one):
            local.remove(one.attachment_id)
            return None
        area.drop(recorded)
        return True

    def _is_indexed(self, one: IndexedAttachment) -> bool:
        with self._storage.index.transaction() as cursor:
            return bool(indexed_among(cursor, [one.attachment_id]))


class Damaged(CloudFilmError):
    """Two copies differ, or one is not what it was."""
