# SPDX-License-Identifier: AGPL-3.0-or-later
"""Storage Commitment Push Model as SCP (PS3.4 Annex J): what we answer for each instance that a modality asks us to be responsible for.

Orthanc takes the N-ACTION, asks here about each instance, and sends the N-EVENT-REPORT in an association of its own to the modality's host and port.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cloudfilm.db.database import Database
from cloudfilm.db.hospitals import modality_with_aet
from cloudfilm.db.orthanc_index import studies_of_instance
from cloudfilm.db.studies import studies_with_uids

_log = logging.getLogger(__name__)


class Verdict(Enum):
    """FailureReason (0008,1197) of PS3.3 §C.14.1.1, by the names that Orthanc's Python plugin has for them."""

    COMMITTED = "SUCCESS"
    PROCESSING_FAILURE = "PROCESSING_FAILURE"  # 0110H
    NO_SUCH_OBJECT_INSTANCE = "NO_SUCH_OBJECT_INSTANCE"  # 0112H
    CLASS_INSTANCE_CONFLICT = "CLASS_INSTANCE_CONFLICT"  # 0119H


@dataclass(frozen=True, slots=True)
class Transaction:
    """One N-ACTION: who asked, and when."""

    remote_aet: str
    asked_at: float


@dataclass(frozen=True, slots=True)
class Commitment:
    """Orthanc's two callbacks.

    Parameters
    ----------
    judge
        Decides on one instance: transaction, SOPClassUID, SOPInstanceUID.
    orthanc
        The host module, passed in.
    """

    judge: Callable[[Transaction, str, str], Verdict]
    clock: Callable[[], float]
    orthanc: Any

    def begin(
        self, job: str, transaction_uid: str, sop_class_uids: Sequence[str], sop_instance_uids: Sequence[str], remote_aet: str, called_aet: str
    ) -> Transaction:  # fmt: skip
        """A modality asks; what is returned comes back with each instance."""
        del job, transaction_uid, sop_class_uids, called_aet
        _log.info("%s asks for the commitment of %d instances", remote_aet, len(sop_instance_uids))
        return Transaction(remote_aet, self.clock())

    def look_up(self, sop_class_uid: str, sop_instance_uid: str, transaction: Transaction) -> Any:
        """One instance. Whatever goes wrong is no commitment."""
        try:
            verdict = self.judge(transaction, sop_class_uid, sop_instance_uid)
        except Exception:
            _log.exception("could not judge an instance, so it was not committed")
            verdict = Verdict.PROCESSING_FAILURE
        return getattr(self.orthanc.StorageCommitmentFailureReason, verdict.value)


@dataclass(frozen=True, slots=True)
class ArchiveCommitment:
    """The cloud's judgement: it commits what is in its index for the modality's hospital and can be read back whole.

    Parameters
    ----------
    database, index
        Ours, and Orthanc's to read.
    get, post
        ``orthanc.RestApiGet``, ``orthanc.RestApiPost``.
    failure
        What these raise.
    """

    database: Database
    index: Database
    get: Callable[[str], bytes]
    post: Callable[[str, bytes], bytes]
    failure: type[Exception]

    def judge(self, transaction: Transaction, sop_class_uid: str, sop_instance_uid: str) -> Verdict:
        """Read the bytes once more and compare them with their hash."""
        with self.index.transaction() as cursor:
            found = studies_of_instance(cursor, sop_instance_uid)
        with self.database.transaction() as cursor:
            modality = modality_with_aet(cursor, transaction.remote_aet)
            owned = {
                study.study_instance_uid
                for study in studies_with_uids(cursor, found.values())
                if modality and study.hospital_id == modality.hospital_id
            }
        mine = [orthanc_id for orthanc_id, study in found.items() if study in owned]
        if not mine:
            return Verdict.NO_SUCH_OBJECT_INSTANCE
        verdicts = {verdict_of_stored(self.get, self.post, self.failure, orthanc_id, sop_class_uid) for orthanc_id in mine}
        return verdicts.pop() if len(verdicts) == 1 else Verdict.PROCESSING_FAILURE


def verdict_of_stored(
    get: Callable[[str], bytes], post: Callable[[str, bytes], bytes], failure: type[Exception], orthanc_instance_id: str, sop_class_uid: str
) -> Verdict:
    """Of an instance in this Orthanc: whether it is of the class that was named, and its bytes are what they were."""
    try:
        stored_class = get(f"/instances/{orthanc_instance_id}/metadata/SopClassUid").decode("ascii").strip()
        if stored_class != sop_class_uid:
            return Verdict.CLASS_INSTANCE_CONFLICT
        post(f"/instances/{orthanc_instance_id}/attachments/dicom/verify-md5", b"")
    except failure:
        return Verdict.PROCESSING_FAILURE
    return Verdict.COMMITTED


def instances_with_uid(post: Callable[[str, bytes], bytes], sop_instance_uid: str) -> list[str]:
    """Orthanc's identifiers of the instances with this SOPInstanceUID."""
    return [one["ID"] for one in json.loads(post("/tools/lookup", sop_instance_uid.encode("ascii"))) if one["Type"] == "Instance"]
