# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts small reports into the queue, as the user that every part of CloudFilm runs under: python -m bench.waiting_fill NUMBER.

What the intake does, in transactions of some hundred reports, without an audit event and with random bytes where the intake hashes the keys
(40 ms of processor time each): what is measured is what comes after it.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

from reportlab.pdfgen.canvas import Canvas

from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind
from cloudfilm.db.database import Cursor, Database
from cloudfilm.db.deliveries import add_delivery
from cloudfilm.db.grants import add_grant
from cloudfilm.db.job_queue import READ_REPORT, defer_job
from cloudfilm.db.origin import REST
from cloudfilm.db.reports import add_report
from cloudfilm.reports.new_keys import new_keys
from cloudfilm.settings import load_settings
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.key_files import load_key_ring
from cloudfilm.storage.sealing import seal
from machine.installation import APP, ENVIRONMENT_FILE

HOSPITAL_ID = "bench"
_THREADS, _AT_ONCE = 4, 500


def small_report(number: int) -> bytes:
    """One page of text; each says something else."""
    target = BytesIO()
    canvas = Canvas(target, invariant=1)
    lines = (
        f"Patient ID: W{number:06}",
        f"Accession Number: Q{number:06}",
        "Findings: nothing of note",
        f"Impression: normal, see {number}",
    )
    for row, text in enumerate(lines):
        canvas.drawString(72, 760 - 20 * row, text)
    canvas.save()
    return target.getvalue()


def main() -> None:
    """Queue them in order."""
    environment = dict(line.split("=", 1) for line in ENVIRONMENT_FILE.read_text(encoding="utf-8").splitlines() if "=" in line)
    settings = load_settings(APP / "orthanc.json", {**os.environ, **environment})
    database, documents, key_ring = (
        Database(settings.database_uri),
        DocumentStore(settings.documents_directory),
        load_key_ring(settings.keys_directory),
    )
    number, began = int(sys.argv[1]), datetime.now(UTC)

    def queue(cursor: Cursor, place: int, document_sha256: str) -> None:
        report_id, now = uuid4(), began + timedelta(microseconds=place)
        add_report(cursor, report_id, HOSPITAL_ID, document_sha256, REST, {}, now)
        grant = Grant(uuid4(), HOSPITAL_ID, GrantKind.PATIENT, ALL_RIGHTS, now, report_id=report_id)
        add_grant(cursor, grant, os.urandom(32), os.urandom(32), os.urandom(32))
        add_delivery(cursor, report_id, seal(new_keys(os.urandom).to_bytes(), key_ring), now + timedelta(days=3))
        defer_job(cursor, READ_REPORT, lock=str(report_id), arguments={"report_id": str(report_id)})

    with ThreadPoolExecutor(_THREADS) as pool:
        hashes = list(pool.map(lambda place: documents.put(small_report(place)), range(number)))
    for start in range(0, number, _AT_ONCE):
        with database.transaction() as cursor:
            for place in range(start, min(number, start + _AT_ONCE)):
                queue(cursor, place, hashes[place])


if __name__ == "__main__":
    main()
