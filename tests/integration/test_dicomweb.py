# SPDX-License-Identifier: AGPL-3.0-or-later
"""QIDO-RS, WADO-RS and STOW-RS as integrators use them, and what a token may not see does not exist."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from dicomweb_client import DICOMwebClient
from pydicom import dcmread
from requests import HTTPError

from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, study_uid


def client_of(instance: Instance, hospital_id: str, *scopes: str) -> DICOMwebClient:
    return DICOMwebClient(f"{instance.url}/dicom-web", session=instance.client(instance.token(hospital_id, *scopes)))


def test_a_search_finds_the_hospitals_studies_and_no_others(instance: Instance, stored_study: str) -> None:
    found = client_of(instance, "jia", "query").search_for_studies(search_filters={"PatientID": "Pstored"})
    assert [dataset["0020000D"]["Value"] for dataset in found] == [[stored_study]]
    assert found[0]["00100010"]["Value"][0]["Ideographic"] == "王^小明"
    assert found[0]["00081190"]["Value"] == [f"{instance.url}/dicom-web/studies/{stored_study}"]
    assert client_of(instance, "yi", "query").search_for_studies(search_filters={"PatientID": "Pstored"}) == []
    assert client_of(instance, "yi", "query").search_for_studies(search_filters={"StudyInstanceUID": stored_study}) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("PatientName", "Wang^XiaoMing*"), ("PatientName", "*王^小明"), ("StudyDescription", "头颅*"), ("00080050", "Astored")],
)
def test_matching_keys_hold_what_names_hold(instance: Instance, stored_study: str, key: str, value: str) -> None:
    found = instance.client(instance.token("jia", "query")).get("/dicom-web/studies", params={key: value, "StudyInstanceUID": stored_study})
    assert found.status_code == 200
    assert [dataset["0020000D"]["Value"] for dataset in found.json()] == [[stored_study]]


@pytest.mark.parametrize("level", ["series", "instances"])
def test_searches_without_a_study_are_limited_too(instance: Instance, stored_study: str, level: str) -> None:
    ours = instance.client(instance.token("jia", "query")).get(f"/dicom-web/{level}", params={"PatientID": "Pstored"})
    assert {dataset["0020000D"]["Value"][0] for dataset in ours.json()} == {stored_study}
    theirs = instance.client(instance.token("yi", "query")).get(f"/dicom-web/{level}", params={"PatientID": "Pstored"})
    assert theirs.status_code == 204


def test_limit_and_offset_page_through_without_gaps_and_say_that_there_is_more(instance: Instance, tmp_path: Path) -> None:
    for number in range(3):
        assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path / str(number), f"page {number}", slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT count(*) FROM study WHERE accession_number LIKE 'Apage %%' AND instance_count = 1") == [(3,)])
    client = instance.client(instance.token("jia", "query"))
    pages = [client.get("/dicom-web/studies", params={"AccessionNumber": "Apage*", "limit": 2, "offset": offset}) for offset in (0, 2)]
    assert [len(page.json()) for page in pages] == [2, 1]
    assert len({dataset["0020000D"]["Value"][0] for page in pages for dataset in page.json()}) == 3
    assert "Warning" in pages[0].headers
    assert "Warning" not in pages[1].headers


def test_metadata_frames_and_original_instances_are_retrieved(instance: Instance, stored_study: str) -> None:
    client = client_of(instance, "jia", "query", "retrieve")
    metadata = client.retrieve_study_metadata(stored_study)
    assert len(metadata) == 3
    series, sop = metadata[0]["0020000E"]["Value"][0], metadata[0]["00080018"]["Value"][0]
    frames = client.retrieve_instance_frames(stored_study, series, sop, [1])
    assert len(frames[0]) == 128 * 128 * 2
    original = client.retrieve_instance(stored_study, series, sop)
    assert original.PatientID == "Pstored"
    wado = instance.client(instance.token("jia", "retrieve")).get(
        "/wado",
        params={"requestType": "WADO", "studyUID": stored_study, "seriesUID": series, "objectUID": sop, "contentType": "application/dicom"},
    )
    assert dcmread(BytesIO(wado.content)).SOPInstanceUID == sop


def test_retrieval_below_the_path_of_another_study_finds_nothing(instance: Instance, stored_study: str, tmp_path: Path) -> None:
    """An instance of 甲 asked for below a study that 乙 may see."""
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "of yi", slices=1)), aet="MR2").returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid("of yi")))
    metadata = client_of(instance, "jia", "retrieve").retrieve_study_metadata(stored_study)
    series, sop = metadata[0]["0020000E"]["Value"][0], metadata[0]["00080018"]["Value"][0]
    theirs = instance.client(instance.token("yi", "query", "retrieve"))
    for path in (f"series/{series}/metadata", f"series/{series}/instances/{sop}", f"series/{series}/instances/{sop}/frames/1"):
        assert theirs.get(f"/dicom-web/studies/{study_uid('of yi')}/{path}").status_code == 404, path
    wado = {
        "requestType": "WADO",
        "studyUID": study_uid("of yi"),
        "seriesUID": series,
        "objectUID": sop,
        "contentType": "application/dicom",
    }
    assert theirs.get("/wado", params=wado).status_code >= 400


def test_stow_stores_for_the_tokens_hospital(instance: Instance, tmp_path: Path) -> None:
    datasets = [dcmread(path) for path in ct_study(tmp_path, "stowed", slices=2)]
    client_of(instance, "yi", "store").store_instances(datasets)
    wait_for(
        lambda: (
            instance.sql("SELECT hospital_id, instance_count FROM study WHERE study_instance_uid = %s", study_uid("stowed")) == [("yi", 2)]
        )
    )


def test_stow_into_another_hospitals_study_is_refused_and_said_so(instance: Instance, stored_study: str, tmp_path: Path) -> None:
    intruder = dcmread(ct_study(tmp_path, "stow intruder", slices=1, study_seed="stored")[0])
    with pytest.raises(HTTPError):
        client_of(instance, "yi", "store").store_instances([intruder])
    found = client_of(instance, "jia", "query").search_for_instances(search_filters={"SOPInstanceUID": intruder.SOPInstanceUID})
    assert found == []


@pytest.mark.parametrize(
    "path", ["/dicom-web/studies", "/dicom-web/studies/{study}/metadata", "/dicom-web/studies/{study}/series", "/wado?studyUID={study}"]
)
def test_without_a_credential_nothing_is_answered(instance: Instance, stored_study: str, path: str) -> None:
    answer = instance.client().get(path.format(study=stored_study))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["", "/metadata", "/series", "/instances", "/rendered"])
def test_what_another_hospital_owns_does_not_exist(instance: Instance, stored_study: str, path: str) -> None:
    answer = instance.client(instance.token("yi", "query", "retrieve", "store", "reports")).get(f"/dicom-web/studies/{stored_study}{path}")
    assert answer.status_code == 404


def test_a_token_does_only_what_its_scope_names(instance: Instance, stored_study: str, tmp_path: Path) -> None:
    query_only = instance.client(instance.token("jia", "query"))
    assert query_only.get("/dicom-web/studies").status_code == 200
    assert query_only.get(f"/dicom-web/studies/{stored_study}/metadata").status_code == 404
    assert query_only.post("/api/v1/reports", files={"file": b"%PDF-1.4"}).status_code == 404
    with pytest.raises(HTTPError):
        client_of(instance, "jia", "query", "retrieve").store_instances([dcmread(ct_study(tmp_path, "no store", slices=1)[0])])


def test_a_revoked_token_is_refused_within_ten_seconds(instance: Instance, stored_study: str) -> None:
    issued = instance.admin("token", "issue", "--hospital", "jia", "--scope", "query")
    client = instance.client(issued["token"])
    assert client.get("/dicom-web/studies").status_code == 200
    listed = {one["token_id"]: one for one in instance.admin("token", "list", "--hospital", "jia")["tokens"]}
    assert (listed[issued["token_id"]]["scope"], listed[issued["token_id"]]["revoked_at"]) == (["query"], None)
    assert listed[issued["token_id"]]["last_used_at"]
    instance.admin("token", "revoke", issued["token_id"])
    # Revoked is no longer a valid credential for anything, but the token still proves who asks: there is nothing to see.
    wait_for(lambda: client.get("/dicom-web/studies").status_code == 404, timeout_seconds=10)


@pytest.mark.parametrize(
    "spelling", ["/dicom-web/studies/..%2f..%2fsystem", "/dicom-web//studies", "/viewer/..%2f..%2fetc/passwd", "/dicom-web/studies;x=1"]
)
def test_other_spellings_of_a_path_are_refused(instance: Instance, spelling: str) -> None:
    import http.client
    import ssl

    connection = http.client.HTTPSConnection("localhost", instance.https_port, context=ssl._create_unverified_context(), timeout=10)
    connection.request("GET", spelling, headers={"Authorization": f"Bearer {instance.token('jia', 'query')}"})
    assert connection.getresponse().status == 400
