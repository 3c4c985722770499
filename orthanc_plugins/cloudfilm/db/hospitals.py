# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hospitals (tenants) and the modalities that send on their behalf."""

from __future__ import annotations

from dataclasses import dataclass

from cloudfilm.db.database import Cursor, only_value


@dataclass(frozen=True, slots=True)
class Hospital:
    """A tenant."""

    hospital_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Modality:
    """A DICOM sender: its AE title and the address it calls from give its hospital to what it sends."""

    aet: str
    hospital_id: str
    host: str


def add_hospital(cursor: Cursor, hospital: Hospital) -> None:
    """Insert a hospital, or rename the one that has this identifier."""
    cursor.execute(
        "INSERT INTO hospital (hospital_id, name) VALUES (%s, %s) ON CONFLICT (hospital_id) DO UPDATE SET name = excluded.name",
        (hospital.hospital_id, hospital.name),
    )


def hospital_named(cursor: Cursor, hospital_id: str) -> Hospital | None:
    """The hospital with this identifier."""
    cursor.execute("SELECT hospital_id, name FROM hospital WHERE hospital_id = %s", (hospital_id,))
    row = cursor.fetchone()
    return Hospital(*row) if row else None


def grants_reach_all_exams(cursor: Cursor, hospital_id: str) -> bool:
    """Whether a paper of this hospital reaches its holder's earlier and later exams there."""
    cursor.execute("SELECT grants_reach_all_exams FROM hospital WHERE hospital_id = %s", (hospital_id,))
    return bool(only_value(cursor))


def let_grants_reach_all_exams(cursor: Cursor, hospital_id: str, allowed: bool) -> None:
    """Decide that for the papers that are issued from now on."""
    cursor.execute("UPDATE hospital SET grants_reach_all_exams = %s WHERE hospital_id = %s", (allowed, hospital_id))


def list_hospitals(cursor: Cursor) -> list[Hospital]:
    """All hospitals by identifier."""
    cursor.execute("SELECT hospital_id, name FROM hospital ORDER BY hospital_id")
    return [Hospital(*row) for row in cursor.fetchall()]


def add_modality(cursor: Cursor, modality: Modality) -> Modality:
    """Insert a modality and return what is stored under its AE title: another hospital's, if it had the title first."""
    cursor.execute(
        "INSERT INTO modality (aet, hospital_id, host) VALUES (%s, %s, %s)"
        " ON CONFLICT (aet) DO UPDATE SET host = excluded.host WHERE modality.hospital_id = excluded.hospital_id",
        (modality.aet, modality.hospital_id, modality.host),
    )
    cursor.execute("SELECT aet, hospital_id, host FROM modality WHERE aet = %s", (modality.aet,))
    return next(Modality(*row) for row in cursor.fetchall())


def modality_with_aet(cursor: Cursor, aet: str) -> Modality | None:
    """The modality with this AE title."""
    cursor.execute("SELECT aet, hospital_id, host FROM modality WHERE aet = %s", (aet,))
    row = cursor.fetchone()
    return Modality(*row) if row else None
