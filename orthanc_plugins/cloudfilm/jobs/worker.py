# SPDX-License-Identifier: AGPL-3.0-or-later
"""A worker: takes jobs from PostgreSQL and runs them, one process, a few at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued

from cloudfilm.db.database import Database
from cloudfilm.db.job_queue import (
    FETCH_AGAIN,
    KEEP_FILM,
    KEEP_REPORT,
    LOOK_AT_SET_ASIDE,
    PRINT_ORDER,
    PUBLISHING,
    READ_REPORT,
    READ_SAMPLE,
    RECONCILE_NOW,
    RECONCILING,
    RECORD_STUDY,
    RETURN_STAMPED,
    SETTLE_CONFLICT,
    TAKE_DICOM_REPORT,
)
from cloudfilm.jobs.anchor_audit import anchor_audit
from cloudfilm.jobs.context import JobContext
from cloudfilm.jobs.export_audit import export_audit
from cloudfilm.jobs.fetch_again import fetch_again
from cloudfilm.jobs.follow_index import record_grown_studies
from cloudfilm.jobs.forsaken_jobs import DEAD_AFTER_SECONDS, HEARTBEAT_SECONDS, keep_resuming
from cloudfilm.jobs.gone_studies import forget_gone_studies
from cloudfilm.jobs.keep_film import keep_film, sweep_films
from cloudfilm.jobs.keep_report import keep_report, sweep_kept_reports
from cloudfilm.jobs.look_at_set_aside import look_at_set_aside
from cloudfilm.jobs.print_order import note_what_was_printed, print_order
from cloudfilm.jobs.publishing import add_publishing, reconcile_at_start
from cloudfilm.jobs.read_report import read_report
from cloudfilm.jobs.read_sample import read_sample
from cloudfilm.jobs.reconcile import reconcile_alone, reconcile_told
from cloudfilm.jobs.record_study import record_study_of_orthanc, sweep_incomplete_studies
from cloudfilm.jobs.return_stamped import return_stamped
from cloudfilm.jobs.settle_conflict import settle_conflict, settle_forgotten
from cloudfilm.jobs.take_dicom_report import look_at_forgotten_documents, take_dicom_report
from cloudfilm.jobs.tidy import tidy
from cloudfilm.jobs.tidy_files import delete_orphan_files
from cloudfilm.jobs.tidy_storage import delete_removed_objects, delete_unrecorded_objects, settle_unseen_objects
from cloudfilm.jobs.watch_gateways import watch_gateways
from cloudfilm.orthanc_api.object_storage import ObjectStorage, open_object_storage
from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.settings import SECTION, load_configuration, parse_settings
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.key_files import KeyFiles
from cloudfilm.storage.published_tree import PublishedTree

_RETRY = RetryStrategy(max_attempts=10, exponential_wait=2)
_STILL_ARRIVING_SECONDS = 3
# Whoever sends images or opens an exam goes first: receiving and publishing share the processors of one machine.
_NICE = 5


def create_worker(context: JobContext, database_uri: str, index: Database, object_storage: ObjectStorage | None = None) -> App:
    """The procrastinate application with every task a worker knows; ``index`` is Orthanc's own database."""
    app = App(connector=PsycopgConnector(conninfo=database_uri))
    publish_again = add_publishing(app, context)

    @app.task(name=READ_REPORT, retry=_RETRY)
    def read_report_task(report_id: str) -> None:
        read_report(context, report_id)

    @app.task(name=READ_SAMPLE, retry=_RETRY)
    def read_sample_task(sample_id: str) -> None:
        read_sample(context, sample_id)

    @app.task(name=RETURN_STAMPED, retry=_RETRY)
    def return_stamped_task(report_id: str) -> None:
        return_stamped(context, report_id)

    @app.task(name=PRINT_ORDER, retry=_RETRY)
    def print_order_task(print_order_id: str) -> None:
        print_order(context, print_order_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="note_what_was_printed", queueing_lock="note_what_was_printed")
    def note_printed_task(timestamp: int) -> None:
        note_what_was_printed(context)

    @app.task(name=TAKE_DICOM_REPORT, retry=_RETRY)
    def take_dicom_report_task(study_instance_uid: str, sop_instance_uid: str) -> None:
        take_dicom_report(context, study_instance_uid, sop_instance_uid)

    @app.task(name=KEEP_REPORT, retry=_RETRY)
    def keep_report_task(report_id: str) -> None:
        keep_report(context, report_id)

    @app.task(name=KEEP_FILM, retry=_RETRY)
    def keep_film_task(film_id: str) -> None:
        keep_film(context, film_id)

    @app.task(name=RECORD_STUDY, retry=_RETRY)
    def record_study_task(orthanc_study_id: str) -> None:
        if record_study_of_orthanc(context, orthanc_study_id):
            look_again(orthanc_study_id)
        publish_again(orthanc_study_id)

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
        record_grown_studies(context, index)
        sweep_films(context)

    @app.periodic(cron="20 * * * *")
    @app.task(name="forget_gone_studies", queueing_lock="forget_gone_studies")
    def gone_task(timestamp: int) -> None:
        forget_gone_studies(context, index)

    @app.periodic(cron="*/15 * * * *")
    @app.task(name="tidy", queueing_lock="tidy")
    def tidy_task(timestamp: int) -> None:
        tidy(context)

    @app.periodic(cron="45 18 * * *")  # in the small hours in China
    @app.task(name="tidy_files", queueing_lock="tidy_files")
    def tidy_files_task(timestamp: int) -> None:
        delete_orphan_files(index, context.settings.attachments_directory, context.clock())

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="sweep_dicom_reports", queueing_lock="sweep_dicom_reports")
    def sweep_dicom_reports_task(timestamp: int) -> None:
        look_at_forgotten_documents(context)
        sweep_kept_reports(context)

    @app.periodic(cron="* * * * *")
    @app.task(name="anchor_audit", lock="anchor_audit", queueing_lock="anchor_audit")
    def anchor_audit_task(timestamp: int) -> None:
        anchor_audit(context)

    @app.periodic(cron="* * * * *")
    @app.task(name="export_audit", lock="export_audit", queueing_lock="export_audit")
    def export_audit_task(timestamp: int) -> None:
        export_audit(context)

    @app.task(name=LOOK_AT_SET_ASIDE, retry=_RETRY)
    def look_at_set_aside_task(set_aside_id: str) -> None:
        look_at_set_aside(context, set_aside_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="watch_gateways", queueing_lock="watch_gateways")
    def watch_gateways_task(timestamp: int) -> None:
        watch_gateways(context)

    if object_storage is not None:
        add_storage_tasks(app, context, object_storage)
    add_reconciling(app, context, index)
    return app


def add_reconciling(app: App, context: JobContext, index: Database) -> None:
    """The comparison with the gateways, in a queue of its own: it may read for hours."""

    @app.periodic(cron="* * * * *")
    @app.task(name="reconcile_told", queue=RECONCILING, lock="reconcile", queueing_lock="reconcile_told")
    def reconcile_told_task(timestamp: int) -> None:
        reconcile_told(context, index)

    @app.task(name=RECONCILE_NOW, queue=RECONCILING, lock="reconcile", retry=_RETRY)
    def reconcile_now_task() -> None:
        reconcile_told(context, index)

    @app.task(name=FETCH_AGAIN, queue=RECONCILING, lock="reconcile", retry=_RETRY)
    def fetch_again_task(gateway_id: str, study_instance_uid: str, by: str) -> None:
        fetch_again(context, index, UUID(gateway_id), study_instance_uid, by)

    @app.task(name=SETTLE_CONFLICT, retry=_RETRY)
    def settle_conflict_task(decision_id: str) -> None:
        settle_conflict(context, index, UUID(decision_id))

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="settle_forgotten", queueing_lock="settle_forgotten")
    def settle_forgotten_task(timestamp: int) -> None:
        settle_forgotten(context, index)

    @app.periodic(cron="30 20 * * *")  # when the gateways' night is over in China
    @app.task(name="reconcile_alone", queue=RECONCILING, lock="reconcile", queueing_lock="reconcile_alone")
    def reconcile_alone_task(timestamp: int) -> None:
        reconcile_alone(context, context.settings.gateway.keep_days)


def add_storage_tasks(app: App, context: JobContext, storage: ObjectStorage) -> None:
    """What keeps the object store tidy."""

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="tidy_storage", lock="tidy_storage", queueing_lock="tidy_storage")
    def tidy_storage_task(timestamp: int) -> None:
        settle_unseen_objects(storage, context.clock())
        delete_removed_objects(storage)

    @app.periodic(cron="30 18 * * *")  # in the small hours in China
    @app.task(name="tidy_bucket", lock="tidy_storage", queueing_lock="tidy_bucket")
    def tidy_bucket_task(timestamp: int) -> None:
        delete_unrecorded_objects(storage, context.clock())


def main() -> None:
    """Run until SIGTERM; running jobs are given time to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    os.nice(_NICE)
    configuration = load_configuration(Path(os.environ.get("CLOUDFILM_APP", "/opt/cloudfilm/app")) / "orthanc.json")
    settings = parse_settings(configuration[SECTION])
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
    object_storage = open_object_storage(settings, context.database, configuration)
    index = Database(configuration["PostgreSQL"]["ConnectionUri"], maximum_connections=2)
    PublishedTree(settings.published_directory).sweep()
    asyncio.run(_run(create_worker(context, settings.database_uri, index, object_storage)))


async def _run(app: App) -> None:
    """Parts of one worker: reports wait neither for pictures nor for the comparison with gateways. When one part ends, all do, and the supervisor starts anew."""

    def part(queue: str, concurrency: int, takes_signals: bool) -> Coroutine[Any, Any, None]:
        return app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=concurrency,
            fetch_job_polling_interval=1,
            delete_jobs="successful",
            shutdown_graceful_timeout=20,
            install_signal_handlers=takes_signals,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=DEAD_AFTER_SECONDS,
        )

    async with app.open_async():
        await reconcile_at_start(app)
        parts = [
            asyncio.create_task(part("default", 2, takes_signals=True)),
            asyncio.create_task(part(PUBLISHING, max(1, (os.cpu_count() or 2) // 2), takes_signals=False)),
            asyncio.create_task(part(RECONCILING, 1, takes_signals=False)),
            asyncio.create_task(keep_resuming(app)),
        ]
        try:
            ended, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in parts:
                one.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        for one in ended:
            one.result()
