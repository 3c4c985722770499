# SPDX-License-Identifier: AGPL-3.0-or-later
"""A worker: takes jobs from PostgreSQL and runs them, one process, a few at a time."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued

from cloudfilm.db.database import Database
from cloudfilm.db.job_queue import READ_REPORT, READ_SAMPLE, RECORD_STUDY, RETURN_STAMPED
from cloudfilm.jobs.anchor_audit import anchor_audit
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.export_audit import export_audit
from cloudfilm.jobs.read_report import read_report
from cloudfilm.jobs.read_sample import read_sample
from cloudfilm.jobs.record_study import record_study_of_orthanc, sweep_incomplete_studies
from cloudfilm.jobs.return_stamped import return_stamped
from cloudfilm.jobs.tidy import tidy
from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.settings import load_settings
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.key_files import KeyFiles

_RETRY = RetryStrategy(max_attempts=10, exponential_wait=2)
_STILL_ARRIVING_SECONDS = 3


def create_worker(context: JobContext, database_uri: str) -> App:
    """The procrastinate application with every task a worker knows."""
    app = App(connector=PsycopgConnector(conninfo=database_uri))

    @app.task(name=READ_REPORT, retry=_RETRY)
    def read_report_task(report_id: str) -> None:
        read_report(context, report_id)

    @app.task(name=READ_SAMPLE, retry=_RETRY)
    def read_sample_task(sample_id: str) -> None:
        read_sample(context, sample_id)

    @app.task(name=RETURN_STAMPED, retry=_RETRY)
    def return_stamped_task(report_id: str) -> None:
        return_stamped(context, report_id)

    @app.task(name=RECORD_STUDY, retry=_RETRY)
    def record_study_task(orthanc_study_id: str) -> None:
        if record_study_of_orthanc(context, orthanc_study_id):
            look_again(orthanc_study_id)

    def look_again(orthanc_study_id: str) -> None:
        """Soon, so that whoever waits sees how many images have come; once, however many events the study's series made."""
        task = app.configure_task(
            RECORD_STUDY, lock=orthanc_study_id, queueing_lock=orthanc_study_id, schedule_in={"seconds": _STILL_ARRIVING_SECONDS}
        )
        with contextlib.suppress(AlreadyEnqueued):
            task.defer(orthanc_study_id=orthanc_study_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="sweep_incomplete_studies", queueing_lock="sweep_incomplete_studies")
    def sweep_task(timestamp: int) -> None:
        sweep_incomplete_studies(context)

    @app.periodic(cron="*/15 * * * *")
    @app.task(name="tidy", queueing_lock="tidy")
    def tidy_task(timestamp: int) -> None:
        tidy(context)

    @app.periodic(cron="* * * * *")
    @app.task(name="anchor_audit", lock="anchor_audit", queueing_lock="anchor_audit")
    def anchor_audit_task(timestamp: int) -> None:
        anchor_audit(context)

    @app.periodic(cron="* * * * *")
    @app.task(name="export_audit", lock="export_audit", queueing_lock="export_audit")
    def export_audit_task(timestamp: int) -> None:
        export_audit(context)

    return app


def main() -> None:
    """Run until SIGTERM; running jobs are given time to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    settings = load_settings(Path(os.environ.get("CLOUDFILM_APP", "/opt/cloudfilm/app")) / "orthanc.json")
    keys = KeyFiles(settings.keys_directory)

    def clock() -> datetime:
        return datetime.now(UTC)

    context = JobContext(
        settings=settings,
        database=Database(settings.database_uri),
        keys=keys,
        documents=DocumentStore(settings.documents_directory),
        orthanc=OrthancClient(settings.orthanc_url, keys, "worker", clock),
        clock=clock,
    )
    app = create_worker(context, settings.database_uri)
    with app.open():
        app.run_worker(concurrency=2, fetch_job_polling_interval=1, delete_jobs="successful", shutdown_graceful_timeout=20)
