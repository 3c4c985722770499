# SPDX-License-Identifier: AGPL-3.0-or-later
"""Other content under a UID that is there, another patient in an exam that is there: kept aside, shown, settled, and taken back."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from pydicom import dcmread

from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.storage.key_files import load_key_ring
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, study_uid
from tests.support.staff import add_member
from tests.support.stow import stow


@pytest.fixture(scope="module")
def registrar(instance: Instance) -> requests.Session:
    return add_member(instance, "registrar", "jia").client()


@pytest.fixture(scope="module")
def archive(instance: Instance) -> OrthancClient:
    ring = load_key_ring(instance.data / "keys")
    return OrthancClient(instance.orthanc_url, lambda: ring, "test", lambda: datetime.now(UTC))


def stored(archive: OrthancClient, study: str, uid: str) -> str:
    """PixelData's and header's hash of what the archive gives back."""
    found = archive.find_instance(study, uid)
    return hashlib.sha256(archive.instance_file(found)).hexdigest() if found else ""


def uids_of(paths: list[Path]) -> list[str]:
    return [str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in paths]


def blackened(path: Path, target: Path) -> bytes:
    image = dcmread(path)
    image.PixelData = bytes(len(image.PixelData))
    image.save_as(target)
    return target.read_bytes()


def aside(instance: Instance, study: str) -> list[tuple[str, str, bool, bool]]:
    """Reason, state, whether its bytes are kept and whether it is still being done."""
    columns = "reason, state, bytes_kept, is_pending"
    return instance.sql(f"SELECT {columns} FROM set_aside WHERE study_instance_uid = %s ORDER BY received_at", study)  # type: ignore[return-value]


def states(instance: Instance, study: str) -> list[str]:
    return sorted(state for _, state, _, is_pending in aside(instance, study) if not is_pending)


@pytest.mark.parametrize("way", ["C-STORE", "STOW-RS"])
def test_other_content_is_kept_aside_and_what_was_there_stays(
    instance: Instance, archive: OrthancClient, registrar: requests.Session, tmp_path: Path, way: str
) -> None:
    seed = {"C-STORE": "45100", "STOW-RS": "45101"}[way]
    study, paths = study_uid(seed), ct_study(tmp_path / "a", seed, slices=2)
    client = instance.client(instance.token("jia", "store"))
    stow(client, [path.read_bytes() for path in paths])
    uids = uids_of(paths)
    before = [stored(archive, study, uid) for uid in uids]
    other = blackened(paths[0], tmp_path / "other.dcm")
    if way == "C-STORE":
        assert instance.dcmtk("storescu", str(tmp_path / "other.dcm"), str(paths[1])).returncode == 0
    else:
        stow(client, [other, paths[1].read_bytes()])
    assert [stored(archive, study, uid) for uid in uids] == before
    # What came again with the same data set is no conflict, whatever header the sender's toolkit wrote.
    assert [one[:3] for one in aside(instance, study) if one[2]] == [("other content under the same SOPInstanceUID", "open", True)]
    wait_for(lambda: instance.sql("SELECT 1 FROM set_aside WHERE study_instance_uid = %s AND picture_sha256 IS NOT NULL", study))
    assert study in registrar.get("/staff/conflicts?lang=en").text
    page = registrar.get(f"/staff/conflicts/content/{study}?lang=en").text
    assert page.count("/staff/conflicts/pictures/") == 2
    assert before[0] in page
    identifier = instance.sql("SELECT set_aside_id FROM set_aside WHERE study_instance_uid = %s AND state = 'open'", study)[0][0]
    there, new = (registrar.get(f"/staff/conflicts/pictures/{identifier}/{side}") for side in ("there", "new"))
    assert (there.headers["Content-Type"], new.headers["Content-Type"]) == ("image/jpeg", "image/jpeg")
    assert there.content != new.content
    # Another hospital sees nothing of it, and can decide nothing.
    stranger = add_member(instance, "registrar", "yi").client()
    assert study not in stranger.get("/staff/conflicts").text
    assert stranger.get(f"/staff/conflicts/pictures/{identifier}/new").status_code == 404
    assert stranger.post(f"/staff/conflicts/content/{study}", data={"step": "take"}).status_code == 404


def test_what_came_is_taken_and_that_is_taken_back(
    instance: Instance, archive: OrthancClient, registrar: requests.Session, tmp_path: Path
) -> None:
    """Of an exam with one image: for a moment the archive has none of it, and the exam stays what it is."""
    study, paths = study_uid("45102"), ct_study(tmp_path / "a", "45102", slices=1)
    client = instance.client(instance.token("jia", "store"))
    stow(client, [paths[0].read_bytes()])
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study))
    (uid,) = uids_of(paths)
    before = stored(archive, study, uid)
    other = blackened(paths[0], tmp_path / "other.dcm")
    stow(client, [other])
    address = f"/staff/conflicts/content/{study}"
    registrar.post(address, data={"step": "take"})
    wait_for(lambda: states(instance, study) == ["replaced", "taken"])
    assert stored(archive, study, uid) == hashlib.sha256(other).hexdigest()
    assert instance.sql("SELECT hospital_id, image_count FROM study WHERE study_instance_uid = %s", study) == [("jia", 1)]
    wait_for(lambda: "kept aside" in registrar.get(address + "?lang=en").text, what="the page to say that it is done")
    registrar.post(address, data={"step": "undo"})
    wait_for(lambda: stored(archive, study, uid) == before)
    wait_for(lambda: states(instance, study) == ["replaced", "taken"])
    wait_for(
        lambda: "What was there is back in the archive" in registrar.get(address + "?lang=en").text, what="the page to say that it is done"
    )
    registrar.post(address, data={"step": "undo"})
    wait_for(lambda: stored(archive, study, uid) == hashlib.sha256(other).hexdigest())
    told = instance.sql(
        "SELECT detail FROM audit_event WHERE kind = 'conflict settled' AND study_instance_uid = %s ORDER BY sequence", study
    )
    assert [one[0].split(": ")[1] for one in told] == [
        "took 1 instances in place of what was there",
        "put 1 instances back that had been replaced",
        "put 1 instances back that had been replaced",
    ]


def test_what_is_there_is_kept_and_that_is_taken_back(
    instance: Instance, archive: OrthancClient, registrar: requests.Session, tmp_path: Path
) -> None:
    study, paths = study_uid("45103"), ct_study(tmp_path / "a", "45103", slices=1)
    client = instance.client(instance.token("jia", "store"))
    stow(client, [paths[0].read_bytes()])
    other = blackened(paths[0], tmp_path / "other.dcm")
    (uid,) = uids_of(paths)
    before = stored(archive, study, uid)
    stow(client, [other])
    receipts = {"instances": [{"study_instance_uid": study, "sop_instance_uid": uid}]}
    mine = hashlib.sha256(other).hexdigest()
    assert client.post("/api/v1/receipts", json=receipts).json()["receipts"][0]["set_aside"] == [mine]
    address = f"/staff/conflicts/content/{study}"
    registrar.post(address, data={"step": "keep"})
    assert states(instance, study) == ["kept out"]
    assert client.post("/api/v1/receipts", json=receipts).json()["receipts"][0]["decided"] == [mine]
    registrar.post(address, data={"step": "undo"})
    assert states(instance, study) == ["open"]
    assert stored(archive, study, uid) == before


def test_another_patient_in_an_exam_that_is_there_is_kept_aside_and_can_take_its_place(
    instance: Instance, archive: OrthancClient, registrar: requests.Session, tmp_path: Path
) -> None:
    study, paths = study_uid("45104"), ct_study(tmp_path / "a", "45104", slices=3)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study))
    uids = uids_of(paths)
    before = {stored(archive, study, uid) for uid in uids}
    # The technician had chosen the wrong patient, and sends the exam once more.
    right = change(ct_study(tmp_path / "b", "45104", slices=2), PatientID="P45105", PatientName="Li^Si=李^四")
    instance.dcmtk("storescu", *map(str, right))
    assert [one[:3] for one in aside(instance, study)] == [("the study is another patient's", "open", True)] * 2
    assert {stored(archive, study, uid) for uid in uids} == before
    wait_for(lambda: instance.sql("SELECT count(*) FROM set_aside WHERE study_instance_uid = %s AND facts IS NOT NULL", study) == [(2,)])
    address = f"/staff/conflicts/patient/{study}"
    page = registrar.get(address + "?lang=en").text
    assert "P45104" in page
    assert "P45105" in page
    registrar.post(address, data={"step": "take"})
    wait_for(lambda: states(instance, study) == ["replaced"] * 3 + ["taken"] * 2)
    patient = "SELECT patient_id, image_count, hospital_id FROM study WHERE study_instance_uid = %s"
    wait_for(lambda: instance.sql(patient, study) == [("P45105", 2, "jia")])
    registrar.post(address, data={"step": "undo"})
    wait_for(lambda: instance.sql(patient, study) == [("P45104", 3, "jia")])
    wait_for(lambda: {stored(archive, study, uid) for uid in uids} == before)
