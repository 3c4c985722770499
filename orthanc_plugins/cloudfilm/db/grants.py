# SPDX-License-Identifier: AGPL-3.0-or-later
"""Grants in the database, found by their identifier or by the hash of either key, with what they reach now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cloudfilm.access.grant import Grant, GrantKind, Right
from cloudfilm.db.database import Cursor, only_value

_COLUMNS = (
    "grant_id, hospital_id, kind, rights, created_at, report_id, patient_wide, hides_names, not_before, expires_at, revoked_at,"
    " maximum_openings, openings, nickname, account_id, last_used_at, parent_grant_id"
)
# The studies of the report in any of its versions, the studies that are named, and all exams of the report's patient at this hospital where the
# grant reaches so far. A patient is taken for the same only under one number and one date of birth: hospitals use stand-in numbers. What was
# reserved reaches, until its report is bound, the one study with exactly its exam number: as soon as there are two, neither.
_STUDIES_OF_REPORT = """
    SELECT report_study.study_instance_uid FROM report_study JOIN report USING (report_id)
    WHERE version_group = (SELECT version_group FROM report WHERE report_id = %(report_id)s)
"""
_REACHED_STUDIES = f"""
    {_STUDIES_OF_REPORT}
    UNION SELECT study_instance_uid FROM grant_study WHERE grant_id = %(grant_id)s
    UNION SELECT other.study_instance_uid FROM study
        JOIN study other ON other.hospital_id = study.hospital_id AND other.patient_id = study.patient_id
            AND other.patient_birth_date = study.patient_birth_date
        WHERE %(patient_wide)s AND study.study_instance_uid IN ({_STUDIES_OF_REPORT}) AND study.patient_id <> ''
    UNION SELECT study.study_instance_uid FROM reservation
        JOIN study ON study.hospital_id = reservation.hospital_id AND study.accession_number = reservation.accession_number
            AND (reservation.patient_id = '' OR study.patient_id IN ('', reservation.patient_id))
            AND coalesce(reservation.patient_birth_date = study.patient_birth_date, true)
        LEFT JOIN report ON report.report_id = %(report_id)s
        WHERE reservation.grant_id = %(grant_id)s AND study.instance_count > 0
            AND (report.report_id IS NULL OR report.status IN ('received', 'read', 'waiting'))
            AND NOT EXISTS (SELECT FROM study other WHERE other.hospital_id = study.hospital_id
                AND other.accession_number = study.accession_number AND other.study_instance_uid <> study.study_instance_uid)
"""
# A withdrawn report is read by nobody with a paper; that it was withdrawn is said.
_REACHED_REPORTS = """
    SELECT report_id FROM report WHERE hospital_id = %(hospital_id)s AND status <> 'withdrawn'
        AND (version_group = (SELECT version_group FROM report WHERE report_id = %(report_id)s)
            OR report_id IN (SELECT report_id FROM report_study WHERE study_instance_uid = ANY(%(studies)s)))
"""


def add_grant(cursor: Cursor, grant: Grant, secret_hash: bytes | None, code_hash: bytes | None, code_start_hash: bytes | None) -> None:
    """Insert a grant. Only the hashes of its keys are stored."""
    cursor.execute(
        "INSERT INTO access_grant (grant_id, hospital_id, kind, rights, created_at, report_id, patient_wide, hides_names, not_before,"
        " expires_at, maximum_openings, nickname, account_id, parent_grant_id, secret_hash, code_hash, code_start_hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            grant.grant_id, grant.hospital_id, grant.kind, sorted(grant.rights), grant.created_at, grant.report_id, grant.patient_wide,
            grant.hides_names, grant.not_before, grant.expires_at, grant.maximum_openings, grant.nickname, grant.account_id,
            grant.parent.grant_id if grant.parent else None, secret_hash, code_hash, code_start_hash,
        ),
    )  # fmt: skip


def name_studies(cursor: Cursor, grant_id: UUID, study_instance_uids: Iterable[str]) -> None:
    """Let a grant reach studies beside its report's."""
    for study_instance_uid in sorted(study_instance_uids):
        cursor.execute("INSERT INTO grant_study (grant_id, study_instance_uid) VALUES (%s, %s)", (grant_id, study_instance_uid))


def grant_with_id(cursor: Cursor, grant_id: UUID) -> Grant | None:
    """The grant that a token names."""
    return _one(cursor, "grant_id", grant_id)


def grant_with_secret(cursor: Cursor, secret_hash: bytes) -> Grant | None:
    """The grant that a QR code or a shared link opens."""
    return _one(cursor, "secret_hash", secret_hash)


def grant_with_code(cursor: Cursor, code_hash: bytes) -> Grant | None:
    """The grant that a typed access code opens."""
    return _one(cursor, "code_hash", code_hash)


def list_grants(cursor: Cursor, hospital_id: str, limit: int = 100) -> list[Grant]:
    """The hospital's grants, newest first."""
    return _many(cursor, "hospital_id = %s ORDER BY created_at DESC, grant_id LIMIT %s", hospital_id, limit)


def grants_of_report(cursor: Cursor, report_id: UUID) -> list[Grant]:
    """The grants that were given for a report, with their shares, oldest first."""
    return _many(cursor, "report_id = %s ORDER BY created_at, grant_id", report_id)


def shares_of_grant(cursor: Cursor, grant_id: UUID, limit: int = 200) -> list[Grant]:
    """The shares that were made from a grant, newest first."""
    return _many(cursor, "parent_grant_id = %s ORDER BY created_at DESC, grant_id LIMIT %s", grant_id, limit)


def count_open_shares(cursor: Cursor, grant_id: UUID, now: datetime) -> int:
    """How many shares that were made from a grant still open something new."""
    cursor.execute(
        "SELECT count(*) FROM access_grant WHERE parent_grant_id = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %s)"
        " AND (maximum_openings IS NULL OR openings < maximum_openings)",
        (grant_id, now),
    )
    return int(only_value(cursor))


def lock_grant(cursor: Cursor, grant_id: UUID) -> None:
    """Whoever else wants to lock this grant waits until the transaction ends."""
    cursor.execute("SELECT 1 FROM access_grant WHERE grant_id = %s FOR NO KEY UPDATE", (grant_id,))


def count_opening(cursor: Cursor, grant_id: UUID, now: datetime) -> bool:
    """Count one opening; False when the grant has been opened as often as it may be. Atomic: two at once cannot both be the last."""
    cursor.execute(
        "UPDATE access_grant SET openings = openings + 1, last_used_at = %s"
        " WHERE grant_id = %s AND (maximum_openings IS NULL OR openings < maximum_openings)",
        (now, grant_id),
    )
    return cursor.rowcount == 1


def bind_grant(cursor: Cursor, grant_id: UUID, report_id: UUID) -> None:
    """A grant that was given out before its report opens it from now on; of several the newest."""
    cursor.execute("UPDATE access_grant SET report_id = %s WHERE grant_id = %s", (report_id, grant_id))


def secret_hash_of_grant(cursor: Cursor, grant_id: UUID) -> bytes | None:
    """What the QR code's secret of a grant hashes to."""
    cursor.execute("SELECT secret_hash FROM access_grant WHERE grant_id = %s", (grant_id,))
    row = cursor.fetchone()
    return bytes(row[0]) if row and row[0] is not None else None


def delete_grants_of_report(cursor: Cursor, report_id: UUID, but: UUID) -> None:
    """Delete grants whose keys nobody has ever seen."""
    cursor.execute(
        "DELETE FROM access_grant WHERE report_id = %s AND grant_id <> %s AND kind = 'patient' AND openings = 0", (report_id, but)
    )


def pass_grants_on(cursor: Cursor, report_id: UUID, to_report_id: UUID) -> None:
    """The papers of a document that came again open the report that it is."""
    cursor.execute("UPDATE access_grant SET report_id = %s WHERE report_id = %s", (to_report_id, report_id))


def revoke_grant(cursor: Cursor, grant_id: UUID, now: datetime, by: str = "") -> bool:
    """Revoke; False when there is no such grant. The first time stands."""
    cursor.execute(
        "UPDATE access_grant SET revoked_at = coalesce(revoked_at, %s), revoked_by = CASE WHEN revoked_at IS NULL THEN %s ELSE revoked_by END"
        " WHERE grant_id = %s",
        (now, by, grant_id),
    )
    return cursor.rowcount == 1


def _one(cursor: Cursor, column: str, value: object) -> Grant | None:
    found = _many(cursor, f"{column} = %s", value)
    return found[0] if found else None


def _many(cursor: Cursor, condition: str, *values: object) -> list[Grant]:
    cursor.execute(f"SELECT {_COLUMNS} FROM access_grant WHERE {condition}", values)
    parents: dict[UUID | None, Grant | None] = {None: None}
    grants = []
    for row in cursor.fetchall():
        if row[-1] not in parents:
            parents[row[-1]] = grant_with_id(cursor, row[-1])
        grants.append(_from_row(cursor, row, parents[row[-1]]))
    return grants


def _from_row(cursor: Cursor, row: tuple[Any, ...], parent: Grant | None) -> Grant:
    (grant_id, hospital_id, kind, rights, created_at, report_id, patient_wide, hides_names, not_before, expires_at, revoked_at,
     maximum_openings, openings, nickname, account_id, last_used_at, _) = row  # fmt: skip
    grant = Grant(
        grant_id=grant_id,
        hospital_id=hospital_id,
        kind=GrantKind(kind),
        rights=frozenset(map(Right, rights)),
        created_at=created_at,
        report_id=report_id,
        patient_wide=patient_wide,
        hides_names=hides_names,
        not_before=not_before,
        expires_at=expires_at,
        revoked_at=revoked_at,
        maximum_openings=maximum_openings,
        openings=openings,
        nickname=nickname,
        account_id=account_id,
        last_used_at=last_used_at,
        parent=parent,
    )
    studies, reports = _reach(cursor, grant)
    return replace(grant, study_instance_uids=studies, report_ids=reports)


def _reach(cursor: Cursor, grant: Grant) -> tuple[frozenset[str], frozenset[UUID]]:
    """The studies and reports within a grant's scope, of its own hospital only."""
    facts = {
        "grant_id": grant.grant_id,
        "report_id": grant.report_id,
        "patient_wide": grant.patient_wide,
        "hospital_id": grant.hospital_id,
    }
    cursor.execute(
        f"SELECT study_instance_uid FROM study WHERE hospital_id = %(hospital_id)s AND study_instance_uid IN ({_REACHED_STUDIES})", facts
    )
    studies = frozenset(row[0] for row in cursor.fetchall())
    cursor.execute(_REACHED_REPORTS, {**facts, "studies": sorted(studies)})
    return studies, frozenset(row[0] for row in cursor.fetchall())
