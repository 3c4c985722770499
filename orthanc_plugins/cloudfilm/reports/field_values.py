# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the printed text of a field is kept as."""

from __future__ import annotations

from collections.abc import Callable

from cloudfilm.reports import normalise

READ_AS: dict[str, Callable[[str], str | None]] = {
    "patient_name": normalise.person_name,
    "patient_sex": normalise.sex_code,
    "patient_id": normalise.identifier,
    "accession_number": normalise.identifier,
    "outpatient_number": normalise.identifier,
    "inpatient_number": normalise.identifier,
    "visit_number": normalise.identifier,
    "exam_time": normalise.iso_time,
    "report_time": normalise.iso_time,
    "reporting_doctor": normalise.person_name,
    "reviewing_doctor": normalise.person_name,
}


def value_of(field: str, printed: str) -> str | None:
    """The value, or `None` where there is none or it is not one of this field's."""
    return READ_AS.get(field, normalise.plain)(normalise.ticked(printed))
