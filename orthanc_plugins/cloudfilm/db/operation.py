# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an operator sees of all hospitals: numbers, and jobs that have failed. Nothing of any patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cloudfilm.db.database import Cursor


@dataclass(frozen=True, slots=True)
class HospitalNumbers:
    """One hospital's. ``last_arrival`` is of its newest study."""

    hospital_id: str
    name: str
    studies: int
    arriving: int
    waiting: int
    in_review: int
    failed: int
    last_arrival: datetime | None


@dataclass(frozen=True, slots=True)
class Queue:
    """How many jobs of one kind there are in each state."""

    task_name: str
    waiting: int
    running: int
    failed: int


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that was given up. ``failed_at`` is None where its events were tidied away."""

    job_id: int
    task_name: str
    attempts: int
    failed_at: datetime | None


def numbers_of_hospitals(cursor: Cursor) -> list[HospitalNumbers]:
    """Every hospital by its identifier."""
    cursor.execute(
        """
        SELECT hospital_id, name, coalesce(studies, 0), coalesce(arriving, 0), coalesce(waiting, 0), coalesce(in_review, 0), coalesce(failed, 0), last_arrival
        FROM hospital
            LEFT JOIN (SELECT hospital_id, count(*) AS studies, count(*) FILTER (WHERE complete_at IS NULL) AS arriving, max(claimed_at) AS last_arrival
                FROM study GROUP BY hospital_id) study USING (hospital_id)
            LEFT JOIN (SELECT hospital_id, count(*) FILTER (WHERE status = 'waiting') AS waiting, count(*) FILTER (WHERE status = 'review') AS in_review,
                count(*) FILTER (WHERE status = 'failed') AS failed
                FROM report WHERE status IN ('waiting', 'review', 'failed') GROUP BY hospital_id) report USING (hospital_id)
        ORDER BY hospital_id
        """
    )
    return [HospitalNumbers(*row) for row in cursor.fetchall()]


def queues(cursor: Cursor) -> list[Queue]:
    """Kinds of jobs that wait, run or have failed."""
    cursor.execute(
        "SELECT task_name, count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'), count(*) FILTER (WHERE status = 'failed')"
        " FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed') GROUP BY task_name ORDER BY task_name"
    )
    return [Queue(*row) for row in cursor.fetchall()]


def failed_jobs(cursor: Cursor, limit: int = 100) -> list[FailedJob]:
    """The newest jobs that were given up."""
    cursor.execute(
        "SELECT id, task_name, attempts, (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id) FROM procrastinate_jobs job"
        " WHERE status = 'failed' ORDER BY id DESC LIMIT %s",
        (limit,),
    )
    return [FailedJob(*row) for row in cursor.fetchall()]


def retry_job(cursor: Cursor, job_id: int) -> str | None:
    """Put a failed job back into its queue; return its kind, None when it is not (any more) a failed one."""
    cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE id = %s AND status = 'failed' FOR UPDATE", (job_id,))
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", (job_id,))
    return str(row[0])
