# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a report can be the one that its exam number was reserved for. Pure."""

from __future__ import annotations

from cloudfilm.reports.field_reading import ReportReading


def contradiction(patient_id: str, patient_name: str, reading: ReportReading) -> str | None:
    """Why people must look before the reserved link opens this report; None when nothing speaks against it. The reason names no patient.

    A number that was recognised in a picture needs a witness: the patient's number or name, as it was reserved.
    """
    pairs = [(patient_id, reading.fields.patient_id), (patient_name, reading.fields.patient_name)]
    said = [(_plain(reserved), _plain(read)) for reserved, read in pairs if reserved.strip() and read]
    if any(reserved != read for reserved, read in said):
        return "the exam number is reserved for another patient"
    if reading.needs_witness and not said:
        return "the report is a picture, and nothing confirms the number by which it is reserved"
    return None


def _plain(text: str | None) -> str:
    return "".join((text or "").split()).casefold()
