# SPDX-License-Identifier: AGPL-3.0-or-later
"""A QR code that was given out before anything else: it opens what comes, once that is certain, and never another's."""

from __future__ import annotations

from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pydicom import dcmread
from pypdf import PdfReader, PdfWriter
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.qr_code import qr_png
from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid

_TOKENS: dict[tuple[str, str, str], str] = {}


def reserve(instance: Instance, body: object, hospital_id: str = "jia", scope: str = "reports") -> Any:
    return instance.client(token_of(instance, hospital_id, scope)).post("/api/v1/reservations", json=body)


def token_of(instance: Instance, hospital_id: str, scope: str = "reports") -> str:
    """One token for all tests: issuing takes a second."""
    name = (instance.url, hospital_id, scope)
    if name not in _TOKENS:
        _TOKENS[name] = instance.token(hospital_id, scope)
    return _TOKENS[name]


def submit(instance: Instance, pdf: bytes, hospital_id: str = "jia") -> Any:
    return instance.client(token_of(instance, hospital_id)).post("/api/v1/reports", files={"file": ("r.pdf", pdf, "application/pdf")})


def store(instance: Instance, folder: Path, seed: str, aet: str = "CT1", **options: Any) -> None:
    assert instance.dcmtk("storescu", *map(str, ct_study(folder, seed, slices=1, **options)), aet=aet).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND complete_at IS NOT NULL", study_uid(seed)))


def visit(instance: Instance, link: str) -> Any:
    """A phone that has scanned the code and accepted the disclaimer."""
    client = instance.client()
    assert client.get(f"/q/{link.rsplit('/', 1)[1]}").status_code == 303
    assert client.post("/consent", data={"accepted": "yes"}).status_code == 303
    return client


def codes_on(pdf: bytes) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil())]


def with_code(pdf: bytes, url: str) -> bytes:
    """As a RIS does that prints the QR code on its own form."""
    target = BytesIO()
    canvas = Canvas(target)
    canvas.drawImage(ImageReader(BytesIO(qr_png(url))), 160 * mm, 5 * mm, 28 * mm, 28 * mm)
    canvas.save()
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    writer.pages[0].merge_page(PdfReader(BytesIO(target.getvalue())).pages[0])
    merged = BytesIO()
    writer.write(merged)
    return merged.getvalue()


def test_the_code_is_there_before_anything_else_and_opens_the_images_and_then_the_report(instance: Instance, tmp_path: Path) -> None:
    answer = reserve(
        instance, {"accession_number": "A33000", "patient_id": "P33000", "patient_name": "王小明", "patient_birth_date": "1980-05-01"}
    )
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    picture = Image.open(BytesIO(b64decode(body["qr_png"].partition(",")[2])))
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [body["link"].upper()] == [body["qr_text"]]
    assert body["qr_svg"].startswith("<svg")
    assert (body["report_id"], body["study_instance_uid"], body["expires_at"]) == (None, None, None)

    patient = visit(instance, body["link"])
    page = patient.get("/exam?lang=en")
    assert page.status_code == 200
    assert "The report is not here yet" in page.text
    assert "The images have not arrived yet" in page.text
    assert patient.get("/report").status_code == 404
    assert patient.get("/shares/new").status_code == 404
    assert patient.get("/images").status_code == 404
    before = patient.get("/api/v1/exam/state").json()["state"]

    store(instance, tmp_path, "33000")
    wait_for(lambda: patient.get("/api/v1/exam/state").json()["state"] != before, what="the images on the page")
    page = patient.get("/exam?lang=en").text
    assert "The report is not here yet" in page
    assert "View images" in page
    assert study_uid("33000") in wait_for(lambda: patient.get("/images/desktop").headers.get("Location"))

    received = submit(instance, make_report_pdf(fields_for("33000"))).json()
    assert (received["status"], received["link"], received["access_code"]) == ("matched", body["link"], body["access_code"])
    stamped = instance.client(token_of(instance, "jia")).get(received["stamped_pdf"]).content
    assert codes_on(stamped) == [body["qr_text"]]
    assert body["access_code"] in pypdfium2.PdfDocument(stamped)[0].get_textpage().get_text_bounded()
    wait_for(lambda: "颅脑CT平扫未见明显异常" in patient.get("/exam").text, what="the report on the same visit")
    assert instance.sql("SELECT count(*) FROM access_grant WHERE report_id = %s", received["report_id"]) == [(1,)]
    again = reserve(
        instance, {"accession_number": "A33000", "patient_id": "P33000", "patient_name": "王小明", "patient_birth_date": "1980-05-01"}
    )
    assert (again.status_code, again.json()["report_id"]) == (200, received["report_id"])


def test_a_report_before_its_images_takes_the_reserved_code_too(instance: Instance, tmp_path: Path) -> None:
    body = reserve(instance, {"accession_number": "A33001"}).json()
    received = submit(instance, make_report_pdf(fields_for("33001"))).json()
    assert (received["status"], received["link"]) == ("waiting", body["link"])
    patient = visit(instance, body["link"])
    assert "颅脑CT平扫未见明显异常" in patient.get("/exam").text
    store(instance, tmp_path, "33001")
    wait_for(lambda: instance.sql("SELECT status FROM report WHERE report_id = %s", received["report_id"]) == [("issued",)])
    wait_for(lambda: patient.get("/images").status_code == 200)


def test_a_page_that_carries_its_code_already_gets_no_second_one(instance: Instance) -> None:
    body = reserve(instance, {"accession_number": "A33002"}).json()
    printed = with_code(make_report_pdf(fields_for("33002")), body["qr_text"])
    received = submit(instance, printed).json()
    assert received["link"] == body["link"]
    client = instance.client(token_of(instance, "jia"))
    assert codes_on(client.get(received["stamped_pdf"]).content) == [body["qr_text"]]
    assert client.get(f"/api/v1/reports/{received['report_id']}/original.pdf").content == printed
    # Whoever gets the exam passed on does not get the patient's own key with it.
    patient = visit(instance, body["link"])
    assert patient.get(f"/api/v1/reports/{received['report_id']}/pages/1").status_code == 200
    made = patient.post("/api/v1/shares", json={"nickname": "李医生", "report": True, "download": True})
    assert made.status_code == 201, made.text
    doctor = instance.client()
    assert doctor.get(made.json()["link"]).status_code == 303
    doctor.post("/consent", data={"accepted": "yes"})
    assert "颅脑CT平扫未见明显异常" in doctor.get("/exam").text
    for path in ("pages/1", "original.pdf"):
        assert doctor.get(f"/api/v1/reports/{received['report_id']}/{path}").status_code == 404


def test_when_the_reserved_keys_are_no_longer_kept_the_code_on_the_page_is_still_recognised(instance: Instance) -> None:
    body = reserve(instance, {"accession_number": "A33003"}).json()
    instance.sql("UPDATE reservation SET keys_until = now() - interval '1 hour' WHERE accession_number = 'A33003'")
    repeated = reserve(instance, {"accession_number": "A33003"})
    assert repeated.status_code == 409
    assert "no longer be shown" in repeated.json()["detail"]
    received = submit(instance, with_code(make_report_pdf(fields_for("33003")), body["qr_text"])).json()
    assert (received["status"], received["link"], received["access_code"]) == ("waiting", None, None)
    assert "颅脑CT平扫未见明显异常" in visit(instance, body["link"]).get("/exam").text


def test_repeating_is_idempotent_also_at_the_same_time_and_another_patient_is_refused(instance: Instance) -> None:
    wanted = {"accession_number": "A33004", "patient_id": "P33004"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: reserve(instance, wanted), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["link"] for answer in answers}) == 1
    other = reserve(instance, {**wanted, "patient_id": "P-other"})
    assert other.status_code == 409
    assert "another patient_id" in other.json()["detail"]
    assert "P33004" not in other.text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "JSON object"),
        ({}, '"accession_number" is missing'),
        ({"accession_number": "  "}, '"accession_number" is missing'),
        ({"accession_number": 7}, '"accession_number" must be a string'),
        ({"accession_number": "A" * 65}, "at most 64"),
        ({"accession_number": "A\n1"}, "control characters"),
        ({"accession_number": "A1", "patientid": "x"}, "patientid is not known"),
        ({"accession_number": "A1", "patient_birth_date": "1.5.1980"}, "1980-05-01"),
        ({"accession_number": "A1", "valid_days": 0}, "from 1 to 3650"),
        ({"accession_number": "A1", "valid_days": True}, "from 1 to 3650"),
    ],
)
def test_what_cannot_be_reserved_is_said(instance: Instance, body: object, said: str) -> None:
    answer = reserve(instance, body)
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["detail"]
    assert instance.sql("SELECT count(*) FROM reservation WHERE accession_number = 'A1'") == [(0,)]


def test_only_a_token_for_reports_reserves(instance: Instance) -> None:
    assert instance.client().post("/api/v1/reservations", json={"accession_number": "A33005"}).status_code == 401
    assert reserve(instance, {"accession_number": "A33005"}, scope="query,retrieve,store").status_code == 404


def test_one_hospitals_reservation_never_opens_anothers(instance: Instance, tmp_path: Path) -> None:
    ours = reserve(instance, {"accession_number": "A33006"}).json()
    theirs = reserve(instance, {"accession_number": "A33006"}, hospital_id="yi").json()
    assert ours["link"] != theirs["link"]
    store(instance, tmp_path, "33006", aet="MR2")
    received = submit(instance, make_report_pdf(fields_for("33006")), "yi").json()
    assert received["link"] == theirs["link"]
    page = visit(instance, ours["link"]).get("/exam?lang=en").text
    assert "The report is not here yet" in page
    assert "The images have not arrived yet" in page


def test_images_and_reports_of_another_patient_are_not_opened(instance: Instance, tmp_path: Path) -> None:
    body = reserve(instance, {"accession_number": "A33007", "patient_id": "P-somebody-else"}).json()
    store(instance, tmp_path, "33007")
    received = submit(instance, make_report_pdf(fields_for("33007"))).json()
    assert (received["status"], received["status_reason"]) == ("review", "the exam number is reserved for another patient")
    assert received["link"] != body["link"]
    page = visit(instance, body["link"]).get("/exam?lang=en").text
    assert "The report is not here yet" in page
    assert "The images have not arrived yet" in page


def test_two_studies_with_the_reserved_number_open_neither(instance: Instance, tmp_path: Path) -> None:
    body = reserve(instance, {"accession_number": "A33008"}).json()
    store(instance, tmp_path / "one", "33008")
    patient = visit(instance, body["link"])
    wait_for(lambda: "View images" in patient.get("/exam?lang=en").text)
    (twin,) = ct_study(tmp_path / "two", "33009", slices=1)
    dataset = dcmread(twin)
    dataset.AccessionNumber = "A33008"
    dataset.save_as(twin)
    assert instance.dcmtk("storescu", str(twin)).returncode == 0
    wait_for(lambda: "The images have not arrived yet" in patient.get("/exam?lang=en").text)


def test_a_reservation_ends_as_a_grant_does_and_the_number_can_be_reserved_anew(instance: Instance) -> None:
    body = reserve(instance, {"accession_number": "A33010", "valid_days": 30}).json()
    assert body["expires_at"] is not None
    ((grant_id,),) = instance.sql("SELECT grant_id::text FROM reservation WHERE reservation_id = %s", body["reservation_id"])
    instance.admin("grant", "revoke", grant_id)
    assert instance.client().get(f"/q/{body['link'].rsplit('/', 1)[1]}").status_code == 404
    anew = reserve(instance, {"accession_number": "A33010"})
    assert anew.status_code == 201
    assert anew.json()["link"] != body["link"]
    received = submit(instance, make_report_pdf(fields_for("33010"))).json()
    assert received["link"] == anew.json()["link"]


def test_no_key_of_a_reservation_lies_open(instance: Instance) -> None:
    body = reserve(instance, {"accession_number": "A33011"}).json()
    ((sealed, event),) = instance.sql(
        "SELECT encode(sealed_keys, 'escape'), (SELECT detail FROM audit_event WHERE kind = 'grant made' AND audit_event.grant_id ="
        " reservation.grant_id) FROM reservation WHERE reservation_id = %s",
        body["reservation_id"],
    )
    assert body["link"].rsplit("/", 1)[1] not in sealed
    assert body["access_code"] not in sealed
    assert event == f"reservation {body['reservation_id']}"
