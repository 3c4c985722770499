# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report as instances of its study: the original document, and what it says. Pure: the same values give the same bytes.

What both have in common is here: patient and study as the images have them, a series of their own, equipment, the mark that they are ours.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from cloudfilm.dicom.own_instances import KeptIdentity, KeptKind, mark_as_own
from cloudfilm.dicom.study_context import StudyContext
from cloudfilm.reports.fields import ReportFields

SOFTWARE = "CloudFilm"
# A UUID of ours as UID (PS3.5 §B.2), and how we call ourselves in the file's meta information.
_IMPLEMENTATION_CLASS_UID = "2.25.199031884823044331498293914317022838347"
_IMPLEMENTATION_VERSION_NAME = "CLOUDFILM_1"
# Behind the images, which devices number from 1: viewers open the series with the lowest number first.
_SERIES_NUMBERS = {KeptKind.DOCUMENT: 90001, KeptKind.FIELDS: 90002}
_LONGEST_DESCRIPTION = 64  # LO


@dataclass(frozen=True, slots=True)
class KeptReport:
    """
    A report as it is kept.

    Attributes
    ----------
    hospital_name
        As the hospital is registered; what the paper's title says goes before it.
    document
        The original PDF.
    completed_at
        When the report was written or, where that is not known, received: the hospital's local time.
    is_attested
        Whether text and reviewing doctor were stated by the hospital's own system, and not read from a page by a machine.
    """

    report_id: UUID
    hospital_name: str
    fields: ReportFields
    document: bytes
    completed_at: datetime
    is_attested: bool = False

    @property
    def title(self) -> str:
        """What the report calls itself."""
        return self.fields.report_kind or "检查报告"

    @property
    def institution(self) -> str:
        """Whose report it is."""
        return self.fields.hospital_name or self.hospital_name


def identity_of(report: KeptReport, kind: KeptKind, study: StudyContext) -> KeptIdentity:
    """The identity of what is kept: another document, other fields or another patient in the study's header make another instance."""
    content: list[object] = [kind, dict(study.values), report.title, report.institution, report.completed_at.isoformat()]
    if kind is KeptKind.DOCUMENT:
        content.append(hashlib.sha256(report.document).hexdigest())
    else:
        content += [report.fields.to_json(), report.is_attested]
    version = hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()[:32]
    return KeptIdentity(report.report_id, study.study_instance_uid, kind, version)


def new_instance(report: KeptReport, identity: KeptIdentity, study: StudyContext, sop_class_uid: str, modality: str) -> FileDataset:
    """A file with all modules but the document's own (PS3.3 §A.45.1, §A.35.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class_uid  # type: ignore[assignment]
    meta.MediaStorageSOPInstanceUID = identity.sop_instance_uid  # type: ignore[assignment]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _IMPLEMENTATION_CLASS_UID  # type: ignore[assignment]
    meta.ImplementationVersionName = _IMPLEMENTATION_VERSION_NAME
    instance = FileDataset(io.BytesIO(), {}, file_meta=meta, preamble=b"\0" * 128)
    study.write_into(instance)
    instance.SOPClassUID, instance.SOPInstanceUID = sop_class_uid, identity.sop_instance_uid
    instance.SeriesInstanceUID, instance.SeriesNumber = identity.series_instance_uid, _SERIES_NUMBERS[identity.kind]
    instance.Modality, instance.SeriesDescription = modality, report.title[:_LONGEST_DESCRIPTION]
    instance.Manufacturer, instance.ManufacturerModelName = SOFTWARE, SOFTWARE
    instance.InstitutionName = report.institution[:_LONGEST_DESCRIPTION]
    instance.InstanceNumber = 1
    instance.ContentDate = instance.SeriesDate = f"{report.completed_at:%Y%m%d}"
    instance.ContentTime = instance.SeriesTime = f"{report.completed_at:%H%M%S}"
    mark_as_own(instance, identity)
    return instance


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """A coded concept (PS3.3 Table 8.8-1)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def file_of(instance: FileDataset) -> bytes:
    """The instance as a file (PS3.10)."""
    target = io.BytesIO()
    instance.save_as(target, enforce_file_format=True)
    return target.getvalue()
