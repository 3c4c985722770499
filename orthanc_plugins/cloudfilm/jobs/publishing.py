# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a worker does for the published viewing path: its tasks, in a queue of their own."""

from __future__ import annotations

import contextlib
from typing import Protocol

from procrastinate import App, RetryStrategy
from procrastinate import JobContext as ProcrastinateContext
from procrastinate.exceptions import AlreadyEnqueued

from cloudfilm.db.job_queue import PUBLISH_STUDY, PUBLISHING
from cloudfilm.db.publications import unpublished_studies
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.keep_publications import drop_cold_publications, reconcile_publications
from cloudfilm.jobs.publish_study import SWEEP_AFTER, Turn, publish_study

_RETRY = RetryStrategy(max_attempts=10, exponential_wait=2)
_LOOK_AGAIN_SECONDS = 1
_SWEPT = -10  # after whatever somebody waits for
_RECONCILE, _SWEEP, _DROP = "reconcile_publications", "sweep_unpublished_studies", "drop_cold_publications"


class PublishAgain(Protocol):
    """Queues the publication of a study, once however often it is asked for."""

    def __call__(self, orthanc_study_id: str, priority: int = 0, seconds: int = 0) -> None:
        """Queue it."""


def add_publishing(app: App, context: JobContext) -> PublishAgain:
    """Add the tasks."""

    @app.task(name=PUBLISH_STUDY, queue=PUBLISHING, retry=_RETRY, pass_context=True)
    def publish_study_task(job: ProcrastinateContext, orthanc_study_id: str) -> None:
        turn = publish_study(context, orthanc_study_id)
        if turn in (Turn.UNFINISHED, Turn.ARRIVING):
            publish_again(orthanc_study_id, job.job.priority, 0 if turn is Turn.UNFINISHED else _LOOK_AGAIN_SECONDS)

    def publish_again(orthanc_study_id: str, priority: int = 0, seconds: int = 0) -> None:
        lock = f"publish {orthanc_study_id} {priority}"
        task = app.configure_task(PUBLISH_STUDY, queueing_lock=lock, priority=priority, schedule_in={"seconds": seconds})
        with contextlib.suppress(AlreadyEnqueued):
            task.defer(orthanc_study_id=orthanc_study_id)

    @app.periodic(cron="* * * * *")
    @app.task(name=_SWEEP, queue=PUBLISHING, queueing_lock=_SWEEP)
    def sweep_task(timestamp: int) -> None:
        with context.database.transaction() as cursor:
            found = unpublished_studies(cursor, context.clock() - SWEEP_AFTER)
        for orthanc_study_id, _ in found:
            publish_again(orthanc_study_id, _SWEPT)

    @app.periodic(cron="*/5 * * * *")
    @app.task(name=_DROP, queue=PUBLISHING, queueing_lock=_DROP)
    def drop_task(timestamp: int) -> None:
        drop_cold_publications(context)

    @app.periodic(cron="7 * * * *")
    @app.task(name=_RECONCILE, queue=PUBLISHING, queueing_lock=_RECONCILE)
    def reconcile_task(timestamp: int) -> None:
        reconcile_publications(context)

    return publish_again


async def reconcile_at_start(app: App) -> None:
    """Compare the tree with its rows before anything else is published."""
    with contextlib.suppress(AlreadyEnqueued):
        await app.configure_task(_RECONCILE, queueing_lock=_RECONCILE, priority=100).defer_async(timestamp=0)
