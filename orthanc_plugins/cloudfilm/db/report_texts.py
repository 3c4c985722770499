# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text of reports and samples with its places, to teach forms from: only of the newest reports, only for a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor

KEPT = 60  # reports of each hospital


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as an image (WebP) in the document store."""

    image_sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class RecentReport:
    """A report whose text is kept; ``pages`` is that, as it was stored."""

    report_id: UUID
    received_at: datetime
    title: str
    fields: dict[str, Any]
    pages: bytes


@dataclass(frozen=True, slots=True)
class FormSample:
    """A sample that was handed in. Status: received → read | refused."""

    sample_id: UUID
    hospital_id: str
    document_sha256: str
    status: str
    reason: str
    pages: bytes | None
    pictures: tuple[Picture, ...]


def set_report_text(cursor: Cursor, report_id: UUID, pages: bytes) -> None:
    """Keep the text of a report that was just read."""
    cursor.execute(
        "INSERT INTO report_text (report_id, hospital_id, received_at, pages)"
        " SELECT report_id, hospital_id, received_at, %s FROM report WHERE report_id = %s"
        " ON CONFLICT (report_id) DO UPDATE SET pages = excluded.pages",
        (pages, report_id),
    )


def recent_reports(cursor: Cursor, hospital_id: str, number: int) -> list[RecentReport]:
    """The hospital's newest reports whose text is kept, newest first."""
    cursor.execute(
        "SELECT report_id, text.received_at, title, fields, text.pages FROM report_text AS text JOIN report USING (report_id)"
        " WHERE text.hospital_id = %s ORDER BY text.received_at DESC, report_id LIMIT %s",
        (hospital_id, number),
    )
    return [replace(RecentReport(*row), pages=bytes(row[4])) for row in cursor.fetchall()]


def text_of_report(cursor: Cursor, hospital_id: str, report_id: UUID) -> bytes | None:
    """The text of one report, while it is kept."""
    cursor.execute("SELECT pages FROM report_text WHERE hospital_id = %s AND report_id = %s", (hospital_id, report_id))
    row = cursor.fetchone()
    return bytes(row[0]) if row else None


def forget_old_texts(cursor: Cursor, samples_before: datetime) -> None:
    """Delete the text of all but the newest reports of each hospital, and samples of the time before."""
    cursor.execute(
        "DELETE FROM report_text WHERE report_id IN (SELECT report_id FROM (SELECT report_id,"
        " row_number() OVER (PARTITION BY hospital_id ORDER BY received_at DESC, report_id) AS place FROM report_text) AS kept WHERE place > %s)",
        (KEPT,),
    )
    cursor.execute("DELETE FROM form_sample WHERE handed_in_at < %s", (samples_before,))


def add_sample(cursor: Cursor, sample_id: UUID, hospital_id: str, document_sha256: str, now: datetime) -> None:
    """A sample was handed in."""
    cursor.execute(
        "INSERT INTO form_sample (sample_id, hospital_id, document_sha256, handed_in_at) VALUES (%s, %s, %s, %s)",
        (sample_id, hospital_id, document_sha256, now),
    )


def sample_with_id(cursor: Cursor, sample_id: UUID) -> FormSample | None:
    """One sample."""
    cursor.execute(
        "SELECT sample_id, hospital_id, document_sha256, status, reason, pages, pictures FROM form_sample WHERE sample_id = %s",
        (sample_id,),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    return replace(FormSample(*row), pages=bytes(row[5]) if row[5] is not None else None, pictures=pictures_from_json(row[6]))


def set_sample_read(cursor: Cursor, sample_id: UUID, pages: bytes, pictures: Sequence[Picture]) -> None:
    """What a worker made of a sample."""
    cursor.execute(
        "UPDATE form_sample SET status = 'read', pages = %s, pictures = %s WHERE sample_id = %s",
        (pages, Json(pictures_to_json(pictures)), sample_id),
    )


def set_sample_refused(cursor: Cursor, sample_id: UUID, reason: str) -> None:
    """The document cannot be read, and why."""
    cursor.execute("UPDATE form_sample SET status = 'refused', reason = %s WHERE sample_id = %s", (reason, sample_id))


def pictures_to_json(pictures: Sequence[Picture]) -> list[list[Any]]:
    """For a jsonb column."""
    return [[one.image_sha256, one.width, one.height] for one in pictures]


def pictures_from_json(document: Sequence[Sequence[Any]]) -> tuple[Picture, ...]:
    """The inverse of `pictures_to_json`."""
    return tuple(Picture(*one) for one in document)
