# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is published of each study: rows beside the published tree. Deleting a row and taking away its files go together, the row first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json, execute_values

from cloudfilm.db.database import Cursor, only_value


@dataclass(frozen=True, slots=True)
class Publication:
    """One row of ``publication``."""

    study_instance_uid: str
    orthanc_study_id: str
    wanted_at: datetime
    published_at: datetime | None
    dropped_at: datetime | None


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """One row of ``published_instance``; ``facts`` are what the list of pictures says."""

    orthanc_instance_id: str
    sop_instance_uid: str
    file_uuid: str
    files: int
    bytes: int
    facts: dict[str, Any]


_COLUMNS = ", ".join(Publication.__dataclass_fields__)


def want_publication(cursor: Cursor, study_instance_uid: str, now: datetime, anew: bool) -> Publication | None:
    """Say that a study is to be published, None when we do not know it.

    ``anew`` brings back what was dropped (somebody opens it); without, what was dropped stays so.
    """
    cursor.execute(
        f"""
        INSERT INTO publication (study_instance_uid, orthanc_study_id, wanted_at)
        SELECT study_instance_uid, orthanc_study_id, %(now)s FROM study
        WHERE study_instance_uid = %(uid)s AND orthanc_study_id IS NOT NULL
        ON CONFLICT (study_instance_uid) DO UPDATE SET
            orthanc_study_id = excluded.orthanc_study_id,
            wanted_at = CASE WHEN %(anew)s THEN excluded.wanted_at ELSE publication.wanted_at END,
            dropped_at = CASE WHEN %(anew)s THEN NULL ELSE publication.dropped_at END
        RETURNING {_COLUMNS}
        """,
        {"uid": study_instance_uid, "now": now, "anew": anew},
    )
    row = cursor.fetchone()
    return Publication(*row) if row else None


def publication_with_uid(cursor: Cursor, study_instance_uid: str) -> Publication | None:
    """What is published of this study."""
    cursor.execute(f"SELECT {_COLUMNS} FROM publication WHERE study_instance_uid = %s", (study_instance_uid,))
    row = cursor.fetchone()
    return Publication(*row) if row else None


def try_to_take(cursor: Cursor, study_instance_uid: str) -> bool:
    """Whether nobody else publishes this study until the end of this transaction. A worker that is killed lets go."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('publication'), hashtext(%s))", (study_instance_uid,))
    return bool(only_value(cursor))


def begin_series(cursor: Cursor, orthanc_series_id: str, study_instance_uid: str, series_instance_uid: str) -> tuple[dict[str, str], int]:
    """Make the row of a series, if there is none; return what is published of it (file by instance, both Orthanc's names), and how many are shown."""
    cursor.execute(
        "INSERT INTO published_series (orthanc_series_id, study_instance_uid, series_instance_uid) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (orthanc_series_id, study_instance_uid, series_instance_uid),
    )
    cursor.execute("SELECT shown_instances FROM published_series WHERE orthanc_series_id = %s", (orthanc_series_id,))
    shown = int(only_value(cursor))
    cursor.execute("SELECT orthanc_instance_id, file_uuid FROM published_instance WHERE orthanc_series_id = %s", (orthanc_series_id,))
    return dict(cursor.fetchall()), shown


def hold_series(cursor: Cursor, orthanc_series_id: str) -> bool:
    """Keep others from forgetting a series until the end of this transaction; whether it is still there."""
    cursor.execute("SELECT 1 FROM published_series WHERE orthanc_series_id = %s FOR UPDATE", (orthanc_series_id,))
    return cursor.fetchone() is not None


def add_instances(cursor: Cursor, orthanc_series_id: str, rows: Sequence[InstanceRow]) -> None:
    """Write down what was published; the series must be held."""
    execute_values(
        cursor,
        "INSERT INTO published_instance (orthanc_instance_id, orthanc_series_id, sop_instance_uid, file_uuid, files, bytes, facts) VALUES %s"
        " ON CONFLICT (orthanc_instance_id) DO UPDATE SET file_uuid = excluded.file_uuid, files = excluded.files, bytes = excluded.bytes,"
        " facts = excluded.facts",
        [
            (row.orthanc_instance_id, orthanc_series_id, row.sop_instance_uid, row.file_uuid, row.files, row.bytes, Json(row.facts))
            for row in rows
        ],
    )


def instances_of_series(cursor: Cursor, orthanc_series_id: str) -> list[InstanceRow]:
    """All that is published of a series."""
    cursor.execute(
        "SELECT orthanc_instance_id, sop_instance_uid, file_uuid, files, bytes, facts FROM published_instance WHERE orthanc_series_id = %s",
        (orthanc_series_id,),
    )
    return [InstanceRow(*row) for row in cursor.fetchall()]


def set_shown(cursor: Cursor, orthanc_series_id: str, instances: int, own_files: int, own_bytes: int) -> None:
    """Write down that the metadata of a series are shown (``instances`` of them), or with 0 that they are not."""
    cursor.execute(
        """
        UPDATE published_series SET shown_instances = %(instances)s,
            files = %(files)s + (SELECT coalesce(sum(files), 0) FROM published_instance WHERE orthanc_series_id = %(id)s),
            bytes = %(bytes)s + (SELECT coalesce(sum(bytes), 0) FROM published_instance WHERE orthanc_series_id = %(id)s)
        WHERE orthanc_series_id = %(id)s
        """,
        {"id": orthanc_series_id, "instances": instances, "files": own_files, "bytes": own_bytes},
    )


def set_published(cursor: Cursor, study_instance_uid: str, now: datetime | None, cpu_seconds: float) -> None:
    """Write down that all of a study is shown, or with None that something is missing; add what it cost."""
    cursor.execute(
        "UPDATE publication SET published_at = %s, cpu_seconds = cpu_seconds + %s WHERE study_instance_uid = %s",
        (now, cpu_seconds, study_instance_uid),
    )


def forget_instance(cursor: Cursor, orthanc_instance_id: str) -> tuple[str, str, str] | None:
    """Forget an instance, and that its series is shown; return the UIDs of study, series and instance, None when it was not published."""
    cursor.execute(
        """
        UPDATE published_series SET shown_instances = 0
        WHERE orthanc_series_id = (SELECT orthanc_series_id FROM published_instance WHERE orthanc_instance_id = %s)
        RETURNING study_instance_uid, series_instance_uid
        """,
        (orthanc_instance_id,),
    )
    series = cursor.fetchone()
    cursor.execute("DELETE FROM published_instance WHERE orthanc_instance_id = %s RETURNING sop_instance_uid", (orthanc_instance_id,))
    instance = cursor.fetchone()
    return (series[0], series[1], instance[0]) if series and instance else None


def forget_series(cursor: Cursor, orthanc_series_id: str) -> tuple[str, str] | None:
    """Forget a series; return the UIDs of study and series."""
    cursor.execute(
        "DELETE FROM published_series WHERE orthanc_series_id = %s RETURNING study_instance_uid, series_instance_uid", (orthanc_series_id,)
    )
    row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def forget_study(cursor: Cursor, orthanc_study_id: str) -> list[str]:
    """Forget a study; return its StudyInstanceUID."""
    cursor.execute("DELETE FROM publication WHERE orthanc_study_id = %s RETURNING study_instance_uid", (orthanc_study_id,))
    return [row[0] for row in cursor.fetchall()]


def drop_publication(cursor: Cursor, study_instance_uid: str, now: datetime) -> bool:
    """Forget what is published of a study and keep in mind that it was dropped; whether there was something."""
    cursor.execute("DELETE FROM published_series WHERE study_instance_uid = %s", (study_instance_uid,))
    cursor.execute(
        "UPDATE publication SET published_at = NULL, dropped_at = %s WHERE study_instance_uid = %s AND dropped_at IS NULL",
        (now, study_instance_uid),
    )
    return cursor.rowcount > 0


def cold_publications(cursor: Cursor, wanted_before: datetime, room_bytes: int) -> list[str]:
    """StudyInstanceUIDs to drop: those that nobody has wanted since, and of the others the coldest that do not fit into the room."""
    cursor.execute(
        """
        SELECT study_instance_uid FROM (
            SELECT study_instance_uid, wanted_at,
                sum(coalesce((SELECT sum(bytes) FROM published_series s WHERE s.study_instance_uid = p.study_instance_uid), 0))
                    OVER (ORDER BY wanted_at DESC, study_instance_uid) AS up_to_here
            FROM publication p WHERE dropped_at IS NULL
        ) AS warmest_first
        WHERE wanted_at < %s OR up_to_here > %s
        """,
        (wanted_before, room_bytes),
    )
    return [row[0] for row in cursor.fetchall()]


def unpublished_studies(cursor: Cursor, wanted_before: datetime, limit: int = 50) -> list[tuple[str, str]]:
    """Orthanc's identifier and StudyInstanceUID of studies that are to be published and are not: what no event has finished."""
    cursor.execute(
        "SELECT orthanc_study_id, study_instance_uid FROM publication WHERE published_at IS NULL AND dropped_at IS NULL AND wanted_at < %s"
        " ORDER BY wanted_at DESC LIMIT %s",
        (wanted_before, limit),
    )
    return [(row[0], row[1]) for row in cursor.fetchall()]


def published_among(cursor: Cursor, study_instance_uids: Sequence[str]) -> set[str]:
    """Those of which something is, or is to be, published."""
    cursor.execute(
        "SELECT study_instance_uid FROM publication WHERE study_instance_uid = ANY(%s) AND dropped_at IS NULL", (list(study_instance_uids),)
    )
    return {row[0] for row in cursor.fetchall()}


def published_instances_of_study(cursor: Cursor, study_instance_uid: str) -> list[tuple[str, str, str, str, int]]:
    """Orthanc's identifiers of series and instance, the UIDs of both, and bytes: what the tree must hold."""
    cursor.execute(
        "SELECT i.orthanc_series_id, i.orthanc_instance_id, s.series_instance_uid, i.sop_instance_uid, i.bytes"
        " FROM published_instance i JOIN published_series s USING (orthanc_series_id) WHERE s.study_instance_uid = %s AND i.files > 0",
        (study_instance_uid,),
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in cursor.fetchall()]


def publication_figures(cursor: Cursor, study_instance_uid: str | None = None) -> Mapping[str, Any]:
    """Counts, of one study or of all."""
    cursor.execute(
        """
        SELECT count(DISTINCT p.study_instance_uid) FILTER (WHERE p.published_at IS NOT NULL),
            count(DISTINCT p.study_instance_uid) FILTER (WHERE p.published_at IS NULL AND p.dropped_at IS NULL),
            count(DISTINCT p.study_instance_uid) FILTER (WHERE p.dropped_at IS NOT NULL),
            coalesce(sum(s.files), 0)::bigint, coalesce(sum(s.bytes), 0)::bigint
        FROM publication p LEFT JOIN published_series s USING (study_instance_uid)
        WHERE %(uid)s::text IS NULL OR p.study_instance_uid = %(uid)s
        """,
        {"uid": study_instance_uid},
    )
    row = cursor.fetchone() or (0, 0, 0, 0, 0)
    cursor.execute(
        "SELECT coalesce(sum(cpu_seconds), 0) FROM publication WHERE %(uid)s::text IS NULL OR study_instance_uid = %(uid)s",
        {"uid": study_instance_uid},
    )
    names = ("published", "unfinished", "dropped", "files", "bytes")
    return {**dict(zip(names, row, strict=True)), "cpu_seconds": float(only_value(cursor))}
