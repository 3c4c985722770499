# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Orthanc has stored of an instance, read back and hashed: the substance of a receipt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable


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
        """
        hashes = []
        for found in json.loads(self._post("/tools/lookup", sop_instance_uid.encode("ascii"))):
            if found["Type"] != "Instance":
                continue
            try:
                study = json.loads(self._get(f"/instances/{found['ID']}/study"))
                if study["MainDicomTags"].get("StudyInstanceUID") == study_instance_uid:
                    hashes.append(hashlib.sha256(self._get(f"/instances/{found['ID']}/file")).hexdigest())
            except self._failure:
                continue  # deleted meanwhile
        return hashes
