# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Orthanc has stored of an instance, read back and hashed: the substance of a receipt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from cloudfilm.errors import Unavailable


class StoredFiles:
    """Asks Orthanc from inside.

    Parameters
    ----------
    get, post : Callable
        ``orthanc.RestApiGet`` and ``orthanc.RestApiPost``: bytes of an answer.
    failure : type
        What these raise when something is not there.
    """

    def __init__(self, get: Callable[[str], bytes], post: Callable[[str, bytes], bytes], failure: type[Exception]) -> None:
        self._get, self._post, self._failure = get, post, failure

    def sha256(self, study_instance_uid: str, sop_instance_uid: str) -> list[str]:
        """SHA-256, in hexadecimal, of each stored file that says it is this instance of this study.

        There can be several: Orthanc tells instances apart by the PatientID too.

        Raises
        ------
        Unavailable
            It is there and cannot be read now: that is no reason for anybody to believe that it is not there.
        """
        hashes = []
        for found in json.loads(self._post("/tools/lookup", sop_instance_uid.encode("ascii"))):
            if found["Type"] != "Instance":
                continue
            try:
                study = json.loads(self._get(f"/instances/{found['ID']}/study"))
                if study["MainDicomTags"].get("StudyInstanceUID") == study_instance_uid:
                    hashes.append(hashlib.sha256(self._get(f"/instances/{found['ID']}/file")).hexdigest())
            except self._failure as failure:
                if self._is_there(found["ID"]):
                    raise Unavailable("What is stored cannot be read at the moment. Please ask again later.") from failure
        return hashes

    def _is_there(self, orthanc_instance_id: str) -> bool:
        """False for what was deleted meanwhile."""
        try:
            self._get(f"/instances/{orthanc_instance_id}")
        except self._failure:
            return False
        return True
