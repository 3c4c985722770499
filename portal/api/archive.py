# SPDX-License-Identifier: AGPL-3.0-or-later
"""GET /api/v1/studies/{uid}/archive: the study as it was stored, with a DICOMDIR and the report, as one ZIP that streams.

Orthanc packs the instances (PS3.10 file-set); the report is added on the way through. Who may no longer see the study while it streams is
cut off: the answer ends without its end, which every client takes for a failed download.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Blueprint, Response

from cloudfilm.access.holder import ApiHolder, Holder
from cloudfilm.access.policy import AccessRequest, Action, Allow, decide
from cloudfilm.db.reports import document_for_people, reports_of_study
from cloudfilm.db.studies import StudyRecord, study_with_uid
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import NotFound
from portal.services import services
from portal.session import asker, require
from portal.streaming_zip import with_files

archive = Blueprint("archive", __name__)
_ASK_AGAIN_SECONDS = 1.0


class AccessEnded(Exception):
    """Whoever was downloading may not any more."""


@archive.get("/api/v1/studies/<study_instance_uid>/archive")
def download(study_instance_uid: str) -> Response:
    """200 application/zip, streamed; its length is not known beforehand."""
    if not is_uid(study_instance_uid):
        raise NotFound
    wanted = AccessRequest(Action.RETRIEVE_ORIGINALS, study_instance_uid=study_instance_uid)
    holder = require(wanted)
    with services().database.transaction() as cursor:
        study = study_with_uid(cursor, study_instance_uid)
    if study is None or study.orthanc_study_id is None:
        raise NotFound
    packed = with_files(services().study_archive(study.orthanc_study_id), _documents(study, holder))
    response = Response(_while_allowed(packed, wanted), content_type="application/zip")
    name = f"exam-{study.study_date:%Y-%m-%d}.zip" if study.study_date else "exam.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _documents(study: StudyRecord, holder: Holder) -> dict[str, bytes]:
    """The reports of the study that this holder may have: for programs as they were signed, for people without what would run."""
    parts = services()
    with parts.database.transaction() as cursor:
        reports = reports_of_study(cursor, study.study_instance_uid)
    may = [
        report
        for report in reports
        if isinstance(
            decide(
                AccessRequest(Action.DOWNLOAD_REPORT, report.hospital_id, report_id=report.report_id, carries_key=report.carries_key),
                holder,
                parts.clock(),
            ),
            Allow,
        )
    ]
    for report in may:
        asked = AccessRequest(Action.DOWNLOAD_REPORT, report.hospital_id, study.study_instance_uid, report.report_id)
        parts.audit_trail.decided(asked, holder, asker(), denied=None)
    hashes = [report.document_sha256 if isinstance(holder, ApiHolder) else document_for_people(report) for report in may]
    kept = (sha256 for sha256 in hashes if sha256 is not None)
    return {f"REPORT{number}.PDF": parts.documents.get(sha256) for number, sha256 in enumerate(kept, start=1)}


def _while_allowed(portions: Iterator[bytes], wanted: AccessRequest) -> Iterator[bytes]:
    """Pass portions on, asking again every second."""
    doorkeeper, who = services().doorkeeper, asker()

    def passed_on() -> Iterator[bytes]:
        asked = time.monotonic()
        for portion in portions:
            if time.monotonic() - asked > _ASK_AGAIN_SECONDS:
                asked = time.monotonic()
                if doorkeeper.would_allow(wanted, who) is None:
                    doorkeeper.allows(wanted, who)  # writes it down
                    raise AccessEnded
            yield portion

    return passed_on()
