# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports: a document, what was read from it, and the studies it belongs to. Their statuses are in `cloudfilm.db.report_status`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor, only_value
from cloudfilm.db.origin import Origin
from cloudfilm.db.reports_again import arrival_with_id, report_that_came_again
from cloudfilm.dicom.exam_numbers import exam_numbers


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """One row of ``report``; ``fields`` is what `cloudfilm.reports.field_reading.ReportReading.to_json` gave, empty until it was read."""

    report_id: UUID
    hospital_id: str
    status: str
    status_reason: str
    document_sha256: str
    fields: dict[str, Any]
    study_instance_uid: str | None
    received_at: datetime
    read_at: datetime | None
    origin: str = "rest"
    source_name: str | None = None
    title: str = ""
    returned_at: datetime | None = None
    given_fields: dict[str, str | None] | None = None
    shown_sha256: str | None = None
    carries_key: bool = False
    issued_at: datetime | None = None
    version_group: UUID | None = None
    superseded_by: UUID | None = None
    superseded_at: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A page as images (WebP) in the document store, at a phone's width and, where that shows more, larger; and its text.

    The size in points is unknown, and ``text_lines`` (what `cloudfilm.reports.text_lines.TextLines.to_json` gave) empty, for pages that were
    read before these were kept.
    """

    page: int
    image_sha256: str
    width: int
    height: int
    width_points: float | None = None
    height_points: float | None = None
    large_sha256: str | None = None
    large_width: int | None = None
    large_height: int | None = None
    text_lines: dict[str, Any] = field(default_factory=dict)


_PAGE_COLUMNS = ", ".join(ReportPage.__dataclass_fields__)


_COLUMNS = ", ".join(ReportRecord.__dataclass_fields__)
_PATIENTS_NUMBERS = ("patient_id", "outpatient_number", "inpatient_number")


def add_report(
    cursor: Cursor, report_id: UUID, hospital_id: str, document_sha256: str, origin: Origin, given: dict[str, str | None], now: datetime
) -> UUID:
    """Insert a report that was just received; return the identifier under which this document is known, an older one if it came before."""
    if (known := report_that_came_again(cursor, hospital_id, document_sha256)) is not None:
        return known
    cursor.execute(
        "INSERT INTO report (report_id, version_group, hospital_id, status, document_sha256, origin, source_name, title, given_fields, received_at)"
        " VALUES (%s, %s, %s, 'received', %s, %s, %s, %s, %s, %s) ON CONFLICT (hospital_id, document_sha256) DO NOTHING",
        (report_id, report_id, hospital_id, document_sha256, origin.way, origin.source_name, origin.title[:200], Json(given), now),
    )
    cursor.execute("SELECT report_id FROM report WHERE hospital_id = %s AND document_sha256 = %s", (hospital_id, document_sha256))
    return UUID(str(only_value(cursor)))


def set_documents(cursor: Cursor, report_id: UUID, content_sha256: str, shown_sha256: str | None, carries_key: bool) -> None:
    """Keep what a document is beside its bytes: what it says and looks like, what people download, whether the patient's own key is on it."""
    cursor.execute(
        "UPDATE report SET content_sha256 = %s, shown_sha256 = %s, carries_key = %s WHERE report_id = %s",
        (content_sha256, shown_sha256, carries_key, report_id),
    )


def report_with_id(cursor: Cursor, report_id: UUID, for_update: bool = False) -> ReportRecord | None:
    """One report; ``for_update`` locks it until the transaction ends."""
    cursor.execute(f"SELECT {_COLUMNS} FROM report WHERE report_id = %s{' FOR NO KEY UPDATE' if for_update else ''}", (report_id,))
    row = cursor.fetchone()
    return ReportRecord(*row) if row else None


def report_known_as(cursor: Cursor, report_id: UUID, for_update: bool = False) -> ReportRecord | None:
    """One report by its identifier, or by the one under which it came again."""
    # The report first: while its lock is waited for, it may turn out to be one that was there already.
    report = report_with_id(cursor, report_id, for_update)
    if report is None and (again := arrival_with_id(cursor, report_id)) is not None:
        report = report_with_id(cursor, again.of_report_id, for_update)
    return report


def document_for_people(report: ReportRecord) -> str | None:
    """SHA-256 of what people download: the document, without what would run in their reader. None until it was read, or if it cannot be."""
    return (report.shown_sha256 or report.document_sha256) if report.read_at is not None else None


def reports_of_study(cursor: Cursor, study_instance_uid: str) -> list[ReportRecord]:
    """The current reports that are bound to a study, oldest first."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM report WHERE status IN ('matched', 'issued')"
        " AND report_id IN (SELECT report_id FROM report_study WHERE study_instance_uid = %s) ORDER BY received_at, report_id",
        (study_instance_uid,),
    )
    return [ReportRecord(*row) for row in cursor.fetchall()]


def reports_with_ids(cursor: Cursor, report_ids: Iterable[UUID]) -> list[ReportRecord]:
    """These reports, the newest first."""
    cursor.execute(f"SELECT {_COLUMNS} FROM report WHERE report_id = ANY(%s) ORDER BY received_at DESC, report_id", (list(report_ids),))
    return [ReportRecord(*row) for row in cursor.fetchall()]


def set_fields(cursor: Cursor, report_id: UUID, fields: dict[str, Any], now: datetime) -> None:
    """Keep what was read from the document: the report is read."""
    numbers = [number for name in _PATIENTS_NUMBERS if (number := fields.get(name))]
    cursor.execute(
        "UPDATE report SET fields = %s, patient_id = %s, accession_number = %s, numbers = %s, read_at = %s,"
        " status = CASE status WHEN 'received' THEN 'read' ELSE status END WHERE report_id = %s",
        (
            Json(fields),
            fields.get("patient_id") or "",
            fields.get("accession_number") or "",
            [*exam_numbers(fields.get("accession_number")), *numbers],
            now,
            report_id,
        ),
    )


def set_report_status(cursor: Cursor, report_id: UUID, report_status: str) -> str | None:
    """Keep what the sender says now of the version; return what was said before."""
    cursor.execute(
        "SELECT coalesce(fields ->> 'report_status', given_fields ->> 'report_status') FROM report WHERE report_id = %s", (report_id,)
    )
    before: str | None = only_value(cursor)
    cursor.execute(
        "UPDATE report SET given_fields = given_fields || %(said)s, fields = CASE WHEN fields = '{}' THEN fields ELSE fields || %(said)s END"
        " WHERE report_id = %(report_id)s",
        {"said": Json({"report_status": report_status}), "report_id": report_id},
    )
    return before


def set_status(cursor: Cursor, report_id: UUID, status: str, reason: str) -> None:
    """Move a report that has no study (any more)."""
    cursor.execute("DELETE FROM report_study WHERE report_id = %s", (report_id,))
    cursor.execute(
        "UPDATE report SET status = %s, status_reason = %s, study_instance_uid = NULL, matched_at = NULL WHERE report_id = %s",
        (status, reason, report_id),
    )


def set_matched(cursor: Cursor, report_id: UUID, study_instance_uid: str, reason: str, now: datetime, others: Iterable[str] = ()) -> None:
    """Bind a report to its study, and to the other studies that it is about. Where its paper has left already it is issued with that."""
    cursor.execute("DELETE FROM report_study WHERE report_id = %s", (report_id,))
    add_studies(cursor, report_id, {study_instance_uid, *others})
    cursor.execute(
        "UPDATE report SET status = 'matched', status_reason = %s, study_instance_uid = %s, matched_at = %s WHERE report_id = %s",
        (reason, study_instance_uid, now, report_id),
    )
    _issue_what_has_left(cursor, report_id)


def add_studies(cursor: Cursor, report_id: UUID, study_instance_uids: Iterable[str]) -> None:
    """A report is about these studies too."""
    for study_instance_uid in sorted(study_instance_uids):
        cursor.execute(
            "INSERT INTO report_study (report_id, study_instance_uid) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (report_id, study_instance_uid),
        )


def studies_of_report(cursor: Cursor, report_id: UUID) -> list[str]:
    """StudyInstanceUIDs that a report is about, the first of them first."""
    cursor.execute(
        "SELECT report_study.study_instance_uid FROM report_study JOIN report USING (report_id) WHERE report_id = %s"
        " ORDER BY report_study.study_instance_uid <> report.study_instance_uid, report_study.study_instance_uid",
        (report_id,),
    )
    return [row[0] for row in cursor.fetchall()]


def note_issued(cursor: Cursor, report_id: UUID, now: datetime) -> None:
    """The paper or its QR code has left: a report that is bound to its study is issued with that, another when it is bound."""
    cursor.execute("UPDATE report SET issued_at = %s WHERE report_id = %s AND issued_at IS NULL", (now, report_id))
    _issue_what_has_left(cursor, report_id)


def _issue_what_has_left(cursor: Cursor, report_id: UUID) -> None:
    cursor.execute(
        "UPDATE report SET status = 'issued' WHERE report_id = %s AND status = 'matched' AND issued_at IS NOT NULL", (report_id,)
    )


def reports_for_study(cursor: Cursor, hospital_id: str, numbers: Collection[str], name: str, study_date: date | None) -> list[ReportRecord]:
    """Reports of the hospital that might belong to a study with these numbers or this patient's name, oldest first, locked.

    Those that wait for images, and those that are bound and may be about one study more.
    """
    cursor.execute(
        f"SELECT {_COLUMNS} FROM report WHERE hospital_id = %(hospital_id)s AND (status IN ('waiting', 'matched', 'issued')"
        " AND numbers && %(numbers)s::text[] OR status = 'waiting' AND %(name)s <> '' AND fields ->> 'patient_name' = %(name)s"
        " AND left(fields ->> 'exam_time', 10) = %(study_date)s) ORDER BY received_at LIMIT 200 FOR NO KEY UPDATE",
        {"hospital_id": hospital_id, "numbers": list(numbers), "name": name, "study_date": str(study_date or "")},
    )
    return [ReportRecord(*row) for row in cursor.fetchall()]


def set_returned(cursor: Cursor, report_id: UUID, now: datetime) -> None:
    """The stamped copy went back to where the report came from."""
    cursor.execute("UPDATE report SET returned_at = %s WHERE report_id = %s", (now, report_id))
    note_issued(cursor, report_id, now)


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of a report's status; ``from_status`` is "" for its arrival."""

    happened_at: datetime
    from_status: str
    to_status: str
    reason: str


def transitions_of_report(cursor: Cursor, report_id: UUID) -> list[Transition]:
    """What a report went through, oldest first."""
    cursor.execute(
        "SELECT happened_at, from_status, to_status, reason FROM report_transition WHERE report_id = %s ORDER BY happened_at", (report_id,)
    )
    return [Transition(*row) for row in cursor.fetchall()]


def set_pages(cursor: Cursor, report_id: UUID, pages: list[ReportPage]) -> None:
    """Replace the page images."""
    cursor.execute("DELETE FROM report_page WHERE report_id = %s", (report_id,))
    for page in pages:
        cursor.execute(
            f"INSERT INTO report_page (report_id, {_PAGE_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                report_id, page.page, page.image_sha256, page.width, page.height, page.width_points, page.height_points,
                page.large_sha256, page.large_width, page.large_height, Json(page.text_lines),
            ),
        )  # fmt: skip


def pages_of_report(cursor: Cursor, report_id: UUID) -> list[ReportPage]:
    """The page images in order."""
    cursor.execute(f"SELECT {_PAGE_COLUMNS} FROM report_page WHERE report_id = %s ORDER BY page", (report_id,))
    return [ReportPage(*row) for row in cursor.fetchall()]


def fields_of_reports_of_study(cursor: Cursor, study_instance_uid: str) -> list[dict[str, str | None]]:
    """What was read from the reports that belong to a study."""
    cursor.execute(
        "SELECT fields FROM report WHERE study_instance_uid = %(uid)s"
        " OR report_id IN (SELECT report_id FROM report_study WHERE study_instance_uid = %(uid)s) ORDER BY report_id",
        {"uid": study_instance_uid},
    )
    return [row[0] for row in cursor.fetchall()]
