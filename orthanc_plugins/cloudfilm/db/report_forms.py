# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms that hospitals taught: every change is a version, the newest counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor
from cloudfilm.db.report_texts import Picture, pictures_from_json, pictures_to_json


@dataclass(frozen=True, slots=True)
class FormRecord:
    """One version of a form; ``definition`` is `cloudfilm.reports.taught_form.TaughtForm.to_json`."""

    form_id: UUID
    version: int
    hospital_id: str
    name: str
    definition: dict[str, Any]
    is_on: bool
    is_deleted: bool
    change: str
    pictures: tuple[Picture, ...]
    changed_at: datetime
    changed_by: str


_COLUMNS = "form_id, version, hospital_id, name, definition, is_on, is_deleted, change, pictures, changed_at, changed_by"
_NEWEST = f"SELECT DISTINCT ON (form_id) {_COLUMNS} FROM report_form WHERE hospital_id = %s ORDER BY form_id, version DESC"


def list_forms(cursor: Cursor, hospital_id: str) -> list[FormRecord]:
    """The newest version of each form of a hospital, by name; deleted ones last."""
    cursor.execute(f"SELECT * FROM ({_NEWEST}) AS form ORDER BY is_deleted, name, form_id", (hospital_id,))
    return [_record(row) for row in cursor.fetchall()]


def forms_in_use(cursor: Cursor, hospital_id: str) -> list[dict[str, Any]]:
    """The definitions by which the hospital's reports are read."""
    cursor.execute(f"SELECT definition FROM ({_NEWEST}) AS form WHERE is_on AND NOT is_deleted ORDER BY form_id", (hospital_id,))
    return [row[0] for row in cursor.fetchall()]


def form_with_id(cursor: Cursor, hospital_id: str, form_id: UUID, for_update: bool = False) -> FormRecord | None:
    """The newest version of a form; ``for_update`` lets nobody else change it until the transaction ends."""
    if for_update:
        cursor.execute("SELECT 1 FROM report_form WHERE form_id = %s AND version = 1 FOR UPDATE", (form_id,))
    cursor.execute(
        f"SELECT {_COLUMNS} FROM report_form WHERE hospital_id = %s AND form_id = %s ORDER BY version DESC LIMIT 1", (hospital_id, form_id)
    )
    row = cursor.fetchone()
    return _record(row) if row else None


def form_version(cursor: Cursor, form_id: UUID, version: int) -> FormRecord | None:
    """One version of a form."""
    cursor.execute(f"SELECT {_COLUMNS} FROM report_form WHERE form_id = %s AND version = %s", (form_id, version))
    row = cursor.fetchone()
    return _record(row) if row else None


def sample_text_of_form(cursor: Cursor, form_id: UUID) -> bytes:
    """The text of the sample of a form's newest version."""
    cursor.execute("SELECT sample_text FROM report_form WHERE form_id = %s ORDER BY version DESC LIMIT 1", (form_id,))
    row = cursor.fetchone()
    return bytes(row[0]) if row else b""


def add_form_version(cursor: Cursor, form: FormRecord, sample_text: bytes) -> None:
    """Add a version; two at once cannot have one number."""
    cursor.execute(
        f"INSERT INTO report_form ({_COLUMNS}, sample_text) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (form.form_id, form.version, form.hospital_id, form.name, Json(form.definition), form.is_on, form.is_deleted, form.change,
         Json(pictures_to_json(form.pictures)), form.changed_at, form.changed_by, sample_text),
    )  # fmt: skip


def reports_read_by_form(cursor: Cursor, hospital_id: str) -> dict[str, int]:
    """How many reports of the hospital were recognised as each form."""
    cursor.execute(
        "SELECT fields->'form'->>'form_id', count(*) FROM report"
        " WHERE hospital_id = %s AND jsonb_typeof(fields->'form') = 'object' GROUP BY 1",
        (hospital_id,),
    )
    return dict(cursor.fetchall())


def _record(row: tuple[Any, ...]) -> FormRecord:
    return replace(FormRecord(*row), pictures=pictures_from_json(row[8]))
