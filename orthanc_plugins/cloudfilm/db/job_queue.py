# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jobs for the workers, put into procrastinate's queue in the caller's own transaction: what is committed is queued, what is rolled back is not."""

from __future__ import annotations

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor

READ_REPORT = "read_report"
READ_SAMPLE = "read_sample"
RECORD_STUDY = "record_study"
RETURN_STAMPED = "return_stamped"


def defer_job(cursor: Cursor, task_name: str, lock: str, arguments: dict[str, str | bool]) -> None:
    """Queue a job; jobs with one ``lock`` run one after the other.

    procrastinate's versioned SQL function is its interface for this; a test holds the task names to the worker's.
    """
    cursor.execute(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', %s, 0, %s, NULL, %s, NULL)]::procrastinate_job_to_defer_v1[])",
        (task_name, lock, Json(arguments)),
    )
