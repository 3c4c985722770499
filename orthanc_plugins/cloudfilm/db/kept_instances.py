# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our own instances in the archive: which report each is of, and whether it was stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloudfilm.db.database import Cursor
from cloudfilm.dicom.own_instances import KeptIdentity, KeptKind, series_of_kept


@dataclass(frozen=True, slots=True)
class KeptInstance:
    """One row of ``kept_instance``."""

    sop_instance_uid: str
    report_id: UUID
    study_instance_uid: str
    kind: str
    stored_at: datetime | None


_COLUMNS = ", ".join(KeptInstance.__dataclass_fields__)
# What has a study, and is shown there.
_IS_KEPT = "report.study_instance_uid IS NOT NULL AND report.status IN ('matched', 'issued')"


def kept_instances_of_report(cursor: Cursor, report_id: UUID) -> list[KeptInstance]:
    """What is kept, or about to be."""
    cursor.execute(f"SELECT {_COLUMNS} FROM kept_instance WHERE report_id = %s ORDER BY kind, sop_instance_uid", (report_id,))
    return [KeptInstance(*row) for row in cursor.fetchall()]


def series_kept_in(cursor: Cursor, study_instance_uid: str) -> set[str]:
    """SeriesInstanceUIDs that are all ours."""
    cursor.execute("SELECT DISTINCT report_id, kind FROM kept_instance WHERE study_instance_uid = %s", (study_instance_uid,))
    return {series_of_kept(report_id, study_instance_uid, KeptKind(kind)) for report_id, kind in cursor.fetchall()}


def add_kept_instance(cursor: Cursor, identity: KeptIdentity) -> None:
    """Note an instance that is about to be stored."""
    cursor.execute(
        "INSERT INTO kept_instance (sop_instance_uid, report_id, study_instance_uid, kind) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (identity.sop_instance_uid, identity.report_id, identity.study_instance_uid, identity.kind),
    )


def set_kept_instance_stored(cursor: Cursor, sop_instance_uid: str, now: datetime) -> None:
    """It is in the archive."""
    cursor.execute("UPDATE kept_instance SET stored_at = coalesce(stored_at, %s) WHERE sop_instance_uid = %s", (now, sop_instance_uid))


def forget_kept_instance(cursor: Cursor, sop_instance_uid: str) -> None:
    """It is not in the archive any more."""
    cursor.execute("DELETE FROM kept_instance WHERE sop_instance_uid = %s", (sop_instance_uid,))


def studies_that_keep(cursor: Cursor, report_id: UUID) -> list[str]:
    """The studies in which a report has to be kept: none when it belongs to none or must not be seen."""
    cursor.execute(
        "SELECT report_study.study_instance_uid FROM report_study JOIN report USING (report_id)"
        f" WHERE report_id = %s AND {_IS_KEPT} ORDER BY report_study.study_instance_uid",
        (report_id,),
    )
    return [row[0] for row in cursor.fetchall()]


def reports_to_keep(cursor: Cursor, matched_before: datetime, limit: int = 100) -> list[UUID]:
    """Reports that the archive does not agree with, though there was time: bound and not stored, or stored and not bound (any more)."""
    cursor.execute(
        f"SELECT report_id FROM report JOIN report_study USING (report_id) WHERE {_IS_KEPT} AND matched_at < %s"
        " AND NOT EXISTS (SELECT FROM kept_instance WHERE kept_instance.report_id = report.report_id"
        "  AND kept_instance.study_instance_uid = report_study.study_instance_uid AND stored_at IS NOT NULL)"
        " UNION SELECT kept_instance.report_id FROM kept_instance WHERE NOT EXISTS (SELECT FROM report JOIN report_study USING (report_id)"
        f" WHERE report.report_id = kept_instance.report_id AND {_IS_KEPT}"
        "  AND report_study.study_instance_uid = kept_instance.study_instance_uid) LIMIT %s",
        (matched_before, limit),
    )
    return [row[0] for row in cursor.fetchall()]
