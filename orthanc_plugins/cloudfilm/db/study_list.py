# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hospital's studies as its staff look for them."""

from __future__ import annotations

import re

from cloudfilm.db.database import Cursor
from cloudfilm.db.studies import StudyRecord

_COLUMNS = ", ".join(StudyRecord.__dataclass_fields__)


def find_studies(cursor: Cursor, hospital_id: str, text: str, limit: int = 50) -> list[StudyRecord]:
    """The newest studies that have images. ``text`` is the patient's or the accession number, or a part of the name in any of its spellings."""
    condition, values = "", []
    if text:
        condition = " AND (patient_id = %s OR accession_number = %s OR strpos(lower(translate(patient_name, '^= ', '')), lower(%s)) > 0)"
        values = [text, text, re.sub(r"[\s^=]", "", text) or text]
    cursor.execute(
        f"SELECT {_COLUMNS} FROM study WHERE hospital_id = %s AND instance_count > 0{condition}"
        " ORDER BY study_date DESC NULLS LAST, study_time DESC NULLS LAST, study_instance_uid LIMIT %s",
        (hospital_id, *values, limit),
    )
    return [StudyRecord(*row) for row in cursor.fetchall()]
