# SPDX-License-Identifier: AGPL-3.0-or-later
"""Admission of instances: each study belongs to the hospital and the patient of its first instance, and nothing else may be added to it."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from enum import IntEnum

from cloudfilm.db.database import Database
from cloudfilm.db.hospitals import Modality, modality_with_aet
from cloudfilm.db.set_aside import Reason
from cloudfilm.db.studies import Claim, claim_study, study_with_uid
from cloudfilm.dicom.preflight import Unsound, check
from cloudfilm.dicom.values import is_uid
from cloudfilm.doors.short_memory import ShortMemory

_log = logging.getLogger(__name__)
_REMEMBER_SECONDS = 5.0
_MOST_REMEMBERED = 10_000  # studies that are arriving


class StoreStatus(IntEnum):
    """C-STORE status codes that we answer (PS3.4 §B.2.3, PS3.7 §9.1.1.1.9)."""

    SUCCESS = 0x0000
    NOT_AUTHORIZED = 0x0124
    OUT_OF_RESOURCES = 0xA700
    CANNOT_UNDERSTAND = 0xC000


@dataclass(frozen=True, slots=True)
class Identity:
    """Which instance of which study a DICOM file says that it is; the others are empty where it says nothing."""

    study_instance_uid: str
    sop_instance_uid: str
    series_instance_uid: str = ""
    sop_class_uid: str = ""
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An instance that must not be stored."""

    status: StoreStatus
    reason: str
    # As what the instance is kept aside, until people have looked: it is another hospital's study, or no sound file.
    kept_aside_as: Identity | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """An instance that may be stored."""

    identity: Identity

    @property
    def study_instance_uid(self) -> str:
        """The study that it belongs to."""
        return self.identity.study_instance_uid

    @property
    def series_instance_uid(self) -> str:
        """The series that it belongs to, empty where it names none."""
        return self.identity.series_instance_uid


class Admission:
    """Claims studies for hospitals; what it answered is remembered for a few seconds, so that a series costs one look at the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._modalities: ShortMemory[str, Modality | None] = ShortMemory(_REMEMBER_SECONDS)
        self._owner: ShortMemory[tuple[str, str, int], Claim] = ShortMemory(_REMEMBER_SECONDS)
        self._deletions: dict[str, int] = {}
        self._lock = threading.Lock()
        self._admitted: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def modality(self, aet: str) -> Modality | None:
        """The modality with this AE title: its hospital's is what it sends."""
        return self._modalities.get(aet, lambda: self._find_modality(aet))

    def judge(self, dicom: bytes, hospital_id: str | None) -> Admitted | Refused:
        """Judge one instance (a DICOM file) sent for a hospital."""
        if hospital_id is None:
            return Refused(StoreStatus.NOT_AUTHORIZED, "the sender belongs to no hospital")
        identity = read_identity(dicom)
        if isinstance(identity, Refused):
            return identity
        study_instance_uid = identity.study_instance_uid
        try:
            owner = self._owner.get(
                (study_instance_uid, hospital_id, self._deletions.get(study_instance_uid, 0)),
                lambda: self._claim(study_instance_uid, hospital_id, identity.patient_id),
            )
        except Exception:
            _log.exception("could not claim a study, so its instance was refused")
            return Refused(StoreStatus.OUT_OF_RESOURCES, "the database does not answer")
        if owner.hospital_id != hospital_id:
            return Refused(StoreStatus.NOT_AUTHORIZED, "the study belongs to another hospital", identity)
        if owner.patient_id is not None and _is_another(owner.patient_id, identity.patient_id):
            return Refused(StoreStatus.NOT_AUTHORIZED, Reason.OTHER_PATIENT, identity)
        self._remember(study_instance_uid, hospital_id, identity.patient_id)
        return Admitted(identity)

    def judge_own(self, dicom: bytes) -> Admitted | Refused:
        """Judge an instance that a process of ours adds to a study: whose that is does not change, and nobody's study is begun."""
        identity = read_identity(dicom)
        if isinstance(identity, Refused):
            return identity
        with self._database.transaction() as cursor:
            if study_with_uid(cursor, identity.study_instance_uid) is None:
                return Refused(StoreStatus.NOT_AUTHORIZED, "the study is not there (any more)")
        return Admitted(identity)

    def study_deleted(self, study_instance_uid: str) -> None:
        """Ask the database anew: whoever sends the study next claims it."""
        self._deletions[study_instance_uid] = self._deletions.get(study_instance_uid, 0) + 1

    def claim_again(self, study_instance_uid: str) -> None:
        """An instance that was admitted before its study was deleted may be stored after: the study that it begins anew is its sender's."""
        with self._lock:
            sender = self._admitted.get(study_instance_uid)
        if sender is not None:
            self._claim(study_instance_uid, *sender)

    def _remember(self, study_instance_uid: str, hospital_id: str, patient_id: str) -> None:
        with self._lock:
            self._admitted[study_instance_uid] = (hospital_id, patient_id)
            self._admitted.move_to_end(study_instance_uid)
            if len(self._admitted) > _MOST_REMEMBERED:
                self._admitted.popitem(last=False)

    def _find_modality(self, aet: str) -> Modality | None:
        with self._database.transaction() as cursor:
            return modality_with_aet(cursor, aet)

    def _claim(self, study_instance_uid: str, hospital_id: str, patient_id: str) -> Claim:
        with self._database.transaction() as cursor:
            return claim_study(cursor, study_instance_uid, hospital_id, patient_id)


def _is_another(known: str, arriving: str) -> bool:
    """Whether two PatientIDs are of two patients. One that is not ASCII was not read here; Orthanc compares as we do."""
    return known.strip() != arriving.strip() and known.isascii() and arriving.isascii()


def read_identity(dicom: bytes) -> Identity | Refused:
    """What a DICOM file says that it is, if it is a sound one.

    What comes over DIMSE was parsed on a large stack; what reads it later, to answer over HTTP, has a small one.
    """
    try:
        told = check(dicom)
    except Unsound as unsound:
        return Refused(StoreStatus.CANNOT_UNDERSTAND, unsound.flaw.value, Identity("", unsound.sop_instance_uid))
    if not is_uid(told.study_instance_uid):
        return Refused(StoreStatus.CANNOT_UNDERSTAND, "no valid StudyInstanceUID", Identity("", told.sop_instance_uid))
    instance, series = (uid if is_uid(uid) else "" for uid in (told.sop_instance_uid, told.series_instance_uid))
    return Identity(told.study_instance_uid, instance, series, told.sop_class_uid, told.patient_id)
