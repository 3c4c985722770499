# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports as a kiosk looks them up: those whose stamped copy is still kept for it, with what proves whose they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class KioskReport:
    """One report. ``birth_dates`` are those of its images and of its reservation, ``printed`` whether a kiosk has printed it."""

    report_id: UUID
    patient_name: str
    modality: str
    exam_date: str
    numbers: tuple[str, ...]
    birth_dates: frozenset[date]
    printed: bool


_SELECT = """
    SELECT report.report_id, coalesce(report.fields ->> 'patient_name', study.patient_name, ''),
        coalesce(report.fields ->> 'modality', array_to_string(study.modalities, '/'), ''),
        coalesce(left(report.fields ->> 'exam_time', 10), study.study_date::text, ''),
        report.accession_number, report.patient_id, report.fields ->> 'outpatient_number', report.fields ->> 'inpatient_number',
        study.patient_birth_date, reservation.patient_birth_date,
        EXISTS (SELECT FROM print_order WHERE print_order.report_id = report.report_id AND kind = 'kiosk' AND repeat_allowed_at IS NULL)
    FROM report JOIN delivery ON delivery.report_id = report.report_id
        LEFT JOIN study ON study.study_instance_uid = report.study_instance_uid
        LEFT JOIN reservation ON reservation.hospital_id = report.hospital_id AND reservation.superseded_at IS NULL
            AND reservation.accession_number = report.accession_number AND report.accession_number <> ''
    WHERE report.hospital_id = %(hospital_id)s AND report.status IN ('waiting', 'matched', 'issued')
        AND delivery.sealed_stamped IS NOT NULL AND delivery.kiosk_until > %(now)s
"""
_ORDER = " ORDER BY report.received_at DESC, report.report_id LIMIT 12"


def reports_with_number(cursor: Cursor, hospital_id: str, number: str, now: datetime) -> list[KioskReport]:
    """The hospital's reports with this exam number or image number, newest first."""
    return _many(
        cursor,
        f"{_SELECT} AND (report.accession_number = %(number)s OR report.patient_id = %(number)s) AND %(number)s <> ''{_ORDER}",
        {"hospital_id": hospital_id, "number": number, "now": now},
    )


def printable_reports(cursor: Cursor, hospital_id: str, report_ids: Iterable[UUID], now: datetime) -> list[KioskReport]:
    """Those of these reports that a kiosk of the hospital may print, newest first."""
    return _many(
        cursor, f"{_SELECT} AND report.report_id = ANY(%(ids)s){_ORDER}", {"hospital_id": hospital_id, "ids": list(report_ids), "now": now}
    )


def _many(cursor: Cursor, statement: str, values: dict[str, object]) -> list[KioskReport]:
    cursor.execute(statement, values)
    return [
        KioskReport(
            row[0], row[1], row[2], row[3], tuple(one.strip() for one in row[4:8] if one and one.strip()),
            frozenset(one for one in row[8:10] if one is not None), row[10],
        )
        for row in cursor.fetchall()
    ]  # fmt: skip
