# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole installation that stores in a real S3 server (`scripts/run --s3`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests
from pydicom import dcmread
from pydicom.uid import generate_uid

from cloudfilm.db.database import Database
from cloudfilm.jobs.tidy_storage import delete_removed_objects, delete_unrecorded_objects, settle_unseen_objects
from cloudfilm.orthanc_api.object_storage import ObjectStorage
from cloudfilm.orthanc_api.storage_area import StorageArea
from cloudfilm.storage.bucket import Bucket
from cloudfilm.storage.encryption_keys import EncryptionKeys
from cloudfilm.storage.local_attachments import LocalAttachments
from cloudfilm.storage.object_faults import ObjectDamaged, ObjectMissing
from cloudfilm.storage.read_cache import ReadCache
from tests.support.instance import Instance, wait_for
from tests.support.mint import Mint
from tests.support.s3_server import s3_settings
from tests.support.samples import ct_study, study_uid
from tests.support.stow import failed, stored, stow

WHOLE = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}


@pytest.fixture(scope="module")
def s3_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    # Nothing is published: what a worker reads for that stays in Orthanc's memory, and these tests ask for what is not there.
    # radosgw's SQLite files in memory: on a disk each PUT of radosgw takes some 40 ms, here 2.
    data = tmp_path_factory.mktemp("s3")
    memory = Path("/dev/shm") / f"cloudfilm-test-s3-{uuid4().hex}"
    memory.mkdir()
    (data / "s3").symlink_to(memory)
    running = Instance(data, options=("--s3",), environment={"CLOUDFILM_S3_TIMEOUT_SECONDS": "4", "CLOUDFILM_PUBLISHED_GIGABYTES": "0"})
    try:
        running.start()
        running.admin("hospital", "add", "jia", "--name", "甲医院")
        running.admin("modality", "add", "--hospital", "jia", "--aet", "CT1", "--host", "127.0.0.1")
        yield running
        running.stop()
    finally:
        shutil.rmtree(memory)


@pytest.fixture(scope="module")
def client(s3_instance: Instance) -> requests.Session:
    return s3_instance.client(s3_instance.token("jia", "retrieve", "query", "store"))


def storage_of(instance: Instance, folder: Path, keys: EncryptionKeys | None = None) -> ObjectStorage:
    """The installation's object store seen from another process with an empty cache of its own, and another folder of local files."""
    socket = instance.data / "run/postgresql"
    database, index = (Database(f"postgresql:///{name}?host={socket}&user=cloudfilm") for name in ("cloudfilm", "orthanc"))
    mark = instance.sql("SELECT installation_id FROM storage_installation")[0][0]
    bucket = Bucket(s3_settings(instance.settings["CLOUDFILM_S3_ENDPOINT"], instance.data / "keys/s3.credentials"), str(mark))
    local = LocalAttachments(folder / "local")
    (folder / "local").mkdir(exist_ok=True)
    area = StorageArea(database, bucket, local, ReadCache(folder / "cache", 10_000_000), keys, "", stores_to_s3=True)
    return ObjectStorage(area, bucket, local, database, index)


def attachments(instance: Instance, seed: str) -> list[tuple[UUID, int]]:
    """Of a study, as Orthanc's index has them."""
    rows = instance.sql(
        "SELECT uuid, fileType FROM AttachedFiles a JOIN Resources i ON a.id = i.internalId JOIN Resources s ON i.parentId = s.internalId"
        " JOIN MainDicomTags t ON t.id = s.parentId AND t.tagGroup = 32 AND t.tagElement = 13 AND t.value = %s",
        study_uid(seed),
        database="orthanc",
    )
    return [(UUID(uuid), kind) for uuid, kind in rows]


def empty_the_cache(instance: Instance) -> None:
    for folder in (instance.data / "cache/s3").glob("??"):
        shutil.rmtree(folder)


def whole_study(client: requests.Session, seed: str) -> requests.Response:
    return client.get(f"/dicom-web/studies/{study_uid(seed)}", headers=WHOLE)


def rendered_path(file: Path) -> str:
    image = dcmread(file)
    return f"/dicom-web/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}/instances/{image.SOPInstanceUID}/rendered"


def orthanc(instance: Instance, method: str, path: str) -> requests.Response:
    return requests.request(
        method, instance.orthanc_url + path, headers={"Authorization": f"Bearer {Mint(instance).internal()}"}, timeout=30
    )


def test_what_is_stored_comes_back_byte_for_byte(s3_instance: Instance, client: requests.Session, tmp_path: Path) -> None:
    files = [path.read_bytes() for path in ct_study(tmp_path, "35000", slices=3)]
    assert len(stored(stow(client, files))) == 3
    known = attachments(s3_instance, "35000")
    assert sorted(kind for _one, kind in known) == [1, 1, 1, 3, 3, 3]
    assert not list((s3_instance.data / "orthanc").glob("*/*/*"))
    storage = storage_of(s3_instance, tmp_path)
    assert sorted(storage.bucket.get(f"{one}.dcm") for one, kind in known if kind == 1) == sorted(files)
    for one, kind in known:
        assert storage.bucket.is_ours(f"{one}.dcm" if kind == 1 else f"{one}.dcm.head")
    for _ in ("warm", "cold"):
        answer = whole_study(client, "35000")
        assert all(file in answer.content for file in files)
        empty_the_cache(s3_instance)


def test_the_rest_of_a_series_is_fetched_ahead(s3_instance: Instance, client: requests.Session, tmp_path: Path) -> None:
    files = ct_study(tmp_path, "35003", slices=6)
    assert len(stored(stow(client, [path.read_bytes() for path in files]))) == 6
    images = [one for one, kind in attachments(s3_instance, "35003") if kind == 1]
    empty_the_cache(s3_instance)
    s3_instance.switch_part("orthanc", "stop")  # it remembers files in memory
    s3_instance.switch_part("orthanc", "start")
    first = dcmread(files[0])
    path = f"/dicom-web/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}/instances/{first.SOPInstanceUID}/frames/1"
    wait_for(lambda: client.get(path, headers={"Accept": "multipart/related; type=application/octet-stream"}).status_code == 200, 60)
    wait_for(lambda: all((s3_instance.data / "cache/s3" / str(one)[:2] / str(one)).exists() for one in images))


def test_deleting_leaves_nothing_behind(s3_instance: Instance, client: requests.Session, tmp_path: Path) -> None:
    assert len(stored(stow(client, [path.read_bytes() for path in ct_study(tmp_path, "35004", slices=2)]))) == 2
    known = attachments(s3_instance, "35004")
    study = orthanc(s3_instance, "GET", "/studies").json()
    (mine,) = [
        one for one in study if orthanc(s3_instance, "GET", f"/studies/{one}").json()["MainDicomTags"]["AccessionNumber"] == "A35004"
    ]
    assert orthanc(s3_instance, "DELETE", f"/studies/{mine}").status_code == 200
    storage = storage_of(s3_instance, tmp_path)
    for one, kind in known:
        with pytest.raises(ObjectMissing):
            storage.area.fetch(one, kind)
        assert not (s3_instance.data / "cache/s3" / str(one)[:2] / str(one)).exists()
    assert not s3_instance.sql("SELECT 1 FROM storage_object WHERE attachment_id = ANY(%s)", [one for one, _kind in known])


def test_an_outage_refuses_clearly_and_what_was_acknowledged_is_there(
    s3_instance: Instance, client: requests.Session, tmp_path: Path
) -> None:
    files = ct_study(tmp_path / "whole", "35005", slices=24)
    stop = threading.Event()
    acknowledged: list[str] = []

    def send() -> None:
        for path in files:
            answer = stow(client, [path.read_bytes()])
            if answer.status_code == 200:
                acknowledged.extend(stored(answer))
        stop.set()

    sender = threading.Thread(target=send)
    sender.start()
    wait_for(lambda: len(acknowledged) >= 3)
    s3_instance.switch_part("s3", "stop")
    more = ct_study(tmp_path / "more", "35006", slices=1)
    refused = s3_instance.dcmtk("storescu", "-v", *map(str, more))
    assert "0xa700" in refused.stdout.lower() + refused.stderr.lower()
    answer = stow(client, [more[0].read_bytes()])
    assert answer.status_code >= 400
    assert list(failed(answer)) == [dcmread(more[0]).SOPInstanceUID]
    paths = [rendered_path(path) for path in ct_study(tmp_path / "again", "35003", slices=6)]

    def read_cold() -> set[int]:
        empty_the_cache(s3_instance)  # what was being fetched ahead may arrive after the object store is gone
        return {client.get(path, headers={"Accept": "image/jpeg"}).status_code for path in paths}

    # One of them a worker may have read for its texts: that one is in Orthanc's memory.
    wait_for(lambda: read_cold() in ({503}, {200, 503}))
    s3_instance.switch_part("s3", "start")
    assert stop.wait(60)
    sender.join()
    wait_for(lambda: stored(stow(client, [more[0].read_bytes()])), 30, "stores again")
    wait_for(lambda: read_cold() == {200}, 30, "reads again")
    got = whole_study(client, "35005").content
    sent = {generate_uid(entropy_srcs=["35005", "instance", str(number)]): path for number, path in enumerate(files, 1)}
    assert acknowledged
    assert all(sent[one].read_bytes() in got for one in acknowledged)


def test_a_damaged_object_is_never_given_out(s3_instance: Instance, tmp_path: Path) -> None:
    storage = storage_of(s3_instance, tmp_path)
    one, content = uuid4(), os.urandom(5000)
    storage.area.store(one, 1, content)
    assert storage.area.fetch(one, 1) == content
    storage.bucket.put(f"{one}.dcm", content[:-1])
    other = storage_of(s3_instance, tmp_path_of(tmp_path))
    with pytest.raises(ObjectDamaged):
        other.area.read(str(one), 1)
    assert storage.area.read(str(one), 1) == content  # its own cache has it
    storage.area.remove(str(one), 1)


def tmp_path_of(folder: Path) -> Path:
    other = folder / "other"
    other.mkdir()
    return other


def test_objects_of_another_program_are_read_and_remembered(s3_instance: Instance, tmp_path: Path) -> None:
    """What the official plugin has put has no row here."""
    storage = storage_of(s3_instance, tmp_path)
    one, head = uuid4(), uuid4()
    storage.bucket.put(f"{one}.dcm", b"whole")
    storage.bucket.put(f"{head}.unk", b"header, as in 2021")
    assert storage.area.read(str(one), 1) == b"whole"
    assert storage.area.read(str(head), 3) == b"header, as in 2021"
    assert s3_instance.sql("SELECT object_name FROM storage_object WHERE attachment_id = %s", head) == [(f"{head}.unk",)]
    storage.bucket.put(f"{one}.dcm", b"other")
    with pytest.raises(ObjectDamaged):
        storage_of(s3_instance, tmp_path_of(tmp_path)).area.read(str(one), 1)
    for attachment, kind in ((one, 1), (head, 3)):
        storage.area.remove(str(attachment), kind)


def test_encrypted_objects_need_their_key(s3_instance: Instance, tmp_path: Path) -> None:
    keys = EncryptionKeys({1: b"a" * 32, 2: b"b" * 32}, 2)
    storage = storage_of(s3_instance, tmp_path, keys)
    one, content = uuid4(), b"patient" * 1000
    storage.area.store(one, 1, content)
    assert b"patient" not in storage.bucket.get(f"{one}.dcm.enc")
    assert s3_instance.sql("SELECT key_id, size_bytes FROM storage_object WHERE attachment_id = %s", one) == [(2, 7000)]
    assert storage.area.read(str(one), 1) == content
    for few in (None, EncryptionKeys({1: b"a" * 32}, 1)):
        folder = tmp_path / f"{few is None}"
        folder.mkdir()
        with pytest.raises(ObjectDamaged):
            storage_of(s3_instance, folder, few).area.read(str(one), 1)
    storage.area.remove(str(one), 1)


def test_orphans_go_after_a_time_and_nobody_elses_objects_do(s3_instance: Instance, tmp_path: Path) -> None:
    storage = storage_of(s3_instance, tmp_path)
    recorded, unrecorded, foreign = uuid4(), uuid4(), uuid4()
    storage.area.store(recorded, 1, b"put, recorded, never indexed")
    storage.bucket.put(f"{unrecorded}.dcm", b"put, never recorded")
    Bucket(s3_settings(s3_instance.settings["CLOUDFILM_S3_ENDPOINT"], s3_instance.data / "keys/s3.credentials"), "x").put(
        f"{foreign}.dcm", b"x"
    )
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=2)
    settle_unseen_objects(storage, now)
    delete_removed_objects(storage)
    assert delete_unrecorded_objects(storage, now) == 0
    assert storage.bucket.get(f"{recorded}.dcm")
    before = s3_instance.sql("SELECT count(*) FROM AttachedFiles", database="orthanc")
    assert settle_unseen_objects(storage, later) >= 1
    delete_removed_objects(storage)
    assert delete_unrecorded_objects(storage, later) >= 1
    for gone in (recorded, unrecorded):
        with pytest.raises(ObjectMissing):
            storage.bucket.get(f"{gone}.dcm")
    assert storage.bucket.get(f"{foreign}.dcm") == b"x"
    storage.bucket.delete(f"{foreign}.dcm")
    known = attachments(s3_instance, "35000")
    assert all(storage.area.fetch(one, kind) for one, kind in known)
    assert s3_instance.sql("SELECT count(*) FROM AttachedFiles", database="orthanc") == before


def test_everything_moves_to_the_disk_and_back_while_it_runs(s3_instance: Instance, client: requests.Session, tmp_path: Path) -> None:
    files = [path.read_bytes() for path in ct_study(tmp_path, "35000", slices=3)]
    refused = s3_instance.admin("storage", "migrate", "--to", "local", check=False)
    assert refused.returncode == 1
    assert 'set "Storage" to "local"' in refused.stderr
    assert s3_instance.admin("storage", "check") == {"checked": True}
    s3_instance.stop()
    s3_instance.options, s3_instance.environment = (), {**s3_instance.environment, "CLOUDFILM_STORAGE": "local"}
    s3_instance.start()
    assert len(stored(stow(client, [ct_study(tmp_path / "new", "35007", slices=1)[0].read_bytes()]))) == 1
    assert len(list((s3_instance.data / "orthanc").glob("*/*/*"))) == 2
    in_store = s3_instance.admin("storage", "status")["in_bucket"]
    assert in_store > 6
    # Killed on its way, started again.
    command = ["scripts/cloudfilm", "--data", str(s3_instance.data), "--json", "storage", "migrate", "--to", "local", "--rate", "0.5"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for(lambda: s3_instance.sql("SELECT count(*) FROM storage_object")[0][0] < in_store)
    assert all(file in whole_study(client, "35000").content for file in files)
    process.kill()
    process.wait()
    done = s3_instance.admin("storage", "migrate", "--to", "local")
    assert (done["failed"], done["gone"]) == (0, 0)
    # Those that are marked were copied when the first run was killed: the tidying deletes their objects.
    assert s3_instance.sql("SELECT count(*) FROM storage_object WHERE removed_at IS NULL") == [(0,)]
    empty_the_cache(s3_instance)
    assert all(file in whole_study(client, "35000").content for file in files)
    s3_instance.stop()
    s3_instance.environment = {"CLOUDFILM_STORAGE": "s3"}
    s3_instance.start()
    # A file that has changed on disk is not moved, and said.
    (damaged,) = [one for one, kind in attachments(s3_instance, "35007") if kind == 1]
    path = s3_instance.data / "orthanc" / str(damaged)[:2] / str(damaged)[2:4] / str(damaged)
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b"!")
    result = s3_instance.admin("storage", "migrate", "--to", "s3", check=False)
    assert result.returncode == 1
    assert f"{damaged}: the file on disk is not what Orthanc once received" in result.stdout
    path.write_bytes(good)
    assert s3_instance.admin("storage", "migrate", "--to", "s3")["moved"] == 1
    assert not list((s3_instance.data / "orthanc").glob("*/*/*"))
    assert all(file in whole_study(client, "35000").content for file in files)
