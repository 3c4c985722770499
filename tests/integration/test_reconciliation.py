# SPDX-License-Identifier: AGPL-3.0-or-later
"""A gateway and a cloud compare what they hold; what was lost on one side is found, and what is safe to repair is repaired by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from pydicom import dcmread

from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.storage.key_files import load_key_ring
from tests.support.gateway import Gateway, paired_gateway
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, study_uid
from tests.support.staff import add_member


@pytest.fixture(scope="module")
def gateway(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = paired_gateway(instance, tmp_path_factory.mktemp("gateway"), "jia", CLOUDFILM_GATEWAY_HEARTBEAT_SECONDS="1")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def administrator(instance: Instance) -> requests.Session:
    return add_member(instance, "administrator", "jia").client()


def archive_of(one: Instance) -> OrthancClient:
    ring = load_key_ring(one.data / "keys")
    return OrthancClient(one.orthanc_url, lambda: ring, "test", lambda: datetime.now(UTC))


def gateway_id(gateway: Gateway, instance: Instance) -> str:
    """The one of this module: others of the same session are in the table too."""
    name = "SELECT gateway_id FROM gateway WHERE hospital_id = 'jia' ORDER BY paired_at DESC NULLS LAST LIMIT 1"
    return str(instance.sql(name)[0][0])


def send(gateway: Gateway, folder: Path, seed: str, slices: int) -> list[str]:
    """Send a study by C-STORE and wait until all of it is confirmed; its SOPInstanceUIDs."""
    paths = ct_study(folder, seed, slices=slices)
    gateway.dcmtk("storescu", *map(str, paths))
    count = f"SELECT count(*) FROM instance WHERE study_instance_uid = '{study_uid(seed)}' AND state = 'confirmed'"
    wait_for(lambda: gateway.rows(count) == [(slices,)], what="the study to be confirmed")
    return [str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in paths]


def compare_now(administrator: requests.Session, gateway: Gateway, instance: Instance) -> None:
    """Press the button, and wait until the gateway has told everything and all of it is compared."""
    identifier = gateway_id(gateway, instance)
    before = instance.sql("SELECT inventory_told_at FROM gateway WHERE gateway_id = %s", identifier)
    assert administrator.post(f"/staff/gateways/{identifier}/compare", data={}).status_code == 303
    wait_for(lambda: instance.sql("SELECT inventory_told_at FROM gateway WHERE gateway_id = %s", identifier) != before)
    wait_for(lambda: instance.sql("SELECT 1 FROM reconciliation WHERE compared_at IS NULL") == [])


def found(instance: Instance, study: str) -> tuple[list[str], list[str], list[str], bool]:
    columns = "missing_in_cloud, other_content, missing_on_gateway, was_deleted"
    rows = instance.sql(f"SELECT {columns} FROM reconciliation WHERE study_instance_uid = %s", study)
    return rows[0]  # type: ignore[return-value]


def test_an_image_that_the_cloud_lost_comes_back_by_itself(
    gateway: Gateway, instance: Instance, administrator: requests.Session, tmp_path: Path
) -> None:
    study = study_uid("45000")
    uids = send(gateway, tmp_path, "45000", 3)
    archive = archive_of(instance)
    lost = archive.find_instance(study, uids[1])
    assert lost is not None
    before = hashlib.sha256(archive.instance_file(lost)).hexdigest()
    archive.delete_instance(lost)
    assert archive.find_instance(study, uids[1]) is None
    compare_now(administrator, gateway, instance)
    again = wait_for(lambda: archive.find_instance(study, uids[1]), what="the image to be there again")
    assert hashlib.sha256(archive.instance_file(again)).hexdigest() == before
    # The gateway tells of it anew as soon as it is confirmed: nothing differs any more.
    wait_for(lambda: found(instance, study) == ([], [], [], False))


def test_an_exam_that_was_deleted_on_purpose_comes_back_only_when_somebody_says_so(
    gateway: Gateway, instance: Instance, administrator: requests.Session, tmp_path: Path
) -> None:
    study = study_uid("45001")
    uids = send(gateway, tmp_path, "45001", 2)
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 2", study))
    archive = archive_of(instance)
    for uid in uids:
        archive.delete_instance(archive.find_instance(study, uid) or "")
    wait_for(lambda: instance.sql("SELECT 1 FROM deleted_study WHERE study_instance_uid = %s", study))
    compare_now(administrator, gateway, instance)
    assert found(instance, study) == (sorted(uids), [], [], True)
    assert instance.sql("SELECT wanted_again FROM reconciliation WHERE study_instance_uid = %s", study) == [([],)]
    page = administrator.get("/staff/gateways/differences?lang=en").text
    assert study in page
    assert "deleted here on purpose" in page
    administrator.post(f"/staff/gateways/{gateway_id(gateway, instance)}/differences/{study}", data={"step": "fetch"})
    wait_for(lambda: all(archive.find_instance(study, uid) for uid in uids), what="the exam to be there again")
    wait_for(lambda: found(instance, study)[0] == [])
    detail = instance.sql("SELECT detail FROM audit_event WHERE study_instance_uid = %s AND kind = 'administered'", study)
    assert [one[0].split(" to ")[1] for one in detail] == ["send 2 instances again"]


def test_a_copy_that_was_damaged_in_the_cloud_is_found_and_replaced_when_somebody_says_so(
    gateway: Gateway, instance: Instance, administrator: requests.Session, tmp_path: Path
) -> None:
    study = study_uid("45004")
    uids = send(gateway, tmp_path, "45004", 2)
    archive = archive_of(instance)
    known = archive.find_instance(study, uids[0]) or ""
    attachment = instance.sql(
        "SELECT file.uuid FROM AttachedFiles file JOIN Resources one ON one.internalId = file.id WHERE one.publicId = %s AND file.fileType = 1",
        known,
        database="orthanc",
    )[0][0]
    file = instance.data / "orthanc" / attachment[:2] / attachment[2:4] / attachment
    content = bytearray(file.read_bytes())
    before = hashlib.sha256(content).hexdigest()
    content[-1] ^= 0xFF
    file.write_bytes(content)
    # Orthanc still has it in its memory.
    for order in ("stop", "start"):
        instance.switch_part("orthanc", order)
    wait_for(lambda: instance.client().get("/api/v1/health").status_code == 200, 60)
    compare_now(administrator, gateway, instance)
    assert found(instance, study) == ([], [uids[0]], [], False)
    administrator.post(f"/staff/gateways/{gateway_id(gateway, instance)}/differences/{study}", data={"step": "fetch"})
    wait_for(lambda: found(instance, study) == ([], [], [], False), what="the copies to be the same")
    assert hashlib.sha256(archive.instance_file(archive.find_instance(study, uids[0]) or "")).hexdigest() == before


def test_what_the_gateway_lost_early_is_listed_and_can_be_accepted_and_that_taken_back(
    gateway: Gateway, instance: Instance, administrator: requests.Session, tmp_path: Path
) -> None:
    study = study_uid("45002")
    uids = send(gateway, tmp_path, "45002", 2)
    here = archive_of(gateway)
    here.delete_instance(here.find_instance(study, uids[0]) or "")
    compare_now(administrator, gateway, instance)
    assert found(instance, study) == ([], [], [uids[0]], False)
    address = f"/staff/gateways/{gateway_id(gateway, instance)}/differences/{study}"
    state = "SELECT accepted_at IS NOT NULL FROM reconciliation WHERE study_instance_uid = %s"
    for step, accepted in (("accept", True), ("reopen", False), ("accept", True)):
        administrator.post(address, data={"step": step})
        assert instance.sql(state, study) == [(accepted,)]
    compare_now(administrator, gateway, instance)
    assert instance.sql(state, study) == [(True,)], "the same difference stays accepted"
    # Nobody of another hospital can say anything of it.
    stranger = add_member(instance, "administrator", "yi").client()
    stranger.post(address, data={"step": "reopen"})
    assert instance.sql(state, study) == [(True,)]
    assert study not in stranger.get("/staff/gateways/differences").text


def test_while_the_gateway_is_away_the_cloud_finds_what_it_lost_and_the_gateway_hears_of_it_when_it_is_back(
    gateway: Gateway, instance: Instance, tmp_path: Path
) -> None:
    study = study_uid("45003")
    uids = send(gateway, tmp_path, "45003", 2)
    archive = archive_of(instance)
    gateway.stop()
    archive.delete_instance(archive.find_instance(study, uids[0]) or "")
    instance.sql("UPDATE gateway SET inventory_told_at = NULL WHERE gateway_id = %s", gateway_id(gateway, instance))
    defer(instance, "reconciling", "reconcile_alone")
    wait_for(lambda: instance.sql("SELECT 1 FROM reconciliation WHERE study_instance_uid = %s", study))
    defer(instance, "reconciling", "reconcile_told")
    wait_for(lambda: found(instance, study) == ([uids[0]], [], [], False))
    # Meanwhile it is silent, and everybody is told.
    mine, name = gateway_id(gateway, instance), "影像中心离线"
    instance.sql("UPDATE gateway SET last_seen_at = now() - interval '10 minutes', name = %s WHERE gateway_id = %s", name, mine)
    defer(instance, "default", "watch_gateways")
    kinds, mark = "SELECT kind FROM audit_event WHERE detail LIKE %s AND kind LIKE 'gateway%%' ORDER BY sequence", f"gateway {mine}%"
    wait_for(lambda: instance.sql(kinds, mark) == [("gateway silent",)])
    health = instance.client().get("/api/v1/health")
    assert health.status_code == 200
    assert health.json()["gateways"]["silent"] >= 1
    registrar = add_member(instance, "registrar", "jia").client()
    assert name in registrar.get("/staff/?lang=en").text
    assert name in add_member(instance, "operator").client().get("/staff/operation?lang=en").text
    assert name not in add_member(instance, "registrar", "yi").client().get("/staff/?lang=en").text
    gateway.start()
    wait_for(lambda: archive.find_instance(study, uids[0]), 60, "the image to be there again")
    wait_for(lambda: instance.sql(kinds, mark) == [("gateway silent",), ("gateway heard again",)])
    assert name not in registrar.get("/staff/?lang=en").text


def defer(instance: Instance, queue: str, task: str) -> None:
    """What the worker does by the clock, now."""
    statement = (
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%s, %s, 0, NULL, NULL, '{\"timestamp\": 0}', NULL)]::procrastinate_job_to_defer_v1[])"
    )
    instance.sql(statement, queue, task)


def test_a_gateway_that_tells_nonsense_gets_a_clear_answer_and_only_a_gateway_may_tell(instance: Instance, gateway: Gateway) -> None:
    code = instance.admin("gateway", "add", "--hospital", "yi", "--name", "乱")["pairing_code"]
    own = instance.client(instance.client().post("/api/v1/gateways/pair", json={"pairing_code": code}).json()["token"])
    bad = (
        [],
        {"studies": [{"study_instance_uid": "x", "instances": []}]},
        {"studies": [{"study_instance_uid": "1.2.3", "instances": [["1.2", "zz", "confirmed"]]}]},
        {"studies": [{"study_instance_uid": "1.2.3", "instances": [["1.2", "", "lost"]]}]},
        {"studies": [], "forgot_seconds_ago": -1},
    )
    for body in bad:
        answer = own.post("/api/v1/gateways/inventory", json=body)
        assert answer.status_code == 400, body
        assert "studies at most" in answer.json()["detail"]
    # Another hospital's study, claimed to be held: nothing is asked of it, nothing told.
    foreign = study_uid("45000")
    told = {"studies": [{"study_instance_uid": foreign, "instances": [["1.2.3", "a" * 64, "confirmed"]]}], "forgot_seconds_ago": 1}
    assert own.post("/api/v1/gateways/inventory", json=told).status_code == 200
    assert instance.client(instance.token("jia", "store")).post("/api/v1/gateways/inventory", json=told).status_code == 404
