# SPDX-License-Identifier: AGPL-3.0-or-later
"""Searching studies by what our own record of them holds: all required matching keys of QIDO-RS at the study level, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Any

from cloudfilm.db.database import Cursor
from cloudfilm.dicom.search_conditions import Condition, DateRange, Like, OneOf, TimeRange, WholeNumber

_COLUMNS = {
    "StudyDate": "study_date",
    "StudyTime": "study_time",
    "AccessionNumber": "accession_number",
    "ReferringPhysicianName": "referring_physician_name",
    "PatientName": "patient_name",
    "PatientID": "patient_id",
    "StudyInstanceUID": "study_instance_uid",
    "StudyID": "study_id",
    "PatientBirthDate": "patient_birth_date",
    "PatientSex": "patient_sex",
    "StudyDescription": "study_description",
}
_IGNORED_IN_NAMES = str.maketrans("", "", "^= ")


@dataclass(frozen=True, slots=True)
class StudiesInReach:
    """Whose studies may be found: a hospital's, or those that a grant names."""

    hospital_id: str | None = None
    study_instance_uids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """A study that matches, with how much of it there is."""

    study_instance_uid: str
    orthanc_study_id: str | None
    series_count: int
    instance_count: int


def search_studies(
    cursor: Cursor, reach: StudiesInReach, conditions: Mapping[str, Condition], limit: int | None = None, offset: int = 0
) -> list[FoundStudy]:
    """Studies with images that meet every condition, newest first.

    Parameters
    ----------
    conditions : Mapping
        By DICOM keyword: those of `cloudfilm.dicom.search_keys.STUDY_KEYS`.
    limit, offset : int
        The part of the whole list that is wanted; None is all.
    """
    clauses, values = ["instance_count > 0"], list[Any]()
    if reach.hospital_id is None and reach.study_instance_uids is None:
        return []
    if reach.hospital_id is not None:
        clauses.append("hospital_id = %s")
        values.append(reach.hospital_id)
    if reach.study_instance_uids is not None:
        clauses.append("study_instance_uid = ANY(%s)")
        values.append(list(reach.study_instance_uids))
    for keyword, condition in conditions.items():
        clause, its_values = _modalities(condition) if keyword == "ModalitiesInStudy" else _clause(_COLUMNS[keyword], condition)
        clauses.append(clause)
        values += its_values
    cursor.execute(
        f"SELECT study_instance_uid, orthanc_study_id, series_count, instance_count FROM study WHERE {' AND '.join(clauses)}"
        " ORDER BY study_date DESC NULLS LAST, study_time DESC NULLS LAST, study_instance_uid LIMIT %s OFFSET %s",
        (*values, limit, offset),
    )
    return [FoundStudy(*row) for row in cursor.fetchall()]


def _clause(column: str, condition: Condition) -> tuple[str, list[Any]]:
    match condition:
        case OneOf():
            return f"{column} = ANY(%s)", [list(condition.values)]
        case Like():
            operator = "~*" if condition.ignores_case else "~"
            narrowing, its_values = _narrowing(column, condition)
            # What the narrowing has counted is not to be counted twice: PostgreSQL would take a frequent name for a rare one.
            form = "CASE WHEN {} THEN true ELSE false END" if narrowing else "{}"
            clauses = [form.format(f"{column} {operator} %s") for _ in condition.expressions]
            # The narrowing last: where PostgreSQL walks from the newest, it is computed of what fits only.
            return " AND ".join([*clauses, *narrowing]), [*condition.expressions, *its_values]
        case DateRange() | TimeRange():
            ends = [(">=", condition.first), ("<=", condition.last)]
            given = [(operator, end) for operator, end in ends if end is not None]
            return " AND ".join(f"{column} {operator} %s" for operator, _ in given), [end for _, end in given]
        case WholeNumber():
            raise AssertionError("no attribute of a study is a whole number")


def _narrowing(column: str, condition: Like) -> tuple[list[str], list[Any]]:
    """What an index can look for: implied by the expressions, so that it changes nothing of what is found."""
    if column == "patient_name" and (pairs := _pairs(condition.literals)):
        return ["patient_name <> ''", "name_pairs(patient_name) @> %s::text[]"], [pairs]
    if column in ("patient_id", "accession_number") and (beginning := _simple_beginning(condition.beginning)):
        lower = f'lower({column}) COLLATE "C"'
        return [f"{lower} >= %s", f"{lower} < %s"], [beginning, f"{beginning}\U0010ffff"]
    return [], []


def _pairs(literals: Sequence[str]) -> list[str]:
    """Neighbouring characters, as the database's function name_pairs has them. Letters whose small form is a matter of opinion are left out."""
    found = set[str]()
    for literal in literals:
        plain = literal.translate(_IGNORED_IN_NAMES)
        found |= {pair.lower() for first, second in pairwise(plain) if all(map(_has_one_small_form, pair := first + second))}
    return sorted(found)


def _simple_beginning(beginning: str) -> str:
    return "".join(takewhile(_has_one_small_form, beginning)).lower()


def _has_one_small_form(character: str) -> bool:
    return character.isascii() or character.lower() == character.upper()


def _modalities(condition: Condition) -> tuple[str, list[Any]]:
    """Any of the study's modalities."""
    if isinstance(condition, OneOf):
        return "modalities && %s", [list(condition.values)]
    clause, values = _clause("one", condition)
    return f"EXISTS (SELECT FROM unnest(modalities) AS one WHERE {clause})", values
