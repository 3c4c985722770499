# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operator's page: every hospital in numbers, which parts are up, and jobs that have failed, to be tried again."""

from __future__ import annotations

import shutil

from flask import Blueprint, Response

from cloudfilm.access.audit import AuditKind
from cloudfilm.access.policy import Action
from cloudfilm.db.operation import failed_jobs, numbers_of_hospitals, queues, retry_job
from cloudfilm.db.workers import count_live_workers
from cloudfilm.errors import NotFound
from portal.services import services
from portal.session import asker
from portal.staff.member import member, member_who_may
from portal.staff.page import silent_gateways_of, staff_page, to_page

operation = Blueprint("staff_operation", __name__, url_prefix="/staff/operation")
_WORKER_SILENT_SECONDS = 30
_LARGEST_ID = 2**63 - 1


@operation.get("")
def show_operation() -> Response:
    """The page."""
    holder = member_who_may(Action.OPERATE)
    with services().database.transaction() as cursor:
        hospitals, kinds, failed = numbers_of_hospitals(cursor), queues(cursor), failed_jobs(cursor)
        workers = count_live_workers(cursor, _WORKER_SILENT_SECONDS)
    disk = shutil.disk_usage(services().settings.data_directory)
    return staff_page(
        "staff/operation.html",
        holder,
        hospitals=hospitals,
        queues=kinds,
        failed=failed,
        workers=workers,
        disk=disk,
        silent=silent_gateways_of(holder),
    )


@operation.post("/jobs/<int:job_id>/retry")
def retry(job_id: int) -> Response:
    """Try a failed job again; one that has not failed, or was tried again meanwhile, is left alone."""
    holder = member_who_may(Action.OPERATE)
    if job_id > _LARGEST_ID:
        raise NotFound
    trail = services().audit_trail
    with services().database.transaction() as cursor:
        task_name = retry_job(cursor, job_id)
        if task_name is not None:
            trail.record_in(
                cursor, trail.event(AuditKind.ADMINISTERED, holder, asker(), detail=f"tried the job {job_id} ({task_name}) again")
            )
    return to_page("/staff/operation#failed-title")


@operation.get("/jobs/<int:job_id>/retry")
def show_start(job_id: int) -> Response:
    """Nobody comes here but by reloading a form that was sent."""
    del job_id
    member()
    return to_page("/staff/operation")
