# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts small reports into the queue by the one intake, as the user that every part of CloudFilm runs under: python -m bench.waiting_fill NUMBER."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.db.database import Database
from cloudfilm.reports.intake import Intake
from cloudfilm.settings import load_settings
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.key_files import load_key_ring
from machine.installation import APP, ENVIRONMENT_FILE

HOSPITAL_ID = "bench"
_THREADS = 4


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
    intake = Intake(
        database=Database(settings.database_uri),
        documents=DocumentStore(settings.documents_directory),
        key_ring=load_key_ring(settings.keys_directory),
        clock=lambda: datetime.now(UTC),
        entropy=os.urandom,
        maximum_megabytes=settings.maximum_report_megabytes,
        delivery_lifetime=timedelta(hours=settings.delivery_hours),
    )

    def queue(number: int) -> None:
        event = AuditEvent(datetime.now(UTC), AuditKind.REPORT_SUBMITTED, "success", ActorKind.CONSOLE, "bench", HOSPITAL_ID)
        intake.receive(HOSPITAL_ID, small_report(number), event)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(queue, range(int(sys.argv[1]))))


if __name__ == "__main__":
    main()
