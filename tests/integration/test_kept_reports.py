# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports that arrive as instances of a study, and reports that are kept as such: both come back by DICOMweb, once, and only where they belong."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.uid import BasicTextSRStorage, EncapsulatedPDFStorage

from demo.report_form import make_report_pdf
from tests.support.dicom_documents import pdf_document, saved, section, structured_report, text
from tests.support.grants import share_of, viewer_token
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid
from tests.support.stow import stored, stow

FINDINGS, IMPRESSION = ("121070", "DCM", "Findings"), ("121076", "DCM", "Conclusions")


def send(instance: Instance, *paths: Path) -> None:
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0


def send_study(instance: Instance, folder: Path, seed: str) -> str:
    send(instance, *ct_study(folder, seed))
    uid = study_uid(seed)
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", uid))
    return uid


def outcome(instance: Instance, document: FileDataset) -> tuple[str, str, str | None]:
    """What became of a document: its state, why, and the report."""

    def settled() -> list[tuple[Any, ...]]:
        return instance.sql(
            "SELECT state, reason, report_id::text FROM dicom_document WHERE sop_instance_uid = %s AND state <> 'arrived'",
            str(document.SOPInstanceUID),
        )

    return wait_for(settled, what="the look at a document")[0]


def reports_of(instance: Instance, study_instance_uid: str) -> list[tuple[Any, ...]]:
    return instance.sql(
        "SELECT report_id::text, status, status_reason, fields FROM report WHERE study_instance_uid = %s ORDER BY received_at",
        study_instance_uid,
    )


def documents_in(instance: Instance, study_instance_uid: str) -> list[dict[str, Any]]:
    """The study's series of documents, by QIDO-RS."""
    client = instance.client(instance.token("jia", "query", "retrieve"))
    series = client.get(f"/dicom-web/studies/{study_instance_uid}/series").json()
    return [one for one in series if one["00080060"]["Value"][0] in ("DOC", "SR")]


def kept_in(instance: Instance, study_instance_uid: str, number: int = 2) -> list[tuple[str, str]]:
    """SOPInstanceUID and kind of our own instances in a study, once there are so many and they are stored."""

    def kept() -> list[tuple[Any, ...]]:
        rows = instance.sql(
            "SELECT sop_instance_uid, kind FROM kept_instance WHERE study_instance_uid = %s AND stored_at IS NOT NULL ORDER BY kind",
            study_instance_uid,
        )
        return rows if len(rows) == number else []

    return [(row[0], row[1]) for row in wait_for(kept, what=f"{number} kept instances")]


def retrieved(instance: Instance, study_instance_uid: str) -> list[FileDataset]:
    """The documents of a study as WADO-RS gives them back."""
    client = instance.client(instance.token("jia", "query", "retrieve"))
    found = []
    for one in documents_in(instance, study_instance_uid):
        answer = client.get(
            f"/dicom-web/studies/{study_instance_uid}/series/{one['0020000E']['Value'][0]}",
            headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'},
        )
        assert answer.status_code == 200, answer.text
        boundary = answer.headers["Content-Type"].split("boundary=")[1].strip('"').encode()
        for part in answer.content.split(b"--" + boundary)[1:-1]:
            found.append(dcmread(io.BytesIO(part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n"))))
    return found


@pytest.fixture(scope="module")
def printed(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes, str]:
    """A study with a report that came by REST: its StudyInstanceUID, the document, the report's identifier."""
    uid = send_study(instance, tmp_path_factory.mktemp("printed"), "31001")
    pdf = make_report_pdf(fields_for("31001"))
    issued = instance.client(instance.token("jia", "reports")).post("/api/v1/reports", files={"file": pdf}).json()
    assert (issued["status"], issued["study_instance_uid"]) == ("matched", uid)
    kept_in(instance, uid)
    return uid, pdf, issued["report_id"]


def test_the_original_and_its_words_come_back_by_dicomweb(instance: Instance, printed: tuple[str, bytes, str]) -> None:
    uid, pdf, _ = printed
    documents = {str(one.SOPClassUID): one for one in retrieved(instance, uid)}
    assert documents.keys() == {EncapsulatedPDFStorage, BasicTextSRStorage}
    document, words = documents[EncapsulatedPDFStorage], documents[BasicTextSRStorage]
    assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == pdf
    for one in (document, words):
        assert (str(one.PatientName), one.PatientID, one.AccessionNumber) == ("Wang^XiaoMing=王^小明", "P31001", "A31001")
        assert (one.SpecificCharacterSet, one.StudyDescription, one.StudyDate) == ("ISO_IR 192", "头颅CT平扫", "20260305")
        assert one.SeriesNumber > 90000
    said = [item.ContentSequence[0].TextValue.replace("\r\n", "\n") for item in words.ContentSequence if item.ValueType == "CONTAINER"]
    assert said == [fields_for("31001").findings, fields_for("31001").impression]


def test_bulk_data_have_an_absolute_https_address(instance: Instance, printed: tuple[str, bytes, str]) -> None:
    uid, pdf, _ = printed
    client = instance.client(instance.token("jia", "query", "retrieve"))
    (document,) = [one for one in documents_in(instance, uid) if one["00080060"]["Value"] == ["DOC"]]
    (metadata,) = client.get(f"/dicom-web/studies/{uid}/series/{document['0020000E']['Value'][0]}/metadata").json()
    address = metadata["00420011"]["BulkDataURI"]
    assert address.startswith(f"{instance.url}/dicom-web/")
    answer = client.get(address)
    assert answer.status_code == 200
    assert pdf in answer.content


def test_a_patient_is_told_of_images_and_not_of_documents(instance: Instance, printed: tuple[str, bytes, str]) -> None:
    uid, _, _ = printed
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 5", uid))
    ((images, series, complete),) = instance.sql(
        "SELECT image_count, image_series_count, complete_at IS NOT NULL FROM study WHERE study_instance_uid = %s", uid
    )
    assert (images, series, complete) == (3, 1, True)


def test_keeping_again_changes_nothing(instance: Instance, printed: tuple[str, bytes, str]) -> None:
    uid, _, report_id = printed
    before = kept_in(instance, uid)
    instance.sql("UPDATE report SET fields = fields || '{\"x\": 1}' WHERE report_id = %s", report_id)
    _until_jobs_are_done(instance)
    assert kept_in(instance, uid) == before
    assert len(documents_in(instance, uid)) == 2


def test_other_words_are_another_instance_in_the_place_of_the_first(instance: Instance, printed: tuple[str, bytes, str]) -> None:
    uid, _, report_id = printed
    before = {kind: one for one, kind in kept_in(instance, uid)}
    instance.sql("UPDATE report SET fields = jsonb_set(fields, '{impression}', '\"未见骨折。\"') WHERE report_id = %s", report_id)
    wait_for(lambda: "未见骨折" in str([one for one in retrieved(instance, uid) if one.Modality == "SR"]), what="the new words")
    after = {kind: one for one, kind in kept_in(instance, uid)}
    assert (after["document"] == before["document"], after["fields"] == before["fields"]) == (True, False)
    assert len(documents_in(instance, uid)) == 2


def _until_jobs_are_done(instance: Instance) -> None:
    wait_for(
        lambda: (
            not instance.sql(
                "SELECT 1 FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND task_name IN ('keep_report', 'take_dicom_report')"
            )
        )
    )


def test_a_report_that_is_bound_to_another_study_leaves_the_first(instance: Instance, tmp_path: Path) -> None:
    wrong, right = (send_study(instance, tmp_path / seed, seed) for seed in ("31002", "31003"))
    pdf = make_report_pdf(fields_for("31002"))
    issued = instance.client(instance.token("jia", "reports")).post("/api/v1/reports", files={"file": pdf}).json()
    kept_in(instance, wrong)
    instance.sql(
        "WITH bound AS (UPDATE report_study SET study_instance_uid = %s WHERE report_id = %s)"
        " UPDATE report SET study_instance_uid = %s WHERE report_id = %s",
        *(right, issued["report_id"]) * 2,
    )
    kept_in(instance, right)
    assert documents_in(instance, wrong) == []
    assert {one.PatientID for one in retrieved(instance, right)} == {"P31003"}
    instance.sql("UPDATE report SET status = 'review', study_instance_uid = NULL WHERE report_id = %s", issued["report_id"])
    wait_for(lambda: documents_in(instance, right) == [], what="a study without the report")


def test_a_pdf_by_c_store_is_a_report_of_its_study(instance: Instance, tmp_path: Path) -> None:
    uid = send_study(instance, tmp_path, "31004")
    pdf = make_report_pdf(fields_for("31004"))
    document = pdf_document("31004", pdf)
    path = saved(document, tmp_path / "report.dcm")
    send(instance, path)
    state, _, report_id = outcome(instance, document)
    assert state == "taken"
    wait_for(lambda: reports_of(instance, uid))
    ((found, status, reason, fields),) = reports_of(instance, uid)
    assert (found, status, reason) == (report_id, "matched", "it came as a part of this study")
    assert fields["impression"] == fields_for("31004").impression
    original = instance.client(instance.token("jia", "reports")).get(f"/api/v1/reports/{report_id}/original.pdf")
    assert original.content == pdf
    # What the hospital sent is there already: only the words are added.
    assert [kind for _, kind in kept_in(instance, uid, 1)] == ["fields"]
    send(instance, path)
    again = instance.client(instance.token("jia", "reports")).post("/api/v1/reports", files={"file": pdf})
    assert (again.status_code, again.json()["report_id"]) == (200, report_id)
    _until_jobs_are_done(instance)
    assert len(reports_of(instance, uid)) == 1


def test_a_structured_report_by_stow_becomes_a_page(instance: Instance, tmp_path: Path) -> None:
    uid = send_study(instance, tmp_path, "31005")
    document = structured_report(
        "31005",
        section(FINDINGS, text(("121071", "DCM", "Finding"), "肝脏形态大小正常。\r\n胆囊壁光滑。")),
        section(IMPRESSION, text(("121077", "DCM", "Conclusion"), "上腹部未见异常。")),
    )
    client = instance.client(instance.token("jia", "store"))
    file = saved(document, tmp_path / "sr.dcm").read_bytes()
    assert stored(stow(client, [file])) == [document.SOPInstanceUID]
    assert outcome(instance, document)[0] == "taken"
    wait_for(lambda: reports_of(instance, uid))
    ((_, status, _, fields),) = reports_of(instance, uid)
    assert (status, fields["findings"], fields["impression"]) == ("matched", "肝脏形态大小正常。\n胆囊壁光滑。", "上腹部未见异常。")
    assert (fields["patient_name"], fields["reviewing_doctor"]) == ("王小明", "张建国")
    assert [kind for _, kind in kept_in(instance, uid, 1)] == ["document"]
    stow(client, [file])
    _until_jobs_are_done(instance)
    assert len(reports_of(instance, uid)) == 1


def test_a_header_that_contradicts_the_page_is_for_people(instance: Instance, tmp_path: Path) -> None:
    uid = send_study(instance, tmp_path, "31006")
    document = pdf_document("31006", make_report_pdf(fields_for("31007")))
    send(instance, saved(document, tmp_path / "report.dcm"))
    _, _, report_id = outcome(instance, document)
    wait_for(lambda: instance.sql("SELECT 1 FROM report WHERE report_id = %s AND status <> 'received'", report_id))
    ((status, reason),) = instance.sql("SELECT status, status_reason FROM report WHERE report_id = %s", report_id)
    assert status == "review"
    assert "the image number and the exam number" in reason
    assert reports_of(instance, uid) == []


def test_measurements_are_no_report(instance: Instance, tmp_path: Path) -> None:
    uid = send_study(instance, tmp_path, "31008")
    content = section(FINDINGS, text(("121071", "DCM", "Finding"), "CTDIvol 12 mGy"))
    dose = structured_report("31008", content, title=("113701", "DCM", "X-Ray Radiation Dose Report"), template="10011", name="dose")
    send(instance, saved(dose, tmp_path / "dose.dcm"))
    assert outcome(instance, dose)[:2] == ("left", "its template, 10011, is not one of a diagnostic report")
    assert reports_of(instance, uid) == []


def test_what_we_keep_is_never_taken_in_again(instance: Instance, printed: tuple[str, bytes, str], tmp_path: Path) -> None:
    """A PACS that has fetched the study sends it back, after the report was withdrawn from it."""
    uid, _, report_id = printed
    ours = retrieved(instance, uid)
    assert len(ours) == 2
    number = instance.sql("SELECT count(*) FROM report")
    instance.sql("UPDATE report SET status = 'review', study_instance_uid = NULL WHERE report_id = %s", report_id)
    wait_for(lambda: documents_in(instance, uid) == [])
    send(instance, *(saved(one, tmp_path / f"{number}.dcm") for number, one in enumerate(ours)))
    for one in ours:
        assert outcome(instance, one)[:2] == ("left", "it is an instance that CloudFilm made itself")
    wait_for(lambda: documents_in(instance, uid) == [], what="a study without what was withdrawn")
    assert instance.sql("SELECT count(*) FROM report") == number
    instance.sql("UPDATE report SET status = 'matched', study_instance_uid = %s WHERE report_id = %s", uid, report_id)
    kept_in(instance, uid)
    assert len(documents_in(instance, uid)) == 2


@pytest.mark.parametrize("hides_names", [True, False])
def test_a_share_that_hides_names_or_lacks_the_report_has_no_way_to_it(
    instance: Instance, printed: tuple[str, bytes, str], hides_names: bool
) -> None:
    uid, pdf, _ = printed
    ours = retrieved(instance, uid)
    grant = share_of(instance, "jia", [uid], rights="images,report" if hides_names else "images", hides_names=hides_names)
    viewer = instance.client(viewer_token(instance, grant, [uid]))
    series = viewer.get(f"/dicom-web/studies/{uid}/series").json()
    assert [one["00080060"]["Value"][0] for one in series] == ["CT"]
    assert {one["00080060"]["Value"][0] for one in viewer.get(f"/dicom-web/studies/{uid}/instances?includefield=Modality").json()} == {"CT"}
    assert viewer.get(f"/dicom-web/studies/{uid}/metadata").text.count("00420011") == 0
    for one in ours:
        below = f"/dicom-web/studies/{uid}/series/{one.SeriesInstanceUID}"
        instance_path = f"{below}/instances/{one.SOPInstanceUID}"
        for path in (
            below, instance_path, f"{below}/metadata", f"{instance_path}/metadata", f"{instance_path}/bulk/00420011",
            f"{instance_path}/bulk/0040A730", f"{instance_path}/frames/1", f"{instance_path}/rendered", f"{instance_path}/frames/1/rendered",
            f"{below}/rendered", f"{below}/thumbnail", f"{instance_path}/thumbnail", f"{instance_path}/frames/1,2",
            f"/wado?requestType=WADO&studyUID={uid}&seriesUID={one.SeriesInstanceUID}&objectUID={one.SOPInstanceUID}",
            f"/wado?requestType=WADO&studyUID={uid}&seriesUID={one.SeriesInstanceUID}&objectUID={one.SOPInstanceUID}&contentType=application/pdf",
        ):  # fmt: skip
            answer = viewer.get(path)
            assert answer.status_code not in (200, 206), (path, answer.status_code)
            assert pdf[:200] not in answer.content
            assert "未见".encode() not in answer.content
    assert viewer.get(f"/api/v1/studies/{uid}/archive").status_code == 404
    assert viewer.get(f"/dicom-web/studies/{uid}").status_code == 404
