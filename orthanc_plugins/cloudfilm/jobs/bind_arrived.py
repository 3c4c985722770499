# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bind a report to the study that it came as a part of. Where something contradicts that, people decide."""

from __future__ import annotations

from datetime import datetime

from cloudfilm.db.database import Cursor
from cloudfilm.db.dicom_documents import dicom_documents_of_report
from cloudfilm.db.reports import ReportRecord, set_status
from cloudfilm.db.studies import study_with_uid
from cloudfilm.reports.binding import bind_in
from cloudfilm.reports.fields import ReportFields

REASON = "it came as a part of this study"


def bind_to_its_study_in(cursor: Cursor, report: ReportRecord, said: ReportFields | None, now: datetime) -> bool:
    """Bind a report that has been read; its row is locked by the caller's transaction.

    Parameters
    ----------
    said : ReportFields or None
        What the instance's header says, to be compared with a report that was read before it came; None where that has been done.

    Returns
    -------
    bool
        Whether it came with a study: nothing else is to be tried then.
    """
    uids = list(dict.fromkeys(one.study_instance_uid for one in dicom_documents_of_report(cursor, report.report_id)))
    if not uids:
        return False
    study = study_with_uid(cursor, uids[0])
    if report.study_instance_uid is not None:
        return True  # people, or an equal number, have bound it
    if len(uids) > 1:
        set_status(cursor, report.report_id, "review", "the same document came with several studies")
    elif study is None or study.hospital_id != report.hospital_id:
        return False
    elif said is not None and _differ(ReportFields.from_json(report.fields), said):
        set_status(cursor, report.report_id, "review", "the document and the header of its instance differ in whose it is")
    else:
        bind_in(cursor, report, (uids[0],), REASON, now)
    return True


def _differ(read: ReportFields, said: ReportFields) -> bool:
    pairs = ((read.patient_id, said.patient_id), (read.accession_number, said.accession_number))
    return any(one and other and one.strip() != other.strip() for one, other in pairs)
