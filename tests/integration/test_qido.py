# SPDX-License-Identifier: AGPL-3.0-or-later
"""QIDO-RS (PS3.18 §10.6) at study, series and instance level: matching, paging, forms of answers, and never more than the asker may find."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import change, ct_study, fields_for, study_uid

SEEDS = ("qold", "qli", "qwang", "qnew")
NAMES = {study_uid(seed): seed for seed in (*SEEDS, "qyi")}


@pytest.fixture(scope="module")
def catalogue(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Four studies of 甲, from old to new, and one of 乙 with the PatientID and the AccessionNumber of one of them."""
    folder = tmp_path_factory.mktemp("catalogue")
    wang = ct_study(folder / "wang", "qwang", slices=2)
    second = change(
        ct_study(folder / "wang mr", "qwang mr", slices=1, study_seed="qwang"), PatientID="Pqwang", AccessionNumber="Aqwang",
        Modality="MR", SOPClassUID=MRImageStorage, SeriesNumber=2, SeriesDescription="矢状位", PerformedProcedureStepStartDate="20260305",
        PerformedProcedureStepStartTime="101500", RequestAttributesSequence=[requested("SPS-7", "RP-7")],
    )  # fmt: skip
    li = change(
        ct_study(folder / "li", "qli", slices=1), StudyDate="20260102", StudyTime="", AccessionNumber="", PatientName="Li^Si=李^四",
        PatientSex="F", StudyID="S-2", ReferringPhysicianName="Zhang^San=张^三",
    )  # fmt: skip
    old = change(
        ct_study(folder / "old", "qold", slices=1), StudyDate="20251231", StudyTime="235959", PatientName="O'Neil^Mary-Ann", Modality="US",
        AccessionNumber="A&B #1 100%",
    )  # fmt: skip
    new = change(ct_study(folder / "new", "qnew", slices=1), StudyDate="20260306", StudyTime="070000")
    for paths in (wang, second, li, old, new):
        assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    yi = change(ct_study(folder / "yi", "qyi", slices=1), PatientID="Pqwang", AccessionNumber="Aqwang")
    assert instance.dcmtk("storescu", *map(str, yi), aet="MR2").returncode == 0
    wait_for(
        lambda: instance.sql("SELECT sum(instance_count) FROM study WHERE study_instance_uid = ANY(%s)", list(NAMES)) == [(7,)],
        what="all studies recorded",
    )
    return instance


def requested(scheduled_step: str, procedure: str) -> Dataset:
    item = Dataset()
    item.ScheduledProcedureStepID, item.RequestedProcedureID = scheduled_step, procedure
    return item


@pytest.fixture(scope="module")
def client(catalogue: Instance) -> requests.Session:
    """An integrator of 甲."""
    return catalogue.client(catalogue.token("jia", "query"))


def seeds_of(answer: requests.Response) -> list[str]:
    """Which of the catalogue's studies were found, in order, each once."""
    assert answer.status_code in (200, 204), answer.text
    datasets = answer.json() if answer.status_code == 200 else []
    uids = [dataset["0020000D"]["Value"][0] for dataset in datasets]
    return [NAMES[uid] for uid in dict.fromkeys(uids) if uid in NAMES]


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("StudyDate", "20260305", ["qwang"]),
        ("00080020", "20260305", ["qwang"]),
        ("StudyDate", "20260101-20260305", ["qwang", "qli"]),
        ("StudyDate", "-20251231", ["qold"]),
        ("StudyDate", "20260306-", ["qnew"]),
        ("StudyTime", "0700", ["qnew"]),
        ("StudyTime", "0900-1000", ["qwang"]),
        ("00080030", "23-", ["qold"]),
        ("AccessionNumber", "Aqwang", ["qwang"]),
        ("AccessionNumber", "aqwang", []),
        ("AccessionNumber", "Aq?ang", ["qwang"]),
        ("AccessionNumber", "A&B #1 100%", ["qold"]),
        ("00080050", "Aq*", ["qnew", "qwang"]),
        ("ModalitiesInStudy", "MR", ["qwang"]),
        ("ModalitiesInStudy", "MR\\US", ["qwang", "qold"]),
        ("00080061", "U?", ["qold"]),
        ("ReferringPhysicianName", "zhang*", ["qli"]),
        ("00080090", "*张*", ["qli"]),
        ("PatientName", "Li^Si", ["qli"]),
        ("PatientName", "李*", ["qli"]),
        ("PatientName", "o'neil^mary-ann", ["qold"]),
        ("00100010", "*小明", ["qnew", "qwang"]),
        ("PatientID", "Pqwang", ["qwang"]),
        ("00100020", "pqwang", []),
        ("StudyInstanceUID", f"{study_uid('qli')},{study_uid('qwang')}", ["qwang", "qli"]),
        ("0020000D", f"{study_uid('qli')}\\{study_uid('qyi')}", ["qli"]),
        ("StudyID", "S-2", ["qli"]),
        ("00200010", "s-2", []),
        ("PatientSex", "F", ["qli"]),
        ("PatientBirthDate", "19790101-19810101", ["qnew", "qwang", "qli", "qold"]),
        ("StudyDescription", "头颅*平扫", ["qnew", "qwang", "qli", "qold"]),
        ("AccessionNumber", "", ["qnew", "qwang", "qli", "qold"]),
    ],
)
@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_studies_are_found_by_every_required_key(client: requests.Session, level: str, key: str, value: str, found: list[str]) -> None:
    assert seeds_of(client.get(f"/dicom-web/{level}", params={key: value})) == found


@pytest.mark.parametrize(
    ("key", "value", "numbers"),
    [
        ("Modality", "MR", [2]),
        ("00080060", "CT", [1]),
        ("Modality", "CT\\MR", [1, 2]),
        ("Modality", "?R", [2]),
        ("Modality", "mr", []),
        ("SeriesNumber", "02", [2]),
        ("00200011", "1", [1]),
        ("SeriesDescription", "*状*", [2]),
        ("PerformedProcedureStepStartDate", "20260301-20260331", [2]),
        ("00400244", "20260306", []),
        ("PerformedProcedureStepStartTime", "10", [2]),
        ("00400245", "1016-", []),
        ("RequestAttributesSequence.ScheduledProcedureStepID", "SPS-7", [2]),
        ("00400275.00400009", "SPS-?", [2]),
        ("RequestAttributesSequence.RequestedProcedureID", "RP-8", []),
        ("00400275.00401001", "RP-7", [2]),
    ],
)
@pytest.mark.parametrize("below", [True, False])
def test_series_are_found_by_every_required_key(client: requests.Session, key: str, value: str, numbers: list[int], below: bool) -> None:
    study = study_uid("qwang")
    path = f"/dicom-web/studies/{study}/series" if below else f"/dicom-web/series?StudyInstanceUID={study}"
    answer = client.get(path, params={key: value})
    assert answer.status_code == (200 if numbers else 204), answer.text
    assert [dataset["00200011"]["Value"][0] for dataset in (answer.json() if numbers else [])] == numbers


def test_a_series_and_an_instance_are_found_by_their_uids_wherever_they_are(client: requests.Session) -> None:
    series = client.get("/dicom-web/series", params={"PatientID": "Pqwang", "Modality": "MR"}).json()[0]
    uid = series["0020000E"]["Value"][0]
    assert seeds_of(client.get("/dicom-web/series", params={"SeriesInstanceUID": uid})) == ["qwang"]
    assert seeds_of(client.get("/dicom-web/instances", params={"SeriesInstanceUID": f"1.2.3,{uid}"})) == ["qwang"]
    instance = client.get(f"/dicom-web/studies/{study_uid('qwang')}/series/{uid}/instances").json()
    assert len(instance) == 1
    sop = instance[0]["00080018"]["Value"][0]
    assert seeds_of(client.get("/dicom-web/instances", params={"00080018": sop})) == ["qwang"]
    assert client.get("/dicom-web/instances", params={"SOPInstanceUID": sop, "PatientID": "Pqli"}).status_code == 204


@pytest.mark.parametrize(
    ("key", "value", "count"),
    [
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.2", 2),
        ("00080016", MRImageStorage, 1),
        ("InstanceNumber", "2", 1),
        ("00200013", "01", 2),
        ("Rows", "128", 3),
        ("Modality", "MR", 1),
        ("SeriesNumber", "1", 2),
    ],
)
def test_instances_are_found_by_every_required_key(client: requests.Session, key: str, value: str, count: int) -> None:
    answer = client.get(f"/dicom-web/studies/{study_uid('qwang')}/instances", params={key: value})
    assert len(answer.json()) == count


@pytest.mark.parametrize(
    ("name", "found"), [("si li", ["qli"]), ("李四", ["qli"]), ("xiao wang", ["qnew", "qwang"]), ("mary", ["qold"]), ("ming", [])]
)
def test_fuzzy_matching_finds_parts_of_names_and_needs_no_warning(client: requests.Session, name: str, found: list[str]) -> None:
    answer = client.get("/dicom-web/studies", params={"PatientName": name, "fuzzymatching": "true"})
    assert seeds_of(answer) == found
    assert "not supported" not in answer.headers.get("Warning", "")
    assert seeds_of(client.get("/dicom-web/studies", params={"PatientName": name, "fuzzymatching": "false"})) == []


@pytest.mark.parametrize(
    "query",
    ["includefield=StudyDescription", "includefield=00081030", "includefield=StudyDescription,InstitutionName", "includefield=all",
     "includefield=InstitutionName%2CStudyDescription", "includefield=InstitutionName&includefield=00081030"],
)  # fmt: skip
def test_included_fields_are_returned(client: requests.Session, query: str) -> None:
    answer = client.get(f"/dicom-web/studies?PatientID=Pqwang&{query}")
    assert answer.json()[0]["00081030"]["Value"] == ["头颅CT平扫"]
    assert "Warning" not in answer.headers


def test_answers_hold_what_the_standard_always_returns(client: requests.Session) -> None:
    study = client.get("/dicom-web/studies", params={"PatientID": "Pqwang"}).json()[0]
    assert sorted(study["00080061"]["Value"]) == ["CT", "MR"]
    assert (study["00201206"]["Value"], study["00201208"]["Value"], study["00080056"]["Value"]) == ([2], [3], ["ONLINE"])
    for tag in ("00080005", "00080020", "00080030", "00080050", "00081190", "00100010", "00100020", "00100030", "00100040", "00200010"):
        assert study[tag]["Value"], tag
    series = client.get(f"/dicom-web/studies/{study_uid('qwang')}/series").json()[1]
    for tag in ("00080060", "0008103E", "00081190", "0020000E", "00200011", "00201209", "00400244", "00400245", "00400275"):
        assert series[tag]["Value"], tag
    image = client.get(f"/dicom-web/studies/{study_uid('qwang')}/instances").json()[0]
    for tag in ("00080016", "00080018", "00080056", "00081190", "00200013", "00280010", "00280011", "00280100"):
        assert image[tag]["Value"], tag
    assert image["00081190"]["Value"][0].startswith(
        str(client.get("/dicom-web/studies").url).split("/dicom-web")[0] + "/dicom-web/studies/"
    )


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_hold_everything_once_newest_first(client: requests.Session, level: str, size: int) -> None:
    whole = client.get(f"/dicom-web/{level}", params={"PatientID": "Pq*"})
    assert seeds_of(whole) == ["qnew", "qwang", "qli", "qold"]
    paged: list[dict[str, Any]] = []
    while True:
        page = client.get(f"/dicom-web/{level}", params={"PatientID": "Pq*", "limit": size, "offset": len(paged)})
        paged += page.json()
        if "additional results" not in page.headers.get("Warning", ""):
            break
        assert len(page.json()) == size
    assert paged == whole.json()
    assert client.get(f"/dicom-web/{level}", params={"PatientID": "Pq*", "offset": len(paged)}).status_code == 204


@pytest.mark.parametrize(
    "query",
    ["StudyDate=banana", "StudyTime=99", "StudyInstanceUID=1.2.x", "StudyInstanceUID=*.1", "limit=x", "limit=-1", "offset=1.5",
     "offset=99999999999999999999", "fuzzymatching=yes", "PatientID=a&PatientID=b", "PatientID=a&00100020=b", "limit=1&limit=2",
     "PatientName=%00", "PatientID=" + "x" * 1100],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/dicom-web/studies", "/dicom-web/instances"])
def test_values_that_cannot_be_are_400_with_a_problem(client: requests.Session, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


@pytest.mark.parametrize("query", ["Foo=bar", "00990011=x", "SOPInstanceUID=1.2", "includefield=Foo", "PatientComments=x"])
def test_what_is_not_supported_is_ignored_and_said(client: requests.Session, query: str) -> None:
    answer = client.get(f"/dicom-web/studies?PatientID=Pq*&{query}")
    assert seeds_of(answer) == ["qnew", "qwang", "qli", "qold"]
    assert "is not supported and was ignored" in answer.headers["Warning"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/dicom+json", "application/dicom+json"),
        ("application/json", "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        ("", "application/dicom+json"),
        ('multipart/related; type="application/dicom+xml"', "multipart/related"),
        ('multipart/related; type="application/dicom+xml";q=0.5, application/dicom+json;q=0.9', "application/dicom+json"),
        ('application/dicom+json;q=0.1, multipart/related; type="application/dicom+xml"', "multipart/related"),
        ("text/html", None),
        ("image/jpeg", None),
        ('multipart/related; type="application/dicom"', None),
        ("application/dicom+json;q=0", None),
    ],
)
@pytest.mark.parametrize("path", ["studies", "series", "studies/{wang}/series", "studies/{wang}/instances"])
def test_the_form_of_an_answer_is_what_the_client_takes(client: requests.Session, path: str, accept: str, media_type: str | None) -> None:
    answer = client.get(f"/dicom-web/{path}?PatientID=Pqwang".format(wang=study_uid("qwang")), headers={"Accept": accept})
    if media_type is None:
        assert answer.status_code == 406
        assert "application/dicom+json" in answer.json()["detail"]
    else:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].split(";")[0] == media_type


def test_xml_answers_say_the_same_as_json(client: requests.Session) -> None:
    path = f"/dicom-web/studies/{study_uid('qwang')}/series"
    answer = client.get(path, headers={"Accept": 'multipart/related; type="application/dicom+xml"'})
    boundary = answer.headers["Content-Type"].split("boundary=")[1].encode()
    parts = [part.split(b"\r\n\r\n", 1)[1].strip() for part in answer.content.split(b"--" + boundary)[1:-1]]
    models = [ElementTree.fromstring(part) for part in parts]
    assert [model.find("DicomAttribute[@tag='0020000E']/Value").text for model in models] == [
        dataset["0020000E"]["Value"][0] for dataset in client.get(path).json()
    ]
    assert models[0].find(".//Ideographic/GivenName").text == "小明"
    assert models[1].find("DicomAttribute[@keyword='RequestAttributesSequence']/Item/DicomAttribute[@tag='00400009']/Value").text == "SPS-7"


def test_nothing_of_another_hospital_is_found(catalogue: Instance, client: requests.Session) -> None:
    """Same PatientID, same AccessionNumber: each hospital finds its own study."""
    theirs = catalogue.client(catalogue.token("yi", "query"))
    for level in ("studies", "series", "instances"):
        for key, value in (("PatientID", "Pqwang"), ("AccessionNumber", "Aqwang"), ("StudyInstanceUID", ",".join(NAMES))):
            assert seeds_of(theirs.get(f"/dicom-web/{level}", params={key: value})) == ["qyi"]
            assert "qyi" not in seeds_of(client.get(f"/dicom-web/{level}", params={key: value}))
    foreign = client.get(f"/dicom-web/studies/{study_uid('qwang')}/series").json()[0]["0020000E"]["Value"][0]
    assert theirs.get("/dicom-web/series", params={"SeriesInstanceUID": foreign}).status_code == 204
    assert theirs.get(f"/dicom-web/studies/{study_uid('qyi')}/series/{foreign}/instances").status_code == 204
    for path in ("series", "instances", f"series/{foreign}/instances"):
        assert theirs.get(f"/dicom-web/studies/{study_uid('qwang')}/{path}").status_code == 404
        below_ours = theirs.get(
            f"/dicom-web/studies/{study_uid('qyi')}/{path.split('/')[0]}", params={"StudyInstanceUID": study_uid("qwang")}
        )
        assert below_ours.status_code == 204


def test_a_patient_and_the_viewer_find_the_one_study(catalogue: Instance) -> None:
    report = {"file": make_report_pdf(fields_for("qwang"))}
    issued = catalogue.client(catalogue.token("jia", "reports")).post("/api/v1/reports", files=report).json()
    assert issued["status"] == "matched"
    patient = catalogue.client()
    patient.get(issued["link"])
    assert patient.get("/dicom-web/studies").status_code == 404
    patient.post("/consent", data={"accepted": "yes"})
    viewer = catalogue.client(patient.get("/images/desktop").headers["Location"].split("token=")[1].split("&")[0])
    for holder in (patient, viewer):
        for level in ("studies", "series", "instances"):
            assert seeds_of(holder.get(f"/dicom-web/{level}")) == ["qwang"]
            assert seeds_of(holder.get(f"/dicom-web/{level}", params={"PatientID": "Pq*"})) == ["qwang"]
            assert holder.get(f"/dicom-web/{level}", params={"PatientID": "Pqli"}).status_code == 204
            assert holder.get(f"/dicom-web/{level}", params={"StudyInstanceUID": study_uid("qnew")}).status_code == 204
        series = holder.get(f"/dicom-web/studies/{study_uid('qwang')}/series").json()
        # Beside what is kept of its report, which may be there already.
        assert len([one for one in series if one["00080060"]["Value"] not in (["DOC"], ["SR"])]) == 2
        for other in ("qnew", "qyi"):
            assert holder.get(f"/dicom-web/studies/{study_uid(other)}/series").status_code == 404


def test_an_empty_answer_is_204_without_a_body(client: requests.Session) -> None:
    answer = client.get("/dicom-web/studies", params={"PatientID": "nobody"})
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_study_recorded_before_its_search_keys_were_is_asked_about_again(catalogue: Instance, client: requests.Session) -> None:
    uid = study_uid("qli")
    catalogue.sql(
        "UPDATE study SET study_id = NULL, referring_physician_name = NULL, recorded_at = NULL, claimed_at = '2020-01-01' WHERE study_instance_uid = %s",
        uid,
    )
    wait_for(lambda: catalogue.sql("SELECT study_id FROM study WHERE study_instance_uid = %s", uid) == [("S-2",)], timeout_seconds=90)
