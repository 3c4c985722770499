# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hospitals are tenants: the same identifiers in two of them leak nothing and overwrite nothing, and what is refused is kept aside."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from cloudfilm.access.audit import ActorKind
from cloudfilm.db.database import Database
from cloudfilm.db.set_aside import bytes_set_aside
from cloudfilm.doors.audit_trail import AuditTrail
from cloudfilm.orthanc_api.set_aside_keeper import Sender, SetAsideKeeper
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.key_files import load_key_ring
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, study_uid
from tests.support.stow import failed, stored, stow


@pytest.fixture
def contested(instance: Instance, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[str, Path]:
    """A study that 甲 has, and an instance with all of its identifiers that 乙 comes with later; with other pixels."""
    seed = hashlib.sha256(request.node.name.encode()).hexdigest()[:10]
    assert instance.dcmtk("storescu", str(ct_study(tmp_path / "jia", seed, slices=1)[0])).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid(seed)))
    return study_uid(seed), change(ct_study(tmp_path / "yi", seed, slices=1), PixelData=bytes(128 * 128 * 2))[0]


def set_aside(instance: Instance, study_instance_uid: str) -> list[dict[str, Any]]:
    listed = instance.admin("set-aside", "list", "--hospital", "yi")["set_aside"]
    return [one for one in listed if one["study_instance_uid"] == study_instance_uid]


def test_c_store_into_a_foreign_study_is_refused_and_kept_aside(instance: Instance, contested: tuple[str, Path], tmp_path: Path) -> None:
    uid, path = contested
    for _ in range(2):
        refused = instance.dcmtk("storescu", "-v", str(path), aet="MR2")
        said = refused.stdout + refused.stderr
        assert "0x0124" in said or "NotAuthorized" in said
        assert "jia" not in said
        assert "甲" not in said
    (one,) = set_aside(instance, uid)
    image = dcmread(path)
    assert (one["hospital_id"], one["sender"], one["sop_instance_uid"], one["bytes_kept"]) == ("yi", "MR2", image.SOPInstanceUID, True)
    copy = tmp_path / "copy.dcm"
    instance.admin("set-aside", "show", one["set_aside_id"], "--output", str(copy))
    assert dcmread(copy).PixelData == image.PixelData
    assert instance.sql("SELECT hospital_id, instance_count FROM study WHERE study_instance_uid = %s", uid) == [("jia", 1)]
    events = instance.sql(
        "SELECT outcome, actor_kind, actor_id, hospital_id FROM audit_event WHERE kind = 'images set aside' AND study_instance_uid = %s",
        uid,
    )
    assert events == [("denied", "modality", "MR2", "yi")]
    assert instance.admin("set-aside", "discard", one["set_aside_id"])["discarded"] is True
    assert set_aside(instance, uid) == []
    assert not list((instance.data / "set-aside").rglob(one["content_sha256"]))


def test_stow_into_a_foreign_study_is_refused_and_kept_aside(instance: Instance, contested: tuple[str, Path]) -> None:
    uid, path = contested
    answer = stow(instance.client(instance.token("yi", "store")), [path.read_bytes()])
    assert (answer.status_code, stored(answer)) == (409, [])
    assert len(failed(answer)) == 1
    assert "jia" not in answer.text
    (one,) = set_aside(instance, uid)
    assert (one["sender"], one["bytes_kept"]) == ("STOW-RS", True)
    assert (instance.data / "set-aside" / one["content_sha256"][:2] / one["content_sha256"][2:4] / one["content_sha256"]).exists()


def test_the_owners_images_are_as_they_were(instance: Instance, contested: tuple[str, Path]) -> None:
    uid, path = contested
    instance.dcmtk("storescu", str(path), aet="MR2")
    stow(instance.client(instance.token("yi", "store")), [path.read_bytes()])
    ours = instance.client(instance.token("jia", "query", "retrieve"))
    image = dcmread(path)
    frame = ours.get(f"/dicom-web/studies/{uid}/series/{image.SeriesInstanceUID}/instances/{image.SOPInstanceUID}/frames/1")
    assert image.PixelData not in frame.content
    assert len(ours.get(f"/dicom-web/studies/{uid}/instances").json()) == 1
    theirs = instance.client(instance.token("yi", "query", "retrieve"))
    assert theirs.get("/dicom-web/studies", params={"StudyInstanceUID": uid}).status_code == 204
    assert theirs.get(f"/dicom-web/studies/{uid}/metadata").status_code == 404


def test_the_same_patient_and_accession_number_are_two_studies_of_two_hospitals(instance: Instance, tmp_path: Path) -> None:
    ours = ct_study(tmp_path / "jia", "tenants one", slices=1)
    theirs = change(ct_study(tmp_path / "yi", "tenants two", slices=1), PatientID="Ptenants one", AccessionNumber="Atenants one")
    assert instance.dcmtk("storescu", str(ours[0])).returncode == 0
    assert instance.dcmtk("storescu", str(theirs[0]), aet="MR2").returncode == 0
    uids = {"jia": study_uid("tenants one"), "yi": study_uid("tenants two")}
    wait_for(
        lambda: (
            instance.sql("SELECT count(*) FROM study WHERE study_instance_uid = ANY(%s) AND instance_count = 1", list(uids.values()))
            == [(2,)]
        )
    )
    for hospital, uid in uids.items():
        client = instance.client(instance.token(hospital, "query", "retrieve"))
        for key, value in (("PatientID", "Ptenants one"), ("AccessionNumber", "Atenants one")):
            found = client.get("/dicom-web/studies", params={key: value}).json()
            assert [dataset["0020000D"]["Value"][0] for dataset in found] == [uid]
        other = next(one for one in uids.values() if one != uid)
        assert client.get(f"/dicom-web/studies/{other}/metadata").status_code == 404


def test_an_unknown_set_aside_instance_is_a_sentence(instance: Instance) -> None:
    result = instance.admin("set-aside", "show", "00000000-0000-4000-8000-000000000000", check=False)
    assert result.returncode != 0
    assert "There is no set-aside instance" in result.stderr


def test_above_the_quota_only_the_row_is_kept(instance: Instance, tmp_path: Path) -> None:
    database = Database(f"postgresql:///cloudfilm?host={instance.data}/run/postgresql&user=cloudfilm")
    trail = AuditTrail.over(database, load_key_ring(instance.data / "keys").auditing, lambda: datetime.now(UTC))
    with database.transaction() as cursor:
        room = bytes_set_aside(cursor) + 1500
    keeper = SetAsideKeeper(database, DocumentStore(tmp_path), trail, room, lambda: datetime.now(UTC), os.urandom)
    for number in range(3):
        keeper.keep(bytes([number]) * 1000, "1.2.3.4.5", f"1.2.3.{number}", "a test", Sender("yi", ActorKind.MODALITY, "MR2"))
    kept = {one["sop_instance_uid"]: one["bytes_kept"] for one in set_aside(instance, "1.2.3.4.5")}
    assert kept == {"1.2.3.0": True, "1.2.3.1": False, "1.2.3.2": False}
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert len(instance.sql("SELECT 1 FROM audit_event WHERE kind = 'images set aside' AND study_instance_uid = '1.2.3.4.5'")) == 1
    refused = next(one for one in set_aside(instance, "1.2.3.4.5") if not one["bytes_kept"])
    result = instance.admin("set-aside", "show", refused["set_aside_id"], "--output", str(tmp_path / "none"), check=False)
    assert "were not kept" in result.stderr
    database.close()
