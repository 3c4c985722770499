# SPDX-License-Identifier: AGPL-3.0-or-later
"""One round: send, break, let everything come back, check."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

from cloudfilm.db.database import Database
from cloudfilm.jobs.follow_index import record_grown_studies
from cloudfilm.jobs.record_study import sweep_incomplete_studies
from cloudfilm.jobs.tidy_files import delete_orphan_files
from cloudfilm.jobs.tidy_storage import delete_removed_objects, delete_unrecorded_objects, settle_unseen_objects
from tests.faults import invariants
from tests.faults.exam import Exam, make_exam
from tests.faults.kinds import Fault
from tests.faults.ledger import NOT_TOGETHER, Ledger
from tests.faults.patient_page import hand_in_report, patient_page
from tests.faults.senders import Modality, Program, Sender
from tests.faults.site import CLOUD_PARTS, GATEWAY_PARTS, Site
from tests.support.instance import wait_for

_SETTLED_SECONDS = 120
_REPORTED = 1  # the exam that comes through the gateways has a report, and its patient looks at it


@dataclass(frozen=True)
class Outcome:
    """What one round came to. ``page`` is what the patient saw in the end."""

    fault: str
    sent: int
    acknowledged: int
    refused: int
    lost: int
    flaws: tuple[str, ...]
    page: tuple[str, ...]


def run_round(site: Site, fault: Fault, seed: int, folder: Path, page: tuple[str, ...] | None = None) -> Outcome:
    """The same seed gives the same exams, the same pauses and the same moments. ``page`` is the patient's page as it is without faults."""
    plan = random.Random(f"{seed} {fault.name}")
    exams = _exams(fault, seed, folder)
    ledger = Ledger(reported=exams[_REPORTED].study_instance_uid)
    link = hand_in_report(site, exams[_REPORTED])
    senders = _senders(site, fault, exams, ledger, plan)
    ledger.expected = sum(len(sender.left) for sender in senders)
    if fault.traffic.all_open_at_once:
        ledger.gate = threading.Barrier(sum(isinstance(sender, Modality) for sender in senders))
    for sender in senders:
        sender.start()
    flaws = []
    try:
        fault.strike(site, ledger, plan)
    except AssertionError as error:
        flaws.append(f"the fault could not be brought about as it was meant: {error}")
    for sender in senders:
        sender.join(200)
    left = sum(len(sender.left) for sender in senders)
    flaws += [f"{left} instances were never acknowledged: {dict(ledger.refusals)}"] if left else []
    flaws += [NOT_TOGETHER] if ledger.refusals[NOT_TOGETHER] else []
    flaws += _settle(site)
    lost = invariants.lost(site, ledger)
    flaws += [f"{one.image.sop_instance_uid} was acknowledged and cannot be read as it was sent" for one in lost]
    flaws += invariants.rows_without_bytes(site) + invariants.gateways_rows_without_bytes(site) + invariants.orphans(site)
    seen = patient_page(site, exams[_REPORTED], link)
    if page is not None and seen != page:
        flaws.append(f"the patient's page differs: {sorted(set(seen) ^ set(page))}")
    return Outcome(
        fault.name,
        ledger.expected,
        len(ledger.promises),
        ledger.refusals.total(),
        len(lost),
        tuple(flaws),
        seen,
    )


def _exams(fault: Fault, seed: int, folder: Path) -> list[Exam]:
    """Three: to the cloud by C-STORE, to the gateways, to the cloud by STOW-RS. Their numbers are short: an AccessionNumber has 16 characters."""
    mark = f"{seed}x{crc32(fault.name.encode()) % 1000:03}"
    return [make_exam(folder, f"{mark}{letter}", fault.traffic.slices) for letter in "abc"]


def _senders(site: Site, fault: Fault, exams: Sequence[Exam], ledger: Ledger, plan: random.Random) -> list[Sender]:
    direct, by_gateway, by_stow = (exam.images for exam in exams)
    traffic = fault.traffic
    senders: list[Sender] = [
        Modality(site.cloud, direct[number :: traffic.direct_associations], ledger, plan) for number in range(traffic.direct_associations)
    ]
    gateways = site.gateways if traffic.same_study_to_all_gateways else site.gateways[:1]
    senders += [
        Modality(gateway, by_gateway[number :: traffic.gateway_associations], ledger, plan)
        for gateway in gateways
        for number in range(traffic.gateway_associations)
    ]
    return [*senders, Program(site.cloud, by_stow, ledger, plan, site.token)]


def _settle(site: Site) -> list[str]:
    """Wait until everything is up and done; what does not come about is a flaw. Then let the grace time pass."""
    flaws = _until_none(lambda: _parts_down(site)) + _until_none(lambda: invariants.queues_not_empty(site))
    # A job may be storing a document: with a clock two hours ahead its file would look forgotten before it is in the index.
    flaws += _until_none(lambda: invariants.jobs_left(site))
    _let_time_pass(site)
    return flaws + _until_none(lambda: invariants.jobs_left(site)) + _until_none(lambda: invariants.tables_that_differ(site))


def _until_none(check: Callable[[], list[str]]) -> list[str]:
    try:
        wait_for(lambda: not check(), _SETTLED_SECONDS)
    except AssertionError:
        return list(check())
    return []


def _parts_down(site: Site) -> list[str]:
    wanted = [(site.cloud, CLOUD_PARTS), *((gateway, GATEWAY_PARTS) for gateway in site.gateways)]
    down = [f"{one.data.name}: {part} is down" for one, parts in wanted for part in sorted(set(parts) - one.parts_running())]
    if down:
        return down
    try:
        site.orthanc(site.cloud).last_change()
        answer = site.cloud.client(site.token).get("/dicom-web/studies?limit=1")
    except Exception as error:
        return [f"cloud: {type(error).__name__}"]
    return [] if answer.status_code in (200, 204) else [f"cloud: QIDO-RS answers {answer.status_code}"]


def _let_time_pass(site: Site) -> None:
    """What the worker does each minute, each ten minutes and each night, as it would two hours from now."""
    later = datetime.now(UTC) + timedelta(hours=2)
    context = site.jobs(lambda: later)
    sweep_incomplete_studies(context)
    index = Database(f"postgresql:///orthanc?host={site.cloud.data}/run/postgresql&user=cloudfilm", 1)
    record_grown_studies(context, index)
    delete_orphan_files(index, context.settings.attachments_directory, later)
    if site.s3 is not None:
        storage = site.object_storage()
        settle_unseen_objects(storage, later)
        delete_removed_objects(storage)
        delete_unrecorded_objects(storage, later)
