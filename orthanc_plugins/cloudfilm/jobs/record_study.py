# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keep our record of a study equal to what Orthanc has, and give waiting reports their images."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cloudfilm.db.conflicts import is_study_being_settled
from cloudfilm.db.kept_instances import series_kept_in
from cloudfilm.db.publications import set_published, want_publication
from cloudfilm.db.report_versions import lock_reports_of_hospital
from cloudfilm.db.studies import incomplete_studies, record_study, study_with_uid
from cloudfilm.dicom.documents import MODALITIES_OF_DOCUMENTS
from cloudfilm.dicom.study_summary import summarise_study
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.readable_summary import readable_summary
from cloudfilm.reports.binding import match_reports_of_study
from cloudfilm.reports.correcting import correct_studies_in

_log = logging.getLogger(__name__)
_SWEEP_AFTER = timedelta(seconds=60)


def record_study_of_orthanc(context: JobContext, orthanc_study_id: str) -> bool:
    """Record one study and match the reports that wait for it. One that has only reports of ours left is deleted.

    Returns
    -------
    bool
        Whether the study is still arriving.
    """
    study = context.orthanc.study(orthanc_study_id)
    if study is None:
        return False
    series = context.orthanc.series_of_study(orthanc_study_id)
    summary = readable_summary(context.orthanc, summarise_study(study, series), series)
    if _is_left_over(context, summary.study_instance_uid, series):
        _log.info("study %s has nothing but the reports that were kept in it: it is deleted", summary.study_instance_uid)
        context.orthanc.delete_study(orthanc_study_id)
        return False
    complete = bool(study.get("IsStable"))
    now = context.clock()
    with context.database.transaction() as cursor:
        claimed = study_with_uid(cursor, summary.study_instance_uid)
        if claimed is not None:
            # Before the row itself is locked: whoever corrects a patient's studies comes the same way.
            lock_reports_of_hospital(cursor, claimed.hospital_id)
        hospital_id = record_study(cursor, summary, now, complete)
        if hospital_id is None:
            _log.error("study %s is in the archive but belongs to no hospital", orthanc_study_id)
            return False
        correct_studies_in(cursor, hospital_id, [summary.patient_id], now)
        want_publication(cursor, summary.study_instance_uid, now, anew=False)
        if not complete:
            set_published(cursor, summary.study_instance_uid, None, 0)
        recorded = study_with_uid(cursor, summary.study_instance_uid)
        if recorded is not None and recorded.instance_count > 0:
            match_reports_of_study(cursor, recorded, now, context.settings.time_zone)
    return not complete


def _is_left_over(context: JobContext, study_instance_uid: str, series: Sequence[Mapping[str, Any]]) -> bool:
    """Whether only our own documents are there: the images were deleted one by one, or while a document was being stored."""
    if any(str(one["MainDicomTags"].get("Modality", "")) not in MODALITIES_OF_DOCUMENTS for one in series):
        return False
    with context.database.transaction() as cursor:
        if is_study_being_settled(cursor, study_instance_uid):
            return False  # images are about to come in the place of others
        ours = series_kept_in(cursor, study_instance_uid)
    return bool(series) and all(one["MainDicomTags"].get("SeriesInstanceUID") in ours for one in series)


def sweep_incomplete_studies(context: JobContext) -> None:
    """Record studies that no event has completed: a crash between an instance and its event loses nothing."""
    now = context.clock()
    with context.database.transaction() as cursor:
        uids = incomplete_studies(cursor, claimed_before=now - _SWEEP_AFTER, recorded_before=now - _SWEEP_AFTER)
    for study_instance_uid in uids:
        orthanc_study_id = context.orthanc.find_study(study_instance_uid)
        if orthanc_study_id is not None:
            record_study_of_orthanc(context, orthanc_study_id)
