# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a hospital expects beside what has come: exams without images, images without a report."""

from __future__ import annotations

import re
from datetime import datetime

from cloudfilm.db.database import Cursor
from cloudfilm.db.exam_orders import COLUMNS, ExamOrder
from cloudfilm.db.studies import StudyRecord

_STUDY_COLUMNS = ", ".join(StudyRecord.__dataclass_fields__)
_HAS_IMAGES = """
    EXISTS (SELECT 1 FROM study WHERE study.hospital_id = exam_order.hospital_id AND study.accession_number = exam_order.exam_number
        AND exam_order.exam_number <> '' AND study.image_count > 0)
"""
_OF_TEXT = """
    AND (%(text)s = '' OR %(text)s IN (accession_number, placer_order_number, filler_order_number, patient_id)
        OR strpos(lower(translate(patient_name, '^= ', '')), lower(%(name)s)) > 0)
"""


def orders_without_images(cursor: Cursor, hospital_id: str, text: str, since: datetime, now: datetime, limit: int) -> list[ExamOrder]:
    """Exams whose time has come and of which there is no image, the latest first. What is cancelled or held nobody expects."""
    condition = f"status IN ('expected', 'started', 'completed') AND due_at BETWEEN %(since)s AND %(now)s AND NOT {_HAS_IMAGES}"
    return _orders(cursor, hospital_id, condition, text, since, now, "due_at DESC", limit)


def orders_to_come(cursor: Cursor, hospital_id: str, text: str, since: datetime, now: datetime, limit: int) -> list[ExamOrder]:
    """Exams whose time has not come yet, and of which there is no image, the next first."""
    condition = f"status IN ('expected', 'started', 'held') AND due_at > %(now)s AND NOT {_HAS_IMAGES}"
    return _orders(cursor, hospital_id, condition, text, since, now, "due_at", limit)


def all_orders(cursor: Cursor, hospital_id: str, text: str, since: datetime, now: datetime, limit: int) -> list[ExamOrder]:
    """Every order, cancelled or not, the latest first."""
    return _orders(cursor, hospital_id, "due_at >= %(since)s", text, since, now, "due_at DESC", limit)


def studies_without_report(cursor: Cursor, hospital_id: str, text: str, since: datetime, limit: int) -> list[StudyRecord]:
    """Studies with images that no report belongs to, the latest first."""
    cursor.execute(
        f"""
        SELECT {_STUDY_COLUMNS} FROM study WHERE hospital_id = %(hospital_id)s AND image_count > 0
            AND (study_date IS NULL OR study_date >= %(since)s::date)
            AND NOT EXISTS (SELECT 1 FROM report_study JOIN report USING (report_id)
                WHERE report_study.study_instance_uid = study.study_instance_uid AND report.status IN ('matched', 'issued'))
            AND (%(text)s = '' OR %(text)s IN (accession_number, patient_id)
                OR strpos(lower(translate(patient_name, '^= ', '')), lower(%(name)s)) > 0)
        ORDER BY study_date DESC NULLS LAST, study_time DESC NULLS LAST, study_instance_uid LIMIT %(limit)s
        """,
        {"hospital_id": hospital_id, "text": text, "name": _plain(text), "since": since, "limit": limit},
    )
    return [StudyRecord(*row) for row in cursor.fetchall()]


def studies_of_orders(cursor: Cursor, hospital_id: str, orders: list[ExamOrder]) -> list[StudyRecord]:
    """The studies with images that carry these orders' numbers."""
    numbers = [order.exam_number for order in orders if order.exam_number]
    cursor.execute(
        f"SELECT {_STUDY_COLUMNS} FROM study WHERE hospital_id = %s AND accession_number = ANY(%s) AND image_count > 0",
        (hospital_id, numbers),
    )
    return [StudyRecord(*row) for row in cursor.fetchall()]


def _orders(
    cursor: Cursor, hospital_id: str, condition: str, text: str, since: datetime, now: datetime, order: str, limit: int
) -> list[ExamOrder]:
    cursor.execute(
        f"SELECT {COLUMNS} FROM exam_order WHERE hospital_id = %(hospital_id)s AND {condition} {_OF_TEXT}"
        f" ORDER BY {order}, order_id LIMIT %(limit)s",
        {"hospital_id": hospital_id, "text": text, "name": _plain(text), "since": since, "now": now, "limit": limit},
    )
    return [ExamOrder(*row) for row in cursor.fetchall()]


def _plain(text: str) -> str:
    return re.sub(r"[\s^=]", "", text) or text
