# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hospital's studies as its staff look for them.

A search is one statement over the newest studies first; every condition has an index of its own (migration 0039), so that PostgreSQL may
choose between walking from the newest and gathering what fits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from cloudfilm.db.database import Cursor
from cloudfilm.db.studies import StudyRecord

_COLUMNS = ", ".join(StudyRecord.__dataclass_fields__)
_PLAIN_NAME = "lower(translate(patient_name, '^= ', ''))"
_LAST_CHARACTER = "\U0010ffff"
_REPORTED = (
    "EXISTS (SELECT FROM report_study JOIN report USING (report_id) WHERE report_study.study_instance_uid = study.study_instance_uid"
    " AND report.superseded_by IS NULL AND report.status IN ('matched', 'issued'))"
)
# What a study's state can be asked for.
STATES = {
    "arriving": "complete_at IS NULL",
    "complete": "complete_at IS NOT NULL",
    "reported": _REPORTED,
    "unreported": f"NOT {_REPORTED}",
}


@dataclass(frozen=True, slots=True)
class StudySearch:
    """What is looked for; empty values do not limit.

    ``text`` is a part of the name in any of its spellings, or the beginning of the patient's or the accession number; ``modality`` a DICOM
    code; ``state`` a key of `STATES`; days are the study's own, both included.
    """

    text: str = ""
    modality: str = ""
    state: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything fits."""
        return self == StudySearch()


def find_studies(cursor: Cursor, hospital_id: str, text: str, limit: int = 50) -> list[StudyRecord]:
    """The newest studies that have images and fit a text."""
    return search_studies(cursor, hospital_id, StudySearch(text=text), limit)


def search_studies(cursor: Cursor, hospital_id: str, search: StudySearch, limit: int = 50) -> list[StudyRecord]:
    """The newest studies that have images and fit."""
    statement, values = statement_of(hospital_id, search, limit)
    cursor.execute(statement, values)
    return [StudyRecord(*row) for row in cursor.fetchall()]


def statement_of(hospital_id: str, search: StudySearch, limit: int) -> tuple[str, dict[str, Any]]:
    """The statement of a search and its values."""
    conditions, values = ["hospital_id = %(hospital_id)s", "instance_count > 0"], {"hospital_id": hospital_id, "limit": limit}
    if search.text:
        conditions.append(_fits_text(search.text, values))
    if search.modality:
        conditions.append("modalities @> ARRAY[%(modality)s]")
        values["modality"] = search.modality
    if search.state:
        conditions.append(STATES[search.state])
    if search.since is not None:
        conditions.append("study_date >= %(since)s")
        values["since"] = search.since
    if search.until is not None:
        conditions.append("study_date <= %(until)s")
        values["until"] = search.until
    statement = (
        f"SELECT {_COLUMNS} FROM study WHERE {' AND '.join(conditions)}"
        " ORDER BY study_date DESC NULLS LAST, study_time DESC NULLS LAST, study_instance_uid LIMIT %(limit)s"
    )
    return statement, values


def _fits_text(text: str, values: dict[str, Any]) -> str:
    values["beginning"], values["end"] = text.lower(), text.lower() + _LAST_CHARACTER
    plain = re.sub(r"[\s^=]", "", text).lower() or text.lower()
    values["plain"] = plain
    pairs = sorted({plain[place : place + 2] for place in range(len(plain) - 1)})
    name = f"strpos({_PLAIN_NAME}, %(plain)s) > 0"
    if pairs:
        values["pairs"] = pairs
        # In this order: where PostgreSQL walks from the newest, the pairs are computed of what fits only.
        name = f"patient_name <> '' AND {name} AND name_pairs(patient_name) @> %(pairs)s::text[]"
    numbers = " OR ".join(
        f'lower({column}) COLLATE "C" >= %(beginning)s AND lower({column}) COLLATE "C" < %(end)s'
        for column in ("patient_id", "accession_number")
    )
    return f"({numbers} OR {name})"
