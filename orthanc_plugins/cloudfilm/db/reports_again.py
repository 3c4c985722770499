# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents that came again in other bytes: each is the report that was there, and known under its own identifier to whoever sent it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class ReportAgain:
    """One arrival of a report that was there already."""

    report_id: UUID
    of_report_id: UUID
    hospital_id: str
    document_sha256: str
    origin: str
    source_name: str | None
    title: str
    received_at: datetime


_COLUMNS = ", ".join(ReportAgain.__dataclass_fields__)


def lock_content(cursor: Cursor, hospital_id: str, content_sha256: str) -> None:
    """Of two equal documents that are read at the same time one waits for the other."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 34))", (f"{hospital_id}\n{content_sha256}",))


def report_with_content(cursor: Cursor, hospital_id: str, content_sha256: str, but: UUID) -> UUID | None:
    """The oldest other report of the hospital that says and looks the same."""
    cursor.execute(
        "SELECT report_id FROM report WHERE hospital_id = %s AND content_sha256 = %s AND report_id <> %s ORDER BY received_at, report_id LIMIT 1",
        (hospital_id, content_sha256, but),
    )
    row = cursor.fetchone()
    return row[0] if row else None


def replace_by_older(cursor: Cursor, again: ReportAgain) -> None:
    """One report less: what came again is kept as an arrival of the older one. Its grants and its delivery must have been passed on before."""
    cursor.execute("UPDATE dicom_document SET report_id = %s WHERE report_id = %s", (again.of_report_id, again.report_id))
    cursor.execute("DELETE FROM report WHERE report_id = %s", (again.report_id,))
    cursor.execute(
        f"INSERT INTO report_again ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        tuple(getattr(again, name) for name in ReportAgain.__dataclass_fields__),
    )


def arrival_with_id(cursor: Cursor, report_id: UUID) -> ReportAgain | None:
    """The later arrival that has this identifier."""
    cursor.execute(f"SELECT {_COLUMNS} FROM report_again WHERE report_id = %s", (report_id,))
    row = cursor.fetchone()
    return ReportAgain(*row) if row else None


def report_that_came_again(cursor: Cursor, hospital_id: str, document_sha256: str) -> UUID | None:
    """The report that these bytes were found to be when they came before."""
    cursor.execute("SELECT of_report_id FROM report_again WHERE hospital_id = %s AND document_sha256 = %s", (hospital_id, document_sha256))
    row = cursor.fetchone()
    return row[0] if row else None
