# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must hold after every fault, in one place. Each check returns sentences that say what does not hold; none is good."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import requests

from tests.faults.exam import data_set_sha256
from tests.faults.ledger import Ledger, Promise
from tests.faults.site import HOSPITAL, Site

_WHOLE = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
_FILE_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LARGEST_BYTES = 100_000_000


def lost(site: Site, ledger: Ledger) -> list[Promise]:
    """Acknowledged, and not readable through DICOMweb as the bytes that were sent."""
    client = site.cloud.client(site.token)
    by_study: dict[str, list[Promise]] = defaultdict(list)
    for one in ledger.owed():
        by_study[one.image.study_instance_uid].append(one)
    missing = []
    for study, owed in by_study.items():
        files = _files_of(client.get(f"/dicom-web/studies/{study}", headers=_WHOLE))
        whole = {hashlib.sha256(file).hexdigest() for file in files}
        data_sets = {data_set_sha256(file) for file in files}
        for one in owed:
            is_there = hashlib.sha256(one.image.file).hexdigest() in whole if one.whole_file else one.image.data_set_sha256 in data_sets
            if not is_there:
                missing.append(one)
    return missing


def rows_without_bytes(site: Site) -> list[str]:
    """Every attachment of the cloud's index is where it belongs, and is what Orthanc once received."""
    flaws = []
    rows = site.cloud.sql("SELECT uuid, fileType, compressedHash FROM AttachedFiles", database="orthanc")
    if site.s3 is not None:
        storage = site.object_storage()
        recorded = {
            row[0]: row[1] for row in site.cloud.sql("SELECT attachment_id, object_name FROM storage_object WHERE removed_at IS NULL")
        }
        for uuid, _kind, md5 in rows:
            name = recorded.get(UUID(uuid))
            if name is None or hashlib.md5(storage.bucket.get(name)).hexdigest() != md5:
                flaws.append(f"attachment {uuid} of the index is not in the bucket as it was received")
        return flaws
    return [f"cloud: {flaw}" for flaw in _flaws_of_folder(site.cloud.data / "orthanc", [(uuid, md5) for uuid, _kind, md5 in rows])]


def gateways_rows_without_bytes(site: Site) -> list[str]:
    """The same for each gateway's own archive, asked through its Orthanc, which alone may open its index."""
    flaws = []
    for gateway in site.gateways:
        orthanc = site.orthanc(gateway)
        for orthanc_id, sha256 in gateway.rows("SELECT orthanc_instance_id, sha256 FROM instance"):
            file = orthanc.file_of_instance(orthanc_id, _LARGEST_BYTES)
            if file is None or hashlib.sha256(file).hexdigest() != sha256:
                flaws.append(f"{gateway.data.name}: instance {orthanc_id} is not what was forwarded")
    return flaws


def orphans(site: Site) -> list[str]:
    """Bytes that no index knows; asked after the grace time."""
    known = {row[0] for row in site.cloud.sql("SELECT uuid FROM AttachedFiles", database="orthanc")}
    on_disk = {path.name for path in (site.cloud.data / "orthanc").glob("??/??/*")}
    found = [f"cloud: file {name} is in no index" for name in sorted(on_disk - known)]
    if site.s3 is not None:
        names = site.object_storage().bucket.names(before=datetime.now(UTC) + timedelta(days=1))
        found += [f"bucket: object {name} is in no index" for name in names if name.split(".")[0] not in known]
    return found


def queues_not_empty(site: Site) -> list[str]:
    """Every instance of every gateway is confirmed, and nothing is set aside."""
    flaws = []
    for gateway in site.gateways:
        left = gateway.rows("SELECT state, reason, count(*) FROM instance WHERE state <> 'confirmed' GROUP BY state, reason")
        flaws += [f"{gateway.data.name}: {count} {state}: {reason}" for state, reason, count in left]
        ours = {row[0] for row in gateway.rows("SELECT orthanc_instance_id FROM instance")}
        unqueued = set(site.orthanc(gateway).instance_ids()) - ours
        flaws += [f"{gateway.data.name}: {len(unqueued)} instances were never queued"] if unqueued else []
        flaws += [f"{gateway.data.name}: a conflict was kept" for _ in (gateway.data / "gateway/conflicts").glob("*.dcm")]
    return flaws


def tables_that_differ(site: Site) -> list[str]:
    """Our own table of studies says what Orthanc's index says; every study belongs to its hospital; no instance is there twice."""
    index = site.cloud.sql(_COUNTS_OF_INDEX, database="orthanc")
    ours = {
        row[0]: row[1:]
        for row in site.cloud.sql(
            "SELECT study_instance_uid, hospital_id, series_count, instance_count, complete_at IS NOT NULL FROM study"
            " WHERE instance_count > 0 OR orthanc_study_id IS NOT NULL"
        )
    }
    flaws = []
    for study, series, instances in index:
        said = ours.pop(study, None)
        if said != (HOSPITAL, series, instances, True):
            flaws.append(f"study {study}: the index has {series} series and {instances} instances, our table says {said}")
    flaws += [f"study {study} is in our table only" for study in ours]
    twice = site.cloud.sql("SELECT value FROM DicomIdentifiers WHERE tagGroup = 8 AND tagElement = 24 GROUP BY value HAVING count(*) > 1", database="orthanc")  # fmt: skip
    return flaws + [f"instance {row[0]} is in the index twice" for row in twice]


def jobs_left(site: Site) -> list[str]:
    """Nothing that a worker was to do was given up or forgotten. What is done each minute anyway may have failed once."""
    rows = site.cloud.sql(
        "SELECT task_name, status::text, count(*) FROM procrastinate_jobs WHERE (status IN ('failed', 'doing')"
        " OR (status = 'todo' AND coalesce(scheduled_at, now()) <= now())) AND NOT args ? 'timestamp' GROUP BY 1, 2"
    )
    return [f"{count} jobs {task} are {status}" for task, status, count in rows]


_COUNTS_OF_INDEX = """
SELECT study.value, count(DISTINCT series.internalId)::int, count(instance.internalId)::int
FROM Resources instance JOIN Resources series ON series.internalId = instance.parentId
JOIN DicomIdentifiers study ON study.id = series.parentId AND study.tagGroup = 32 AND study.tagElement = 13
WHERE instance.resourceType = 3 GROUP BY study.value
"""


def _flaws_of_folder(folder: Path, rows: list[tuple[str, str]]) -> list[str]:
    flaws = []
    for uuid, md5 in rows:
        path = folder / uuid[:2] / uuid[2:4] / uuid
        if not path.exists():
            flaws.append(f"attachment {uuid} of the index has no file")
        elif hashlib.md5(path.read_bytes()).hexdigest() != md5:
            flaws.append(f"attachment {uuid} is not what was received")
    return flaws


def _files_of(answer: requests.Response) -> list[bytes]:
    """The parts of a multipart answer, taken apart byte by byte."""
    if answer.status_code != requests.codes.ok:
        return []
    boundary = re.search(r'boundary="?([^";]+)', answer.headers["Content-Type"])
    assert boundary, answer.headers["Content-Type"]
    parts = answer.content.split(b"--" + boundary[1].encode())[1:-1]
    return [part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for part in parts]
