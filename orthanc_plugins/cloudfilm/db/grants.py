# SPDX-License-Identifier: AGPL-3.0-or-later
"""Grants: the right of a paper's holder to see one report and its study, found by the hash of either key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant with what it reaches now: ``study_instance_uid`` is None until the images have come."""

    grant_id: UUID
    hospital_id: str
    report_id: UUID
    study_instance_uid: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


_SELECT = """
    SELECT grant_id, access_grant.hospital_id, report_id, study_instance_uid, created_at, expires_at, revoked_at
    FROM access_grant JOIN report USING (report_id)
"""


def add_grant(cursor: Cursor, grant: Grant, secret_hash: bytes, code_hash: bytes) -> None:
    """Insert a grant. Only the hashes of its keys are stored."""
    cursor.execute(
        "INSERT INTO access_grant (grant_id, hospital_id, report_id, secret_hash, code_hash, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (grant.grant_id, grant.hospital_id, grant.report_id, secret_hash, code_hash, grant.created_at, grant.expires_at),
    )


def grant_with_id(cursor: Cursor, grant_id: UUID) -> Grant | None:
    """The grant that a token names."""
    return _one(cursor, "grant_id = %s", grant_id)


def grant_with_secret(cursor: Cursor, secret_hash: bytes) -> Grant | None:
    """The grant that a QR code opens."""
    return _one(cursor, "secret_hash = %s", secret_hash)


def grant_with_code(cursor: Cursor, code_hash: bytes) -> Grant | None:
    """The grant that a typed access code opens."""
    return _one(cursor, "code_hash = %s", code_hash)


def list_grants(cursor: Cursor, hospital_id: str, limit: int = 100) -> list[Grant]:
    """The hospital's grants, newest first."""
    cursor.execute(f"{_SELECT} WHERE access_grant.hospital_id = %s ORDER BY created_at DESC LIMIT %s", (hospital_id, limit))
    return [Grant(*row) for row in cursor.fetchall()]


def revoke_grant(cursor: Cursor, grant_id: UUID, now: datetime) -> bool:
    """Revoke; False when there is no such grant. The first time stands."""
    cursor.execute("UPDATE access_grant SET revoked_at = coalesce(revoked_at, %s) WHERE grant_id = %s", (now, grant_id))
    return cursor.rowcount == 1


def _one(cursor: Cursor, condition: str, value: object) -> Grant | None:
    cursor.execute(f"{_SELECT} WHERE {condition}", (value,))
    row = cursor.fetchone()
    return Grant(*row) if row else None
