# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether an arriving instance is in the archive already, and with the same content.

Asked of Orthanc's index before each instance is stored: Orthanc itself calls a second content under the same UIDs a success, and drops it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from threading import Lock

from cloudfilm.db.database import Database
from cloudfilm.db.orthanc_index import has_instance, stored_of_instance
from cloudfilm.dicom.preflight import data_set

_REMEMBERED = 20_000
_ARRIVING_SECONDS = 30.0


class Known(Enum):
    """What the archive has under an instance's UIDs."""

    NOTHING = "nothing"
    THE_SAME = "the same"
    THE_SAME_DATA_SET = "the same data set in another file"
    OTHER = "other content"


class StoredContents:
    """Asks the index, and remembers what it let in last: of two that arrive at once the second is compared with the first.

    Parameters
    ----------
    index
        Orthanc's index, to read.
    file_of
        An instance's bytes by Orthanc's identifier.
    """

    def __init__(self, index: Database, file_of: Callable[[str], bytes], clock: Callable[[], float]) -> None:
        self._index, self._file_of, self._clock = index, file_of, clock
        self._arriving: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        self._lock = Lock()

    def compare(self, study_instance_uid: str, sop_instance_uid: str, dicom: bytes) -> Known:
        """Look the instance up."""
        with self._index.transaction() as cursor:
            is_there = has_instance(cursor, sop_instance_uid)
            stored = stored_of_instance(cursor, study_instance_uid, sop_instance_uid) if is_there else []
        if not stored:
            # What was let in a moment ago may not be in the index yet, or may have failed: it is no loss to keep the second aside.
            sha256 = hashlib.sha256(dicom).hexdigest()
            return Known.NOTHING if self._first_of((study_instance_uid, sop_instance_uid), sha256) == sha256 else Known.OTHER
        with self._lock:
            self._arriving.pop((study_instance_uid, sop_instance_uid), None)
        md5 = hashlib.md5(dicom, usedforsecurity=False).hexdigest()
        if any(one.md5 == md5 for one in stored):
            return Known.THE_SAME
        mine = data_set(dicom)
        if any(data_set(self._file_of(one.orthanc_instance_id)) == mine for one in stored):
            return Known.THE_SAME_DATA_SET
        return Known.OTHER

    def _first_of(self, instance: tuple[str, str], sha256: str) -> str:
        """The content that was let in under these UIDs lately, which may be this one."""
        now = self._clock()
        with self._lock:
            while self._arriving and (
                len(self._arriving) > _REMEMBERED or next(iter(self._arriving.values()))[1] < now - _ARRIVING_SECONDS
            ):
                self._arriving.popitem(last=False)
            return self._arriving.setdefault(instance, (sha256, now))[0]
