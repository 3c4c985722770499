# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jobs for the workers, put into procrastinate's queue in the caller's own transaction: what is committed is queued, what is rolled back is not."""

from __future__ import annotations

from psycopg2.extras import Json

from cloudfilm.db.database import Cursor

PUBLISH_STUDY = "publish_study"
READ_REPORT = "read_report"
READ_SAMPLE = "read_sample"
RECORD_STUDY = "record_study"
RETURN_STAMPED = "return_stamped"
PRINT_ORDER = "print_order"
KEEP_FILM = "keep_film"
TAKE_DICOM_REPORT = "take_dicom_report"
KEEP_REPORT = "keep_report"  # queued by the database too, whenever a report's row says something new (migration 0031)

FETCH_AGAIN = "fetch_again"
RECONCILE_NOW = "reconcile_now"
SETTLE_CONFLICT = "settle_conflict"
LOOK_AT_SET_ASIDE = "look_at_set_aside"

# Publishing has a queue and a part of the worker of its own: no report waits for it.
PUBLISHING = "publishing"
RECONCILING = "reconciling"
URGENT = 10  # somebody waits; others have priority 0
# Thousands of reports may wait, half an hour's work: what takes a moment goes before them, such as recording a study that arrives, or a print.
_PRIORITIES = {READ_REPORT: -10}


def defer_publication(cursor: Cursor, orthanc_study_id: str, priority: int = 0) -> None:
    """Queue the publication of a study."""
    cursor.execute(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%s, %s, %s, NULL, NULL, %s, NULL)]::procrastinate_job_to_defer_v1[])",
        (PUBLISHING, PUBLISH_STUDY, priority, Json({"orthanc_study_id": orthanc_study_id})),
    )


def defer_reconciliation(cursor: Cursor) -> None:
    """Compare what a gateway has just told."""
    cursor.execute(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%s, %s, 0, 'reconcile', NULL, '{}', NULL)]::procrastinate_job_to_defer_v1[])",
        (RECONCILING, RECONCILE_NOW),
    )


def defer_fetching(cursor: Cursor, arguments: dict[str, str]) -> None:
    """Ask a gateway for a study again."""
    cursor.execute(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%s, %s, 10, 'reconcile', NULL, %s, NULL)]::procrastinate_job_to_defer_v1[])",
        (RECONCILING, FETCH_AGAIN, Json(arguments)),
    )


def defer_job(cursor: Cursor, task_name: str, lock: str, arguments: dict[str, str | bool], delay_seconds: int = 0) -> None:
    """Queue a job; jobs with one ``lock`` run one after the other. With a delay it does not start earlier than that.

    procrastinate's versioned SQL function is its interface for this; a test holds the task names to the worker's.
    """
    cursor.execute(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', %s, %s, %s, NULL, %s,"
        " CASE WHEN %s > 0 THEN now() + make_interval(secs => %s) END)]::procrastinate_job_to_defer_v1[])",
        (task_name, _PRIORITIES.get(task_name, 0), lock, Json(arguments), delay_seconds, delay_seconds),
    )
