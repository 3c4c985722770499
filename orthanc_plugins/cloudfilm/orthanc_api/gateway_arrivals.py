# SPDX-License-Identifier: AGPL-3.0-or-later
"""What arrives at a gateway by C-STORE: looked at, given room or refused, and never silently dropped for one that is here already."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cloudfilm.orthanc_api.admission import Refused, StoreStatus, read_identity
from cloudfilm.storage.whole_file import write_whole

_log = logging.getLogger(__name__)


class GatewayArrivals:
    """Orthanc's filter for C-STORE.

    Parameters
    ----------
    has_room : Callable
        Whether so many bytes may still be written.
    conflicts : Path
        Where an instance is kept that comes with a SOPInstanceUID of another that is here.
    keep_refused : Callable
        Puts a file that is refused for what it is aside: its bytes, its sender, the reason.
    orthanc
        The host module, passed in.
    """

    def __init__(
        self,
        data: Path,
        has_room: Callable[[int, int, int], bool],
        conflicts: Path,
        keep_refused: Callable[[bytes, str, str], None],
        orthanc: Any,
    ) -> None:
        self._data, self._has_room, self._conflicts, self._keep_refused, self._orthanc = data, has_room, conflicts, keep_refused, orthanc

    def judge_c_store(self, instance: Any) -> int:
        """Status of the C-STORE response (PS3.4 §B.2.3)."""
        try:
            dicom = instance.GetInstanceData()
            usage = shutil.disk_usage(self._data)
            if not self._has_room(usage.free, usage.total, len(dicom)):
                _log.warning("refused an instance: the disk is nearly full")
                return StoreStatus.OUT_OF_RESOURCES
            identity = read_identity(dicom)
            if isinstance(identity, Refused):
                _log.warning("refused an instance from %s: %s", instance.GetInstanceRemoteAet(), identity.reason)
                self._set_aside(dicom, instance.GetInstanceRemoteAet(), identity.reason)
                return identity.status
            self._keep_other_content(dicom, identity.sop_instance_uid, identity.study_instance_uid)
        except Exception:
            _log.exception("could not judge an instance, so it was refused")
            return StoreStatus.OUT_OF_RESOURCES
        return StoreStatus.SUCCESS

    def _set_aside(self, dicom: bytes, sender: str, reason: str) -> None:
        """It is refused all the same where it cannot be kept."""
        try:
            self._keep_refused(dicom, sender, reason)
        except OSError:
            _log.exception("could not keep a refused instance")

    def _keep_other_content(self, dicom: bytes, sop_instance_uid: str, study_instance_uid: str) -> None:
        """Orthanc keeps the first and calls the second a success: other content is kept beside it, on disk before the sender hears of it."""
        found = json.loads(self._orthanc.RestApiPost("/tools/lookup", sop_instance_uid.encode("ascii")))
        known = [one["ID"] for one in found if one["Type"] == "Instance" and self._study_of(one["ID"]) == study_instance_uid]
        md5 = hashlib.md5(dicom, usedforsecurity=False).hexdigest()
        if not known or md5 in [
            self._orthanc.RestApiGet(f"/instances/{one}/attachments/dicom/md5").decode("ascii").strip() for one in known
        ]:
            return
        path = self._conflicts / f"{hashlib.sha256(dicom).hexdigest()}.dcm"
        if path.exists():
            return
        write_whole(path, dicom)
        _log.warning("kept aside an instance whose SOPInstanceUID is here with other content")

    def _study_of(self, orthanc_instance_id: str) -> str:
        study = json.loads(self._orthanc.RestApiGet(f"/instances/{orthanc_instance_id}/study"))
        return str(study["MainDicomTags"].get("StudyInstanceUID", ""))
