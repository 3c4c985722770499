# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc's two callbacks for arriving instances, answered by `Admission`.

Measured on Orthanc 1.12.7: discarding in the callback for a received instance makes STOW-RS report success, and an exception keeps the
instance. Handing back bytes that are no DICOM makes the store fail, and STOW-RS lists the instance under FailedSOPSequence: an honest no.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from cloudfilm.access.audit import ActorKind, AuditKind
from cloudfilm.db.set_aside import Reason
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.orthanc_api.admission import Admission, Admitted, Refused, StoreStatus
from cloudfilm.orthanc_api.arriving_reports import ArrivingReports
from cloudfilm.orthanc_api.senders import SenderOfThread
from cloudfilm.orthanc_api.set_aside_keeper import Sender, SetAsideKeeper
from cloudfilm.orthanc_api.stored_contents import Known, StoredContents
from cloudfilm.orthanc_api.unpublishing import Unpublishing

_log = logging.getLogger(__name__)
_NOT_DICOM = b"refused by CloudFilm"


class IncomingInstances:
    """Judges what comes by C-STORE, what comes by STOW-RS, and what our own processes add to a study.

    Parameters
    ----------
    orthanc
        The host module, passed in.
    """

    def __init__(
        self,
        admission: Admission,
        arriving_reports: ArrivingReports,
        keeper: SetAsideKeeper,
        senders: SenderOfThread,
        audit_trail: AuditTrail,
        unpublishing: Unpublishing,
        contents: StoredContents,
        orthanc: Any,
    ) -> None:
        self._admission, self._arriving_reports, self._keeper, self._senders = admission, arriving_reports, keeper, senders
        self._contents = contents
        self._unpublishing = unpublishing
        self._audit_trail, self._orthanc = audit_trail, orthanc

    def judge_c_store(self, instance: Any) -> int:
        """Status of the C-STORE response for an instance that Orthanc has received over DIMSE."""
        try:
            aet = str(instance.GetInstanceRemoteAet())
            modality = self._admission.modality(aet)
            dicom = instance.GetInstanceData()
            judged = self._admission.judge(dicom, modality.hospital_id if modality else None)
            if modality is not None and isinstance(judged, Admitted):
                judged = self._keep_other_content(dicom, judged, Sender(modality.hospital_id, ActorKind.MODALITY, aet))
            if modality is not None and isinstance(judged, Admitted):
                self._arriving_reports.note(judged.identity, Sender(modality.hospital_id, ActorKind.MODALITY, aet))
                self._audit_trail.visited(self._audit_trail.modality_event(modality, judged.study_instance_uid))
            elif modality is not None and isinstance(judged, Refused):
                self._set_aside(dicom, judged, Sender(modality.hospital_id, ActorKind.MODALITY, aet))
        except Exception:
            _log.exception("could not judge an instance, so it was refused")
            return StoreStatus.OUT_OF_RESOURCES
        if isinstance(judged, Admitted):
            self._unpublishing.series_grows(judged.study_instance_uid, judged.series_instance_uid)
            return StoreStatus.SUCCESS
        _log.warning("refused an instance from %s: %s", aet, judged.reason)
        return judged.status

    def judge_received(self, dicom: bytes, origin: int, thread: int) -> tuple[Any, bytes | None]:
        """Keep or refuse an instance from anywhere; what comes over DIMSE is judged by `judge_c_store`, which can answer a status."""
        action = self._orthanc.ReceivedInstanceAction
        if origin == self._orthanc.InstanceOrigin.DICOM_PROTOCOL:
            return action.KEEP_AS_IS, None
        if self._senders.is_own(thread):
            return self._judge_own(dicom)
        sender = self._senders.sender(thread)
        try:
            judged = self._admission.judge(dicom, sender.holder.hospital_id if sender else None)
            if sender is not None and isinstance(judged, Admitted):
                judged = self._keep_other_content(dicom, judged, Sender(sender.holder.hospital_id, ActorKind.PROGRAM, "STOW-RS"))
            if sender is not None and isinstance(judged, Admitted):
                self._arriving_reports.note(judged.identity, Sender(sender.holder.hospital_id, ActorKind.PROGRAM, "STOW-RS"))
                event = self._audit_trail.event(AuditKind.IMAGES_STORED, sender.holder, sender.asker)
                self._audit_trail.visited(replace(event, study_instance_uid=judged.study_instance_uid))
            elif sender is not None and isinstance(judged, Refused):
                self._set_aside(dicom, judged, Sender(sender.holder.hospital_id, ActorKind.PROGRAM, "STOW-RS"))
        except Exception:
            _log.exception("could not judge an instance, so it was refused")
            judged = Refused(StoreStatus.OUT_OF_RESOURCES, "our own mistake")
        if isinstance(judged, Admitted):
            self._unpublishing.series_grows(judged.study_instance_uid, judged.series_instance_uid)
            return action.KEEP_AS_IS, None
        _log.warning("refused an instance from STOW-RS: %s", judged.reason)
        return action.MODIFY, _NOT_DICOM

    def _judge_own(self, dicom: bytes) -> tuple[Any, bytes | None]:
        action = self._orthanc.ReceivedInstanceAction
        try:
            judged = self._admission.judge_own(dicom)
        except Exception:
            _log.exception("could not judge an instance of our own, so it was refused")
            return action.MODIFY, _NOT_DICOM
        if not isinstance(judged, Admitted):
            return action.MODIFY, _NOT_DICOM
        self._unpublishing.series_grows(judged.study_instance_uid, judged.series_instance_uid)
        return action.KEEP_AS_IS, None

    def _keep_other_content(self, dicom: bytes, admitted: Admitted, sender: Sender) -> Admitted | Refused:
        """Orthanc keeps the first content and calls every later one a success: another one is kept aside before the sender hears that."""
        identity = admitted.identity
        known = self._contents.compare(identity.study_instance_uid, identity.sop_instance_uid, dicom)
        if known is Known.THE_SAME_DATA_SET:
            self._keeper.note_same_data_set(dicom, identity.study_instance_uid, identity.sop_instance_uid, sender)
        elif known is Known.OTHER:
            _log.warning("kept aside an instance: %s", Reason.OTHER_CONTENT)
            is_safe = self._keeper.keep(
                dicom, identity.study_instance_uid, identity.sop_instance_uid, Reason.OTHER_CONTENT, sender, identity.series_instance_uid
            )
            if not is_safe:
                return Refused(StoreStatus.OUT_OF_RESOURCES, "there is no room to keep other content aside (SetAsideMegabytes)")
        return admitted

    def _set_aside(self, dicom: bytes, refused: Refused, sender: Sender) -> None:
        """Keep what people should look at; what cannot be kept is refused all the same, and its sender still has it."""
        if refused.kept_aside_as is None:
            return
        try:
            identity = refused.kept_aside_as
            self._keeper.keep(
                dicom, identity.study_instance_uid, identity.sop_instance_uid, refused.reason, sender, identity.series_instance_uid
            )
        except Exception:
            _log.exception("could not set a refused instance aside")
