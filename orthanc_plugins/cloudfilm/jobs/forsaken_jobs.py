# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jobs whose worker was killed: they stand as being done for good, and keep every job with the same lock waiting, until somebody queues them anew."""

from __future__ import annotations

import asyncio
import logging

from procrastinate import App
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Status

HEARTBEAT_SECONDS = 3.0
# A worker that has not been heard of for so long is dead: a job waits about that long when its worker is killed.
DEAD_AFTER_SECONDS = 15.0
_LOOK_EVERY_SECONDS = 5.0
# A job that has ended so many workers is more likely to be the cause than the victim.
_MOST_ATTEMPTS = 10
_log = logging.getLogger(__name__)


async def resume_forsaken_jobs(app: App, dead_after_seconds: float = DEAD_AFTER_SECONDS) -> int:
    """Queue them anew; return how many. One that was begun too often has failed, and is shown to operators as such."""
    jobs = app.job_manager
    resumed = 0
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=dead_after_seconds):
        if job.attempts + 1 >= _MOST_ATTEMPTS:
            _log.error("job %s was begun %d times and its worker was killed each time: it has failed", job.task_name, job.attempts + 1)
            await jobs.finish_job(job, Status.FAILED, delete_job=False)
            continue
        try:
            await jobs.retry_job(job)
        except UniqueViolation:  # the same is queued already
            await jobs.finish_job(job, Status.ABORTED, delete_job=True)
            continue
        _log.warning("job %s is queued anew: its worker was killed", job.task_name)
        resumed += 1
    return resumed


async def keep_resuming(app: App) -> None:
    """Look every few seconds, for good."""
    while True:
        try:
            await resume_forsaken_jobs(app)
        except ConnectorException as error:
            _log.warning("could not look for jobs whose worker was killed: %s", error)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
