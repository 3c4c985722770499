# SPDX-License-Identifier: AGPL-3.0-or-later
"""What gateways tell that they hold, and what the comparison with the archive found, per gateway and study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor, only_value

_DIFFERS = "(missing_in_cloud <> '{}' OR other_content <> '{}' OR missing_on_gateway <> '{}')"


@dataclass(frozen=True, slots=True)
class ToCompare:
    """What a gateway told of a study. ``told``: SHA-256 and state by SOPInstanceUID."""

    gateway_id: UUID
    study_instance_uid: str
    told: dict[str, tuple[str, str]]
    told_at: datetime
    is_from_gateway: bool
    keeps_since: datetime | None
    hospital_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a comparison."""

    gateway_count: int
    cloud_count: int
    missing_in_cloud: Sequence[str]
    other_content: Sequence[str]
    missing_on_gateway: Sequence[str]
    was_deleted: bool
    wanted_again: Sequence[str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One line for staff."""

    gateway_id: UUID
    gateway_name: str
    study_instance_uid: str
    gateway_count: int
    cloud_count: int
    missing_in_cloud: list[str]
    other_content: list[str]
    missing_on_gateway: list[str]
    was_deleted: bool
    is_from_gateway: bool
    wanted_again: list[str]
    wanted_at: datetime | None
    wanted_by: str
    accepted_at: datetime | None
    accepted_by: str
    compared_at: datetime | None


def take_told(
    cursor: Cursor, gateway_id: UUID, study_instance_uid: str, told: Mapping[str, tuple[str, str]], keeps_since: datetime | None, now: datetime,
    is_from_gateway: bool = True,
) -> None:  # fmt: skip
    """Write down what a gateway holds of a study; it is to be compared."""
    cursor.execute(
        "INSERT INTO reconciliation (gateway_id, study_instance_uid, told, told_at, is_from_gateway, keeps_since) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (gateway_id, study_instance_uid) DO UPDATE SET told = excluded.told, told_at = excluded.told_at,"
        " is_from_gateway = excluded.is_from_gateway, keeps_since = excluded.keeps_since, compared_at = NULL",
        (str(gateway_id), study_instance_uid, Json(told), now, is_from_gateway, keeps_since),
    )


def next_to_compare(cursor: Cursor) -> ToCompare | None:
    """What waits longest."""
    cursor.execute(
        "SELECT r.gateway_id, r.study_instance_uid, r.told, r.told_at, r.is_from_gateway, r.keeps_since, g.hospital_id"
        " FROM reconciliation r JOIN gateway g USING (gateway_id) WHERE r.compared_at IS NULL ORDER BY r.told_at, r.study_instance_uid LIMIT 1"
    )
    row = cursor.fetchone()
    if row is None:
        return None
    return ToCompare(UUID(str(row[0])), row[1], {uid: (one[0], one[1]) for uid, one in row[2].items()}, *row[3:])


def note_found(cursor: Cursor, compared: ToCompare, found: Found, now: datetime) -> None:
    """Write down what was found, unless the gateway has told something newer meanwhile."""
    cursor.execute(
        """
        UPDATE reconciliation SET compared_at = %(now)s, gateway_count = %(gateway_count)s, cloud_count = %(cloud_count)s,
            accepted_at = CASE WHEN missing_in_cloud = %(missing)s AND other_content = %(other)s AND missing_on_gateway = %(gone)s THEN accepted_at END,
            accepted_by = CASE WHEN missing_in_cloud = %(missing)s AND other_content = %(other)s AND missing_on_gateway = %(gone)s THEN accepted_by ELSE '' END,
            missing_in_cloud = %(missing)s, other_content = %(other)s, missing_on_gateway = %(gone)s, was_deleted = %(was_deleted)s,
            wanted_at = CASE WHEN %(wanted)s::text[] = '{}' THEN NULL WHEN wanted_again = %(wanted)s THEN wanted_at ELSE %(now)s END,
            wanted_by = '', wanted_again = %(wanted)s
        WHERE gateway_id = %(gateway_id)s AND study_instance_uid = %(study)s AND told_at = %(told_at)s
        """,
        {
            "now": now,
            "gateway_count": found.gateway_count,
            "cloud_count": found.cloud_count,
            "missing": list(found.missing_in_cloud),
            "other": list(found.other_content),
            "gone": list(found.missing_on_gateway),
            "was_deleted": found.was_deleted,
            "wanted": list(found.wanted_again),
            "gateway_id": str(compared.gateway_id),
            "study": compared.study_instance_uid,
            "told_at": compared.told_at,
        },
    )


def differences(cursor: Cursor, hospital_id: str, limit: int) -> list[Difference]:
    """What differs, newest first; accepted ones last."""
    cursor.execute(
        f"SELECT r.gateway_id, g.name, {', '.join('r.' + name for name in list(Difference.__dataclass_fields__)[2:])}"
        f" FROM reconciliation r JOIN gateway g USING (gateway_id) WHERE g.hospital_id = %s AND {_DIFFERS}"
        " ORDER BY r.accepted_at IS NOT NULL, r.compared_at DESC NULLS FIRST, r.study_instance_uid LIMIT %s",
        (hospital_id, limit),
    )
    return [Difference(UUID(str(row[0])), *row[1:]) for row in cursor.fetchall()]


def count_differences(cursor: Cursor, hospital_id: str) -> dict[UUID, int]:
    """How many studies differ that nobody has accepted, by gateway."""
    cursor.execute(
        f"SELECT r.gateway_id, count(*) FROM reconciliation r JOIN gateway g USING (gateway_id)"
        f" WHERE g.hospital_id = %s AND {_DIFFERS} AND r.accepted_at IS NULL GROUP BY r.gateway_id",
        (hospital_id,),
    )
    return {UUID(str(row[0])): row[1] for row in cursor.fetchall()}


def other_content_of(cursor: Cursor, gateway_id: UUID, study_instance_uid: str) -> list[str]:
    """SOPInstanceUIDs of which the archive has other bytes than the gateway."""
    cursor.execute(
        "SELECT unnest(other_content) FROM reconciliation WHERE gateway_id = %s AND study_instance_uid = %s",
        (str(gateway_id), study_instance_uid),
    )
    return [row[0] for row in cursor.fetchall()]


def begin_to_want(cursor: Cursor, hospital_id: str, gateway_id: UUID, study_instance_uid: str, by: str, now: datetime) -> int:
    """Somebody asks for everything of a study that is missing here or has other content; return how many instances that is."""
    cursor.execute(
        "UPDATE reconciliation SET wanted_at = %s, wanted_by = %s, accepted_at = NULL, accepted_by = ''"
        " FROM gateway WHERE gateway.gateway_id = reconciliation.gateway_id AND gateway.hospital_id = %s"
        " AND reconciliation.gateway_id = %s AND study_instance_uid = %s RETURNING cardinality(missing_in_cloud || other_content)",
        (now, by, hospital_id, str(gateway_id), study_instance_uid),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def want_again(cursor: Cursor, hospital_id: str, gateway_id: UUID, study_instance_uid: str, by: str, now: datetime) -> int:
    """From now on the gateway hears of it; return how many instances that is."""
    cursor.execute(
        "UPDATE reconciliation SET wanted_again = missing_in_cloud || other_content, wanted_at = %s, wanted_by = %s, accepted_at = NULL,"
        " accepted_by = '' FROM gateway WHERE gateway.gateway_id = reconciliation.gateway_id AND gateway.hospital_id = %s"
        " AND reconciliation.gateway_id = %s AND study_instance_uid = %s RETURNING cardinality(wanted_again)",
        (now, by, hospital_id, str(gateway_id), study_instance_uid),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def accept(cursor: Cursor, hospital_id: str, gateway_id: UUID, study_instance_uid: str, by: str, now: datetime | None) -> bool:
    """Somebody found it right as it is; without a time that is taken back."""
    cursor.execute(
        "UPDATE reconciliation SET accepted_at = %s, accepted_by = %s FROM gateway WHERE gateway.gateway_id = reconciliation.gateway_id"
        f" AND gateway.hospital_id = %s AND reconciliation.gateway_id = %s AND study_instance_uid = %s AND {_DIFFERS}",
        (now, by if now else "", hospital_id, str(gateway_id), study_instance_uid),
    )
    return cursor.rowcount == 1


def wanted_of(cursor: Cursor, gateway_id: UUID, limit: int) -> list[tuple[str, str]]:
    """What a gateway is to send again: UIDs of study and instance."""
    cursor.execute(
        "SELECT study_instance_uid, unnest(wanted_again) FROM reconciliation WHERE gateway_id = %s AND wanted_again <> '{}'"
        " ORDER BY wanted_at, study_instance_uid LIMIT %s",
        (str(gateway_id), limit),
    )
    return [(row[0], row[1]) for row in cursor.fetchall()]


def last_keeps_since(cursor: Cursor, gateway_id: UUID) -> datetime | None:
    """Since when the gateway, as it told last, still has what it had a receipt for."""
    cursor.execute("SELECT max(keeps_since) FROM reconciliation WHERE gateway_id = %s AND is_from_gateway", (str(gateway_id),))
    last: datetime | None = only_value(cursor)
    return last


def untold_studies(cursor: Cursor, gateway_id: UUID, receipts_since: datetime, told_since: datetime) -> list[str]:
    """Studies that a gateway had receipts for since, and has told nothing of since."""
    cursor.execute(
        "SELECT DISTINCT study_instance_uid FROM gateway_receipt p WHERE gateway_id = %s AND given_at >= %s AND NOT EXISTS"
        " (SELECT FROM reconciliation r WHERE r.gateway_id = p.gateway_id AND r.study_instance_uid = p.study_instance_uid AND r.told_at >= %s)",
        (str(gateway_id), receipts_since, told_since),
    )
    return [row[0] for row in cursor.fetchall()]


def is_deleted_study(cursor: Cursor, study_instance_uid: str) -> bool:
    """Whether the study was deleted from the archive, and did not come again."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM deleted_study WHERE study_instance_uid = %s)"
        " AND NOT EXISTS (SELECT FROM study WHERE study_instance_uid = %s AND instance_count > 0)",
        (study_instance_uid, study_instance_uid),
    )
    return bool(only_value(cursor))


def forget_comparisons(cursor: Cursor, before: datetime) -> None:
    """Delete what no gateway has told of for long, and in which nothing differs."""
    cursor.execute(f"DELETE FROM reconciliation WHERE told_at < %s AND NOT {_DIFFERS}", (before,))
    cursor.execute("DELETE FROM deleted_study WHERE deleted_at < %s", (before,))
