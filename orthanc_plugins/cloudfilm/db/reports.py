# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports: a document, what was read from it, and the study it belongs to. Status: received → waiting | matched | review | refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor, only_value
from cloudfilm.db.origin import Origin


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


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A page as images (WebP) in the document store, at a phone's width and, where that shows more, larger; and its text.

    ``text_lines`` is what `cloudfilm.reports.text_lines.TextLines.to_json` gave; empty for pages that were read before there was such.
    """

    page: int
    image_sha256: str
    width: int
    height: int
    large_sha256: str | None = None
    large_width: int | None = None
    large_height: int | None = None
    text_lines: dict[str, Any] = field(default_factory=dict)


_PAGE_COLUMNS = ", ".join(ReportPage.__dataclass_fields__)


_COLUMNS = ", ".join(ReportRecord.__dataclass_fields__)


def add_report(
    cursor: Cursor, report_id: UUID, hospital_id: str, document_sha256: str, origin: Origin, given: dict[str, str | None], now: datetime
) -> UUID:
    """Insert a report that was just received; return the identifier under which this document is known, an older one if it came before."""
    cursor.execute(
        "INSERT INTO report (report_id, hospital_id, status, document_sha256, origin, source_name, title, given_fields, received_at)"
        " VALUES (%s, %s, 'received', %s, %s, %s, %s, %s, %s) ON CONFLICT (hospital_id, document_sha256) DO NOTHING",
        (report_id, hospital_id, document_sha256, origin.way, origin.source_name, origin.title[:200], Json(given), now),
    )
    cursor.execute("SELECT report_id FROM report WHERE hospital_id = %s AND document_sha256 = %s", (hospital_id, document_sha256))
    return UUID(str(only_value(cursor)))


def report_with_id(cursor: Cursor, report_id: UUID, for_update: bool = False) -> ReportRecord | None:
    """One report; ``for_update`` locks it until the transaction ends."""
    cursor.execute(f"SELECT {_COLUMNS} FROM report WHERE report_id = %s{' FOR UPDATE' if for_update else ''}", (report_id,))
    row = cursor.fetchone()
    return ReportRecord(*row) if row else None


def reports_of_study(cursor: Cursor, study_instance_uid: str) -> list[ReportRecord]:
    """The reports that are bound to a study, oldest first."""
    cursor.execute(f"SELECT {_COLUMNS} FROM report WHERE study_instance_uid = %s ORDER BY received_at, report_id", (study_instance_uid,))
    return [ReportRecord(*row) for row in cursor.fetchall()]


def reports_with_ids(cursor: Cursor, report_ids: Iterable[UUID]) -> list[ReportRecord]:
    """These reports, the newest first."""
    cursor.execute(f"SELECT {_COLUMNS} FROM report WHERE report_id = ANY(%s) ORDER BY received_at DESC, report_id", (list(report_ids),))
    return [ReportRecord(*row) for row in cursor.fetchall()]


def set_fields(cursor: Cursor, report_id: UUID, fields: dict[str, str | None], now: datetime) -> None:
    """Keep what was read from the document."""
    cursor.execute(
        "UPDATE report SET fields = %s, patient_id = %s, accession_number = %s, read_at = %s WHERE report_id = %s",
        (Json(fields), fields.get("patient_id") or "", fields.get("accession_number") or "", now, report_id),
    )


def set_status(cursor: Cursor, report_id: UUID, status: str, reason: str) -> None:
    """Move a report that has no study (any more)."""
    cursor.execute(
        "UPDATE report SET status = %s, status_reason = %s, study_instance_uid = NULL, matched_at = NULL WHERE report_id = %s",
        (status, reason, report_id),
    )


def set_matched(cursor: Cursor, report_id: UUID, study_instance_uid: str, reason: str, now: datetime) -> None:
    """Bind a report to its study."""
    cursor.execute(
        "UPDATE report SET status = 'matched', status_reason = %s, study_instance_uid = %s, matched_at = %s WHERE report_id = %s",
        (reason, study_instance_uid, now, report_id),
    )


def waiting_reports(cursor: Cursor, hospital_id: str, accession_number: str, patient_id: str) -> list[ReportRecord]:
    """Reports of the hospital that wait for images and might belong to a study with this accession number or patient."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM report WHERE hospital_id = %s AND status = 'waiting'"
        " AND ((accession_number = %s AND accession_number <> '') OR (patient_id = %s AND patient_id <> ''))"
        " ORDER BY received_at LIMIT 100 FOR UPDATE",
        (hospital_id, accession_number, patient_id),
    )
    return [ReportRecord(*row) for row in cursor.fetchall()]


def set_returned(cursor: Cursor, report_id: UUID, now: datetime) -> None:
    """The stamped copy went back to where the report came from."""
    cursor.execute("UPDATE report SET returned_at = %s WHERE report_id = %s", (now, report_id))


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
            f"INSERT INTO report_page (report_id, {_PAGE_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                report_id, page.page, page.image_sha256, page.width, page.height, page.large_sha256, page.large_width, page.large_height,
                Json(page.text_lines),
            ),
        )  # fmt: skip


def pages_of_report(cursor: Cursor, report_id: UUID) -> list[ReportPage]:
    """The page images in order."""
    cursor.execute(f"SELECT {_PAGE_COLUMNS} FROM report_page WHERE report_id = %s ORDER BY page", (report_id,))
    return [ReportPage(*row) for row in cursor.fetchall()]


def fields_of_reports_of_study(cursor: Cursor, study_instance_uid: str) -> list[dict[str, str | None]]:
    """What was read from the reports that belong to a study."""
    cursor.execute("SELECT fields FROM report WHERE study_instance_uid = %s ORDER BY report_id", (study_instance_uid,))
    return [row[0] for row in cursor.fetchall()]
