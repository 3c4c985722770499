# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Orthanc has stored of instances, read back and hashed: the substance of receipts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from cloudfilm.db.database import Database
from cloudfilm.db.orthanc_index import identifiers_of_instances
from cloudfilm.errors import Unavailable


class StoredFiles:
    """Asks Orthanc's index once for all instances, and Orthanc for the bytes of each.

    Parameters
    ----------
    index
        Orthanc's own database, to read.
    get : Callable
        ``orthanc.RestApiGet``: bytes of an answer.
    failure : type
        What it raises when something is not there.
    """

    def __init__(self, index: Database, get: Callable[[str], bytes], failure: type[Exception]) -> None:
        self._index, self._get, self._failure = index, get, failure

    def sha256_of(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
        """SHA-256, in hexadecimal, of each stored file that says it is one of these, by the UIDs of study and instance.

        There can be several: Orthanc tells instances apart by the PatientID too. What is not stored is left out.

        Raises
        ------
        Unavailable
            Something is there and cannot be read now: that is no reason for anybody to believe that it is not there.
        """
        with self._index.transaction() as cursor:
            found = identifiers_of_instances(cursor, wanted)
        hashes: dict[tuple[str, str], list[str]] = {}
        for uids, orthanc_instance_ids in found.items():
            for orthanc_instance_id in orthanc_instance_ids:
                if (sha256 := self._read(orthanc_instance_id)) is not None:
                    hashes.setdefault(uids, []).append(sha256)
        return hashes

    def _read(self, orthanc_instance_id: str) -> str | None:
        try:
            return hashlib.sha256(self._get(f"/instances/{orthanc_instance_id}/file")).hexdigest()
        except self._failure as failure:
            if self._is_there(orthanc_instance_id):
                raise Unavailable("What is stored cannot be read at the moment. Please ask again later.") from failure
            return None

    def _is_there(self, orthanc_instance_id: str) -> bool:
        """False for what was deleted meanwhile."""
        try:
            self._get(f"/instances/{orthanc_instance_id}")
        except self._failure:
            return False
        return True
