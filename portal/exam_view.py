# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the patient's page shows of a report and its study: plain values, ready for a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cloudfilm.access.holder import GrantHolder
from cloudfilm.access.policy import AccessRequest, Action, Allow, decide
from cloudfilm.db.hospitals import Hospital
from cloudfilm.db.report_status import ReportStatus
from cloudfilm.db.reports import ReportRecord
from cloudfilm.db.studies import StudyRecord
from cloudfilm.dicom.person_name import display_name
from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.hiding import without_names

RESERVED = "reserved"  # what stands for a report that has not come yet


@dataclass(frozen=True, slots=True)
class Permissions:
    """What this visit may do with the exam."""

    text: bool = True
    pages: bool = True
    download: bool = True
    images: bool = True
    originals: bool = True
    share: bool = True
    log: bool = True
    mistake: bool = True
    names: bool = True


@dataclass(frozen=True, slots=True)
class ShareNotice:
    """Who passed the exam on, as the patient named the link, and until when it opens."""

    nickname: str
    until: str
    hides_names: bool


@dataclass(frozen=True, slots=True)
class ExamEntry:
    """Another exam within reach, in a list. Without a report there are only images to open."""

    report_id: UUID | None
    study_instance_uid: str | None
    date: str
    modality: str
    body_part: str


@dataclass(frozen=True, slots=True)
class StudyPart:
    """One of the studies that a report is about."""

    study_instance_uid: str
    body_part: str
    image_count: int


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """An older version of the report; ``time`` is the report's own, or else that of its arrival."""

    report_id: UUID
    time: str
    status: str


@dataclass(frozen=True, slots=True)
class Versions:
    """What is said of a report's other versions.

    Attributes
    ----------
    is_superseded : bool
        This is an older version; ``current_id`` is the one that holds.
    amended_at, withdrawn_at : str
        When a newer version came, and when the report was withdrawn; empty where it was not.
    """

    is_superseded: bool = False
    current_id: UUID | None = None
    amended_at: str = ""
    withdrawn_at: str = ""
    older: tuple[VersionEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ExamView:
    """``images`` is ``waiting`` (none yet), ``arriving`` or ``complete``; ``being_read`` says that a worker has not read the report yet,
    ``expected`` that it has not come at all: its QR code was given out before. ``expected_images`` is what the devices announced, while images are
    arriving; ``failed`` that the document could not be read, or was set aside; ``documents_only`` that the exam is whole and has no images."""

    report_id: UUID
    study_instance_uid: str | None
    hospital_name: str
    being_read: bool
    unreadable: bool
    fields: ReportFields
    patient_name: str
    modality: str
    images: str
    image_count: int
    series_count: int
    may: Permissions = Permissions()
    share: ShareNotice | None = None
    others: tuple[ExamEntry, ...] = ()
    expected: bool = False
    parts: tuple[StudyPart, ...] = ()
    versions: Versions = Versions()
    expected_images: int | None = None
    failed: bool = False
    documents_only: bool = False

    @property
    def query(self) -> str:
        """What keeps this exam chosen on the report's page, where there are several."""
        return f"?report={self.report_id}" if self.others or self.versions.is_superseded else ""

    @property
    def images_query(self) -> str:
        """What makes the viewer open this exam alone, where there are several."""
        studies = [part.study_instance_uid for part in self.parts] or [self.study_instance_uid or ""]
        return "?" + "&".join(f"study={uid}" for uid in studies) if self.others and self.study_instance_uid else ""


def permissions(holder: GrantHolder, report: ReportRecord, now: datetime) -> Permissions:
    """Ask `decide` for everything that the page could offer."""

    def may(action: Action) -> bool:
        asked = AccessRequest(action, holder.hospital_id, report.study_instance_uid, report.report_id, report.carries_key)
        return isinstance(decide(asked, holder, now), Allow)

    has_images = report.study_instance_uid is not None
    return Permissions(
        text=may(Action.READ_REPORT),
        pages=may(Action.SEE_REPORT_PAGES),
        download=may(Action.DOWNLOAD_REPORT) and report.read_at is not None,
        # While there are none, whoever may look for images may wait for them.
        images=may(Action.VIEW_IMAGES if has_images else Action.QUERY),
        originals=has_images and may(Action.RETRIEVE_ORIGINALS),
        share=may(Action.SHARE) and report.status != RESERVED,
        log=may(Action.READ_OWN_LOG),
        mistake=may(Action.REPORT_MISTAKE),
        names=holder.grant.shows_names,
    )


def exam_view(
    hospital: Hospital,
    report: ReportRecord,
    study: StudyRecord | None,
    may: Permissions,
    share: ShareNotice | None = None,
    others: tuple[ExamEntry, ...] = (),
    more_studies: Sequence[StudyRecord] = (),
    versions: Versions | None = None,
) -> ExamView:
    """Put together what is known and may be shown; the report's own words win over the images' headers."""
    versions = versions or Versions()
    said = ReportFields() if versions.withdrawn_at else ReportFields.from_json(report.fields)
    fields = _shown(said, hospital, study, may)
    if report.status == RESERVED and may.names:
        fields = replace(fields, accession_number=said.accession_number)
    studies = [one for one in (study, *more_studies) if one is not None]
    return ExamView(
        report_id=report.report_id,
        study_instance_uid=report.study_instance_uid,
        hospital_name=(fields.hospital_name or hospital.name) if may.names else "",
        being_read=report.status in (ReportStatus.RECEIVED, ReportStatus.READ),
        unreadable=report.status in (ReportStatus.REVIEW, ReportStatus.FAILED) and said.is_empty,
        fields=fields,
        patient_name=(fields.patient_name or (display_name(study.patient_name) if study else "")) if may.names else "",
        modality=_modality(fields, study),
        images=_images(studies),
        image_count=sum(one.image_count for one in studies),
        series_count=sum(one.image_series_count for one in studies),
        may=may,
        share=share,
        others=others,
        expected=report.status == RESERVED,
        parts=tuple(StudyPart(one.study_instance_uid, one.study_description or one.body_part, one.image_count) for one in studies),
        versions=versions,
        failed=report.status == ReportStatus.FAILED,
        documents_only=any(one.instance_count and one.complete_at for one in studies) and not any(one.image_count for one in studies),
    )


def exam_entry(hospital: Hospital, report: ReportRecord | None, study: StudyRecord | None, may: Permissions) -> ExamEntry:
    """One line of the list of exams."""
    fields = _shown(ReportFields.from_json(report.fields) if report else ReportFields(), hospital, study, may)
    studied = str(study.study_date or "") if study else ""
    return ExamEntry(
        report_id=report.report_id if report else None,
        study_instance_uid=study.study_instance_uid if study else None,
        date=(fields.exam_time or "")[:10] or studied,
        modality=_modality(fields, study),
        body_part=fields.body_part or (study.body_part if study else ""),
    )


def shown_fields(report: ReportRecord, hospital: Hospital, study: StudyRecord | None) -> ReportFields:
    """A report's fields for whoever may read it but not know whose it is."""
    return _shown(ReportFields.from_json(report.fields), hospital, study, Permissions(names=False))


def _shown(fields: ReportFields, hospital: Hospital, study: StudyRecord | None, may: Permissions) -> ReportFields:
    """The fields that may be seen: without names where the grant hides them, and of a report that may not be read what its images say too."""
    if not may.names:
        fields = without_names(fields, [hospital.name, *_names_in(study)])
    if not may.text:
        fields = ReportFields(
            patient_name=fields.patient_name, modality=fields.modality, exam_time=fields.exam_time, body_part=fields.body_part
        )
    return fields


def _modality(fields: ReportFields, study: StudyRecord | None) -> str:
    of_images = [modality for modality in (study.image_modalities if study else []) if modality != "SEG"]
    return fields.modality or "/".join(of_images)


def _images(studies: Sequence[StudyRecord]) -> str:
    if not any(study.image_count for study in studies):
        return "waiting"
    return "complete" if all(study.complete_at for study in studies) else "arriving"


def _names_in(study: StudyRecord | None) -> list[str]:
    if study is None:
        return []
    groups = [
        part
        for group in f"{study.patient_name}={study.images_patient_name or ''}".split("=")
        for part in (group.replace("^", ""), group.replace("^", " "), *group.split("^"))
    ]
    return [*filter(None, groups), display_name(study.patient_name), study.patient_id, study.accession_number]
