# SPDX-License-Identifier: AGPL-3.0-or-later
"""Thousands of reports may wait to be read: whatever takes a moment goes before them."""

from __future__ import annotations

from uuid import uuid4

import psycopg2

from cloudfilm.db.job_queue import PRINT_ORDER, READ_REPORT, RECORD_STUDY, defer_job
from tests.support.instance import Instance


def test_studies_are_recorded_and_papers_printed_before_the_reports_that_wait(instance: Instance) -> None:
    mark = str(uuid4())
    connection = psycopg2.connect(host=str(instance.data / "run/postgresql"), dbname="cloudfilm", user="cloudfilm")
    taken: list[str] = []
    try:
        with connection.cursor() as cursor:  # never committed: the instance's own worker sees nothing of it
            for number, task in enumerate((READ_REPORT, READ_REPORT, RECORD_STUDY, PRINT_ORDER)):
                defer_job(cursor, task, lock=f"{mark} {number}", arguments={"mark": mark})
            while len(taken) < 4:
                cursor.execute("SELECT task_name, lock FROM procrastinate_fetch_job_v2(ARRAY['default'], NULL)")
                task_name, lock = cursor.fetchone() or (None, None)
                assert task_name, "all four are to be taken"
                if str(lock).startswith(mark):
                    taken.append(f"{task_name} {str(lock)[-1]}")
    finally:
        connection.close()
    assert taken == [f"{RECORD_STUDY} 2", f"{PRINT_ORDER} 3", f"{READ_REPORT} 0", f"{READ_REPORT} 1"]
