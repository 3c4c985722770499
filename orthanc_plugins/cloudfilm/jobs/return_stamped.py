# SPDX-License-Identifier: AGPL-3.0-or-later
"""The stamped copy goes back where the report came from: into the station's folder, or to a printer."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from uuid import UUID

from cloudfilm.db.database import Cursor
from cloudfilm.db.deliveries import delivery_of_report
from cloudfilm.db.intake_sources import OWN_FOLDER, source_named
from cloudfilm.db.reports import ReportRecord, report_with_id, set_returned
from cloudfilm.errors import Unavailable
from cloudfilm.intakes.places import Places
from cloudfilm.jobs.context import JobContext
from cloudfilm.storage.sealing import unseal

_PRINT_SECONDS = 60


def returns_by_itself(cursor: Cursor, report: ReportRecord) -> bool:
    """Whether a report's station wants its copies sent."""
    source = source_named(cursor, report.source_name) if report.source_name else None
    return source is not None and source.return_to != ""


def return_stamped(context: JobContext, report_id_text: str) -> None:
    """Send one copy; safe to run again: a copy that was sent is not sent twice, unless the machine died in the moment between."""
    report_id = UUID(report_id_text)
    with context.database.transaction() as cursor:
        report = report_with_id(cursor, report_id)
        source = source_named(cursor, report.source_name) if report and report.source_name else None
        delivery = delivery_of_report(cursor, report_id, context.clock())
    if report is None or source is None or delivery is None or delivery.sealed_stamped is None or report.returned_at is not None:
        return
    stamped = unseal(delivery.sealed_stamped, context.key_ring)
    if source.return_to == OWN_FOLDER:
        _write(stamped, Places(context.settings.data_directory).folder(source.name).stamped / f"{_file_name(report)}.pdf")
    else:
        _print(stamped, f"return-{source.name}", report.title)
    with context.database.transaction() as cursor:
        set_returned(cursor, report_id, context.clock())


def _file_name(report: ReportRecord) -> str:
    """What the station called it, without what a file's name cannot hold, and never twice the same."""
    title = re.sub(r"[^\w.()-]+", "_", report.title, flags=re.UNICODE).strip("._")[:80]
    return f"{title or 'report'}-{str(report.report_id)[:8]}"


def _write(content: bytes, path: Path) -> None:
    """Whole as soon as it has its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(part).chmod(0o664)
    os.replace(part, path)


def _print(content: bytes, queue: str, title: str) -> None:
    command = ["lp", "-d", queue, "-t", title or "report", "-"]
    result = subprocess.run(command, input=content, capture_output=True, timeout=_PRINT_SECONDS, check=False)
    if result.returncode != 0:
        raise Unavailable(f"The printer queue {queue} did not take the stamped copy.")
