# SPDX-License-Identifier: AGPL-3.0-or-later
"""A share that hides names: pictures and cleaned attributes, and nothing that tells whose they are. One without the report: no documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import EncapsulatedPDFStorage, SecondaryCaptureImageStorage, generate_uid

from demo.report_form import make_report_pdf
from tests.support.grants import share_of, viewer_token
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid

STUDY = study_uid("cleaned")
IDENTIFYING = (
    "wang", "xiaoming", "王", "小明", "pcleaned", "acleaned", "19800501", "甲医院", "张", "建国", "ctroom7", "sn778899", "acme", "13800138000",
    "localhost:8042", "重复检查", "mz884213", "bulkdatauri",
)  # fmt: skip
PIXELS = ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
          "PhotometricInterpretation")  # fmt: skip


def identify(image: FileDataset) -> FileDataset:
    image.InstitutionName, image.ReferringPhysicianName, image.OperatorsName = "甲医院", "Zhang^JianGuo=张^建国", "张^建国"
    image.StationName, image.DeviceSerialNumber, image.PatientTelephoneNumbers = "CTROOM7", "SN778899", "13800138000"
    image.PatientAge, image.ImageComments = "046Y", "重复检查 王小明"
    image.private_block(0x0009, "ACME 1.1", create=True).add_new(1, "LO", "王小明")
    person = Dataset()
    person.PersonName, person.PatientID = "王^小明", "Pcleaned"
    image.ReferencedImageSequence = Sequence([Dataset()])
    image.ReferencedImageSequence[0].PurposeOfReferenceCodeSequence = Sequence([person])
    return image


def document_of(image: FileDataset, sop_class_uid: str, modality: str, description: str) -> FileDataset:
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = sop_class_uid
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = generate_uid(entropy_srcs=[description, "cleaned"])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=[description, "cleaned series"])
    image.Modality, image.SeriesDescription, image.SeriesNumber = modality, description, 90
    return image


@pytest.fixture(scope="module")
def study(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A CT of three slices, its report as a document and as a scanned page."""
    folder = tmp_path_factory.mktemp("cleaned")
    paths = ct_study(folder, "cleaned")
    for path in paths:
        identify(dcmread(path)).save_as(path)
    slice_with_a_name = dcmread(paths[1])
    slice_with_a_name.SeriesDescription = "轴位 王小明"
    slice_with_a_name.SeriesInstanceUID = generate_uid(entropy_srcs=["named series", "cleaned"])
    slice_with_a_name.save_as(paths[1])
    pdf = document_of(dcmread(paths[0]), EncapsulatedPDFStorage, "DOC", "报告")
    for keyword in PIXELS:
        delattr(pdf, keyword)
    content = make_report_pdf(fields_for("cleaned"))
    pdf.MIMETypeOfEncapsulatedDocument, pdf.EncapsulatedDocument = "application/pdf", content + b"\0" * (len(content) % 2)
    page = document_of(dcmread(paths[0]), SecondaryCaptureImageStorage, "OT", "检查报告")
    for number, document in enumerate((pdf, page)):
        paths.append(folder / f"document{number}.dcm")
        document.save_as(paths[-1])
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    wait_for(
        lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL AND instance_count >= 5", STUDY)
    )
    return STUDY


@pytest.fixture
def inside(instance: Instance, study: str) -> Iterator[requests.Session]:
    """The viewer of a share that hides names, as nginx passes it on to Orthanc."""
    with requests.Session() as session:
        session.trust_env = False
        token = viewer_token(instance, share_of(instance, "jia", [study], hides_names=True), [study])
        session.headers.update({"Authorization": f"Bearer {token}", "X-CloudFilm-Door": "public"})
        yield session


@pytest.fixture
def viewer(instance: Instance, inside: requests.Session) -> requests.Session:
    """The same in front of nginx."""
    return instance.client(str(inside.headers["Authorization"]).removeprefix("Bearer "))


def cleaned(instance: Instance, inside: requests.Session, path: str, query: str = "") -> list[dict[str, Any]]:
    where = "cleaned/" if path.endswith("metadata") else ""
    answer = inside.get(f"{instance.orthanc_url}/portal/{where}dicom-web/studies/{path}", headers={"X-CloudFilm-Query": query})
    if answer.status_code == 204:
        return []
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.headers["Content-Type"].startswith("application/dicom+json")
    datasets: list[dict[str, Any]] = answer.json()
    assert_tells_nothing(datasets)
    return datasets


def assert_tells_nothing(datasets: list[dict[str, Any]]) -> None:
    text = json.dumps(datasets, ensure_ascii=False).casefold()
    assert [value for value in IDENTIFYING if value in text] == []


def slice_of(instance: Instance, inside: requests.Session) -> tuple[str, str]:
    first = cleaned(instance, inside, f"{STUDY}/instances")[0]
    return first["0020000E"]["Value"][0], first["00080018"]["Value"][0]


def test_metadata_holds_the_pictures_and_tells_nothing(instance: Instance, inside: requests.Session) -> None:
    assert len(cleaned(instance, inside, f"{STUDY}/metadata")) == 3
    series, sop = slice_of(instance, inside)
    of_series = cleaned(instance, inside, f"{STUDY}/series/{series}/metadata")
    assert {dataset["00080060"]["Value"][0] for dataset in of_series} == {"CT"}
    (of_instance,) = cleaned(instance, inside, f"{STUDY}/series/{series}/instances/{sop}/metadata")
    assert of_instance in of_series
    assert of_instance["00280010"]["Value"] == [128]
    assert of_instance["00101010"]["Value"] == ["046Y"]
    assert of_instance["00080020"]["Value"] == ["20260305"]
    assert of_instance["00120062"]["Value"] == ["YES"]


def test_searches_below_the_study_find_pictures_only_and_page_after_that(instance: Instance, inside: requests.Session) -> None:
    series = cleaned(instance, inside, f"{STUDY}/series", "includefield=00081030%2C00080080")
    assert sorted(len(dataset.get("0008103E", {}).get("Value", [])) for dataset in series) == [0, 1], "the name in a description"
    instances = cleaned(instance, inside, f"{STUDY}/instances", "includefield=all&includefield=PatientName")
    assert len(instances) == 3
    pages = [cleaned(instance, inside, f"{STUDY}/instances", f"limit=2&offset={offset}") for offset in (0, 2)]
    assert [len(page) for page in pages] == [2, 1]
    assert {one["00080018"]["Value"][0] for one in instances} == {one["00080018"]["Value"][0] for page in pages for one in page}
    one = series[0]["0020000E"]["Value"][0]
    assert {found["0020000E"]["Value"][0] for found in cleaned(instance, inside, f"{STUDY}/series/{one}/instances")} == {one}
    assert len(cleaned(instance, inside, f"{STUDY}/instances", "InstanceNumber=3")) == 1


@pytest.mark.parametrize(
    "query",
    ["PatientName=Wang*", "PatientName=X", "00100020=Pcleaned", "AccessionNumber=Acleaned", "PatientName=*", "patientname=%2A"],
)
def test_no_search_finds_out_what_is_hidden(instance: Instance, inside: requests.Session, viewer: requests.Session, query: str) -> None:
    """A key on what is hidden finds nothing, right or wrong; a universal one finds everything."""
    expected = 3 if query.endswith(("*", "%2A")) and "Wang" not in query else 0
    assert len(cleaned(instance, inside, f"{STUDY}/instances", query)) == expected
    for level in ("studies", "series", "instances"):
        answer = viewer.get(f"/dicom-web/{level}?{query}")
        assert answer.status_code == (200 if expected else 204), level


@pytest.mark.parametrize("query", ["OtherPatientIDs=1", "InstitutionName=X"])
def test_a_key_that_no_search_has_is_ignored_right_or_wrong(viewer: requests.Session, query: str) -> None:
    for level, number in (("studies", 1), ("series", 2), ("instances", 3)):
        answer = viewer.get(f"/dicom-web/{level}?{query}")
        assert (answer.status_code, len(answer.json())) == (200, number)
        assert "not supported" in answer.headers["Warning"]


def test_searches_across_studies_tell_nothing(instance: Instance, viewer: requests.Session) -> None:
    for level, number in (("studies", 1), ("series", 2), ("instances", 3)):
        answer = viewer.get(f"/dicom-web/{level}", params={"includefield": "all"})
        assert_tells_nothing(answer.json())
        assert len(answer.json()) == number
    assert viewer.get("/dicom-web/studies").json()[0]["00080061"]["Value"] == ["CT", "OT"]


def test_what_is_stored_is_not_answered(instance: Instance, inside: requests.Session, viewer: requests.Session) -> None:
    series, sop = slice_of(instance, inside)
    base = f"/dicom-web/studies/{STUDY}/series/{series}/instances/{sop}"
    for path in (
        base,
        f"{base}/bulk/7fe00010",
        f"{base}/bulk/00420011",
        f"/dicom-web/studies/{STUDY}",
        f"/dicom-web/studies/{STUDY}/series/{series}",
    ):
        assert viewer.get(path).status_code == 404, path
    for path in (f"{STUDY}/metadata", f"{STUDY}/series", f"{STUDY}/instances", f"{STUDY}/series/{series}/metadata"):
        assert inside.get(f"{instance.orthanc_url}/dicom-web/studies/{path}").status_code == 403, path


def test_pictures_are_answered_and_carry_nothing_but_pixels(instance: Instance, inside: requests.Session, viewer: requests.Session) -> None:
    series, sop = slice_of(instance, inside)
    base = f"/dicom-web/studies/{STUDY}/series/{series}/instances/{sop}"
    wado = f"/wado?requestType=WADO&studyUID={STUDY}&seriesUID={series}&objectUID={sop}"
    for path in (f"{base}/rendered", f"{base}/thumbnail", f"{base}/frames/1/rendered", wado, f"{wado}&contentType=image%2Fjpeg"):
        answer = viewer.get(path)
        assert answer.status_code == 200, path
        picture = Image.open(BytesIO(answer.content))
        assert picture.size == (128, 128)
        assert {*picture.info} <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}, "neither a comment nor EXIF"
        assert not picture.getexif()
        tells_nothing_in_bytes(answer)
    frames = viewer.get(f"{base}/frames/1")
    head, _, rest = frames.content.partition(b"\r\n\r\n")
    assert len(rest.rpartition(b"\r\n--")[0].rpartition(b"\r\n--")[0] or rest.rpartition(b"\r\n--")[0]) == 128 * 128 * 2
    assert {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]} <= {
        b"content-type",
        b"content-location",
        b"content-length",
        b"mime-version",
    }
    tells_nothing_in_bytes(frames)


def tells_nothing_in_bytes(answer: requests.Response) -> None:
    headers = str(answer.headers).casefold()
    for value in (value for value in IDENTIFYING if len(value) > 3):
        assert value not in headers
        assert value.encode() not in answer.content.lower()
        assert value.encode("gb18030") not in answer.content.lower()


@pytest.mark.parametrize(
    "content_type",
    ["contentType=application/dicom", "contentType=application%2Fdicom", "contentType=application%2Fdicom&contentType=image/jpeg",
     "contentType=image/jpeg&contentType=application/dicom", "contenttype=application/dicom", "contentType=image/..%2Fapplication/dicom",
     "contentType=image/jpeg%26contentType=application/dicom", "contentType=application/dicom%2Bjson"],
)  # fmt: skip
def test_wado_uri_never_gives_the_original(
    instance: Instance, inside: requests.Session, viewer: requests.Session, content_type: str
) -> None:
    series, sop = slice_of(instance, inside)
    answer = viewer.get(f"/wado?requestType=WADO&studyUID={STUDY}&seriesUID={series}&objectUID={sop}&{content_type}")
    assert answer.content[128:132] != b"DICM"
    assert answer.status_code != 200 or answer.content.startswith(b"\xff\xd8")


def test_another_study_and_what_is_not_there_do_not_exist(instance: Instance, inside: requests.Session, stored_study: str) -> None:
    series, _ = slice_of(instance, inside)
    for path in (
        f"{stored_study}/metadata", f"{stored_study}/series", f"{STUDY}/series/1.2.3/metadata", f"{STUDY}/series/{series}/instances/1.2/metadata",
        f"{stored_study}/series/{series}/metadata", "x/metadata", f"{STUDY}/series/..%2F..%2Fsystem/metadata",
    ):  # fmt: skip
        assert inside.get(f"{instance.orthanc_url}/portal/cleaned/dicom-web/studies/{path}").status_code == 404, path
    crossed = cleaned(instance, inside, f"{STUDY}/series/1.2.3/instances")
    assert crossed == []
    assert cleaned(instance, inside, f"{STUDY}/instances", f"StudyInstanceUID={stored_study}") == []


def test_without_a_credential_there_is_nothing_cleaned_either(instance: Instance, study: str) -> None:
    answer = instance.client().get(f"/dicom-web/studies/{study}/metadata")
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")


def test_a_share_without_the_report_shows_names_and_no_document(instance: Instance, study: str) -> None:
    client = instance.client(viewer_token(instance, share_of(instance, "jia", [study], rights="images"), [study]))
    metadata = client.get(f"/dicom-web/studies/{study}/metadata").json()
    assert [dataset["00100020"]["Value"] for dataset in metadata] == [["Pcleaned"]] * 3
    assert "BulkDataURI" not in json.dumps(metadata)
    found = client.get(f"/dicom-web/studies/{study}/instances?PatientName=Wang*").json()
    assert [dataset["00080060"]["Value"] for dataset in found] == [["CT"]] * 3
    assert len(client.get("/dicom-web/series").json()) == 2
    assert client.get("/dicom-web/studies").json()[0]["00080061"]["Value"] == ["CT", "OT"]


def test_a_program_of_the_hospital_sees_all_as_it_is_stored(instance: Instance, study: str) -> None:
    client = instance.client(instance.token("jia", "query", "retrieve"))
    assert client.get(f"/dicom-web/studies?StudyInstanceUID={study}").json()[0]["00100020"]["Value"] == ["Pcleaned"]
    headers = {"Authorization": str(client.headers["Authorization"]), "X-CloudFilm-Door": "public"}
    address = f"{instance.orthanc_url}/portal/cleaned/dicom-web/studies/{study}/metadata"
    assert requests.get(address, headers=headers, timeout=30).status_code == 404


def test_colour_tables_are_in_their_place(instance: Instance, tmp_path: Path) -> None:
    """The viewer of a share may fetch no bulk data, and needs them."""
    image = dcmread(ct_study(tmp_path, "palette", slices=1)[0])
    image.PhotometricInterpretation, image.PixelRepresentation, image.BitsStored, image.HighBit = "PALETTE COLOR", 0, 16, 15
    for colour in ("Red", "Green", "Blue"):
        image[f"{colour}PaletteColorLookupTableDescriptor"] = _element(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        image[f"{colour}PaletteColorLookupTableData"] = _element(f"{colour}PaletteColorLookupTableData", "OW", bytes(range(256)) * 2)
    image.save_as(tmp_path / "001.dcm")
    assert instance.dcmtk("storescu", str(tmp_path / "001.dcm")).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", image.StudyInstanceUID))
    share = share_of(instance, "jia", [image.StudyInstanceUID], hides_names=True)
    client = instance.client(viewer_token(instance, share, [image.StudyInstanceUID]))
    (metadata,) = client.get(f"/dicom-web/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}/metadata").json()
    assert [len(metadata[tag]["InlineBinary"]) for tag in ("00281201", "00281202", "00281203")] == [684] * 3


def _element(keyword: str, vr: str, value: Any) -> Any:
    from pydicom.datadict import tag_for_keyword
    from pydicom.dataelem import DataElement

    tag = tag_for_keyword(keyword)
    assert tag is not None
    return DataElement(tag, vr, value)


@pytest.mark.parametrize("path", ["metadata", "series", "instances"])
def test_at_the_public_door_the_same_addresses_answer_cleaned(
    instance: Instance, inside: requests.Session, viewer: requests.Session, path: str
) -> None:
    answer = viewer.get(f"/dicom-web/studies/{STUDY}/{path}")
    assert answer.status_code == 200
    assert answer.json() == cleaned(instance, inside, f"{STUDY}/{path}")
    whole = instance.client(instance.token("jia", "retrieve", "query")).get(f"/dicom-web/studies/{STUDY}/{path}")
    assert any(value in whole.text.casefold() for value in IDENTIFYING)


@pytest.mark.parametrize(
    "path", ["cleaned/dicom-web/studies/1.2/metadata", "authorise?study=1.2&for=pixels", "Cleaned/dicom-web/studies/1.2/metadata"]
)
def test_what_nginx_asks_for_itself_nobody_else_may_ask_for(viewer: requests.Session, path: str) -> None:
    assert viewer.get(f"/{path}").status_code == 404


@pytest.mark.parametrize("path", ["rendered", "thumbnail", "series/{series}/rendered", "series/{series}/thumbnail"])
def test_the_picture_that_stands_for_a_study_is_none_of_the_report(
    instance: Instance, inside: requests.Session, viewer: requests.Session, path: str
) -> None:
    series, sop = slice_of(instance, inside)
    chosen = viewer.get(f"/dicom-web/studies/{STUDY}/{path.format(series=series)}")
    assert (chosen.status_code, chosen.headers["Content-Type"]) == (200, "image/jpeg")
    assert viewer.get(f"/dicom-web/studies/{STUDY}/series/{series}/instances/{sop}/rendered").status_code == 200
    scanned = generate_uid(entropy_srcs=["检查报告", "cleaned series"])
    assert viewer.get(f"/dicom-web/studies/{STUDY}/series/{scanned}/{path.rsplit('/', 1)[-1]}").status_code == 404
