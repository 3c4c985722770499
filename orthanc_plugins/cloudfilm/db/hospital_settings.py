# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a hospital says of itself, and how its papers are made."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class HospitalSettings:
    """One hospital's. Empty texts are not shown; ``paper_days`` None is without an end; of the stamp "" is as the installation has it."""

    name: str = ""
    disclaimer: str = ""
    contact: str = ""
    footer: str = ""
    filing_number: str = ""
    paper_days: int | None = None
    grants_reach_all_exams: bool = False
    stamp_corner: str = ""
    stamp_words: str = ""


_NAMES = tuple(HospitalSettings.__dataclass_fields__)


def settings_of(cursor: Cursor, hospital_id: str) -> HospitalSettings:
    """What holds now."""
    cursor.execute(f"SELECT {', '.join(_NAMES)} FROM hospital WHERE hospital_id = %s", (hospital_id,))
    return HospitalSettings(*cursor.fetchone() or ())


def set_settings(cursor: Cursor, hospital_id: str, settings: HospitalSettings) -> None:
    """Replace all of them."""
    cursor.execute(
        f"UPDATE hospital SET {', '.join(f'{name} = %s' for name in _NAMES)} WHERE hospital_id = %s", (*astuple(settings), hospital_id)
    )


def set_logo(cursor: Cursor, hospital_id: str, logo: bytes | None, sha256: str | None) -> None:
    """Replace the logo (PNG), or remove it."""
    cursor.execute("UPDATE hospital SET logo = %s, logo_sha256 = %s WHERE hospital_id = %s", (logo, sha256, hospital_id))


def logo_name(cursor: Cursor, hospital_id: str) -> str | None:
    """The SHA-256 by which the logo is fetched; None without one."""
    cursor.execute("SELECT logo_sha256 FROM hospital WHERE hospital_id = %s", (hospital_id,))
    row = cursor.fetchone()
    return row[0] if row else None


def logo_named(cursor: Cursor, sha256: str) -> bytes | None:
    """The logo of this SHA-256, whosever it is."""
    cursor.execute("SELECT logo FROM hospital WHERE logo_sha256 = %s LIMIT 1", (sha256,))
    row = cursor.fetchone()
    return bytes(row[0]) if row else None
